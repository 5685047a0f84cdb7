"""A PC's way over the ward's hubs: to the city first by its own line, else through a hub, else to the hubs themselves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests

from sync.engine import Engine, one_thread
from sync.http import HttpTransport
from sync.http_line import Line
from sync.hub.choice import trusted
from sync.hub.exchange import HUBS_TOLD, HubExchange, union
from sync.hub.reach import Found, Reach, search_network
from sync.protocol import HubTrust, SyncError
from sync.store import Store
from sync.sync_report import SyncReport

TIDIED_EVERY = timedelta(minutes=2)
_LINE_LOST = {"unreachable", "timeout", "tls", "not_the_city"}
Opened = Callable[[Found], requests.Session]


class SyncsOnce(Protocol):
    def sync_once(self, *, sparing: bool = False) -> SyncReport: ...


class Hub:
    """One hub that this PC may believe: the same engine through it, and what it tells when it has no line either."""

    def __init__(self, store: Store, place: Found, through: SyncsOnce, transport: HttpTransport, line: Line) -> None:
        self.place = place
        self.through = through
        self.exchange = HubExchange(store, line, transport, place.url)


class SyncOverHub:
    """``sync_once`` of an engine, with the ward's hubs behind it. ``make``: what reaches a hub by one of its names."""

    def __init__(self, engine: SyncsOnce, store: Store, reach: Reach, make: Callable[[HubTrust, Found], Hub]) -> None:
        self._engine = engine
        self._store = store
        self._reach = reach
        self._make = make
        self._hubs: dict[str, Hub] = {}
        self._trust: HubTrust | None = None
        self._tidied: datetime | None = None

    def sync_once(self, *, sparing: bool = False) -> SyncReport:
        """By the own line; else through a hub's; else what the ward's PCs know of each other, and what the hubs have of the
        city's word. Raises SyncError: the city was not reached, whatever the hubs told."""
        try:
            report = self._engine.sync_once(sparing=sparing)
        except SyncError as error:
            if error.code not in _LINE_LOST:
                raise
            through = self._through(sparing)
            if through is None:
                error.soon = self._told(lost=True, search=False)
                raise
            report = through
        for hub in self._hubs.values():
            hub.exchange.forget()
        self._tidy()
        return report

    def _tidy(self) -> None:
        """The city was heard of: the hubs hear that what waited here no longer does, and say what waits elsewhere still. Also
        by a program that has just started, which knows no hub yet; what no hub tells any more ends here too."""
        shown = self._store.provisional.count()
        if shown and trusted(self._store) is None:
            self._store.provisional.take(())
            return
        now = self._store.clock.now()
        rested = self._tidied is None or not timedelta() <= now - self._tidied < TIDIED_EVERY
        search = rested and bool(shown or self._store.meta(HUBS_TOLD))
        if search:
            self._tidied = now
        self._told(lost=False, search=search)

    def _through(self, sparing: bool) -> SyncReport | None:
        """None: no hub has a line either. Raises SyncError: the city refuses."""
        for hub in self._reached(search=True):
            try:
                return hub.through.sync_once(sparing=sparing)
            except SyncError as error:
                if error.code not in _LINE_LOST:
                    raise
        return None

    def _told(self, *, lost: bool, search: bool) -> bool:
        """Whether a hub answered; one that is switched off is no one's trouble."""
        answered = False
        for hub in self._reached(search=search):
            if not (lost or search) and not hub.exchange.has_to_tell():
                continue
            try:
                hub.exchange.run(lost=lost)
                answered = True
            except SyncError:
                continue
        if answered:
            exchanges = [hub.exchange for hub in self._hubs.values()]
            refused = {there for each in exchanges for there in each.refused}
            spoke = None if any(e.spoke is None for e in exchanges) else {d for e in exchanges for d in e.spoke or ()}
            self._store.provisional.take(union([each.told for each in exchanges]), refused, spoke)
        return answered

    def _reached(self, *, search: bool) -> Iterator[Hub]:
        """Those that may be asked; ``search``: also those that are to be found first."""
        trust = trusted(self._store)
        if trust != self._trust:  # one was withdrawn, or has come
            self._hubs.clear()
            self._trust = trust
        if trust is None:
            return
        for place in self._reach.places(trust, search=search):
            hub = self._hubs.get(place.url)
            if hub is None or hub.place != place:
                hub = self._hubs[place.url] = self._make(trust, place)
            yield hub


def over_hub(
    engine: SyncsOnce,
    store: Store,
    token: str,
    *,
    progress: Callable[[SyncReport], None] | None = None,
    language: str = "vi",
    office: str = "",
    ahead: Callable[[str], Executor] = one_thread,
    search: Callable[[HubTrust], tuple[Found, ...]] = search_network,
    session: Opened | None = None,
) -> SyncsOnce:
    """The engine, with the hubs behind it that the city named. ``office``: which one the office set; ``search`` finds them; ``session``: for another way there than
    TLS (the simulation)."""

    def settings(trust: HubTrust, place: Found) -> dict[str, Any]:
        if session is not None:
            return {"session": session(place)}
        return {"settings": place.settings(trust)}

    def make(trust: HubTrust, place: Found) -> Hub:
        transport = HttpTransport(place.url, token, language=language, **settings(trust, place))
        line = Line(place.url, token, language, **settings(trust, place))
        return Hub(store, place, Engine(store, transport, progress=progress, ahead=ahead), transport, line)

    def answers(trust: HubTrust, place: Found) -> str:
        """Why not: the code of the error; "" when it does."""
        line = Line(place.url, token, language, **settings(trust, place))
        with contextlib.closing(line):
            try:
                line.send("GET", "/healthz", None, {})
            except SyncError as error:
                return error.code
        return ""

    return SyncOverHub(engine, store, Reach(store, search, answers, office), make)


__all__ = ["Hub", "SyncOverHub", "over_hub"]

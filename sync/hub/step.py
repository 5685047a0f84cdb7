"""A PC's way over the ward's hub: to the city first by its own line, else through the hub, else to the hub itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from sync.engine import Engine
from sync.http import HttpTransport, LineSettings
from sync.http_line import Line
from sync.hub.messages import MOST_CHANGES, HubAnswer, HubRequest, ScopedChange, mark_of
from sync.protocol import SyncError
from sync.renamed_line import Renamings, renamed_change
from sync.store import Store
from sync.sync_report import SyncReport

HUB = "hub"
"""Where the store keeps which hub this PC asks."""
_LINE_LOST = {"unreachable", "timeout", "tls", "not_the_city"}


class HubAddress(Struct, frozen=True):
    """``ca``: the PEM file that the hub's certificate is checked by; "": the system's."""

    url: str
    ca: str = ""

    @property
    def settings(self) -> LineSettings:
        return LineSettings(ca=Path(self.ca) if self.ca else None)


class SyncsOnce(Protocol):
    def sync_once(self, *, sparing: bool = False) -> SyncReport: ...


class HubExchange:
    """Tells the hub what waits here and shows what it tells of others."""

    def __init__(self, store: Store, line: Line) -> None:
        self._store = store
        self._line = line
        self._names = Renamings(store.catalog)
        self._heard = b""

    def run(self) -> int:
        """The number of others' changes that are shown now. Raises SyncError."""
        waiting = [row.change for row in self._store.changes.outbox() if row.status == "pending"][:MOST_CHANGES]
        enrolment = self._store.enrolment
        device = enrolment.device if enrolment else ""
        mine = [c for c in waiting if c.device == device and self._store.catalog.knows(c.type)]
        mark = mark_of(c.change_id for c in mine)
        answer = self._ask(HubRequest(mine=mark, known=self._heard))
        if answer.wanted:
            scopes = {c.type: self._store.catalog.record_type(c.type).scope for c in mine}
            told = tuple(ScopedChange(scopes[c.type], renamed_change(c, self._names.of(c.type)[0])) for c in mine)
            answer = self._ask(HubRequest(mine=mark, changes=told, known=self._heard))
        if answer.changes is None:
            return self._store.provisional.count()
        here = tuple(renamed_change(c, self._names.of(c.type)[1]) for c in answer.changes)
        shown = self._store.provisional.take(here)
        self._heard = answer.mark
        return shown

    def forget(self) -> None:
        """The city was heard of: what the hub told last may stand on other versions now."""
        self._heard = b""

    def _ask(self, request: HubRequest) -> HubAnswer:
        return self._line.ask("POST", "/v1/hub", request, HubAnswer)


class SyncOverHub:
    """``sync_once`` of an engine, with the ward's hub behind it."""

    def __init__(self, engine: SyncsOnce, through: SyncsOnce, exchange: HubExchange) -> None:
        self._engine = engine
        self._through = through
        self._exchange = exchange

    def sync_once(self, *, sparing: bool = False) -> SyncReport:
        """By the own line; else through the hub's; else what the ward's PCs know of each other. Raises SyncError: the city
        was not reached, whatever the hub told."""
        try:
            report = self._one(sparing)
        except SyncError as error:
            error.soon = error.code in _LINE_LOST and self._told()
            raise
        self._exchange.forget()
        self._told()  # what waited here no longer does
        return report

    def _one(self, sparing: bool) -> SyncReport:
        try:
            return self._engine.sync_once(sparing=sparing)
        except SyncError as error:
            if error.code not in _LINE_LOST:
                raise
            try:
                return self._through.sync_once(sparing=sparing)
            except SyncError as there:
                if there.code not in _LINE_LOST:
                    raise
                raise error from None

    def _told(self) -> bool:
        """Whether the hub answered; one that is switched off is no one's trouble."""
        try:
            self._exchange.run()
        except SyncError:
            return False
        return True


def over_hub(
    engine: Engine,
    store: Store,
    token: str,
    *,
    progress: Callable[[SyncReport], None] | None = None,
    language: str = "vi",
) -> SyncsOnce:
    """The engine, with the hub behind it where this PC has one."""
    known = store.meta(HUB)
    if not known:
        return engine
    hub = HubAddress(**known)
    through = Engine(store, HttpTransport(hub.url, token, language=language, settings=hub.settings), progress=progress)
    return SyncOverHub(engine, through, HubExchange(store, Line(hub.url, token, language, settings=hub.settings)))

"""Where the ward's hubs are: by the address that was chosen, where one was met before, or found in the networks of this PC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from sync.http_line import HubCheck, LineSettings
from sync.hub.choice import choice
from sync.protocol import HubTrust
from sync.store import Store

SEARCHED_EVERY = timedelta(minutes=2)
_MET = "hubs_met"
_MOST = 3  # hubs of a ward that are asked


class Found(Struct, frozen=True):
    """A hub at an address that says it has a certificate for ``name``; TLS shows whether it has."""

    url: str
    name: str

    def settings(self, trust: HubTrust) -> LineSettings:
        return LineSettings(hub=HubCheck(trust.ca, self.name))


class Reach:
    """``search``: looks in the networks; ``answers``: whether a hub is there with that name: "" or the error's code."""

    def __init__(
        self,
        store: Store,
        search: Callable[[HubTrust], tuple[Found, ...]],
        answers: Callable[[HubTrust, Found], str],
        office: str = "",
    ) -> None:
        self._store = store
        self._office = office
        self._search = search
        self._answers = answers
        self._searched: datetime | None = None
        self._here: dict[str, Found] = {}

    def places(self, trust: HubTrust, *, search: bool) -> Iterator[Found]:
        """Hubs that the city names."""
        chosen = choice(self._store, self._office)
        if chosen.mode == "off":
            return
        if chosen.mode == "address":
            yield from self._at(trust, chosen.url, search=search)
            return
        if not search:
            yield from (found for found in self._here.values() if found.name in trust.names)
            return
        known = [found for found in self._met() if found.name in trust.names]
        known = [found for found in known if self._answers(trust, found) == ""]  # it may be another machine's by now
        self._here = {found.url: found for found in known}
        yield from known
        if len(known) < min(_MOST, len(trust.names)) and self._is_due():
            self._searched = self._store.clock.now()
            new = [f for f in self._search(trust) if f.name in trust.names and f not in known]
            new = [f for f in new if self._answers(trust, f) == ""][: _MOST - len(known)]
            if new:
                self._keep((*new, *known))
                self._here |= {found.url: found for found in new}
            yield from new

    def _at(self, trust: HubTrust, url: str, *, search: bool) -> Iterator[Found]:
        """At an address that was given: under whichever of the names it has a certificate for."""
        here = self._here.get(url)
        if here is not None and here.name in trust.names:
            yield here
            return
        for name in trust.names if search else ():
            code = self._answers(trust, Found(url, name))
            if code == "":
                self._here[url] = Found(url, name)
                yield self._here[url]
                return
            if code != "tls":  # nobody is there, whatever the name
                return

    def _is_due(self) -> bool:
        now = self._store.clock.now()
        return self._searched is None or not timedelta() <= now - self._searched < SEARCHED_EVERY

    def _met(self) -> tuple[Found, ...]:
        return tuple(Found(url, name) for url, name in self._store.meta(_MET, []))

    def _keep(self, places: tuple[Found, ...]) -> None:
        told = [[found.url, found.name] for found in places[:_MOST]]
        if self._store.meta(_MET) != told:
            self._store.set_meta(_MET, told)


def search_network(trust: HubTrust) -> tuple[Found, ...]:
    """By mDNS, a second long; () where there is no network."""
    from sync.hub.finding import find

    return tuple(Found(url, name) for url, name in find(set(trust.names)))

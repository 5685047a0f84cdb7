"""What a PC and a hub say to each other while the city is out of reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec.structs import replace

from forms.pack_format import PackError
from sync.file_step import FileStep
from sync.http import HttpTransport
from sync.http_line import Line
from sync.hub.choice import trusted
from sync.hub.messages import (
    MOST_BYTES,
    MOST_CHANGES,
    HubAnswer,
    HubRequest,
    RefusedChange,
    ScopedChange,
    StreamPlace,
    mark_of,
)
from sync.hub.relayed import Relayed
from sync.lock import SyncLock
from sync.protocol import Change, PackOffer, SyncError
from sync.renamed_line import Renamings, renamed_change
from sync.store import Store
from sync.store.model import HistoryRow
from sync.store.provisional import RefusedThere
from sync.sync_report import SyncReport

HUBS_TOLD = "hubs_told"
"""Where the store keeps which hubs know of something that waits here, so that they hear when it does no longer."""
_MOST_ROUNDS = 200
_MOST_HUBS = 4


class HubExchange:
    """With one hub. ``told``: what it said last of the others' waiting changes; ``refused``: what the city refused
    of others and their officers have not put right yet; ``spoke``: as in ``HubAnswer``."""

    def __init__(self, store: Store, line: Line, transport: HttpTransport, url: str) -> None:
        self._store = store
        self._url = url
        self._line = line
        self._transport = transport
        self._names = Renamings(store.catalog)
        self._heard = b""
        self._said: bytes | None = None  # the mark of what this hub knows to wait here
        self.told: tuple[Change, ...] = ()
        self.refused: tuple[RefusedThere, ...] = ()
        self.spoke: tuple[str, ...] | None = ()

    def run(self, *, lost: bool) -> None:
        """Tell what waits here, hear what waits on others; with ``lost`` take what the hub has of the city's word too.
        Raises SyncError: the hub does not answer."""
        answer = self._exchange(lost)
        if answer.changes is not None:
            self.told = tuple(renamed_change(c, self._names.of(c.type)[1]) for c in answer.changes)
            self.refused = answer.refused
            self._heard = answer.mark
        self.spoke = answer.spoke
        if not lost:
            return
        with SyncLock(self._store.path):
            for _ in range(_MOST_ROUNDS):
                moved = self._take(answer)
                if not (answer.more and moved):
                    break
                answer = self._ask(HubRequest(mine=self._said or b"", known=self._heard, **self._places()))
            self._pack(answer.offer)
            FileStep(self._store, self._transport).fetch_here(SyncReport())

    def has_to_tell(self) -> bool:
        """Whether the hub knows something of this PC, or this PC of the hub, that may be over."""
        return bool(self.told or self.refused) or self._said != _mark(*self._mine())

    def forget(self) -> None:
        """The city was heard of: what the hub told last may stand on other versions now."""
        self._heard = b""

    def _exchange(self, lost: bool) -> HubAnswer:
        mine, refused = self._mine()
        mark = _mark(mine, refused)
        places = self._places() if lost else {}
        answer = self._ask(HubRequest(mine=mark, known=self._heard, **places))
        if answer.wanted:
            scopes = {c.type: self._store.catalog.record_type(c.type).scope for c in mine}
            told = tuple(ScopedChange(scopes[c.type], renamed_change(c, self._names.of(c.type)[0])) for c in mine)
            answer = self._ask(HubRequest(mine=mark, changes=told, refused=refused, known=self._heard, **places))
        self._said = mark
        hubs = [url for url in self._store.meta(HUBS_TOLD, []) if url != self._url]
        hubs += [self._url] if mine or refused else []
        if hubs != self._store.meta(HUBS_TOLD, []):
            self._store.set_meta(HUBS_TOLD, hubs[-_MOST_HUBS:])
        return answer

    def _mine(self) -> tuple[list[Change], tuple[RefusedChange, ...]]:
        """What waits here, and what was refused."""
        enrolment, catalog = self._store.enrolment, self._store.catalog
        device = enrolment.device if enrolment else ""
        rows = [row for row in self._store.changes.outbox() if catalog.knows(row.change.type)]
        waiting = _fitting([row.change for row in rows if row.status == "pending"][:MOST_CHANGES])
        # one made before the PC had to enrol anew is sent as this device's, and told so
        told = [c if c.device == device else replace(c, device=device) for c in waiting]
        return told, self._refused([row for row in rows if row.status != "pending"])

    def _refused(self, rows: Sequence[HistoryRow]) -> tuple[RefusedChange, ...]:
        """Of records that only the hub may have told others of: nothing the city says will end what they show. Where it has
        the record, its own word stands there as soon as the change waits no longer."""
        if not rows or self._url not in self._store.meta(HUBS_TOLD, []):
            return ()
        begun = {row.change.record_id for row in rows if row.change.kind == "create" and row.status == "refused"}
        found = [row.change for row in rows if row.change.record_id in begun][:MOST_CHANGES]
        scope_of = self._store.catalog.record_type
        return tuple(RefusedChange(c.ward, scope_of(c.type).scope, c.change_id) for c in found)

    def _places(self) -> dict[str, Any]:
        enrolment = self._store.enrolment
        places = tuple(StreamPlace(*place) for place in self._store.changes.news_places())
        return {"epoch": enrolment.epoch if enrolment else "", "places": places}

    def _take(self, answer: HubAnswer) -> bool:
        """Whether a cursor moved."""
        trust = trusted(self._store)
        if trust is None or not answer.pages:
            return False
        before = self._store.changes.news_places()
        Relayed(self._store, trust.key).take(answer.pages)
        return self._store.changes.news_places() != before

    def _pack(self, offer: PackOffer | None) -> None:
        from sync.packs import PackStep

        with suppress(PackError, SyncError):
            PackStep(self._store, self._transport).take(offer)

    def _ask(self, request: HubRequest) -> HubAnswer:
        return self._line.ask("POST", "/v1/hub", request, HubAnswer)


def _fitting(waiting: Sequence[Change]) -> list[Change]:
    """The first of them, as many as the hub takes at once."""
    encode, room, told = msgspec.msgpack.encode, MOST_BYTES, list[Change]()
    for change in waiting:
        room -= len(encode(change))
        if room < 0:
            break
        told.append(change)
    return told


def _mark(waiting: Sequence[Change], refused: Sequence[RefusedChange]) -> bytes:
    return mark_of((c.change_id for c in waiting), (c.change_id for c in refused))


def union(told: Iterable[Sequence[Change]]) -> tuple[Change, ...]:
    """What several hubs told, each change once, each PC's in its order."""
    every = {change.change_id: change for each in told for change in each}
    return tuple(sorted(every.values(), key=lambda c: (c.device, c.device_seq, c.change_id)))

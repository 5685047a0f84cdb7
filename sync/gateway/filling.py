"""What a new PC reads: each stream up to its head, what is worked at first, then the newest before the older.

Nothing is kept here between two pages: the PC says where it stands. First come open work with a deadline, drafts, and the
small registers that everything else is picked from, with the records they refer to; then everything else. Should the
catalogue change in between, and with it what counts as open, the digests differ at the end and the stream is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from forms.definition import Catalog
from sync.gateway.feed import (
    DELIVERY,
    LARGEST_CONTENT,
    LARGEST_PAGE,
    RECORD,
    WireNews,
    content_bytes,
    delivery_state,
    fitting,
    stored_versions,
)
from sync.gateway.ledger import stream_heads
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.protocol import FILL_DONE, FILL_FIRST, FILL_OVER, FILL_REST, FillPlace
from sync.versions import Versions

SMALL_REGISTER = 500
"""Records of a type up to which all of them come first: procedures, officers, neighbourhoods."""
_OPEN = ("open", "waiting")
_NAMED = re.compile(rb"\xd9\x24([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
"""An id in MessagePack: a text of 36 bytes. What only looks like one is found nowhere."""
_OF_STREAM = "FROM records WHERE ward = ? AND scope = ? AND position < ?"
_NEWEST = "ORDER BY position DESC LIMIT ?"


class Filling:
    """``fill`` of the protocol."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def page(
        self, catalog: Catalog, streams: Sequence[Stream], places: Sequence[FillPlace], limit: int
    ) -> tuple[list[FillPlace], list[WireNews], Versions]:
        """Where each stream stands afterwards, the pages, and what they refer to in other places. ``limit``: records in the
        pages of all streams together."""
        with self._storage.read() as session:
            heads = stream_heads(session, streams)
            after = [_begun(place, heads.get(stream, 0)) for stream, place in zip(streams, places, strict=True)]
            pages = _Pages(session, catalog, streams, after, min(limit, LARGEST_PAGE))
            pages.first()
            pages.rest()
            return after, pages.made, pages.along()


def _begun(place: FillPlace, head: int) -> FillPlace:
    if place.tier >= FILL_DONE:
        return place
    if place.head > head:  # the city came back from a backup
        return FillPlace(place.head, FILL_OVER, 0)
    if place.head:
        below = min(place.below, place.head + 1)
        # the lowest position is 1
        return FillPlace(place.head, FILL_DONE if place.tier == FILL_REST and below <= 1 else place.tier, below)
    return FillPlace(head, FILL_FIRST if head else FILL_DONE, head + 1)


class _Pages:
    """One answer in the making: ``places`` move as pages are made."""

    def __init__(
        self, session: Session, catalog: Catalog, streams: Sequence[Stream], places: list[FillPlace], limit: int
    ) -> None:
        self._session = session
        self._streams = streams
        self._places = places
        self._left = limit
        self._room = LARGEST_CONTENT
        self._open_work = list(_open_work(catalog))
        self._referring: list[Versions] = []
        self.made: list[WireNews] = []

    def first(self) -> None:
        for stream, place in enumerate(self._places):
            if place.tier != FILL_FIRST or self._is_full:
                continue
            key = self._streams[stream]
            small = self._small(key)
            sql = f"{_OF_STREAM} AND (type || '/' || state = ANY(?) OR type = ANY(?)) {_NEWEST}"
            rows, fits = self._records(self._left, sql, *key, min(place.below, place.head + 1), self._open_work, small)
            ended = len(rows) < fits
            below = place.head + 1 if ended else rows[-1][0]
            self._add(stream, rows, self._deliveries_of(key[0], rows), below)
            self._places[stream] = FillPlace(place.head, FILL_REST if ended else FILL_FIRST, below)

    def rest(self) -> None:
        """Streams take turns by what is left of each, so that the newest of all come before the old of any. Nothing as
        long as a stream has what comes first."""
        if any(place.tier == FILL_FIRST for place in self._places):
            return
        open_streams = [i for i, place in enumerate(self._places) if place.tier == FILL_REST]
        whole = sum(self._places[i].below for i in open_streams)
        share = self._left
        for stream in open_streams:
            if not self._is_full:
                place = self._places[stream]
                limit = min(self._left, max(1, -(-share * place.below // whole)))
                self._places[stream] = self._rest_of(stream, place, limit)

    def _rest_of(self, stream: int, place: FillPlace, limit: int) -> FillPlace:
        key = self._streams[stream]
        came = "AND NOT (type || '/' || state = ANY(?))"  # with what came first: up to the head nothing moves
        rows, fits = self._records(limit, f"{_OF_STREAM} {came} {_NEWEST}", *key, place.below, self._open_work)
        states = self._delivery_rows(key, place.below, limit)
        until = max((page[-1][0] for page, most in ((rows, fits), (states, limit)) if len(page) >= most), default=0)
        if rows or states:
            self._add(stream, [r for r in rows if r[0] >= until], [s for s in states if s[0] >= until], until)
        return FillPlace(place.head, FILL_REST if until else FILL_DONE, until)

    @property
    def _is_full(self) -> bool:
        return self._left <= 0 or self._room <= 0

    def _records(self, limit: int, source: str, *params: object) -> tuple[list[Row], int]:
        """Of ``source`` so many as there is room for, and how many that are at most."""
        fits = fitting(self._session, source, *params, limit=limit, room=self._room)
        return self._session.all(f"SELECT {RECORD} {source}", *params, fits), fits

    def _add(self, stream: int, rows: Sequence[Row], states: Sequence[Row], below: int) -> None:
        records = stored_versions(rows)
        deliveries = [delivery_state(row[1:]) for row in states]
        self._left -= len(records)
        self._room -= content_bytes(records)
        self._referring.append(records)
        self.made.append(WireNews(stream=stream, records=records, deliveries=deliveries, cursor=below, more=True))

    def _small(self, key: Stream) -> list[str]:
        """Types of which the stream has few records."""
        sql = "SELECT type FROM records WHERE ward = ? AND scope = ? GROUP BY type HAVING count(*) <= ?"
        return [row[0] for row in self._session.all(sql, *key, SMALL_REGISTER)]

    def _deliveries_of(self, ward: str, rows: Sequence[Row]) -> list[Row]:
        sql = f"SELECT position, {DELIVERY} FROM deliveries WHERE ward = ? AND record_id = ANY(?)"
        return self._session.all(sql, ward, [row[1] for row in rows]) if rows else []

    def _delivery_rows(self, key: Stream, below: int, limit: int) -> list[Row]:
        """One place may hold several (a record with two services), so that the last place is read whole."""
        sql = f"SELECT position, {DELIVERY} FROM deliveries WHERE ward = ? AND scope = ? AND position"
        rows = self._session.all(f"{sql} < ? {_NEWEST}", *key, below, limit)
        if len(rows) == limit:
            last = rows[-1][0]
            rows = [row for row in rows if row[0] > last]
            rows += self._session.all(f"{sql} = ?", *key, last)
        return rows

    def along(self) -> Versions:
        """What these pages refer to, may be read by this device and has not come yet, as far as there is room: names are
        shown from the start, and nothing need be described again when it comes in its turn."""
        there = {record_id for records in self._referring for record_id in records.ids}
        below = {key: p.below if p.tier == FILL_REST else 0 for key, p in zip(self._streams, self._places, strict=True)}
        if any(place.tier == FILL_FIRST for place in self._places):
            below = {
                key: p.head + 1 if p.tier < FILL_DONE else 0 for key, p in zip(self._streams, self._places, strict=True)
            }
        found: list[Versions] = []
        for ward in {self._streams[page.stream][0] for page in self.made}:
            its: Iterator[Sequence[Any]] = (
                records.fields
                for page, records in zip(self.made, self._referring, strict=True)
                if self._streams[page.stream][0] == ward
            )
            wanted = sorted(_referred(chain.from_iterable(its)) - there)
            sql = "FROM records WHERE ward = ? AND id = ANY(?) ORDER BY id LIMIT ?"
            rows = self._records(len(wanted), sql, ward, wanted)[0] if wanted and self._room > 0 else []
            coming = stored_versions([row for row in rows if row[0] < below.get((ward, row[4]), 0)])
            self._room -= content_bytes(coming)
            found.append(coming)
        return Versions.together(found)


def _open_work(catalog: Catalog) -> Iterator[str]:
    """``type/state`` of drafts, and of work that has a deadline."""
    for record_type in catalog.record_types:
        for state in record_type.states:
            if state.kind == "draft" or (state.kind in _OPEN and record_type.deadline is not None):
                yield f"{record_type.id}/{state.id}"


def _referred(fields: Iterable[bytes]) -> set[str]:
    """Every id that stands among the values."""
    return {found.decode() for content in fields for found in _NAMED.findall(bytes(content))}

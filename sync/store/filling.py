"""The first fill of a PC: a stream that was never read comes in the order in which it is needed, not in that of its log.

When a fill begins, the stream's head is noted: what the city writes from then on comes by the ordinary cursor, what stood
there before by pages of the fill. A record that changes meanwhile leaves its place for one behind the head, and so comes by
the cursor. How far the fill has come is written in the transaction of the page's last batch, so that a cut, or a killed
program, only asks for that page again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sync.protocol import FILL_DONE, FILL_FIRST, FillPlace, RecordVersion, StreamNews
from sync.store.context import StoreContext
from sync.store.pulling import PullTransaction, Stream, write_deliveries
from sync.store.rows import Touch
from sync.versions import Versions

NEWEST_FIRST = 2000
"""Records of the newest, besides open work, with which a PC can be worked at."""
BATCH, LARGEST_COMMIT = 300, 3000
"""Records between two looks at whether an officer's save waits, and in one transaction, whose end he has to wait for too."""
_Key = tuple[str, str]


class FillProgress(Struct, frozen=True):
    """``usable``: open work and the newest records are here. ``percent``: of all, by their places, 0 to 99."""

    usable: bool
    percent: int


class Fills:
    """Safe to use from several threads; its writes let an officer's save go first."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def places(self, streams: Sequence[_Key]) -> list[FillPlace]:
        """Where the fill of each stands: not begun, under way, or nothing to fill."""
        with self._context.readers.connection() as db:
            known = {key: place for key, place, _ in _rows(db)}
            return [
                known.get(key) or (FillPlace() if Stream(db, *key).is_untouched else FillPlace(tier=FILL_DONE))
                for key in streams
            ]

    def progress(self) -> FillProgress | None:
        """None: no fill is under way."""
        with self._context.readers.connection() as db:
            rows = _rows(db)
        if all(place.tier == FILL_DONE for _, place, _ in rows):
            return None
        first_ended = all(place.tier > FILL_FIRST for _, place, _ in rows)
        newest = sum(taken for _, _, taken in rows)
        heads = sum(place.head for _, place, _ in rows)
        left = sum(min(place.below, place.head) for _, place, _ in rows)
        usable = first_ended and (newest >= NEWEST_FIRST or not left)
        return FillProgress(usable, min(99, 100 * (heads - left) // heads if heads else 0))

    def keep_only(self, streams: Collection[_Key]) -> None:
        """A stream that may no longer be read and was not whole is as if never begun, should it be given back."""
        with self._context.readers.connection() as db:
            gone = [key for key, _, _ in _rows(db) if key not in streams]
        if gone:
            with self._context.writer.transaction(urgent=False) as db:
                for key in gone:
                    Stream(db, *key).forget()
                    db.execute("DELETE FROM fills WHERE ward = ? AND scope = ?", key)
                _end_when_done(db)

    def begin(self, heads: Mapping[_Key, int]) -> None:
        """Fix where each of these streams stands now. One that was begun meanwhile (by another program) stays as it is."""
        with self._context.writer.transaction(urgent=False) as db:
            for key, head in heads.items():
                stream = Stream(db, *key)
                if stream.is_untouched:
                    stream.fill_from(head)
                    if head:
                        db.execute("INSERT OR REPLACE INTO fills (ward, scope, head, tier, below) VALUES (?, ?, ?, ?, ?)",
                                   (*key, head, FILL_FIRST, head + 1))  # fmt: skip

    def start_over(self, stream: _Key) -> None:
        """The city's stream ends before where it ended when the fill began: read it from the beginning, in its order."""
        with self._context.writer.transaction() as db:
            Stream(db, *stream).reset()
            _end_when_done(db)

    def apply(
        self,
        pages: Sequence[StreamNews],
        along: Sequence[RecordVersion],
        before: Mapping[_Key, FillPlace],
        after: Mapping[_Key, FillPlace],
    ) -> int:
        """Take in pages of the fill and what they refer to, with where each stream stands ``after`` them; the number of
        records that were news here. Streams that do not stand where they did ``before`` stay where they are."""
        in_pages = Versions.together([Versions.of(page.records) for page in pages])
        per_stream = Counter(zip(in_pages.wards, in_pages.scopes, strict=True))
        # what is referred to first: who refers is described with its name at once. In the order of making, which is that
        # of the tables and of the search index
        records = Versions.together([_as_made(Versions.of(along)), _as_made(in_pages)])
        deliveries = [state for page in pages for state in page.deliveries]
        writer = self._context.writer
        taken, start = 0, 0
        while True:
            touch = Touch()
            began, until = start, start + LARGEST_COMMIT
            step = writer.step(BATCH)
            with writer.transaction(urgent=False) as db:
                while True:
                    taken += self._batch(db, records[start : start + step], touch)
                    start += step
                    if start >= len(records):
                        write_deliveries(db, deliveries, touch, replaces=False)
                        _move(db, before, after, per_stream)
                        break
                    if start >= until or writer.is_enough(start - began):
                        break
            self._context.emit(touch.frozen())
            if start >= len(records):
                return taken

    def _batch(self, db: Any, records: Sequence[RecordVersion], touch: Touch) -> int:
        return PullTransaction(db, self._context.plans, touch).apply(records)


def _as_made(versions: Versions) -> Versions:
    ids = versions.ids
    return versions.at(sorted(range(len(ids)), key=ids.__getitem__))


def _rows(db: Any) -> list[tuple[_Key, FillPlace, int]]:
    sql = "SELECT ward, scope, head, tier, below, taken FROM fills ORDER BY ward, scope"
    return [((row[0], row[1]), FillPlace(*row[2:5]), row[5]) for row in db.execute(sql)]


def _move(
    db: Any, before: Mapping[_Key, FillPlace], after: Mapping[_Key, FillPlace], taken: Mapping[_Key, int]
) -> None:
    """Only what stands where this page was asked from: the stream may have been reset while the page was under way."""
    for key, place in after.items():
        asked = before[key]
        newest = taken.get(key, 0) if asked.tier > FILL_FIRST else 0
        db.execute(
            "UPDATE fills SET tier = ?, below = ?, taken = taken + ? "
            "WHERE ward = ? AND scope = ? AND head = ? AND tier = ? AND below = ?",
            (place.tier, place.below, newest, *key, asked.head, asked.tier, asked.below),
        )
    _end_when_done(db)


def _end_when_done(db: Any) -> None:
    """All rows stay until the last stream is whole, so that what share is done can be told."""
    if not db.execute("SELECT 1 FROM fills WHERE tier < ? LIMIT 1", (FILL_DONE,)).fetchone():
        db.execute("DELETE FROM fills")

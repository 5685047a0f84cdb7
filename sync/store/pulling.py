"""What a pull brought, applied in batches short enough that an officer's save never waits long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.protocol import DeliveryState, PullAnswer, RecordVersion
from sync.store import elsewhere, held, missing
from sync.store.brought import note_pulled
from sync.store.new_rows import news_among, standing_of
from sync.store.plan import Plans
from sync.store.provisional import let_go
from sync.store.rowcodec import encode_change
from sync.store.rows import New, Row, RowWriter, Touch
from sync.store.worklist import Work, keep, load
from sync.versions import Versions, last_of, newest_of

BATCH = 500
"""Records between two looks at whether an officer's save waits: about 20 to 50 ms on the PCs this runs on."""


class Stream:
    """Where a stream stands: its cursor, whether it has once been read to the end, whether it is being read anew."""

    def __init__(self, connection: Any, ward: str, scope: str) -> None:
        self._db = connection
        self._key = (ward, scope)
        sql = "SELECT cursor, filled, rereading FROM cursors WHERE ward = ? AND scope = ?"
        row = connection.execute(sql, self._key).fetchone() or (0, 0, 0)
        self.cursor, self.filled, self.rereading = int(row[0]), bool(row[1]), bool(row[2])

    def move(self, cursor: int, *, ended: bool) -> None:
        filled, rereading = self.filled or ended, self.rereading and not ended
        self._write(cursor, filled, rereading)

    def reset(self) -> None:
        """Read it anew from its beginning; a first fill that was under way is given up for that."""
        missing.forget_named(self._db, *self._key)
        self._db.execute("DELETE FROM fills WHERE ward = ? AND scope = ?", self._key)
        self._write(0, self.filled, True)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing of it was ever read."""
        return not (self.cursor or self.filled or self.rereading)

    def fill_from(self, head: int) -> None:
        """News come from here on; what stands before comes by the first fill (``filling``)."""
        self._write(head, True, False)

    def forget(self) -> None:
        """As if nothing of it had been read."""
        self._db.execute("DELETE FROM cursors WHERE ward = ? AND scope = ?", self._key)

    def _write(self, cursor: int, filled: bool, rereading: bool) -> None:
        sql = "INSERT OR REPLACE INTO cursors (ward, scope, cursor, filled, rereading) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(sql, (*self._key, cursor, int(filled), int(rereading)))


class PullTransaction:
    """One batch of a pull, inside one write transaction."""

    def __init__(
        self,
        connection: Any,
        plans: Plans,
        touch: Touch,
        *,
        filled: bool = False,
        rereading: bool = False,
        now: str = "",
    ) -> None:
        """``filled``: what is new now came after the first fill; ``rereading``: the city's word stands also where its
        revisions are lower; ``now``: by this PC's clock."""
        self._now = now
        self._db = connection
        self._plans = plans
        self._touch = touch
        self._filled = filled
        self._rereading = rereading

    def apply(self, records: Sequence[RecordVersion]) -> int:
        """Take in what is newer than what is here (all of it while the stream is read anew: a city restored from a
        backup counts from lower numbers again); the number taken in."""
        records = last_of(records) if self._rereading else newest_of(records)
        if self._rereading:
            missing.note_named(self._db, records.ids)
        note_pulled(self._db, self._plans, records)
        works = load(self._db, records.ids)
        writer = RowWriter(self._db, self._plans, self._touch)
        new = records
        if works:
            new = records.at([place for place, record_id in enumerate(records.ids) if record_id not in works])
        if new:
            standings = [*map(standing_of, new.conflicts)]
            writer.put_new(New(new, standings, news_among(self._plans, new, filled=self._filled)))
        count = len(new)
        if works:
            count += self._replace(works, records, writer)
        writer.flush()
        return count

    def _replace(self, works: Mapping[str, Work], records: Versions, writer: RowWriter) -> int:
        """Of records that are here already; the number taken in."""
        newest = {version.id: version for version in records if version.id in works}
        merged: dict[str, Work] = {}
        overtaken = held.Overtaken(self._db, self._now) if self._rereading else None
        returned = held.returned(self._db, works.values())
        strangers: list[RecordVersion] = []
        count = 0
        for record_id, work in works.items():
            version = newest[record_id]
            if elsewhere.is_of_another_ward(work, version):
                strangers.append(version)
                continue
            if not self._is_newer(work, version):
                continue
            if overtaken is not None:
                overtaken.note(work.base, version)
            if work.open:
                let_go(self._db, work)
                work.base = version
                work.shown = work.replayed(self._plans.of(version.type).record_type)
                merged[record_id] = work
            else:
                writer.put(work.row, version, standing_of(version.conflicts), is_new=_was_new(work.row))
            count += 1
        if returned:
            held.Overtaken(self._db, self._now).note_returned(returned, newest)
        if strangers:
            elsewhere.note(self._db, strangers)
        keep(self._db, merged, writer)
        self._touch.outbox = self._touch.outbox or bool(merged)
        return count

    def _is_newer(self, work: Work, version: RecordVersion) -> bool:
        if work.base is None or self._rereading:
            return True
        return version.revision >= work.base.revision and version != work.base


def _was_new(row: Row | None) -> bool:
    return bool(row and row[18])


def apply_answer(
    connection: Any,
    plans: Plans,
    answer: PullAnswer,
    *,
    ward: str,
    scope: str,
    start: int,
    touch: Touch,
    now: str,
) -> int:
    """The batch of the answer that begins at ``start``; with the last one the deliveries and the cursor."""
    stream = Stream(connection, ward, scope)
    batch = PullTransaction(connection, plans, touch, filled=stream.filled, rereading=stream.rereading, now=now)
    parts = Versions.of(answer.records).parts(BATCH)
    taken = batch.apply(parts[start // BATCH]) if parts else 0
    if start + BATCH >= len(answer.records):
        write_deliveries(connection, answer.deliveries, touch)
        stream.move(answer.cursor, ended=not answer.more)
    return taken


def write_deliveries(
    connection: Any, deliveries: Sequence[DeliveryState], touch: Touch, *, replaces: bool = True
) -> None:
    """Where records stand with the services; the stream brings them in order, so the last word stands. ``replaces``: False
    for what may be older than what is here."""
    rows = [(d.record_id, d.service, encode_change(d), int(d.status == "refused")) for d in deliveries]
    other = "REPLACE" if replaces else "IGNORE"
    sql = f"INSERT OR {other} INTO deliveries (record_id, service, body, refused) VALUES (?, ?, ?, ?)"
    connection.executemany(sql, rows)
    touch.deliveries += deliveries
    touch.records.update(d.record_id for d in deliveries)

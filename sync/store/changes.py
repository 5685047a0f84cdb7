"""The outbox, which is the history too: what waits for the city, what the city said, what it sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from msgspec import structs

from sync.clock import moment_text
from sync.protocol import Change, ChangeResult, Fields, HistoryAnswer, Officer, PullAnswer, RecordVersion
from sync.store import digests, held, missing, pulling, worklist
from sync.store.answers import AnswerTransaction
from sync.store.context import StoreContext, devices_of, skew_of
from sync.store.histories import keep_history, made_here
from sync.store.indexing import READ_AT_MOST, Indexing
from sync.store.model import HistoryRow
from sync.store.new_rows import derive
from sync.store.noted_reading import note_reading
from sync.store.provisional import HELD_BACK, held_since
from sync.store.pulling import Stream, apply_answer
from sync.store.rowcodec import among, decode_change, decode_result, versions_by_id
from sync.store.rows import RowWriter, Touch
from sync.store.withdrawing import withdraw_refused
from sync.versions import Versions

CHECKPOINT_BYTES = 256 * 1024 * 1024
"""Size of the WAL from which a long sync moves it into the file in between; the end of each sync does anyway."""
GENTLE_CHECKPOINT_BYTES = 48 * 1024 * 1024
"""The same where an officer works beside: less than ``connection.JOURNAL_BYTES``, since a longer WAL is cut to that when it is
begun anew, within a transaction, and his save would wait for that."""
DERIVED_FROM = 100
"""Records of one type from which it pays to make ready on another thread how they are described."""
_HISTORY = "payload, status, result, revision, settled"


class Changes:
    """Safe to use from several threads; the sync's writes let an officer's save go first."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._indexing = Indexing(context)

    def pending(self, limit: int, skip: int = 0) -> tuple[Change, ...]:
        """The next changes to send, in the order they were made; ``skip`` passes over those that are on their way.

        Read where the answer to them will be written: a reader would have to decrypt every page of them once more."""
        return self._pending(limit, skip)

    def pending_behind(self, sent: Sequence[Change], limit: int) -> tuple[Change, ...]:
        """As ``pending``, passing over those that are on their way; none where something came before them meanwhile, that an
        officer sends once more: what stands behind it is not to be heard first."""
        return self._pending(limit, len(sent), [change.change_id for change in sent])

    def waiting(self, most: int, skip: int) -> int:
        """How many changes wait to be sent, past the first ``skip`` of them, up to ``most``."""
        sql = "SELECT count(*) FROM (SELECT 1 FROM changes WHERE status = 'pending' LIMIT ? OFFSET ?)"
        with self._context.writer.quiet() as db:
            return int(db.execute(sql, (most, skip)).fetchone()[0])

    def _pending(self, limit: int, skip: int, first: Sequence[str] | None = None) -> tuple[Change, ...]:
        with self._context.writer.quiet() as db:
            hub = db.execute("SELECT 1 FROM changes WHERE status = 'hub' LIMIT 1").fetchone()
            held, since = (f"AND {HELD_BACK}", (held_since(self._context),)) if hub else ("", ())
            if first is not None:
                sql = f"SELECT change_id FROM changes WHERE status = 'pending' {held} ORDER BY seq LIMIT ?"
                if [i for (i,) in db.execute(sql, (*since, skip))] != list(first):
                    return ()
            sql = f"SELECT payload FROM changes WHERE status = 'pending' {held} ORDER BY seq LIMIT ? OFFSET ?"
            rows = db.execute(sql, (*since, limit, skip)).fetchall()
        return tuple([decode_change(body) for (body,) in rows])

    def outbox(self, within: Collection[str] | None = None) -> tuple[HistoryRow, ...]:
        """Everything the city has not settled, in the order it was made: waiting, refused, parked. ``within``: of these
        types alone."""
        sql = (
            f"SELECT seq, {_HISTORY} FROM changes WHERE status = 'pending' UNION ALL "
            f"SELECT seq, {_HISTORY} FROM changes WHERE status IN ('refused', 'parked') AND settled = 0 ORDER BY seq"
        )
        with self._context.readers.connection() as db:
            rows = tuple(_history_row(row[1:]) for row in db.execute(sql))
        return rows if within is None else tuple(row for row in rows if row.change.type in within)

    def history(self, record_id: str) -> tuple[HistoryRow, ...]:
        """The record's changes known here, newest first; others' own are fetched when somebody looks (``Store.histories``)."""
        sql = f"SELECT {_HISTORY} FROM changes WHERE record_id = ? ORDER BY clock DESC, seq DESC"
        with self._context.readers.connection() as db:
            own = devices_of(db)
            rows = [_history_row(row) for row in db.execute(sql, (record_id,))]
        return tuple(row if made_here(row.change, own) else structs.replace(row, is_own=False) for row in rows)

    def acknowledge(
        self,
        results: Sequence[ChangeResult],
        records: Sequence[RecordVersion] = (),
        *,
        at: str = "",
        begun: Mapping[str, Fields] | None = None,
    ) -> Versions:
        """Mark what the city settled; ``records`` are its versions afterwards, where it sent them along. An answer to a
        change that was settled before changes nothing. ``at``: when the city said it, by its clock; "": just now.

        ``begun``: what fields records that were begun should have here, by their ids. Returns those of them as they stand that
        are the city's from now on and were not touched since."""
        part: Sequence[ChangeResult]
        start, settled = 0, list[Versions]()
        while start < len(results):
            touch, began, writer = Touch(), start, self._context.writer
            with writer.transaction(urgent=False) as db:
                while start < len(results):
                    part = results[start : start + pulling.BATCH]
                    told = at or moment_text(self._context.clock.now() - skew_of(db))
                    now = self._context.now_text()
                    answered = AnswerTransaction(db, self._context.plans, touch, told, now)
                    settled += answered.run(part, records if start == 0 else (), begun)
                    start += pulling.BATCH
                    if writer.is_enough(start - began):
                        break
            self._context.emit(touch.frozen())
        self.checkpoint_when_long()
        return Versions.together(settled)

    def apply_pull(self, answer: PullAnswer, ward: str, scope: str) -> int:
        """Take in what the city sent; the number of records that were news here. The cursor moves in the same
        transaction as the last batch, so that a cut in between is only pulled again.

        One transaction over all batches, since a page that several of them touch is then encrypted once; it ends after
        the batch at hand when an officer's save waits.
        """
        taken, start = 0, 0
        answer = structs.replace(answer, records=Versions.of(answer.records))
        while True:
            touch, began, writer = Touch(), start, self._context.writer
            with writer.transaction(urgent=False) as db:
                while True:
                    taken += apply_answer(
                        db, self._context.plans, answer, ward=ward, scope=scope, start=start, touch=touch,
                        now=self._context.now_text(),
                    )  # fmt: skip
                    start += pulling.BATCH
                    if start >= len(answer.records) or writer.is_enough(start - began):
                        break
            self._context.emit(touch.frozen())
            if start >= len(answer.records):
                self._indexing.run(READ_AT_MOST)  # what the search box would not find
                self.checkpoint_when_long()
                return taken

    def beside_commits(self, begin: Callable[[], object] | None) -> AbstractContextManager[None]:
        """``begin`` is called before each commit of what is taken in meanwhile: it may have ``derive`` called on another thread."""
        return self._context.writer.beside_commits(begin)

    def derive(self, pages: Iterable[Sequence[RecordVersion]]) -> None:
        """Make ready what is to be taken in next, as long as a commit lasts. From its end on, so that who takes it in
        meanwhile makes nothing twice."""
        for page in pages:
            for part in reversed(Versions.of(page).parts(pulling.BATCH)):
                for _, versions in part.by_type():
                    if not self._context.writer.committing:
                        return
                    if versions.derived is None and len(versions) >= DERIVED_FROM:
                        derive(self._context.plans.of(versions.types[0]), versions)

    def cursor(self, ward: str, scope: str) -> int:
        with self._context.readers.connection() as db:
            return Stream(db, ward, scope).cursor

    def is_rereading(self, ward: str, scope: str) -> bool:
        """Whether the stream is being read anew from its beginning."""
        with self._context.readers.connection() as db:
            return Stream(db, ward, scope).rereading

    def cursors(self) -> tuple[tuple[str, str, int], ...]:
        """(ward, scope, cursor) of every stream that this PC reads."""
        with self._context.readers.connection() as db:
            rows = db.execute("SELECT ward, scope, cursor FROM cursors ORDER BY ward, scope").fetchall()
        return tuple((ward, scope, cursor) for ward, scope, cursor in rows)

    def news_places(self) -> tuple[tuple[str, str, int], ...]:
        """(ward, scope, cursor) of the streams that are filled and not being read anew: those that news can be added to."""
        with self._context.readers.connection() as db:
            rows = db.execute(
                "SELECT ward, scope, cursor FROM cursors WHERE filled AND NOT rereading AND NOT EXISTS "
                "(SELECT 1 FROM fills f WHERE f.ward = cursors.ward AND f.scope = cursors.scope) ORDER BY ward, scope"
            ).fetchall()
        return tuple((ward, scope, cursor) for ward, scope, cursor in rows)

    def reset_cursor(self, ward: str, scope: str) -> None:
        """Read the stream from its beginning again, taking the city's word also where its revisions are lower."""
        with self._context.writer.transaction() as db:
            Stream(db, ward, scope).reset()

    def mark_missing(self, ward: str, scope: str) -> int:
        """Once the stream was read anew to its end and differs all the same: what the city did not name stands as not
        being there from now on. The number of records."""
        return missing.mark_missing(self._context, ward, scope)

    def offer_missing(self, since: datetime) -> int:
        """Begin anew at the city what has been missing there since then, and nobody brought back; the number."""
        return missing.offer_missing(self._context, since)

    def note_epochs(self, left: str, ended: Mapping[str, int]) -> None:
        """What the city says of its former epochs. ``left``: the one in which what is held here was read, where the city has
        just been restored; else ""."""
        with self._context.writer.transaction() as db:
            held.note_epochs(db, left, ended, self._context.now_text())

    def tell_held(self, since: datetime) -> int:
        """Tell the city, which was just heard, newer versions that were held here when it was restored to older ones, at the
        latest then; the number of records."""
        return held.tell_held(self._context, since)

    def leave_the_hub(self) -> int:
        """What only a hub told of, a month ago, and the city has just not named, counts as missing; the number."""
        return missing.leave_the_hub(self._context)

    def digest(self, ward: str, scope: str) -> dict[str, str]:
        """Type → hex sum over this PC's records of the stream at the city's revisions."""
        with self._context.readers.connection() as db:
            return digests.of_stream(db, ward, scope)

    def held(self, ids: Iterable[str]) -> list[RecordVersion]:
        """The city's versions of these records, as they are known here.

        Read where the answer was just written, since a reader would have to decrypt every page of it again."""
        wanted = list(dict.fromkeys(ids))
        found: list[RecordVersion] = []
        for start in range(0, len(wanted), pulling.BATCH):
            part = wanted[start : start + pulling.BATCH]
            with self._context.writer.quiet() as db:
                where, given = among(db, "changes", "record_id", part)
                opened = {
                    i for (i,) in db.execute(f"SELECT record_id FROM changes WHERE settled = 0 AND {where}", given)
                }
                opened.intersection_update(part)
                works = worklist.load(db, opened)
                found += [work.base for work in works.values() if work.base is not None]
                # nearly all, and as the city's
                found += versions_by_id(db, [i for i in part if i not in opened])
        return found

    def offer_again(self, since: datetime) -> int:
        """Send once more what the city took of this PC since then: it came back from a backup. Nothing shown changes.
        What the PC made under the names it had before it enrolled anew is its own too. ``since`` by the city's clock, and
        of the moment it took them: a PC may have been long without a line, or its clock in another year. What an older
        program settled has no such moment, but the one it was made."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            names = devices_of(db)
            rows = db.execute(
                "SELECT seq, payload FROM changes "
                "WHERE settled = 1 AND status IN ('accepted', 'conflict') "
                "AND (settled_at >= ? OR (settled_at = '' AND at >= ?))",
                (moment_text(since), moment_text(since + skew_of(db))),
            ).fetchall()
            settled = ((seq, decode_change(body)) for seq, body in rows)
            mine = [(seq, change) for seq, change in settled if made_here(change, names)]
            # what was taken though it had been replaced is not wanted back; if it is there still, its successor hears so
            replaced = {i for _, change in mine for i in change.in_place_of}
            wanted = [(seq, change) for seq, change in mine if change.change_id not in replaced]
            works = worklist.load(db, [change.record_id for _, change in wanted])
            db.executemany(
                "UPDATE changes SET status = 'refused' WHERE change_id = ? AND settled = 1 AND status <> 'parked'",
                [(i,) for i in replaced],
            )
            db.executemany(
                "UPDATE changes SET status = 'pending', settled = 0, again = 1 WHERE seq = ?", [(s,) for s, _ in wanted]
            )
            self._restand(db, list(works), works, touch)
        self._context.emit(touch.frozen())
        return len(wanted)

    def offer_refused_again(self) -> int:
        """Send once more what the city took before it was restored and has refused since: what the change stands on may have
        come back by now, from another PC. The number of records."""
        sql = (
            "SELECT DISTINCT record_id FROM changes WHERE status IN ('refused', 'parked') AND settled = 0 "  # its index
            "AND status = 'refused' AND again = 1"
        )
        with self._context.readers.connection() as db:
            ids = [record_id for (record_id,) in db.execute(sql)]
        for record_id in ids:
            self.retry(record_id)
        return len(ids)

    def retry(self, record_id: str) -> None:
        """Send the record's refused change, and what was parked behind it, once more."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            db.execute(
                "UPDATE changes SET status = 'pending' "
                "WHERE record_id = ? AND settled = 0 AND status IN ('refused', 'parked')",
                (record_id,),
            )
            self._restand(db, [record_id], {}, touch)
        self._context.emit(touch.frozen())

    def withdraw(self, record_id: str, officer: Officer, reason: str) -> None:
        """Give up what the city refused of the record: it stays in history, and what waited behind it is sent. A number it
        had taken is explained. Raises StoreError without a reason, or where the city has no such record yet."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            withdraw_refused(db, self._context, record_id, (officer, reason.strip()), touch)
            self._restand(db, [record_id], {}, touch)
            touch.outbox = True
        self._context.emit(touch.frozen())

    def _restand(self, db: Any, ids: list[str], before: dict[str, worklist.Work], touch: Touch) -> None:
        """Show the records anew after the status of their changes was set; ``before`` brings the city's versions."""
        works = worklist.load(db, ids)
        for record_id, work in works.items():
            if work.open and work.base is None and record_id in before:
                work.base = before[record_id].base
            if work.shown is not None:
                work.shown = work.replayed(self._context.plans.of(work.shown.type).record_type)
        writer = RowWriter(db, self._context.plans, touch)
        worklist.keep(db, works, writer)
        writer.flush()
        touch.outbox = True

    def add_history(self, answer: HistoryAnswer) -> None:
        """Keep what the city knows of a record's past: others' changes, deliveries. What this PC made is not touched by it."""
        self._context.emit(keep_history(self._context, answer).frozen())

    def checkpoint(self) -> None:
        """Move the WAL into the file: called by who syncs, so that no officer's save has to."""
        with self._context.readers.idle() as db:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._context.writer.journal.moved()
            if self._context.writer.gentle:  # a window stays after the sync
                note_reading(db, self._context.path)

    def checkpoint_when_long(self) -> None:
        """Called between the parts of a long sync."""
        writer = self._context.writer
        if writer.journal.used_bytes() > (GENTLE_CHECKPOINT_BYTES if writer.gentle else CHECKPOINT_BYTES):
            self.checkpoint()


def _history_row(row: tuple[Any, ...]) -> HistoryRow:
    result = decode_result(row[2]) if row[2] else None
    return HistoryRow(
        change=decode_change(row[0]),
        status=row[1],
        problems=result.problems if result else (),
        fields=result.fields if result else (),
        revision=row[3],
        is_sent_back=row[1] == "hub" and result is not None,
        is_settled=bool(row[4]),
    )

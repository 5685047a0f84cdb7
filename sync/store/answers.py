"""What the city answered to pushed changes, and what became of them here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from forms.definition import RecordType
from sync.conflicts import candidate
from sync.held_copy import is_held, says_nothing
from sync.merge import judge
from sync.protocol import Change, ChangeResult, Fields, RecordVersion
from sync.store import brought, held, missing
from sync.store.digests import DigestSums
from sync.store.plan import Plans
from sync.store.rowcodec import VERSION, among, encode_change, encode_json, versions_of
from sync.store.rows import RowWriter, Touch
from sync.store.worklist import OpenChange, Work, keep, load
from sync.versions import Versions

# CROSS JOIN fixes the order, and + keeps out the index of everything that is pending, which the planner would walk
_AS_BEGUN = f"r.{VERSION.replace(', ', ', r.')}".replace("r.revision", "1")
_ONLY_BEGUN = (
    f"SELECT c.change_id, c.seq, {_AS_BEGUN} FROM changes c CROSS JOIN records r ON r.id = c.record_id "
    "WHERE c.{among} AND +c.status = 'pending' AND c.settled = 0 AND r.revision = 0 AND NOT EXISTS "
    "(SELECT 1 FROM changes o WHERE o.record_id = c.record_id AND o.settled = 0 AND o.seq <> c.seq)"
)

# one statement for all: nothing of them differs
_BEGUN_CHANGES = (
    "UPDATE changes SET status = 'accepted', settled = 1, again = 0, revision = 1, result = NULL, settled_at = ? "
    "WHERE {among}"
)
_BEGUN_RECORDS = "UPDATE records SET revision = 1, standing = 0 WHERE {among}"


class AnswerTransaction:
    """The results of one push, inside one write transaction."""

    def __init__(self, connection: Any, plans: Plans, touch: Touch, at: str, now: str) -> None:
        """``at``: when the city said it, by its own clock; ``now``: by this PC's."""
        self._overtaken = held.Overtaken(connection, now) if missing.is_rereading(connection) else None
        self._at, self._now = at, now
        self._db = connection
        self._plans = plans
        self._touch = touch
        self._marks: list[tuple[Any, ...]] = []
        self._parked: list[tuple[str, int]] = []

    def run(
        self,
        results: Sequence[ChangeResult],
        versions: Iterable[RecordVersion],
        begun: Mapping[str, Fields] | None = None,
    ) -> list[Versions]:
        """``begun`` and what is returned as in ``Changes.acknowledge``."""
        given, settled = {v.id: v for v in versions}, list[Versions]()
        missing.note_taken(self._db, [r.change_id for r in results if r.status != "refused"])
        self._note_taken_before(results)
        if not given:
            results, columns = self._settle_begun(results)
            if columns and begun is not None:
                settled.append(versions_of(columns, [*map(begun.get, columns[1])]))
        records = self._records_of([r.change_id for r in results])
        works = load(self._db, [i for i, _ in records.values()])
        for result in results:
            record_id, _ = records.get(result.change_id, ("", 0))
            work = works.get(record_id)
            found = next((c for c in work.open if c.change.change_id == result.change_id), None) if work else None
            if work is not None and found is not None:
                self._apply(work, found, result)
        for record_id, version in given.items():
            work = works.get(record_id)
            if work is not None and (work.base is None or version.revision >= work.base.revision):
                if self._overtaken is not None:
                    self._overtaken.note(work.base, version)
                work.base = version
        for work in works.values():
            work.shown = work.replayed(self._plans.of(_type_of(work)).record_type)
        self._write(works)
        return settled

    def _note_taken_before(self, results: Sequence[ChangeResult]) -> None:
        """Refused, replaced here, and taken by the city meanwhile, from a copy that came late: history says so."""
        taken = [(revision, self._at, i) for r in results for i, revision in r.taken_before.items()]
        self._db.executemany(
            "UPDATE changes SET status = 'accepted', revision = ?, result = NULL, settled_at = ? "
            "WHERE change_id = ? AND settled = 1 AND status IN ('refused', 'parked')",
            taken,
        )

    def _settle_begun(self, results: Sequence[ChangeResult]) -> tuple[Sequence[ChangeResult], Sequence[Sequence[Any]]]:
        """Settle the records that this PC began, sent once and has not touched since: nearly all of a large push.

        What the city made of them is what is shown here already, so that only where they stand moves and nothing need
        be read or judged. Returns the other results, and the columns (``rowcodec.VERSION``) of the records.
        """
        first = {r.change_id: r for r in results if r.status == "accepted" and r.revision == 1}
        if not first:
            return results, ()
        where, given = among(self._db, "changes", "change_id", list(first))
        rows = [row for row in self._db.execute(_ONLY_BEGUN.format(among=where), given) if row[0] in first]
        known = {type_id for type_id in {row[4] for row in rows} if self._plans.of(type_id).record_type is not None}
        begun = [row for row in rows if row[4] in known]
        if not begun:
            return results, ()
        told, changes, *columns = zip(*begun, strict=True)
        records, ids, types, wards, scopes, *_ = columns
        self._touch.records.update(ids)
        self._touch.types.update(known)
        where, given = among(self._db, "changes", "seq", changes)
        self._db.execute(_BEGUN_CHANGES.format(among=where), (self._at, *given))
        where, given = among(self._db, "records", "rid", records)
        self._db.execute(_BEGUN_RECORDS.format(among=where), given)
        digests = DigestSums()
        digests.add_begun(ids, types, wards, scopes)
        digests.write(self._db)
        settled = set(told)
        for change_id in settled:  # a problem that only tells something is kept
            if (result := first[change_id]).problems or result.fields:
                self._db.execute(
                    "UPDATE changes SET result = ? WHERE change_id = ?", (encode_change(result), change_id)
                )
        return [r for r in results if r.change_id not in settled], columns

    def _records_of(self, change_ids: list[str]) -> dict[str, tuple[str, int]]:
        sql = "SELECT change_id, record_id, seq FROM changes WHERE change_id IN (SELECT value FROM json_each(?))"
        rows = self._db.execute(sql, (encode_json(change_ids).decode(),))
        return {change_id: (record_id, seq) for change_id, record_id, seq in rows}

    def _apply(self, work: Work, found: OpenChange, result: ChangeResult) -> None:
        if is_held(found.change):
            self._heard(work, found, result)
            return
        if result.status == "refused":
            if (
                found.status != "parked"
            ):  # else the city only says that it waits; its own turn comes after the correction
                self._refuse(work, found, result)
            return
        record_type = self._plans.of(found.change.type).record_type
        if not found.again and (work.base is None or result.revision > work.base.revision):
            if self._overtaken is not None:
                self._overtaken.note_crossing(work.base, result.revision)
            work.base = _advanced(record_type, work.base, found.change, result)
        work.open.remove(found)
        self._mark(found, result.status, 1, result)

    def _heard(self, work: Work, found: OpenChange, result: ChangeResult) -> None:
        """The city made of it what it did, and says so by the record itself; a refusal stops nobody's work."""
        work.open.remove(found)
        if result.status == "refused":
            held.put_aside_again(self._db, work.base or work.shown, found.change, self._now)
        if result.status == "refused" or says_nothing(found.change, result):
            self._db.execute("DELETE FROM changes WHERE seq = ?", (found.seq,))
        else:
            self._mark(found, result.status, 1, result)

    def _refuse(self, work: Work, found: OpenChange, result: ChangeResult) -> None:
        found.status = "refused"
        if found.change.kind == "create":
            brought.forget(self._db, found.change.record_id)
        self._mark(found, "refused", 0, result)
        for later in work.open[work.open.index(found) + 1 :]:
            if later.status == "pending" and not is_held(later.change):  # that is made over nobody's work
                later.status = "parked"
                self._mark(later, "parked", 0, None)

    def _mark(self, c: OpenChange, status: str, settled: int, result: ChangeResult | None) -> None:
        told = result is not None and (result.status == "refused" or result.problems or result.fields)
        body = encode_change(result) if told else None
        self._marks.append((status, settled, result.revision if result else 0, body, c.seq))

    def _write(self, works: dict[str, Work]) -> None:
        self._db.executemany(
            "UPDATE changes SET status = ?1, settled = ?2, again = again AND NOT ?2, revision = ?3, result = ?4, "
            "settled_at = CASE WHEN ?2 THEN ?6 ELSE settled_at END WHERE seq = ?5",
            [(*mark, self._at) for mark in self._marks],
        )
        writer = RowWriter(self._db, self._plans, self._touch)
        keep(self._db, works, writer)
        writer.flush()
        self._touch.outbox = True


def _type_of(work: Work) -> str:
    version = work.shown or work.base
    return version.type if version else work.open[0].change.type


def _advanced(
    record_type: RecordType | None, base: RecordVersion | None, change: Change, result: ChangeResult
) -> RecordVersion | None:
    """The city's version after it took the change, as far as this PC can tell; the next pull brings the true one."""
    if record_type is None:
        return base
    if result.status == "conflict" and base is not None:
        change, base = _without(change, result.fields), _with_candidates(base, change, result.fields)
    version = judge(record_type, base, change).version or base
    return structs.replace(version, revision=result.revision) if version is not None else None


def _without(change: Change, keys: tuple[str, ...]) -> Change:
    return structs.replace(
        change,
        before={k: v for k, v in change.before.items() if k not in keys},
        after={k: v for k, v in change.after.items() if k not in keys},
    )


def _with_candidates(base: RecordVersion, change: Change, keys: tuple[str, ...]) -> RecordVersion:
    conflicts = dict(base.conflicts)
    for key in keys:
        conflicts[key] = (*conflicts.get(key, ()), candidate(key, change))
    return structs.replace(base, conflicts=conflicts)

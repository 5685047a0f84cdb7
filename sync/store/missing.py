"""What this PC holds of the city's and the city no longer has: it came back from a backup, and whoever made these records
has not offered them again, since that PC is gone or went back in time itself.

While a stream is read anew, the records the city names are noted; once it has been read to its end and still differs, the
others are missing there. They stand as "here" from then on, at no revision, so that neither claims what is not true nor
the stream is read again and again; and after a while, when nobody has brought them back, this PC begins them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from forms.definition import RecordType
from sync.clock import moment_text
from sync.protocol import Officer
from sync.store import worklist
from sync.store.context import StoreContext, read_enrolment, read_meta, write_meta
from sync.store.model import Enrolment
from sync.store.officers import first_who_may
from sync.store.provisional import let_go
from sync.store.rowcodec import encode_json
from sync.store.rows import RowWriter, Touch

LOST_AFTER = timedelta(days=30)
"""A record that only a hub told of waits so long for its own PC."""
_HELD = "missing_held"
"""In ``meta``: record id → revision."""


def note_named(connection: Any, ids: Iterable[str]) -> None:
    """The city has these: said while their streams are read anew."""
    connection.executemany("INSERT OR IGNORE INTO named (id) VALUES (?)", [(record_id,) for record_id in ids])


def note_taken(connection: Any, change_ids: Iterable[str]) -> None:
    """The city took these changes, and so has their records, whether or not it names them too."""
    if is_rereading(connection):
        connection.execute(
            "INSERT OR IGNORE INTO named (id) SELECT record_id FROM changes "
            "WHERE change_id IN (SELECT value FROM json_each(?))",
            (encode_json(list(change_ids)).decode(),),
        )


def is_rereading(connection: Any) -> bool:
    """Whether some stream is being read anew."""
    return connection.execute("SELECT 1 FROM cursors WHERE rereading = 1 LIMIT 1").fetchone() is not None


def forget_named(connection: Any, ward: str, scope: str) -> None:
    """The stream is about to be read anew."""
    connection.execute(
        "DELETE FROM named WHERE id IN (SELECT id FROM records WHERE ward = ? AND scope = ?)", (ward, scope)
    )


def mark_missing(context: StoreContext, ward: str, scope: str) -> int:
    """After the stream was read anew to its end: what the city did not name it does not have. The number of records."""
    touch = Touch()
    with context.writer.transaction() as db:
        sql = (
            "SELECT id FROM records WHERE ward = ? AND scope = ? AND revision > 0 AND id NOT IN (SELECT id FROM named)"
        )
        works = worklist.load(db, [record_id for (record_id,) in db.execute(sql, (ward, scope))])
        _note_held(db, works)
        for work in works.values():
            work.base = structs.replace(work.base, revision=0) if work.base is not None else None
            work.shown = structs.replace(work.shown, revision=0) if work.shown is not None else None
        now = moment_text(context.clock.now())
        db.executemany("INSERT OR IGNORE INTO missing (id, since) VALUES (?, ?)", [(i, now) for i in works])
        writer = RowWriter(db, context.plans, touch)
        worklist.keep(db, works, writer)
        writer.flush()
        forget_named(db, ward, scope)
    context.emit(touch.frozen())
    return len(works)


def _note_held(connection: Any, works: Mapping[str, worklist.Work]) -> None:
    """At which revision each of these was held: of several PCs that begin one anew the newest copy is to stand."""
    waiting = {record_id for (record_id,) in connection.execute("SELECT id FROM missing")}
    known = {i: n for i, n in read_meta(connection, _HELD, {}).items() if i in waiting}
    bases = {i: w.base or w.shown for i, w in works.items()}
    known.update({i: v.revision for i, v in bases.items() if v is not None and v.revision > known.get(i, 0)})
    write_meta(connection, _HELD, known)


def held_at(connection: Any) -> dict[str, int]:
    """The city's revisions of missing records, as they were held here."""
    known: dict[str, int] = read_meta(connection, _HELD, {})
    return known


def offer_missing(context: StoreContext, since: datetime) -> int:
    """Begin anew, as they stand here, the records that have been missing at the city since then; the number of them. Where
    another PC does the same, the values agree and nothing is doubled: the record keeps its id."""
    from sync.store.saving import SaveTransaction  # a start saves nothing yet

    touch = Touch()
    offered = 0
    with context.readers.connection() as db:
        if db.execute("SELECT 1 FROM missing WHERE since <= ? LIMIT 1", (moment_text(since),)).fetchone() is None:
            return 0
    with context.writer.transaction() as db:
        ids = [i for (i,) in db.execute("SELECT id FROM missing WHERE since <= ?", (moment_text(since),))]
        works = worklist.load(db, ids)
        enrolment, held, waiting = read_enrolment(db), held_at(db), set[str]()
        for record_id, work in works.items():
            shown = work.shown
            record_type = context.plans.of(shown.type).record_type if shown else None
            by = who_may_begin(context, record_type, enrolment, shown.ward if shown else "")
            if shown is None or record_type is None or shown.revision or by is None:
                continue
            if any(c.status not in ("refused", "parked") for c in work.open):
                waiting.add(record_id)  # what the city says to it comes first
                continue
            SaveTransaction(db, context, by, touch).begin_again(record_id, held.get(record_id, 0))
            offered += 1
        db.executemany("DELETE FROM missing WHERE id = ?", [(i,) for i in ids if i not in waiting])
    context.emit(touch.frozen())
    return offered


def leave_the_hub(context: StoreContext) -> int:
    """What only the ward's hub told of, and so long ago that the PC that made it will not come back: here may be its only copy
    that can still reach the city, so that it is missing there like any other. To be called when the city has been asked for
    all it has. The number of records."""
    left = 0
    with context.readers.connection() as db:
        if db.execute("SELECT 1 FROM changes WHERE status = 'hub' LIMIT 1").fetchone() is None:
            return left
    with context.writer.transaction() as db:
        told = moment_text(context.clock.now() - LOST_AFTER)
        sql = "SELECT record_id FROM changes WHERE status = 'hub' GROUP BY record_id HAVING max(at) <= ?"
        works = worklist.load(db, [record_id for (record_id,) in db.execute(sql, (told,))])
        enrolment = read_enrolment(db)
        for record_id, work in works.items():
            record_type = context.plans.of(work.open[0].change.type).record_type
            if not work.is_only_at_hub or any(c.status != "hub" for c in work.open):
                continue
            if work.shown is None or who_may_begin(context, record_type, enrolment, work.shown.ward) is None:
                continue
            let_go(db, work)
            db.execute("INSERT OR IGNORE INTO missing (id, since) VALUES (?, '')", (record_id,))
            left += 1
    return left


def who_may_begin(
    context: StoreContext, record_type: RecordType | None, enrolment: Enrolment | None, ward: str
) -> Officer | None:
    """The first officer of the device who may begin such a record there."""
    if record_type is None or enrolment is None:
        return None
    return first_who_may(context.catalog, enrolment.officers_of(ward), record_type, [record_type.begun_by])


__all__ = [
    "forget_named",
    "held_at",
    "leave_the_hub",
    "mark_missing",
    "note_named",
    "note_taken",
    "offer_missing",
    "who_may_begin",
]

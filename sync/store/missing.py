"""What this PC holds of the city's and the city no longer has: it came back from a backup, and whoever made these records
has not offered them again, since that PC is gone or went back in time itself.

While a stream is read anew, the records the city names are noted; once it has been read to its end and still differs, the
others are missing there. They stand as "here" from then on, at no revision, so that neither claims what is not true nor
the stream is read again and again; and after a while, when nobody has brought them back, this PC begins them anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import structs

from forms.definition import RecordType
from sync.clock import moment_text
from sync.protocol import Officer
from sync.store import worklist
from sync.store.context import StoreContext, read_enrolment
from sync.store.rowcodec import encode_json
from sync.store.rows import RowWriter, Touch


def note_named(connection: Any, ids: Iterable[str]) -> None:
    """The city has these: said while their streams are read anew."""
    connection.executemany("INSERT OR IGNORE INTO named (id) VALUES (?)", [(record_id,) for record_id in ids])


def note_taken(connection: Any, change_ids: Iterable[str]) -> None:
    """The city took these changes, and so has their records, whether or not it names them too."""
    if connection.execute("SELECT 1 FROM cursors WHERE rereading = 1 LIMIT 1").fetchone():
        connection.execute(
            "INSERT OR IGNORE INTO named (id) SELECT record_id FROM changes "
            "WHERE change_id IN (SELECT value FROM json_each(?))",
            (encode_json(list(change_ids)).decode(),),
        )


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
        enrolment = read_enrolment(db)
        for record_id, work in works.items():
            shown = work.shown
            record_type = context.plans.of(shown.type).record_type if shown else None
            by = _officer(record_type, enrolment.officers if enrolment else ())
            if shown is None or record_type is None or shown.revision or work.open or by is None:
                continue
            SaveTransaction(db, context, by, touch).begin_again(record_id)
            offered += 1
        db.executemany("DELETE FROM missing WHERE id = ?", [(i,) for i in ids])
    context.emit(touch.frozen())
    return offered


def _officer(record_type: RecordType | None, officers: Iterable[Officer]) -> Officer | None:
    """The first officer of the device who may begin such a record."""
    if record_type is None:
        return None
    wanted = set(record_type.begun_by)
    return next((o for o in officers if not wanted or wanted & set(o.roles)), None)


__all__ = ["forget_named", "mark_missing", "note_named", "note_taken", "offer_missing"]

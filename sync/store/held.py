"""Versions that this PC held of records which a restored city has only older: whoever made them may be gone.

Such a version is put aside before the city's older word takes its place, with the epoch in which it was held. Who made it offers
it himself within the days; what the city still does not say after them, this PC tells it (``sync/held_copy.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from sync.clock import moment_text, parse_moment
from sync.difference import difference, put_path
from sync.held_copy import HEARD_FOR
from sync.locked_fields import HELD_IN, SAME_NUMBER
from sync.protocol import Change, RecordVersion
from sync.store import worklist
from sync.store.context import StoreContext, read_enrolment, read_meta, write_meta
from sync.store.missing import held_at, who_may_begin
from sync.store.rowcodec import decode_version, encode_change, encode_json
from sync.store.rows import Touch

ENDED = "ended_epochs"
"""In ``meta``: of the city's former epochs the least revision given after each."""
_LEFT = "left_epoch"
"""In ``meta``: the epoch this PC worked in before the present one."""
_LEFT_AT = "left_epoch_at"
"""In ``meta``: when it heard that the city was restored, by its own clock."""
KEPT_FOR = timedelta(days=60)
"""What could not be told for so long, is not: the city was never in that epoch, or does not have the record."""
_TO_TELL = (
    "SELECT id, revision, epoch, version FROM held WHERE since <= ? AND epoch IN (SELECT value FROM json_each(?)) "
    "ORDER BY id, revision DESC"
)


def note_epochs(connection: Any, left: str, ended: Mapping[str, int], at: str) -> None:
    """What the city says of its former epochs (as in ``Hello``). ``left``: the one in which what is held here was read, where
    the city has just been restored; else "". ``at``: now, by this PC's clock."""
    if left:
        write_meta(connection, _LEFT, left)
        write_meta(connection, _LEFT_AT, at)
    if ended:
        write_meta(connection, ENDED, dict(ended))


class Overtaken:
    """What one transaction puts aside. ``at``: now, by this PC's clock."""

    def __init__(self, connection: Any, at: str) -> None:
        self._db, self._at = connection, at
        self._epoch = read_meta(connection, _LEFT, "")
        self._least = int(read_meta(connection, ENDED, {}).get(self._epoch, 0))

    def note(self, base: RecordVersion | None, version: RecordVersion) -> None:
        """``version`` takes the place of the city's version held here: put that aside where it may say more."""
        if base is None or base.revision <= 0 or base.type != version.type:
            return
        crossed = base.revision < self._least <= version.revision
        if version.revision < base.revision or (crossed and _says(base) != _says(version)):
            self._keep(base)

    def note_returned(self, returned: Iterable[RecordVersion], newest: Mapping[str, RecordVersion]) -> None:
        """As ``note``, of records that were missing at the city and that somebody brings back."""
        for base in returned:
            self.note(base, newest[base.id])

    def note_crossing(self, base: RecordVersion | None, revision: int) -> None:
        """The city gave ``revision`` to a change made here, on what it has itself."""
        if base is not None and 0 < base.revision < self._least <= revision:
            self._keep(base)

    def _keep(self, base: RecordVersion) -> None:
        enrolment = read_enrolment(self._db)
        present = enrolment.epoch if enrolment else ""  # where nobody has said yet that the city was restored
        from_before = base.revision < self._least or (self._epoch and not self._least)
        epoch = self._epoch if from_before else present
        _put(self._db, base, epoch, self._at)


def _says(version: RecordVersion) -> tuple[Any, ...]:
    return version.state, version.number, version.fields


def returned(connection: Any, works: Iterable[worklist.Work]) -> list[RecordVersion]:
    """Those of these that were missing at the city, at the revisions at which they were held."""
    found = [w.base for w in works if w.base is not None and w.base.revision == 0]
    known = held_at(connection) if found else {}
    return [structs.replace(base, revision=known[base.id]) for base in found if base.id in known]


def put_aside_again(connection: Any, base: RecordVersion | None, told: Change, at: str) -> None:
    """The city refused what was told: the record may be gone once more, or the city may not know its forms yet. It is told anew
    after the days, until nobody hears it any more. ``base``: the city's version here."""
    if base is None or read_meta(connection, _LEFT_AT, "") <= moment_text(parse_moment(at) - HEARD_FOR):
        return
    fields = dict(base.fields)
    for key, value in told.after.items():
        put_path(fields, key, value)
    held = structs.replace(
        base,
        revision=told.base_revision,
        state=told.to_state or base.state,
        number=told.number or base.number,
        fields=fields,
        updated_by=told.reason or base.updated_by,
    )
    _put(connection, held, str(told.before[HELD_IN]), at)


def _put(connection: Any, held: RecordVersion, epoch: str, at: str) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO held (id, revision, epoch, since, version) VALUES (?, ?, ?, ?, ?)",
        (held.id, held.revision, epoch, at, encode_change(held)),
    )


def tell_held(context: StoreContext, since: datetime) -> int:
    """Tell the city what was put aside until then, also where it says the same by its backup alone: what others held before that
    is not heard after it. To be called when the city was just heard. The number of records."""
    from sync.store.saving import SaveTransaction  # a start saves nothing yet

    with context.readers.connection() as db:
        if db.execute("SELECT 1 FROM held WHERE since <= ? LIMIT 1", (moment_text(since),)).fetchone() is None:
            return 0
    touch = Touch()
    told = 0
    with context.writer.transaction() as db:
        ended: dict[str, int] = read_meta(db, ENDED, {})
        rows = db.execute(_TO_TELL, (moment_text(since), encode_json(list(ended)).decode())).fetchall()
        enrolment = read_enrolment(db)
        works = worklist.load(db, [row[0] for row in rows])
        done: list[tuple[str, int]] = []
        for record_id, revision, epoch, body in rows:
            work, held, least = works.get(record_id), decode_version(body), ended[epoch]
            base = work.base if work else None
            record_type = context.plans.of(held.type).record_type
            by = who_may_begin(context, record_type, enrolment, held.ward)
            if work is None or base is None or record_type is None or base.revision == 0:
                continue  # not the city's now; the record is begun anew first
            if any(c.status not in ("refused", "parked") for c in work.open):
                continue  # what the city says to it comes first
            done.append((record_id, revision))
            if by is None or revision >= least or (base.revision >= least and _says(base) == _says(held)):
                continue
            before, after = difference(record_type, base.fields, held.fields)
            before.pop(SAME_NUMBER, None)
            after.pop(SAME_NUMBER, None)
            said = structs.replace(held, number=held.number if held.number != base.number else None)
            SaveTransaction(db, context, by, touch).tell_held(said, epoch, before, after)
            works |= worklist.load(db, [record_id])
            told += 1
        db.executemany("DELETE FROM held WHERE id = ? AND revision = ?", done)
        # not before: a PC may have been switched off for so long
        db.execute("DELETE FROM held WHERE since <= ?", (moment_text(since - KEPT_FOR),))
    context.emit(touch.frozen())
    return told


__all__ = ["ENDED", "Overtaken", "note_epochs", "put_aside_again", "returned", "tell_held"]

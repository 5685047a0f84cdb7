"""The legal books as this PC keeps them: leases held, every number given, records that await theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forms.book_notes import note_values
from forms.definition import Catalog, RecordType
from forms.register_numbers import SERIES, series_name
from sync.locked_fields import SAME_NUMBER, VOID
from sync.protocol import Fields, Lease, Officer
from sync.store import hand_overs, numbering
from sync.store.book_notes import write_note
from sync.store.context import StoreContext, devices_of, read_enrolment, read_meta
from sync.store.hand_overs import HandOvers
from sync.store.histories import made_here
from sync.store.model import Enrolment, NumberRow, Record
from sync.store.numbering import OF_WARD, name_of_book, period_of, series_of
from sync.store.officers import first_who_may
from sync.store.rowcodec import decode_change, decode_fields, encode_json, record_of, rows_by_id
from sync.store.rows import Touch
from sync.store.suspension import Suspension

EVERY_BOOK = "*"
"""The book of a note that is about all books of a PC."""
_LEASE = "ward, register, period, device, next, upper"


class Numbers:
    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self.hand_overs = HandOvers(context)
        self.suspension = Suspension(context)

    def leases(self) -> tuple[Lease, ...]:
        """The books this PC may number."""
        with self._context.readers.connection() as db:
            rows = db.execute(f"SELECT {_LEASE} FROM leases ORDER BY register, period, ward").fetchall()
        return tuple(_lease(row) for row in rows)

    def put_lease(self, lease: Lease) -> None:
        """Take a book over, or hear of it again: a number given here is never given twice, whatever the city says. A
        book that went to another device is let go."""
        with self._context.writer.transaction() as db:
            enrolment = read_enrolment(db)
            if enrolment is not None and lease.device != enrolment.device:
                _let_go(db, lease.ward, lease.register, lease.period)
                return
            stage = hand_overs.stage_of(db, lease.register, lease.period, lease.ward)
            if stage in ("waiting", "asked"):  # an older word of the city's: the book was closed here
                return
            if stage is not None:
                hand_overs.forget(db, lease.register, lease.period, lease.ward)
            db.execute(
                f"INSERT INTO leases ({_LEASE}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (register, period, ward) DO UPDATE "
                "SET device = excluded.device, next = max(next, excluded.next), upper = excluded.upper",
                (lease.ward, lease.register, lease.period, lease.device, lease.next, lease.upper),
            )

    def let_go(self, ward: str, register: str, period: str) -> None:
        """The book is another device's. What was numbered here stays, and is never numbered here again."""
        with self._context.writer.transaction() as db:
            _let_go(db, ward, register, period)

    def held(self, type_id: str, when: datetime, fields: Fields | None = None, ward: str = "") -> Lease | None:
        """The lease under which the type's register could be numbered at that moment: that of the series of a record
        with ``fields``, in ``ward`` ("": this PC's own)."""
        record_type = self._context.plans.of(type_id).record_type
        if record_type is None or record_type.register is None:
            return None
        key = (series_name(record_type, fields or {}), period_of(record_type.register, when))
        with self._context.readers.connection() as db:
            sql = f"SELECT {_LEASE} FROM leases WHERE register = ? AND period = ? AND ward = ? AND (upper = 0 OR next <= upper)"
            row = db.execute(sql, (*key, ward or _home(db))).fetchone()
        return _lease(row) if row else None

    def book(
        self, type_id: str, period: str | None = None, series: str | None = None, ward: str = ""
    ) -> tuple[NumberRow, ...]:
        """Every number this PC gave or voided in the type's book of ``ward`` ("": its own), in order; ``period``, ``series``
        (a value of the field that parts the register) None: all of them.

        A number whose record was voided, here or on another PC, is void with the reason given there.
        """
        record_type = self._context.plans.of(type_id).record_type
        if record_type is None:
            return ()
        # the fields of most records say nothing of their number and are not read
        sql = (
            "SELECT n.number, n.n, n.period, n.record_id, coalesce(r.title, ''), n.at, n.officer, n.status, n.reason, "
            "r.state, CASE WHEN r.state IN (SELECT value FROM json_each(?)) OR instr(r.fields, ?) OR instr(r.fields, ?) "
            "THEN r.fields END, n.series FROM numbers n LEFT JOIN records r ON r.id = n.record_id "
            "WHERE (n.series = ? OR n.series GLOB ?) AND (? IS NULL OR n.period = ?) "
            "AND (? IS NULL OR n.series = ?) ORDER BY n.series, n.period, n.n"
        )
        with self._context.readers.connection() as db:
            home = _home(db)
        name = name_of_book(series_of(record_type), ward or home, home)
        one = None if series is None else f"{name}{SERIES}{series}"
        void = encode_json([state.id for state in record_type.states if state.kind == "void"]).decode()
        values = (void, f'"{VOID}"', f'"{SAME_NUMBER}"', name, f"{name}{SERIES}*", period, period, one, one)
        with self._context.readers.connection() as db:
            rows = db.execute(sql, values).fetchall()
        return tuple(_number_row(record_type, row) for row in rows)

    def awaiting(self) -> tuple[Record, ...]:
        """Records whose action took a number that could not be given yet, in the order they were made."""
        with self._context.readers.connection() as db:
            ids = _awaiting_ids(db)
            rows = rows_by_id(db, ids)
        return tuple(record_of(rows[i]) for i in ids if i in rows)

    def late_books(self) -> set[tuple[str, str, str]]:
        """Books (ward, register, period) of a year that is over in which something signed then waits for its number."""
        now, late = self._context.clock.now(), set()
        for record in self.awaiting():
            record_type = self._context.plans.of(record.type).record_type
            register = record_type.register if record_type else None
            if record_type is None or register is None or register.kind != "leased":
                continue
            period = period_of(register, numbering.signed_in(register, numbering.signed_at(record.fields), now))
            if period != period_of(register, now):
                late.add((record.ward, series_name(record_type, record.fields), period))
        return late

    def give_awaiting(self) -> int:
        """Give numbers to the records that wait for a book held here, this PC's and others', in the order they were
        made and in the name of an officer of this device whom the book's actions are open to; the count."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            waiting = db.execute("SELECT record_id, type, at FROM awaiting ORDER BY at, record_id").fetchall()
            given = sum(self._give(db, record_id, type_id, since, touch) for record_id, type_id, since in waiting)
        if given:
            self._context.emit(touch.frozen())
        return given

    def _give(self, db: Any, record_id: str, type_id: str, since: str, touch: Touch) -> bool:
        from sync.store.saving import SaveTransaction  # a start numbers nothing yet

        record_type = self._context.plans.of(type_id).record_type
        row = db.execute("SELECT ward FROM records WHERE id = ?", (record_id,)).fetchone()
        by = _numbering_officer(self._context.catalog, record_type, read_enrolment(db), row[0] if row else "")
        if (
            record_type
            and record_type.register
            and record_type.register.kind == "local"
            and not _is_own(db, record_id, since)
        ):
            return False  # each PC of the ward could, and all but the first would have numbered in vain
        return by is not None and SaveTransaction(db, self._context, by, touch).give_number(record_id)

    def clock_problem(self, type_id: str) -> str | None:
        """Why numbering stands still: "skew" (off by more than five minutes at the last contact), "set_back" (before
        the last number's moment), or None."""
        record_type = self._context.plans.of(type_id).record_type
        if record_type is None:
            return None
        with self._context.readers.connection() as db:
            return numbering.clock_problem(db, series_of(record_type), self._context.clock.now())

    def standstill(self, type_id: str) -> str | None:
        """As ``clock_problem``, or "restored": the PC's store came back from a backup."""
        return "restored" if self.suspension.standing() else self.clock_problem(type_id)

    def confirm_clock(self, officer: Officer | None = None, reason: str = "") -> None:
        """An officer says that the PC's clock is right; who and when is kept, here and in the notes on the books."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            told = numbering.confirm_clock(db, self._context.clock.now(), officer)
            enrolment = read_enrolment(db)
            if officer is not None:
                values = note_values(
                    "clock",
                    book=EVERY_BOOK,
                    label="Mọi sổ cấp số tại máy",
                    period="",
                    reason=reason or told,
                    at=self._context.now_text(),
                    by=officer.name,
                    devices=(enrolment.device if enrolment else "", ""),
                )
                write_note(db, self._context, officer, values, touch)
        self._context.emit(touch.frozen())

    def clock_log(self) -> tuple[dict[str, Any], ...]:
        """Who confirmed this PC's clock and when, the latest last: {"at", "officer", "skew"}."""
        with self._context.readers.connection() as db:
            return tuple(read_meta(db, numbering.CLOCK_LOG, []))


def _numbering_officer(
    catalog: Catalog, record_type: RecordType | None, enrolment: Enrolment | None, ward: str
) -> Officer | None:
    """The first officer of the device who may take one of the actions that number, in that ward."""
    if record_type is None or enrolment is None:
        return None
    roles = [action.roles for action in record_type.actions if action.takes_number]
    return first_who_may(catalog, enrolment.officers_of(ward), record_type, roles)


def _is_own(db: Any, record_id: str, since: str) -> bool:
    """Whether the record waits for this PC, by its mark ``since``: a store that came back from a backup knows nothing more of it.
    Where the mark does not say: whether one of the record's acts is this PC's own."""
    own = devices_of(db)
    if device := since.partition(" ")[2]:
        return device in own
    rows = db.execute("SELECT payload FROM changes WHERE record_id = ?", (record_id,))
    acts = (decode_change(body) for (body,) in rows)
    return any(change.action is not None and made_here(change, own) for change in acts)


def _awaiting_ids(db: Any) -> list[str]:
    sql = (
        "SELECT a.record_id FROM awaiting a JOIN records r ON r.id = a.record_id "
        "WHERE r.number IS NULL ORDER BY a.at, a.record_id"
    )
    return [record_id for (record_id,) in db.execute(sql)]


def _home(db: Any) -> str:
    enrolment = read_enrolment(db)
    return enrolment.ward if enrolment else ""


def _let_go(db: Any, ward: str, register: str, period: str) -> None:
    db.execute("DELETE FROM leases WHERE register = ? AND period = ? AND ward = ?", (register, period, ward))


def _lease(row: tuple[Any, ...]) -> Lease:
    return Lease(ward=row[0], register=row[1], period=row[2], device=row[3], next=row[4], upper=row[5])


def _number_row(record_type: RecordType, row: tuple[Any, ...]) -> NumberRow:
    fields = decode_fields(row[10]) if row[10] else {}
    reason = row[8] if row[7] == "void" else why_void(record_type, row[9], fields)
    return NumberRow(
        number=row[0],
        n=row[1],
        period=row[2],
        record_id=row[3],
        title=row[4],
        at=row[5],
        officer=row[6],
        status="given" if reason is None else "void",
        reason=reason or "",
        same=tuple(fields.get(SAME_NUMBER) or ()),
        series=row[11].partition(SERIES)[2],
        ward=row[11].rpartition(OF_WARD)[0],
    )


def why_void(record_type: RecordType, state: str | None, fields: Fields) -> str | None:
    """The reason for which the record of a number was voided ("" when none was asked for); None: it was not."""
    mark = fields.get(VOID)
    if isinstance(mark, dict):
        return str(mark.get("reason") or "")
    if all(s.id != state or s.kind != "void" for s in record_type.states):
        return None
    asked = (fields.get(name) for action in record_type.actions if action.to == state for name in action.asks)
    return next((text for text in asked if isinstance(text, str)), "")

"""Books this PC has given back: from then on it numbers nothing in them, whatever an older word of the city says.

The holder closes the book at once, also without a line; its next sync tells the city, after everything that was numbered.
Only the city gives the book to another PC, so that nothing is numbered between. What was told stays noted until the book
comes back, and is told again to a city restored from a backup.
"""

from __future__ import annotations

from typing import Any

import msgspec

from forms.book_notes import book_label, note_values
from forms.register_numbers import register_of
from sync.clock import moment_text
from sync.protocol import Lease, Officer
from sync.store.book_notes import write_note
from sync.store.context import StoreContext, read_enrolment
from sync.store.model import HandOver, StoreError
from sync.store.numbering import name_of_book
from sync.store.rows import Touch

_COLUMNS = "id, ward, register, period, device, last, officer, reason, at, stage"
_BOOK = "register = ? AND period = ? AND ward = ?"
_encode = msgspec.msgpack.Encoder().encode
_decode_officer = msgspec.msgpack.Decoder(Officer).decode


class HandOvers:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def all(self) -> tuple[HandOver, ...]:
        with self._context.readers.connection() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM handovers ORDER BY at, register, period").fetchall()
        return tuple(_handover(row) for row in rows)

    def to_tell(self) -> tuple[HandOver, ...]:
        """Those that the city has not confirmed."""
        return tuple(each for each in self.all() if each.stage != "done")

    def begin(self, lease: Lease, officer: Officer, reason: str, to: str = "") -> HandOver:
        """Close a book held here; ``to`` is the device that is to have it. Raises StoreError."""
        if not reason.strip():
            raise StoreError("Cần ghi lý do giao sổ. (A reason is needed to hand a book over)")
        now = self._context.clock.now()
        book = (lease.register, lease.period, lease.ward)
        with self._context.writer.transaction() as db:
            row = db.execute(f"SELECT next, upper, device FROM leases WHERE {_BOOK}", book).fetchone()
            if row is None:
                raise StoreError("Máy này không giữ sổ này. (This PC does not hold the book)")
            if to and to == row[2]:
                raise StoreError("Đây là mã của chính máy này. (That is this PC itself)")
            sql = "SELECT coalesce(max(n), 0) FROM numbers WHERE series IN (?, ?) AND period = ?"
            enrolment = read_enrolment(db)
            home = enrolment.ward if enrolment else lease.ward
            names = [name_of_book(x, lease.ward, home) for x in (lease.register, register_of(lease.register))]
            given = db.execute(sql, (*names, lease.period)).fetchone()[0]
            last = max(int(row[0]) - 1, int(given))
            made = HandOver(
                id=self._context.ids.new(), ward=lease.ward, register=lease.register, period=lease.period, to=to,
                last=last, officer=officer, reason=reason.strip(), at=moment_text(now), stage="waiting",
            )  # fmt: skip
            db.execute(f"DELETE FROM leases WHERE {_BOOK}", book)
            db.execute(
                "INSERT OR REPLACE INTO handovers (register, period, ward, id, device, last, next, upper, officer, reason, "
                "at, stage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')",
                (*book, made.id, to, last, row[0], row[1], _encode(officer), made.reason, made.at),
            )
        return made

    def take_back(self, handover: HandOver) -> None:
        """As if it had not been given back, as long as the city cannot have heard of it; after that the book is asked for
        again at the next meeting. Raises StoreError while an answer is awaited."""
        with self._context.writer.transaction() as db:
            sql = "SELECT register, period, ward, next, upper, stage FROM handovers WHERE id = ?"
            found = db.execute(sql, (handover.id,)).fetchone()
            if found is None:
                return
            if found[5] == "asked":
                raise StoreError(
                    "Đã báo thành phố giao sổ nhưng chưa có trả lời: đồng bộ rồi xem lại. (The city was asked; sync first)"
                )
            db.execute("DELETE FROM handovers WHERE id = ?", (handover.id,))
            enrolment = read_enrolment(db)
            if found[5] == "waiting" and enrolment is not None:
                db.execute(
                    "INSERT OR IGNORE INTO leases (register, period, ward, device, next, upper) VALUES (?, ?, ?, ?, ?, ?)",
                    (*found[:3], enrolment.device, found[3], found[4]),
                )

    def asked(self, handover: HandOver) -> bool:
        """Write down, before the city is told, that it may have heard; False: it was taken back meanwhile."""
        with self._context.writer.transaction() as db:
            return bool(db.execute("UPDATE handovers SET stage = 'asked' WHERE id = ?", (handover.id,)).rowcount)

    def done(self, handover: HandOver, to: str) -> None:
        """The book is out of this PC's hands; noted for whoever inspects it."""
        touch = Touch()
        with self._context.writer.transaction() as db:
            if not db.execute("UPDATE handovers SET stage = 'done' WHERE id = ?", (handover.id,)).rowcount:
                return
            enrolment = read_enrolment(db)
            first = handover.last + 1
            values = note_values(
                "handover",
                book=handover.register,
                label=book_label(self._context.catalog, handover.register),
                period=handover.period,
                reason=handover.reason,
                at=handover.at,
                by=handover.officer.name,
                numbers=(first, first),
                devices=(enrolment.device if enrolment else "", to or "–"),
            )
            write_note(db, self._context, handover.officer, values, touch, note_id=handover.id, ward=handover.ward)
        self._context.emit(touch.frozen())

    def refused(self, handover: HandOver) -> None:
        """The city did not take it: the book is this PC's as before. Not so where it had taken it once and has forgotten that
        since, with the PC that got the book: that one may number in it."""
        with self._context.writer.transaction() as db:
            if db.execute("SELECT 1 FROM records WHERE id = ?", (handover.id,)).fetchone():  # its note
                return
            row = db.execute("SELECT register, period, ward, next, upper FROM handovers WHERE id = ?", (handover.id,))
            found, enrolment = row.fetchone(), read_enrolment(db)
            db.execute("DELETE FROM handovers WHERE id = ?", (handover.id,))
            if found is not None and enrolment is not None:
                sql = "INSERT OR IGNORE INTO leases (register, period, ward, device, next, upper) VALUES (?, ?, ?, ?, ?, ?)"
                db.execute(sql, (*found[:3], enrolment.device, *found[3:]))

    def came_round(self, handover: HandOver) -> None:
        """The book is this PC's again, by the city's word."""
        with self._context.writer.transaction() as db:
            db.execute("DELETE FROM handovers WHERE id = ?", (handover.id,))

    def tell_again(self) -> None:
        """The city was restored from a backup: it may not know of what it had confirmed. Whenever that was, for it costs
        little and a book that two PCs number costs much."""
        with self._context.writer.transaction() as db:
            db.execute("UPDATE handovers SET stage = 'asked' WHERE stage = 'done'")


def stage_of(connection: Any, register: str, period: str, ward: str) -> str | None:
    """How far the giving back of a book has come; None: it is not being given back."""
    row = connection.execute(f"SELECT stage FROM handovers WHERE {_BOOK}", (register, period, ward)).fetchone()
    return row[0] if row else None


def forget(connection: Any, register: str, period: str, ward: str) -> None:
    """The book is here again."""
    connection.execute(f"DELETE FROM handovers WHERE {_BOOK}", (register, period, ward))


def _handover(row: tuple[Any, ...]) -> HandOver:
    return HandOver(
        id=row[0], ward=row[1], register=row[2], period=row[3], to=row[4], last=row[5], officer=_decode_officer(row[6]),
        reason=row[7], at=row[8], stage=row[9],
    )  # fmt: skip

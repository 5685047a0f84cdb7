"""Which papers left the printer: every copy is counted, a failed one too, since numbered paper must be accounted for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from forms.vietnamese import show_moment
from sync.protocol import Officer
from sync.store.context import StoreContext
from sync.store.model import BlankRow, PrintRow, StoreError
from sync.store.rowcodec import encode_json

_COLUMNS = (
    "p.printout, p.copy, p.at, p.officer, p.failed, p.serial, p.about, p.spoiled, p.spoiled_at, p.spoiled_by, p.seq"
)


class Prints:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def log(
        self,
        record_id: str,
        printout: str,
        officer: Officer,
        failed: bool = False,
        *,
        serial: str = "",
        about: str = "",
    ) -> int:
        """Note one copy; returns which one it is, 1 for the first. A failed one does not count as a copy, nor does one on
        a spoiled blank. Raises StoreError for a blank whose serial number was used before. Of a print over a list
        ``record_id`` is the record type."""
        serial = serial.strip()
        with self._context.writer.transaction() as db:
            if serial:
                _refuse_used(db, printout, serial)
            sql = "SELECT count(*) FROM prints WHERE record_id = ? AND printout = ? AND failed = 0 AND spoiled = ''"
            copy = int(db.execute(sql, (record_id, printout)).fetchone()[0]) + 1
            db.execute(
                "INSERT INTO prints (record_id, printout, copy, at, officer, failed, serial, about) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (record_id, printout, copy, self._context.now_text(), officer.name, int(failed), serial, about),
            )
        return copy

    def of(self, record_id: str) -> tuple[PrintRow, ...]:
        """The record's prints (or a type's prints over a list), the latest first."""
        with self._context.readers.connection() as db:
            sql = f"SELECT {_COLUMNS} FROM prints p WHERE p.record_id = ? ORDER BY p.seq DESC"
            rows = db.execute(sql, (record_id,)).fetchall()
        return tuple(_row(row) for row in rows)

    def spoil(self, seq: int, reason: str, officer: Officer) -> None:
        """The blank of a print cannot be used. Raises StoreError without a reason, or when it was said before."""
        if not reason.strip():
            raise StoreError("Cần ghi lý do phôi hỏng. (Say why the blank is spoiled)")
        values = (reason.strip(), self._context.now_text(), officer.name, seq)
        with self._context.writer.transaction() as db:
            sql = "UPDATE prints SET spoiled = ?, spoiled_at = ?, spoiled_by = ? WHERE seq = ? AND serial <> '' AND spoiled = ''"
            if db.execute(sql, values).rowcount == 0:
                raise StoreError("Phôi này đã ghi hỏng, hoặc không có. (That blank is spoiled already, or unknown)")

    def blanks(self, within: Collection[str] | None = None) -> tuple[BlankRow, ...]:
        """Every blank printed on here, the latest first; ``within``: of these record types only."""
        types = None if within is None else encode_json(sorted(within)).decode()
        sql = (
            f"SELECT {_COLUMNS}, p.record_id, coalesce(r.type, ''), coalesce(r.title, '') FROM prints p "
            "LEFT JOIN records r ON r.id = p.record_id WHERE p.serial <> '' "
            "AND (? IS NULL OR r.type IN (SELECT value FROM json_each(?))) ORDER BY p.seq DESC"
        )
        with self._context.readers.connection() as db:
            rows = db.execute(sql, (types, types)).fetchall()
        return tuple(BlankRow(_row(row[:-3]), *row[-3:]) for row in rows)

    def why_not(self, printout: str, serial: str) -> str:
        """Why a blank cannot be printed on: it was before; "" when it can."""
        with self._context.readers.connection() as db:
            return _used(db, printout, serial.strip())

    def last_serial(self, printout: str) -> str:
        """The serial number of the blank used last for a paper; "" when none was."""
        sql = "SELECT serial FROM prints WHERE printout = ? AND serial <> '' ORDER BY seq DESC LIMIT 1"
        with self._context.readers.connection() as db:
            row = db.execute(sql, (printout,)).fetchone()
        return str(row[0]) if row else ""


def _refuse_used(db: Any, printout: str, serial: str) -> None:
    if trouble := _used(db, printout, serial):
        raise StoreError(trouble)


def _used(db: Any, printout: str, serial: str) -> str:
    """A blank that a print failed on, without being said to be spoiled, never left the drawer."""
    sql = "SELECT at, spoiled FROM prints WHERE serial = ? AND printout = ? AND (failed = 0 OR spoiled <> '')"
    row = db.execute(sql, (serial, printout)).fetchone()
    if row is None:
        return ""
    day = show_moment(row[0])
    vi, en = ("đã ghi hỏng", "spoiled") if row[1] else ("đã dùng", "used")
    return f"Phôi số {serial} {vi} lúc {day}. (Blank {serial} was {en} at {day})"


def _row(row: tuple[Any, ...]) -> PrintRow:
    return PrintRow(
        printout=row[0],
        copy=row[1],
        at=row[2],
        officer=row[3],
        failed=bool(row[4]),
        serial=row[5],
        about=row[6],
        spoiled=row[7],
        spoiled_at=row[8],
        spoiled_by=row[9],
        seq=row[10],
    )

"""Which papers left the printer: every copy is counted, a failed one too, since numbered paper must be accounted for."""

from __future__ import annotations

from sync.protocol import Officer
from sync.store.context import StoreContext
from sync.store.model import PrintRow


class Prints:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def log(self, record_id: str, printout: str, officer: Officer, failed: bool = False) -> int:
        """Note one copy; returns which one it is, 1 for the first. A failed one does not count as a copy."""
        with self._context.writer.transaction() as db:
            sql = "SELECT count(*) FROM prints WHERE record_id = ? AND printout = ? AND failed = 0"
            copy = int(db.execute(sql, (record_id, printout)).fetchone()[0]) + 1
            db.execute(
                "INSERT INTO prints (record_id, printout, copy, at, officer, failed) VALUES (?, ?, ?, ?, ?, ?)",
                (record_id, printout, copy, self._context.now_text(), officer.name, int(failed)),
            )
        return copy

    def of(self, record_id: str) -> tuple[PrintRow, ...]:
        """The record's prints, the latest first."""
        with self._context.readers.connection() as db:
            sql = "SELECT printout, copy, at, officer, failed FROM prints WHERE record_id = ? ORDER BY seq DESC"
            rows = db.execute(sql, (record_id,)).fetchall()
        return tuple(PrintRow(printout=p, copy=c, at=at, officer=o, failed=bool(f)) for p, c, at, o, f in rows)

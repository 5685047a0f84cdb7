"""Giving up what the city refused: the way on for an action whose moment has passed."""

from __future__ import annotations

from typing import Any

from forms.book_notes import book_label, note_values
from sync.protocol import Change, Officer
from sync.store.book_notes import write_note
from sync.store.context import StoreContext
from sync.store.model import StoreError
from sync.store.numbering import series_in
from sync.store.rows import Touch
from sync.store.worklist import load


def withdraw_refused(
    connection: Any, context: StoreContext, record_id: str, by: tuple[Officer, str], touch: Touch
) -> None:
    """``by``: who gives it up, and why. The caller shows the record anew. Raises StoreError."""
    if not by[1]:
        raise StoreError("Cần ghi lý do bỏ thay đổi. (A reason is needed)")
    work = load(connection, [record_id]).get(record_id)
    base = work.base if work else None
    if base is None:
        raise StoreError(
            "Thành phố chưa có bản ghi này: hãy sửa theo lý do bị trả lại, hoặc hủy bản ghi. (Mend it, or void the record)"
        )
    from sync.store.saving import SaveTransaction  # a start saves nothing yet

    refused = SaveTransaction(connection, context, by[0], touch).take_back(record_id, by[1])
    connection.execute(
        "UPDATE changes SET status = 'pending' WHERE record_id = ? AND settled = 0 AND status = 'parked'", (record_id,)
    )
    for change in refused:
        if change.number and change.number != base.number:  # it may have been taken after all, from another copy
            _explain(connection, context, change, by, touch)


def _explain(connection: Any, context: StoreContext, change: Change, by: tuple[Officer, str], touch: Touch) -> None:
    """A number given here is never given again, and the book says what became of it."""
    officer, reason = by
    told = f"Thành phố không nhận, đã bỏ: {reason}"
    sql = "SELECT series, period, n FROM numbers WHERE record_id = ? AND number = ? AND status = 'given'"
    for series, period, n in connection.execute(sql, (change.record_id, change.number)).fetchall():
        connection.execute(
            "UPDATE numbers SET status = 'void', reason = ? WHERE series = ? AND period = ? AND n = ?",
            (told, series, period, n),
        )
        values = note_values(
            "unused",
            book=series_in(series),
            label=book_label(context.catalog, series_in(series)),
            period=period,
            reason=told,
            at=context.now_text(),
            by=officer.name,
            numbers=(n, n),
        )
        write_note(connection, context, officer, values, touch, ward=change.ward)

"""Writing a note on a legal book, inside the transaction of what it tells of."""

from __future__ import annotations

from typing import Any

from forms.book_notes import noted_state
from sync.protocol import Fields, Officer
from sync.store.context import StoreContext
from sync.store.model import Save, StoreError
from sync.store.officers import may_write
from sync.store.rows import Touch


def write_note(
    connection: Any,
    context: StoreContext,
    officer: Officer,
    values: Fields,
    touch: Touch,
    *,
    note_id: str | None = None,
    ward: str = "",
) -> None:
    """In the ward whose book it is ("": this PC's own), where it is read. Nothing where the catalogue has no register of notes, or
    the officer may not write there; said twice under one id, it is written once."""
    from sync.store.saving import SaveTransaction  # a start saves nothing yet

    type_id = context.catalog.book_notes
    if type_id is None or not context.catalog.knows(type_id):
        return
    if not may_write(context.catalog, officer, context.catalog.record_type(type_id)):
        return
    if note_id and connection.execute("SELECT 1 FROM records WHERE id = ?", (note_id,)).fetchone():
        return
    try:
        state = noted_state(context.catalog.record_type(type_id))
        save = Save(type=type_id, fields=values, id=note_id, state=state)
        SaveTransaction(connection, context, officer, touch, ward=ward).run([save])
    except StoreError:
        return  # a pack whose notes are of another shape must not hold up the books

"""Records that two PCs wrote differently, waiting for a person to choose."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.rows import RowContext, number_of
from desktop.models.table import CellTable, Column, Row
from desktop.models.tags import standing_tag
from desktop.views.outbox import field_name
from desktop.views.page import Page
from desktop.widgets.basics import Card, EmptyState, text_label
from desktop.widgets.table import RowTable
from sync.store import Store
from sync.store.model import Record
from sync.store.open_conflicts import page_by_page

PAGE = 500


class Conflicts(Page):
    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.conflicts_title"), parent)
        self.column.addWidget(text_label(tr("frame.conflicts_about"), "quiet", wrap=True))
        columns = (
            Column("stand", tr("frame.column_stand")),
            Column("record", tr("frame.column_record"), stretch=True, width=50),
            Column("number", tr("frame.column_number")),
            Column("fields", tr("frame.column_fields"), stretch=True, width=40),
            Column("when", tr("frame.column_updated")),
        )
        self.table = RowTable(CellTable(columns), app.look)
        self.table.setAccessibleName(tr("frame.conflicts_title"))
        self.table.opened.connect(app.open_record)
        self.empty = EmptyState(app.look, tr("frame.conflicts_none"), tr("frame.conflicts_none_advice"))
        self.empty.hide()
        card = Card(app.look, padding=1)
        card.body.addWidget(self.table, 1)
        card.body.addWidget(self.empty, 1)
        self.column.addWidget(card, 1)

    def focus_first(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        store, context, seen = self.app.store, self.app.rows, self.app.seen
        self.app.background.run(lambda: conflict_rows(store, context, seen)).then(self._show)

    def _show(self, rows: tuple[Row, ...]) -> None:
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.table.show_rows(rows)


def conflict_rows(store: Store, context: RowContext, seen: Collection[str]) -> tuple[Row, ...]:
    """Runs in the background."""
    found = page_by_page(lambda after: store.records.conflicts(PAGE, after, seen))
    return tuple(_row(record, context) for record in found)


def _row(record: Record, context: RowContext) -> Row:
    record_type = context.catalog.record_type(record.type)
    names = dict.fromkeys(field_name(record_type, path) for path in record.conflicts)
    title = f"{say(record_type.label)}: {record.title}"
    moment = when(record.updated_at, context.now()) if record.updated_at else ""
    return Row(record.id, (standing_tag("conflict"), title, number_of(record), ", ".join(filter(None, names)), moment))

"""Records that two PCs wrote differently, waiting for a person to choose."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.rows import RowContext, number_of
from desktop.models.table import Column, Row
from desktop.models.tags import standing_tag
from desktop.views.outbox import field_name
from desktop.views.table_page import TablePage
from desktop.widgets.basics import text_label
from sync.store import Store
from sync.store.model import Record
from sync.store.open_conflicts import page_by_page

PAGE = 500


class Conflicts(TablePage):
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
        self.put_table(
            columns,
            name=tr("frame.conflicts_title"),
            empty=tr("frame.conflicts_none"),
            advice=tr("frame.conflicts_none_advice"),
        )
        self.table.opened.connect(app.open_record)

    def refresh(self) -> None:
        store, context, seen = self.app.store, self.app.rows, self.app.seen
        self.app.background.run(lambda: conflict_rows(store, context, seen)).then(self.show_rows)


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

"""What waits for the signed-in officer's signature or decision, and nothing else."""

from __future__ import annotations

from itertools import islice

from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.language import tr
from desktop.models.table import Column, Row
from desktop.views.table_page import TablePage
from desktop.widgets.basics import text_label

MOST = 100  # rows
LOOKED_THROUGH = 300  # latest records in such a state that are judged by the rules


class Yours(TablePage):
    """What is due first stands first, then the latest. Opens a record by Enter; what was signed goes from the list by itself."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.yours_title"), parent)
        self.subtitle = text_label(" ", "quiet", wrap=True)
        self.column.addWidget(self.subtitle)
        columns = (
            Column("step", tr("frame.yours_step"), width=30),
            Column("title", tr("frame.column_work"), stretch=True, width=60),
            Column("subtitle", tr("frame.column_who"), stretch=True, width=30),
            Column("due", tr("frame.yours_due"), width=22),
        )
        self.put_table(
            columns, name=tr("frame.yours_title"), empty=tr("frame.yours_none"), advice=tr("frame.yours_none_advice")
        )
        self.table.opened.connect(app.open_record)

    def refresh(self) -> None:
        app, seen, officer = self.app, self.app.seen, self.app.officer
        if officer is None:
            return

        def load() -> tuple[Row, ...]:
            from desktop.forms.entries import entry_context
            from desktop.models.waiting_rows import signing_row, waiting_for

            found = waiting_for(app.store, app.catalog, officer, seen, entry_context(app), looked=LOOKED_THROUGH)
            urgent = sorted(islice(found, MOST), key=lambda each: each.record.due_at or "9999")
            return tuple(signing_row(each, app.rows) for each in urgent)

        def show(rows: tuple[Row, ...]) -> None:
            if app.officer == officer:
                self.show_rows(rows)
                more = len(rows) == MOST
                self.subtitle.setText(
                    tr("frame.yours_more" if more else "frame.yours_told", n=len(rows)) if rows else " "
                )

        app.background.run(load, self).then(show)

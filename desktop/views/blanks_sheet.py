"""The book of pre-printed blanks: each one used here, for whom, by whom, and why a spoiled one is spoiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.table import CellTable, Column, Row
from desktop.models.tags import Tag
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import text_label
from desktop.widgets.table import RowTable
from sync.store.model import BlankRow, PrintRow

if TYPE_CHECKING:
    from desktop.app import App


class BlanksSheet(Sheet):
    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.blanks"), window, width=860)
        self._app = app
        self.body.addWidget(text_label(tr("frame.blanks_about"), "quiet", wrap=True))
        columns = (
            Column("serial", tr("frame.blank_serial"), 14),
            Column("for", tr("frame.blank_for"), stretch=True, main=True),
            Column("state", tr("frame.blank_state"), 26),
            Column("when", tr("frame.blank_when"), 16),
            Column("who", tr("frame.blank_who"), 18),
        )
        self.table = RowTable(CellTable(columns), app.look)
        self.table.setMinimumHeight(app.look.px(320))
        self.table.opened.connect(self._open)
        self.body.addWidget(self.table, 1)
        self.none = text_label(tr("frame.blanks_none"), "quiet")
        self.none.hide()
        self.body.addWidget(self.none)
        self.add_button(tr("frame.close"), self.reject)
        store, seen = app.store, app.seen
        app.background.run(lambda: store.prints.blanks(seen), self).then(self._show)

    def _show(self, rows: tuple[BlankRow, ...]) -> None:
        self.none.setVisible(not rows)
        self.table.show_rows(tuple(self._row(row) for row in rows))

    def _row(self, row: BlankRow) -> Row:
        blank = row.print
        labels = {p.id: say(p.label) for p in self._app.catalog.record_type(row.type).printouts}
        what = f"{row.title} · {labels.get(blank.printout, blank.printout)}"
        at = when(blank.at, self._app.clock.now())
        return Row(row.record_id, (blank.serial, what, _tag(blank), at, blank.officer))

    def _open(self, record_id: str) -> None:
        self.reject()
        self._app.open_record(record_id)


def _tag(blank: PrintRow) -> Tag:
    if blank.spoiled:
        return Tag(tr("frame.blank_spoiled", reason=blank.spoiled), "amber", "×")
    return Tag(tr("frame.blank_failed"), "red", "!") if blank.failed else Tag(tr("frame.blank_used"), "green", "✓")

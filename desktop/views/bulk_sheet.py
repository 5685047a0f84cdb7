"""One choice for several records in conflict: which side, and what that makes of every field, before it is written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from desktop.bulk_choice import SIDES, Choice, Plan, plan_choices
from desktop.forms.change_words import field_of, shown_value
from desktop.language import tr
from desktop.models.table import CellTable, Column, Row
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import button, text_label
from desktop.widgets.table import RowTable
from sync.store.model import Record

if TYPE_CHECKING:
    from collections.abc import Collection

    from desktop.app import App

MOST_ROWS = 1000


class BulkSheet(Sheet):
    chosen = Signal(object)  # Plan

    def __init__(self, app: App, records: tuple[Record, ...], devices: Collection[str], window: QWidget) -> None:
        super().__init__(app.look, tr("conflicts.bulk_title", n=len(records)), window, width=760)
        self._app, self._records, self._devices = app, records, devices
        self.plan = Plan((), 0)
        self.side = QComboBox()
        self.side.setAccessibleName(tr("conflicts.bulk_side"))
        for side in SIDES:
            self.side.addItem(tr(f"conflicts.bulk_{side}"), side)
        self.body.addWidget(self.side)
        columns = (
            Column("record", tr("frame.column_record"), stretch=True, width=36, main=True),
            Column("field", tr("frame.column_fields"), stretch=True, width=20),
            Column("now", tr("conflicts.bulk_now"), stretch=True, width=26),
            Column("then", tr("conflicts.bulk_then"), stretch=True, width=26),
        )
        self.table = RowTable(CellTable(columns), app.look)
        self.table.setAccessibleName(tr("conflicts.bulk_then"))
        self.table.setMinimumHeight(app.look.px(300))
        self.body.addWidget(self.table, 1)
        self.whole = text_label("", wrap=True)  # of the row one stands on: long names are cut in the table
        self.body.addWidget(self.whole)
        self.table.moved.connect(lambda _key: self._show_whole())
        self.about = text_label("", "quiet", wrap=True)
        self.body.addWidget(self.about)
        self.add_button(tr("frame.close"), self.reject)
        self.go = button("", self._go, kind="main")
        self.foot.addWidget(self.go)
        self.side.currentIndexChanged.connect(self._show)
        self._show()
        self.side.setFocus()

    def _show(self) -> None:
        self.plan = plan_choices(self._records, self.side.currentData(), self._devices)
        rows = [self._row(place, choice) for place, choice in enumerate(self.plan.choices[:MOST_ROWS])]
        self.table.show_rows(tuple(rows), keep=False)
        why = "conflicts.bulk_unknown" if self.side.currentData() == "later" else "conflicts.bulk_skipped"
        self.about.setText(tr(why, n=self.plan.skipped) if self.plan.skipped else "")
        self._show_whole()
        self.go.setText(tr("conflicts.bulk_go", n=len(self.plan.choices)))
        self.go.setEnabled(bool(self.plan.choices))

    def _show_whole(self) -> None:
        row = next((row for row in self.table.table.rows if row.key == self.table.current_key()), None)
        words = [str(cell) for cell in row.cells] if row else []
        text = (
            tr("conflicts.bulk_line", **dict(zip(("record", "field", "now", "then"), words, strict=True)))
            if row
            else ""
        )
        self.whole.setText(text)

    def _row(self, place: int, choice: Choice) -> Row:
        record_type = self._app.catalog.record_type(choice.record.type)
        field, label = field_of(record_type, choice.key)
        shown = partial(shown_value, self._app, field) if field is not None else str
        now, then = shown(choice.now), shown(choice.then)
        stays = tr("conflicts.bulk_same") if choice.now == choice.then else then
        return Row(str(place), (choice.record.title, label, now, stays))

    def _go(self) -> None:
        self.chosen.emit(self.plan)
        self.accept()

"""What was printed of a record: which paper, which copy, when, by whom, and what did not come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.tags import Tag
from desktop.widgets.basics import Card, button, tag_label, text_label
from forms.definition import Printout, RecordType
from sync.store.model import PrintRow

if TYPE_CHECKING:
    from desktop.app import App


class PapersView(QWidget):
    print_requested = Signal(str)

    def __init__(self, app: App, record_type: RecordType, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app, self._type = app, record_type
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._body: QWidget | None = None
        self.rows: tuple[PrintRow, ...] = ()

    def show_papers(self, offers: Sequence[Printout], rows: Sequence[PrintRow]) -> None:
        self.rows = tuple(rows)
        if self._body is not None:
            self._body.hide()
            self._body.deleteLater()
        self._body = QWidget(self)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._app.look.px(10))
        if offers:
            line = QHBoxLayout()
            for printout in offers:
                line.addWidget(button(f"{tr('form.print')}: {say(printout.label)}", self._asker(printout.id)))
            line.addStretch(1)
            column.addLayout(line)
        column.addWidget(self._log(rows))
        self._column.insertWidget(0, self._body)
        self._body.show()

    def _asker(self, printout_id: str) -> Callable[[], None]:
        return lambda: self.print_requested.emit(printout_id)

    def _log(self, rows: Sequence[PrintRow]) -> Card:
        card = Card(self._app.look, padding=8, parent=self._body)
        if not rows:
            card.body.addWidget(text_label(tr("form.papers.none"), "quiet"))
            return card
        names = {p.id: say(p.label) for p in self._type.printouts}
        grid = QGridLayout()
        grid.setHorizontalSpacing(self._app.look.px(14))
        grid.setVerticalSpacing(self._app.look.px(6))
        grid.setColumnStretch(1, 1)
        heads = ("history.when", "papers.paper", "papers.copy", "history.who", "history.where")
        for n, key in enumerate(heads):
            grid.addWidget(text_label(tr(f"form.{key}") if n < 4 else "", "label"), 0, n)
        for n, row in enumerate(rows, start=1):
            tag = _tag(row)
            grid.addWidget(text_label(when(row.at, self._app.clock.now())), n, 0)
            name = names.get(row.printout, row.printout)
            shown = tr("form.papers.on_blank", paper=name, serial=row.serial) if row.serial else name
            grid.addWidget(text_label(shown, wrap=True), n, 1)
            grid.addWidget(text_label(str(row.copy)), n, 2)
            grid.addWidget(text_label(row.officer), n, 3)
            grid.addWidget(tag_label(tag), n, 4)
        card.body.addLayout(grid)
        return card


def _tag(row: PrintRow) -> Tag:
    if row.spoiled:
        return Tag(tr("form.papers.spoiled", reason=row.spoiled), "amber", "×")
    return Tag(tr("form.papers.failed"), "red", "!") if row.failed else Tag(tr("form.papers.done"), "green", "✓")

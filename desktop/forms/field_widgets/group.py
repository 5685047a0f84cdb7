"""Repeating rows: a table of inputs; Enter in the last one adds a row, Ctrl+Delete takes one out.

Wide groups (or narrow forms) put each row in a block of its own with labels, so that no column becomes too small to
read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.host import FormHost
from desktop.forms.layout import COLUMNS, STAR, GridFlow
from forms.field_definition import Field

if TYPE_CHECKING:
    from desktop.forms.field_cell import FieldCell

MOST_COLUMNS = 6  # in one line; beyond, rows are blocks
NARROWEST = 92  # px a column needs
NEEDS = {
    "date": 112,
    "date_partial": 112,
    "datetime": 152,
    "money": 112,
}  # px at 100 %: what is cut there cannot be guessed
SHORT_TYPES = frozenset({"int", "decimal", "percent", "bool", "time"})
GAP = 8  # px between two columns
OUT = 28  # px of the button that takes a row out
BESIDE = 6  # px between it and the row
SPANS = {1: (12,), 2: (8, 4), 3: (6, 3, 3), 4: (3, 3, 3, 3), 5: (4, 2, 2, 2, 2), 6: (2, 2, 2, 2, 2, 2)}


class _Row(QFrame):
    """One row: its cells in a line (or a block) and the button that takes it out."""

    removed = Signal(str)

    def __init__(self, owner: GroupField, row_id: str, *, block: bool) -> None:
        from desktop.forms.field_cell import FieldCell

        super().__init__(owner)
        self.setObjectName("rowBlock" if block else "row")
        self.row_id = row_id
        self.cells: dict[str, FieldCell] = {}
        line = QHBoxLayout(self)
        line.setContentsMargins(*((10, 8, 6, 8) if block else (0, 2, 0, 2)))
        line.setSpacing(BESIDE)
        grid = GridFlow(gap_x=GAP, gap_y=6, flows=block)
        for field, span in zip(owner.field.fields, owner.spans(block=block), strict=True):
            path = f"{owner.path}/{row_id}/{field.name}"
            cell = FieldCell(field, owner.host, path, self, bare=not block)
            cell.input.committed.connect(lambda value, path=path: owner.row_changed.emit(path, value))
            cell.input.left.connect(lambda path=path: owner.go_on(path))
            cell.input.typed.connect(owner.typed)
            cell.input.row_key = self._take_key
            cell.input.resized.connect(owner.resized)
            self.cells[path] = cell
            grid.add(cell, span)
        line.addLayout(grid, 1)
        self.out = QToolButton(self)
        self.out.setObjectName("fieldButton")
        self.out.setText("×")
        self.out.setFixedSize(OUT, OUT)
        self.out.setToolTip(owner.host.say("group.remove"))
        self.out.setAccessibleName(owner.host.say("group.remove"))
        self.out.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.out.clicked.connect(lambda: self.removed.emit(row_id))
        keeps = self.out.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)  # of a locked row too the cells stand below their headings
        self.out.setSizePolicy(keeps)
        line.addWidget(self.out, 0, Qt.AlignmentFlag.AlignTop)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        event.ignore()
        self._take_key(event)

    def _take_key(self, event: QKeyEvent) -> None:
        """Ctrl+Delete takes the row out, wherever in it one stands."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Delete and control and self.out.isVisible():
            event.accept()
            QTimer.singleShot(0, self, lambda: self.removed.emit(self.row_id))


class GroupField(FieldWidget):
    row_changed = Signal(str, object)
    rows_changed = Signal()  # a row came or went; the entry knows already

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._locked = False
        form = parent.parentWidget() if parent is not None else None
        # in a form that is shown the width is known already
        self._block = self._needs_blocks(form.width() if form is not None and form.isVisible() else None)
        self._rows: dict[str, _Row] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        title = QLabel(host.label(field.label), self)
        title.setObjectName("label")
        same = {host.label(section.label) for section in host.entry.record_type.sections}
        title.setVisible(title.text() not in same)
        self._column.addWidget(title)
        self._head = self._make_head()
        self._column.addWidget(self._head)
        self._body = QVBoxLayout()
        self._body.setSpacing(2)
        self._column.addLayout(self._body)
        self._empty = QLabel(host.say("group.empty"), self)
        self._empty.setObjectName("hint")
        self._column.addWidget(self._empty)
        self._add = QPushButton(host.say("group.add"), self)
        self._add.setProperty("kind", "flat")
        self._add.setAutoDefault(False)
        self._add.clicked.connect(self.add_row)
        self._column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self._show_head()

    @property
    def focus_target(self) -> QWidget:
        for row in self._rows.values():
            for cell in row.cells.values():
                return cell.input.focus_target
        return self._add

    def spans(self, *, block: bool) -> tuple[int, ...]:
        """Twelfths of each column: in a block the definition's widths, in a line what the count allows."""
        if block:
            return tuple(f.width for f in self.field.fields)
        small = [field.type in SHORT_TYPES for field in self.field.fields]
        words = small.count(False)
        if len(small) == 4 and 0 < words < 4:  # a count needs less than the names beside it
            share, more = divmod(COLUMNS - 2 * small.count(True), words)
            wide = iter([share + 1] * more + [share] * (words - more))
            return tuple(2 if is_small else next(wide) for is_small in small)
        return SPANS.get(len(small), (2,) * len(small))

    def cell(self, path: str) -> FieldCell | None:
        row = self._rows.get(path.split("/")[1]) if "/" in path else None
        if row is None:
            return None
        return row.cells.get(path) or next(iter(row.cells.values()), None)

    def present(self, value: Any) -> None:
        ids = [row["_id"] for row in value] if isinstance(value, list) else []
        if ids != list(self._rows):
            self._arrange(ids)
        self.refresh(None)

    def refresh(self, paths: Collection[str] | None) -> None:
        """Shows the entry's state of some cells; None: of all."""
        rows = {path.split("/")[1] for path in paths} if paths is not None else set(self._rows)
        if not rows <= set(self._rows):
            value = self.host.entry.get(self.path)
            self._arrange([row["_id"] for row in value] if isinstance(value, list) else [])
        for row_id in rows & set(self._rows):
            for path, cell in self._rows[row_id].cells.items():
                if paths is None or path in paths or f"{self.path}/{row_id}" in paths:
                    self._refresh_cell(path, cell)

    def set_locked(self, locked: bool) -> None:
        if locked != self._locked:
            self._locked = locked
            self._add.setVisible(not locked)
            for row in self._rows.values():
                row.out.setVisible(not locked)

    def set_wrong(self, wrong: bool) -> None:
        """The words below, and the cell's own mark, are enough."""

    def flush(self) -> None:
        for row in list(self._rows.values()):
            for cell in row.cells.values():
                cell.input.flush()

    def commit_typed(self) -> None:
        for row in list(self._rows.values()):
            for cell in row.cells.values():
                cell.input.commit_typed()

    def half_typed(self) -> dict[str, str]:
        cells = [cell for row in self._rows.values() for cell in row.cells.values()]
        return {path: text for cell in cells for path, text in cell.input.half_typed().items()}

    def add_row(self) -> None:
        row_id = self.host.entry.add_row(self.path)
        self.rows_changed.emit()
        row = self._rows.get(row_id)
        if row is not None:
            next(iter(row.cells.values())).input.focus_target.setFocus()

    def remove_row(self, row_id: str) -> None:
        if self._locked:
            return
        ids = list(self._rows)
        place = ids.index(row_id)
        self.host.entry.remove_row(self.path, row_id)
        self.rows_changed.emit()
        left = list(self._rows.values())
        target = next(iter(left[min(place, len(left) - 1)].cells.values())).input.focus_target if left else self._add
        target.setFocus()

    def go_on(self, path: str) -> None:
        """Enter: next cell, next row; after the last one the button that adds a row, an empty last row leaves."""
        cells = [(p, c) for row in self._rows.values() for p, c in row.cells.items() if not c.isHidden()]
        paths = [p for p, _ in cells]
        place = paths.index(path) if path in paths else len(paths) - 1
        for _, cell in cells[place + 1 :]:
            if not self._is_fixed(cell):
                cell.input.focus_target.setFocus()
                return
        if self._locked or self._last_is_empty():
            self.left.emit()
        else:
            self._add.setFocus()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter on the button adds a row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._add.hasFocus():
            self.add_row()
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        block = self._needs_blocks(self.width())
        if block != self._block:
            self._block = block
            self._arrange([])
            self.present(self.host.entry.get(self.path))

    def _needs_blocks(self, width: int | None) -> bool:
        """Whether a line is too short for the columns in ``width`` px; None: not known yet."""
        fields = self.field.fields
        if len(fields) > MOST_COLUMNS or width is None:
            return len(fields) > MOST_COLUMNS
        px = self.host.app.look.px
        unit = (width - OUT - BESIDE + GAP) / COLUMNS
        spans = zip(fields, self.spans(block=False), strict=True)
        too_narrow = any(span * unit - GAP < px(NEEDS.get(field.type, 0)) for field, span in spans)
        return too_narrow or width < NARROWEST * len(fields)

    def _last_is_empty(self) -> bool:
        rows = self.host.entry.get(self.path)
        last = rows[-1] if isinstance(rows, list) and rows else {}
        return not any(v not in (None, "") for k, v in last.items() if k != "_id")

    def _is_fixed(self, cell: FieldCell) -> bool:
        entry = self.host.entry
        return entry.is_locked(cell.path) or (entry.is_calculated(cell.path) and not cell.field.overridable)

    def _refresh_cell(self, path: str, cell: FieldCell) -> None:
        entry = self.host.entry
        cell.setVisible(entry.is_relevant(path))
        if cell.field.type in {"one_of", "many_of"}:
            cell.input.set_choices(entry.choices(path))
        cell.input.set_locked(self._locked or self._is_fixed(cell))
        cell.set_required(entry.is_required(path))
        cell.input.present(entry.get(path))
        self.host.problems.show_at(cell, entry, visited=False)

    def _arrange(self, ids: list[str]) -> None:
        """Keeps the rows that stay; a new one joins the Tab order behind the row before it."""
        for row_id in [r for r in self._rows if r not in ids]:
            row = self._rows.pop(row_id)
            row.hide()
            row.deleteLater()
        before: QWidget | None = None
        for place, row_id in enumerate(ids):
            if row_id not in self._rows:
                row = _Row(self, row_id, block=self._block)
                row.removed.connect(self.remove_row)
                row.out.setVisible(not self._locked)
                self._rows[row_id] = row
                self._body.insertWidget(place, row)
                row.setVisible(True)
                self._join_tab_order(before, row)
            before = list(self._rows[row_id].cells.values())[-1].input.focus_target
        self._rows = {row_id: self._rows[row_id] for row_id in ids}
        self._show_head()
        self.resized.emit()

    def _join_tab_order(self, before: QWidget | None, row: _Row) -> None:
        last = before
        for cell in row.cells.values():
            if last is not None:
                QWidget.setTabOrder(last, cell.input.focus_target)
            last = cell.input.focus_target
        if last is not None:
            QWidget.setTabOrder(last, self._add)

    def _make_head(self) -> QWidget:
        head = QWidget(self)
        line = QHBoxLayout(head)
        line.setContentsMargins(0, 2, OUT + BESIDE, 0)
        grid = GridFlow(gap_x=GAP, gap_y=0, flows=False)
        if len(self.field.fields) <= MOST_COLUMNS:
            for field, span in zip(self.field.fields, self.spans(block=False), strict=True):
                label = QLabel(self.host.label(field.label) + (STAR if field.required is True else ""), head)
                label.setObjectName("label")
                label.setWordWrap(True)
                grid.add(label, span)
        line.addLayout(grid, 1)
        return head

    def _show_head(self) -> None:
        self._head.setVisible(bool(self._rows) and not self._block)
        self._empty.setVisible(not self._rows)

"""The twelve-column grid of a form, which flows again when it gets narrow.

A QGridLayout leaves holes where a field is not relevant; this one packs what is visible, gives every label of a row the
same height so that the inputs stand on one line, and widens fields step by step on narrow forms.
"""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

COLUMNS = 12
MEDIUM_WIDTH = 440  # px: below it quarters become halves
NARROW_WIDTH = 300  # px: below it every field takes the whole line


class Cell(QWidget):
    """A widget of the grid with a label on top: told how tall its neighbours' labels are, it puts its input level with
    theirs."""

    least_width = 0  # px below which the cell takes more columns

    def label_height_for(self, width: int) -> int:
        return 0

    def height_with(self, width: int, label_height: int) -> int:
        """Height at ``width`` when the labels of the row are ``label_height`` tall."""
        raise NotImplementedError

    def set_label_height(self, height: int) -> None:
        """Placed with this label height from now on."""


def flowed_span(span: int, width: int) -> int:
    """Twelfths a field takes in a form ``width`` px wide."""
    if width < NARROW_WIDTH:
        return COLUMNS
    if width < MEDIUM_WIDTH:
        return 6 if span <= 6 else COLUMNS
    return span


def clear_layout(layout: QLayout) -> None:
    """Takes every widget out of a layout and lets it go."""
    while layout.count():
        widget = layout.takeAt(0).widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class GridFlow(QLayout):
    """Lays cells out in twelfths, row after row, skipping hidden ones."""

    def __init__(self, parent: QWidget | None = None, *, gap_x: int = 14, gap_y: int = 10, flows: bool = True) -> None:
        super().__init__(parent)
        self._items: list[tuple[QLayoutItem, int]] = []
        self._next_span = COLUMNS
        self._gap_x, self._gap_y, self._flows = gap_x, gap_y, flows
        self._heights: dict[int, int] = {}
        self.setContentsMargins(QMargins())

    def add(self, widget: QWidget, span: int = COLUMNS) -> None:
        self._next_span = span
        self.addWidget(widget)

    def addItem(self, item: QLayoutItem, /) -> None:
        self._items.append((item, self._next_span))
        self._heights.clear()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int, /) -> QLayoutItem | None:
        return self._items[index][0] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int, /) -> QLayoutItem | None:  # type: ignore[override]
        if not 0 <= index < len(self._items):
            return None
        self._heights.clear()
        return self._items.pop(index)[0]

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int, /) -> int:
        if width not in self._heights:
            self._heights[width] = self._place(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def sizeHint(self) -> QSize:
        return QSize(640, self.heightForWidth(640))

    def minimumSize(self) -> QSize:
        return QSize(180, 0)

    def setGeometry(self, rect: QRect, /) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def _span(self, item: QLayoutItem, wanted: int, width: int) -> int:
        """The columns a cell takes: what was asked, more when that would cut what stands in it."""
        span = flowed_span(wanted, width) if self._flows else wanted
        cell = item.widget()
        if self._flows and isinstance(cell, Cell) and cell.least_width:
            unit = (width + self._gap_x) / COLUMNS
            while span < COLUMNS and span * unit - self._gap_x < cell.least_width:
                span += 1
        return span

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, int]]]:
        rows: list[list[tuple[QLayoutItem, int]]] = []
        free = 0
        for item, wanted in self._items:
            if item.isEmpty():
                continue
            span = self._span(item, wanted, width)
            if span > free:
                rows.append([])
                free = COLUMNS
            rows[-1].append((item, span))
            free -= span
        return rows

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Places (or only measures) every row; the height used, in px."""
        unit = (rect.width() + self._gap_x) / COLUMNS
        y = rect.y()
        for row in self._rows(rect.width()):
            cells: list[tuple[QLayoutItem, int, int]] = []
            column = 0
            for item, span in row:
                left, right = round(column * unit), round((column + span) * unit) - self._gap_x
                cells.append((item, rect.x() + left, max(right - left, 20)))
                column += span
            y += self._place_row(cells, y, move=move) + self._gap_y
        return max(y - self._gap_y - rect.y(), 0)

    def _place_row(self, row: list[tuple[QLayoutItem, int, int]], y: int, *, move: bool) -> int:
        cells = [(item.widget(), item, x, width) for item, x, width in row]
        tallest = max((w.label_height_for(width) for w, _, _, width in cells if isinstance(w, Cell)), default=0)
        height = 0
        for widget, item, x, width in cells:
            if isinstance(widget, Cell):
                own = widget.height_with(width, tallest)
                if move:
                    widget.set_label_height(tallest)
            else:
                own = item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
            height = max(height, own)
            if move:
                item.setGeometry(QRect(QPoint(x, y), QSize(width, own)))
        return height

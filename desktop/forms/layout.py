"""The twelve-column grid of a form, which flows again when it gets narrow.

A QGridLayout leaves holes where a field is not relevant; this one packs what is visible, gives every label of a row the
same height so that the inputs stand on one line, and widens fields step by step on narrow forms.
"""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QScrollArea, QWidget

COLUMNS = 12
STAR = "\u00a0*"  # of a field that must be filled in; never alone on a line
MEDIUM_WIDTH = 440  # px: below it quarters become halves
LEAST = 84  # px: below it no field is usable
SCROLL_MARGIN = 60  # px kept in sight above and below what one goes to
NARROW_WIDTH = 300  # px: below it every field takes the whole line


class Cell(QWidget):
    """A widget of the grid with a label on top: told how tall its neighbours' labels are, it puts its input level with
    theirs."""

    least_width = 0  # px below which what stands in it would be cut

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


def bring_into_sight(widget: QWidget, least: QWidget) -> None:
    """Scrolls the page to a widget; of one too tall for the page to the part ``least``."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if above is not None:
        fits = widget.height() + SCROLL_MARGIN < above.viewport().height()
        above.ensureWidgetVisible(widget if fits else least, 20, SCROLL_MARGIN)


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
        self._hung: dict[QWidget, QWidget] = {}  # widget → the cell it hangs under
        self.setContentsMargins(QMargins())

    def add(self, widget: QWidget, span: int = COLUMNS) -> None:
        self._next_span = span
        self.addWidget(widget)

    def hang(self, widget: QWidget, under: QWidget) -> None:
        """Puts a widget on a line of its own, below the row of the cell ``under``, as wide as the form."""
        self._hung[widget] = under
        self.add(widget)

    def take_down(self, widget: QWidget) -> None:
        """Takes a hung widget out again; it is the caller's to let go."""
        self._hung.pop(widget, None)
        self.removeWidget(widget)
        self.invalidate()

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

    def _least(self, item: QLayoutItem) -> int:
        cell = item.widget()
        return max(cell.least_width, LEAST) if self._flows and isinstance(cell, Cell) else LEAST

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, int]]]:
        """Cells by row: as wide as asked in twelfths, fewer in a row when their least widths would not fit."""
        rows: list[list[tuple[QLayoutItem, int]]] = []
        free, room = 0, 0
        for item, wanted in self._items:
            if item.isEmpty() or item.widget() in self._hung:
                continue
            span = flowed_span(wanted, width) if self._flows else wanted
            least = self._least(item) + self._gap_x
            if span > free or (self._flows and least > room):
                rows.append([])
                free, room = COLUMNS, width + self._gap_x
            rows[-1].append((item, span))
            free -= span
            room -= least
        return self._with_hung(rows) if self._hung else rows

    def _with_hung(self, rows: list[list[tuple[QLayoutItem, int]]]) -> list[list[tuple[QLayoutItem, int]]]:
        hung = {under: item for item, _ in self._items if (under := self._hung.get(item.widget())) is not None}
        found = []
        for row in rows:
            below = (hung.get(item.widget()) for item, _ in row)
            found += [row, *([(item, COLUMNS)] for item in below if item is not None and not item.isEmpty())]
        return found

    def _widths(self, row: list[tuple[QLayoutItem, int]], width: int) -> list[int]:
        """Px of each cell: its share, and where that would cut what stands in it, what the others can spare."""
        unit = (width + self._gap_x) / COLUMNS
        widths = [round(span * unit) - self._gap_x for _, span in row]
        if not self._flows:
            return widths
        least = [min(self._least(item), width) for item, _ in row]
        spare_room = width - sum(widths) - self._gap_x * (len(row) - 1)
        missing = sum(max(low - have, 0) for low, have in zip(least, widths, strict=True))
        taken = max(missing - spare_room, 0)
        slack = sum(max(have - low, 0) for low, have in zip(least, widths, strict=True))
        share = min(taken / slack, 1.0) if slack else 0.0
        return [
            low if have < low else have - round((have - low) * share) for low, have in zip(least, widths, strict=True)
        ]

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Places (or only measures) every row; the height used, in px."""
        y = rect.y()
        for row in self._rows(rect.width()):
            cells: list[tuple[QLayoutItem, int, int]] = []
            x = rect.x()
            for (item, _), width in zip(row, self._widths(row, rect.width()), strict=True):
                cells.append((item, x, max(width, 20)))
                x += width + self._gap_x
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

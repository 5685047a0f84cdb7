"""A table that is wider than the window: what its rows are about stays at the left while figures go by beneath it.

Painted over the table's own cells, which is cheaper than a second view and is not there twice for a screen reader.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyleOptionViewItem, QWidget

from desktop.models.table import CellTable
from desktop.theme import Look
from desktop.widgets.table import RowTable

MOST_OF_ROOM = 0.6  # of the table: columns that need more scroll away with the others
_ScrollHint = QAbstractItemView.ScrollHint


class WideTable(RowTable):
    """Every column is shown; the first ``kept`` ones do not scroll sideways."""

    def __init__(self, model: CellTable, look: Look, parent: QWidget | None = None, *, kept: int = 1) -> None:
        super().__init__(model, look, parent, keeps_columns=True)
        self._kept = kept
        header = _Header(self)
        self.setHorizontalHeader(header)
        self.dress_header(header)

    def kept_columns(self) -> list[tuple[int, int, int]]:
        """Column, left edge and width in px of each that stands over others now: none while nothing lies to the left of the
        table, and no more than leave room for what goes by."""
        kept: list[tuple[int, int, int]] = []
        left, most = 0, self.viewport().width() * MOST_OF_ROOM
        if self.horizontalScrollBar().value() > 0:
            for column in range(self._kept):
                width = self.columnWidth(column)
                if left + width > most:
                    break
                kept.append((column, left, width))
                left += width
        return kept

    def kept_width(self) -> int:
        return sum(width for _, _, width in self.kept_columns())

    def edge_colour(self) -> QColor:
        """Of the line behind which the figures go by."""
        return self._look.colour("line")

    def indexAt(self, point: QPoint) -> QModelIndex:
        for column, left, width in self.kept_columns():
            if left <= point.x() < left + width:
                return self.table.index(self.rowAt(point.y()), column)
        return super().indexAt(point)

    def scrollTo(
        self, index: QModelIndex | QPersistentModelIndex, hint: _ScrollHint = _ScrollHint.EnsureVisible
    ) -> None:
        """A kept column is in sight wherever the table stands; another one is not to end beneath the kept ones."""
        bar = self.horizontalScrollBar()
        before, kept = bar.value(), self.kept_columns()
        super().scrollTo(index, hint)
        if any(column == index.column() for column, _, _ in kept):
            bar.setValue(before)
        elif (hidden := self.kept_width() - self.visualRect(index).left()) > 0:
            bar.setValue(bar.value() - hidden)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        if dx:  # Qt moves what is painted, and these columns with it
            self.viewport().update()
            self.horizontalHeader().viewport().update()

    def paint_over(self, event: QPaintEvent) -> None:
        kept, width = self.kept_columns(), self.kept_width()
        if not kept:
            return
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        plain = option.state  # type: ignore[attr-defined]  # of QStyleOption, which the stubs leave out
        painter = QPainter(self.viewport())
        painter.fillRect(QRect(0, 0, width, self.viewport().height()), self.palette().base())
        first, last = self.rowAt(event.rect().top()), self.rowAt(event.rect().bottom())
        for row in range(max(first, 0), (last if last >= 0 else self.table.rowCount() - 1) + 1):
            chosen = self.selectionModel().isRowSelected(row, QModelIndex())
            option.state = plain | QStyle.StateFlag.State_Selected if chosen else plain  # type: ignore[attr-defined]
            top, height = self.rowViewportPosition(row), self.rowHeight(row)
            for column, left, wide in kept:
                option.rect = QRect(left, top, wide, height)  # type: ignore[attr-defined]
                self.itemDelegate().paint(painter, option, self.table.index(row, column))
        painter.setPen(self.edge_colour())
        painter.drawLine(width - 1, 0, width - 1, self.viewport().height())
        painter.end()


class _Header(QHeaderView):
    def __init__(self, table: WideTable) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._table = table
        self.setSectionsClickable(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        kept = self._table.kept_columns()
        if not kept:
            return
        painter = QPainter(self.viewport())
        for column, left, width in kept:
            box = QRect(left, 0, width, self.height())
            painter.save()  # a section leaves its own pen and clip behind
            painter.fillRect(box, self.palette().window())
            self.paintSection(painter, box, column)
            painter.restore()
        edge = self._table.kept_width() - 1
        painter.setPen(self._table.edge_colour())
        painter.drawLine(edge, 0, edge, self.viewport().height())
        painter.end()

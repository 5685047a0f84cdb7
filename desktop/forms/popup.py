"""One list of suggestions for a whole form, shown under whatever field asks for it.

It is a child of the window and never takes the focus: the line being typed keeps it, so that an input method composes
undisturbed. The field forwards Up, Down, Enter and Esc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

MAX_ROWS = 9
ROW_PADDING = 7  # px above and below the text of a row
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Suggestion:
    """One row: what is picked and what is shown, in columns; ``strong`` marks a command like "+ New person"."""

    key: str
    columns: tuple[str, ...]
    command: bool = False
    checked: bool | None = None  # for lists where several may be picked
    data: object = field(default=None, compare=False)


class _Rows(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: Sequence[Suggestion] = ()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's signature)
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) and index.isValid():
            return ", ".join(c for c in self.rows[index.row()].columns if c)
        return None

    def show(self, rows: Sequence[Suggestion]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()


class _RowPainter(QStyledItemDelegate):
    """Columns on common lines; the first in normal ink, the others quieter, the last takes what is left."""

    def __init__(self, rows: _Rows, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(100, option.fontMetrics.height() + 2 * ROW_PADDING)  # type: ignore[attr-defined]

    def widths(self, metrics_option: QStyleOptionViewItem) -> list[int]:
        metrics = metrics_option.fontMetrics  # type: ignore[attr-defined]
        widths: list[int] = []
        for row in self._rows.rows:
            if row.command or len(row.columns) < 2:
                continue
            for n, text in enumerate(row.columns):
                width = metrics.horizontalAdvance(text) + 22
                if n == len(widths):
                    widths.append(width)
                widths[n] = max(widths[n], width)
        return widths

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        row = self._rows.rows[index.row()]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.save()
        if selected:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Highlight))
        ink = palette.color(QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text)
        quiet = palette.color(QPalette.ColorRole.PlaceholderText) if not selected else ink
        if row.command:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
            ink = palette.color(QPalette.ColorRole.Link) if not selected else ink
        mark = "" if row.checked is None else ("☑ " if row.checked else "☐ ")
        self._draw(painter, rect.adjusted(10, 0, -8, 0), row, mark, self.widths(option), ink, quiet)
        painter.restore()

    @staticmethod
    def _draw(
        painter: QPainter, rect: QRect, row: Suggestion, mark: str, widths: list[int], ink: object, quiet: object
    ) -> None:
        x = rect.x()
        last = len(row.columns) - 1
        for n, text in enumerate(row.columns):
            room = rect.right() - x if row.command or n == last or n >= len(widths) else min(widths[n], rect.right() - x)
            painter.setPen(ink if n < 2 else quiet)  # type: ignore[arg-type]
            shown = painter.fontMetrics().elidedText(mark + text if n == 0 else text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(x, rect.y(), room, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), shown)
            x += room


class SuggestionPopup(QFrame):
    """Shown under one field at a time; whoever opened it hears of the pick."""

    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("popup")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._model = _Rows(self)
        self._list = QListView(self)
        self._list.setObjectName("suggestions")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setModel(self._model)
        self._list.setItemDelegate(_RowPainter(self._model, self._list))
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMouseTracking(True)
        self._list.clicked.connect(self._clicked)
        self._list.entered.connect(self._list.setCurrentIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._list)
        self._anchor: QWidget | None = None
        self._picked: Callable[[Suggestion], object] | None = None
        self.hide()

    def is_open_for(self, anchor: QWidget) -> bool:
        return self.isVisible() and self._anchor is anchor

    def open(
        self, anchor: QWidget, rows: Sequence[Suggestion], picked: Callable[[Suggestion], object], *, current: int = 0
    ) -> None:
        """Shows ``rows`` under ``anchor``; nothing to show closes the list."""
        if not rows:
            self.dismiss()
            return
        self._anchor, self._picked = anchor, picked
        self._model.show(rows)
        self._list.setCurrentIndex(self._model.index(min(current, len(rows) - 1)))
        self._place(anchor, len(rows))
        self.show()
        self.raise_()

    def dismiss(self) -> None:
        if self.isVisible():
            self.hide()
            self._anchor = None
            self.closed.emit()

    def move_current(self, step: int) -> None:
        count = self._model.rowCount()
        row = (self._list.currentIndex().row() + step) % count if count else 0
        self._list.setCurrentIndex(self._model.index(row))

    def accept(self) -> bool:
        """Picks the marked row; False when there is none."""
        index = self._list.currentIndex()
        if not self.isVisible() or not index.isValid():
            return False
        self._clicked(index)
        return True

    @property
    def current(self) -> Suggestion | None:
        index = self._list.currentIndex()
        return self._model.rows[index.row()] if self.isVisible() and index.isValid() else None

    @property
    def rows(self) -> Sequence[Suggestion]:
        return self._model.rows

    def _clicked(self, index: QModelIndex) -> None:
        row, picked = self._model.rows[index.row()], self._picked
        if row.checked is None:
            self.dismiss()
        if picked is not None:
            picked(row)

    def _place(self, anchor: QWidget, count: int) -> None:
        """Under the field, above it where the window ends; as wide as its words need."""
        window = self.parentWidget()
        option = QStyleOptionViewItem()
        option.initFrom(self._list)
        row_height = self._list.fontMetrics().height() + 2 * ROW_PADDING
        option.fontMetrics = self._list.fontMetrics()  # type: ignore[attr-defined]
        painter = self._list.itemDelegate()
        words = sum(painter.widths(option)) + 30 if isinstance(painter, _RowPainter) else 0
        width = min(max(anchor.width(), words, 220), window.width() - 16)
        height = min(count, MAX_ROWS) * row_height + 4
        below = anchor.mapTo(window, QPoint(0, anchor.height() + 2))
        x = max(8, min(below.x(), window.width() - width - 8))
        y = below.y()
        if y + height > window.height() - 4:
            y = max(4, anchor.mapTo(window, QPoint(0, 0)).y() - height - 2)
        self.setGeometry(x, y, width, height)

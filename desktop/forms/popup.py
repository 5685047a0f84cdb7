"""One list of suggestions for a whole form, shown under whatever field asks for it.

It is a child of the window and never takes the focus: the line being typed keeps it, so that an input method composes
undisturbed. The field forwards Up, Down, Enter and Esc.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from desktop.theme import Look
from desktop.widgets.basics import text_label

MAX_ROWS = 9
ROW_PADDING = 7  # px above and below the text of a row
NOTE_WIDTH = 360  # px, under a field that is narrower
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Suggestion:
    """One row: what is picked and what is shown, in columns; ``strong`` marks a command like "+ New person"."""

    key: str
    columns: tuple[str, ...]
    command: bool = False
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


def fitted(widths: Sequence[int], room: int) -> list[int]:
    """Widths that fit into ``room`` px: the widest give way first, down to the next, so that a short number or date is
    never the one that is cut."""
    found = list(widths)
    while found and (over := sum(found) - room) > 0 and (widest := max(found)) > 0:
        many = [n for n, width in enumerate(found) if width == widest]
        below = max((width for width in found if width < widest), default=0)
        cut = min(widest - below, -(-over // len(many)))
        for n in many:
            found[n] -= cut
    return found


class _RowPainter(QStyledItemDelegate):
    """Columns on common lines; the first two in normal ink, the others quieter, the last takes what is left."""

    def __init__(self, rows: _Rows, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._look = look
        self._ground, self._ink = look.colour("chosen"), look.colour("text")
        self._quiet, self._link = look.colour("quiet"), look.colour("link")
        self.widths: list[int] = []

    def measure(self, metrics: QFontMetrics) -> int:
        """Widths of the columns of what is shown now; the px they take together."""
        self.widths = []
        for row in self._rows.rows:
            for n, text in enumerate(() if row.command else row.columns):
                width = metrics.horizontalAdvance(text) + 22 if text else 0
                if n == len(self.widths):
                    self.widths.append(width)
                self.widths[n] = max(self.widths[n], width)
        commands = [metrics.horizontalAdvance(row.columns[0]) + 34 for row in self._rows.rows if row.command]
        return max([sum(self.widths), *commands])

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(100, option.fontMetrics.height() + 2 * ROW_PADDING)  # type: ignore[attr-defined]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        row = self._rows.rows[index.row()]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(rect, self._ground)
        painter.setFont(self._look.font(strong=row.command))
        x, end = rect.x() + 10, rect.right() - 8
        widths = fitted(self.widths, end - x)
        for n, text in enumerate(row.columns):
            is_last = row.command or n == len(row.columns) - 1 or n >= len(widths)
            room = max(end - x if is_last else min(widths[n], end - x), 0)
            painter.setPen(self._link if row.command else self._ink if n < 2 else self._quiet)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(x, rect.y(), room, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), shown)
            x += room
        painter.restore()


class SuggestionPopup(QFrame):
    """Shown under one field at a time; whoever opened it hears of the pick."""

    closed = Signal()

    def __init__(self, window: QWidget, look: Look) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("popup")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._model = _Rows(self)
        self._list = QListView(self)
        self._list.setObjectName("suggestionRows")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setModel(self._model)
        self._painter = _RowPainter(self._model, look, self._list)
        self._list.setItemDelegate(self._painter)
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setMouseTracking(True)
        self._list.clicked.connect(self._clicked)
        self._list.entered.connect(self._list.setCurrentIndex)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self._list)
        self._note = text_label("", "quiet", wrap=True, parent=self)
        self._note.setContentsMargins(look.px(10), look.px(ROW_PADDING), look.px(8), look.px(ROW_PADDING))
        layout.addWidget(self._note)
        self._anchor: QWidget | None = None
        self._picked: Callable[[Suggestion], object] | None = None
        self.hide()

    def is_open_for(self, anchor: QWidget) -> bool:
        return self.isVisible() and self._anchor is anchor

    def open(
        self,
        anchor: QWidget,
        rows: Sequence[Suggestion],
        picked: Callable[[Suggestion], object],
        *,
        current: int = 0,
        note: str = "",
    ) -> None:
        """Shows ``rows`` under ``anchor`` and ``note`` below them; nothing to show closes the list. ``current`` -1: none is
        marked yet."""
        if not rows and not note:
            self.dismiss()
            return
        self._list.setVisible(bool(rows))
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._anchor, self._picked = anchor, picked
        self._model.show(rows)
        marked = self._model.index(min(current, len(rows) - 1)) if rows and current >= 0 else QModelIndex()
        self._list.setCurrentIndex(marked)
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
        row = max(self._list.currentIndex().row() + step, -count) % count if count else 0
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
    def note(self) -> str:
        """What it says below its rows, or instead of any."""
        return self._note.text()

    @property
    def rows(self) -> Sequence[Suggestion]:
        return self._model.rows

    def _clicked(self, index: QModelIndex) -> None:
        row, picked = self._model.rows[index.row()], self._picked
        self.dismiss()
        if picked is not None:
            picked(row)

    def _place(self, anchor: QWidget, count: int) -> None:
        """Under the field, above it where the window ends; as wide as its words need."""
        window = self._window
        self._list.ensurePolished()
        row_height = max(self._list.sizeHintForRow(0), self._list.fontMetrics().height() + 2 * ROW_PADDING)
        words = self._painter.measure(self._list.fontMetrics()) + 30
        width = min(max(anchor.width(), words, 220), window.width() - 16)
        if self._note.text():
            width = min(max(width, NOTE_WIDTH), window.width() - 16)
        height = (min(count, MAX_ROWS) * row_height if count else 0) + 4
        height += self._note.heightForWidth(width - 2) if self._note.text() else 0
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if count > MAX_ROWS else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self._list.setVerticalScrollBarPolicy(policy)
        below = anchor.mapTo(window, QPoint(0, anchor.height() + 2))
        x = max(8, min(below.x(), window.width() - width - 8))
        y = below.y()
        if y + height > window.height() - 4:
            y = max(4, anchor.mapTo(window, QPoint(0, 0)).y() - height - 2)
        self.setGeometry(x, y, width, height)

"""The rail on the left: arrow keys move, Enter or a click opens."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from desktop.app import App
from desktop.icons import pixmap
from desktop.models.rail import ROW_ROLE, RailModel, RailRow, rail_rows
from desktop.theme import MEDIUM, RAIL_WIDTH, SMALL, TINY, Look
from sync.store.model import Overview

Index = QModelIndex | QPersistentModelIndex


class RailDelegate(QStyledItemDelegate):
    def __init__(self, look: Look, view: RailView) -> None:
        super().__init__(view)
        self._look = look
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row: RailRow = index.data(ROW_ROLE)
        return QSize(10, self._look.px(30 if row.kind == "group" else 29))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: RailRow = index.data(ROW_ROLE)
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        if row.kind == "group":
            self._paint_group(painter, row, box)
        else:
            self._paint_row(painter, row, box, option)
        painter.restore()

    def _paint_group(self, painter: QPainter, row: RailRow, box: QRect) -> None:
        painter.setFont(self._look.font(strong=True))
        painter.setPen(self._look.colour("quiet"))
        inner = box.adjusted(self._look.px(MEDIUM), self._look.px(TINY), -self._look.px(SMALL), 0)
        text = painter.fontMetrics().elidedText(row.text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _paint_row(self, painter: QPainter, row: RailRow, box: QRect, option: QStyleOptionViewItem) -> None:
        look, px = self._look, self._look.px
        state = option.state  # type: ignore[attr-defined]
        here = row.key == self._view.here
        if here:
            painter.fillRect(box, look.colour("chosen"))
            painter.fillRect(QRect(box.left(), box.top(), px(3), box.height()), look.colour("action"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, look.colour("hover"))
        if state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            painter.setPen(QPen(look.colour("focus"), 2))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        size = px(18)
        colour = look.colour("link" if here else "quiet")
        picture = pixmap(row.icon, colour, size, self._view.devicePixelRatioF())
        painter.drawPixmap(box.left() + px(MEDIUM), box.center().y() - size // 2 + 1, picture)
        painter.setFont(look.font(strong=here))
        text = box.adjusted(px(MEDIUM) + size + px(SMALL), 0, -px(MEDIUM), 0)
        if row.count:
            text.setRight(text.right() - self._paint_count(painter, row, box) - px(TINY))
            painter.setFont(look.font(strong=here))
        painter.setPen(look.colour("text" if row.kind != "more" else "quiet"))
        words = painter.fontMetrics().elidedText(row.text, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_count(self, painter: QPainter, row: RailRow, box: QRect) -> int:
        look = self._look
        painter.setFont(look.font(strong=row.urgent))
        painter.setPen(look.colour("red" if row.urgent else "quiet"))
        number = f"{row.count:,}".replace(",", ".")
        room = box.adjusted(0, 0, -look.px(MEDIUM), 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)
        return painter.fontMetrics().horizontalAdvance(number)


class RailView(QListView):
    activated_key = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.here = "today"
        self.rows = RailModel(self)
        self.setModel(self.rows)
        self.setItemDelegate(RailDelegate(look, self))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.clicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def stand_on(self, key: str) -> None:
        """Marks the page that is shown."""
        self.here = key
        for place, row in enumerate(self.rows.rows):
            if row.key == key:
                self.setCurrentIndex(self.rows.index(place))
        if self.rows.rows:
            self.rows.dataChanged.emit(self.rows.index(0), self.rows.index(len(self.rows.rows) - 1))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.activated_key.emit(self.rows.rows[index.row()].key)


class Rail(QFrame):
    """Unfolds the tools that are not the officer's own when asked."""

    chosen = Signal(str)  # "today" or "tool:<id>"

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("railFrame")
        self._app = app
        self._unfolded = False
        self._overview: Overview | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, app.look.px(SMALL), 1, 0)
        self.view = RailView(app.look)
        self.view.activated_key.connect(self._activate)
        column.addWidget(self.view)
        self.setFixedWidth(app.look.px(RAIL_WIDTH))
        self._show()

    def show_counts(self, overview: Overview) -> None:
        self._overview = overview
        self._show()

    def stand_on(self, key: str) -> None:
        if key.startswith("tool:") and key not in [row.key for row in self.view.rows.rows]:
            self._unfolded = True
            self._show()
        self.view.stand_on(key)

    def _activate(self, key: str) -> None:
        if key == "more":
            self._unfolded = not self._unfolded
            self._show()
            self.view.stand_on(self.view.here)
        else:
            self.chosen.emit(key)

    def _show(self) -> None:
        here = self.view.here
        self.view.rows.show(
            rail_rows(
                self._app.catalog,
                self._app.officer,
                self._overview,
                seen=self._app.seen,
                unfolded=self._unfolded,
            )
        )
        self.view.stand_on(here)

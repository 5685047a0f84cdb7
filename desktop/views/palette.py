"""Ctrl+K: any tool, action, person or record, found as one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop.app import App
from desktop.background import Task
from desktop.forms.people import TARGETS
from desktop.icons import pixmap
from desktop.language import tr
from desktop.models.palette import MOST_COMMANDS, OFFER_ROLE, Offer, OfferModel, hit_offer, matching, named_kinds
from desktop.models.standing import filling_note
from desktop.theme import HEADER_HEIGHT, MEDIUM, SMALL, Look
from desktop.widgets.basics import text_label
from sync.store.model import Hit

MOST_HITS = 20
MOST_PEOPLE = 6  # shown before the records that name them: who types a name looks for the person
MOST_OF_KIND = 8
PAUSE_MS = 60  # between a key and the search: one search for a fast typist's word, none noticed by a slow one
Index = QModelIndex | QPersistentModelIndex
MOVES = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}


class OfferDelegate(QStyledItemDelegate):
    """Icon, title, detail behind it, and at the right the key or the kind."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, self._look.px(36))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        offer: Offer = index.data(OFFER_ROLE)
        look, px = self._look, self._look.px
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(box, look.colour("chosen"))
            painter.fillRect(QRect(box.left(), box.top(), px(3), box.height()), look.colour("action"))
        size = px(18)
        picture = pixmap(offer.icon, look.colour("quiet"), size, painter.device().devicePixelRatioF())
        painter.drawPixmap(box.left() + px(MEDIUM), box.center().y() - size // 2 + 1, picture)
        painter.setFont(look.font())
        metrics = painter.fontMetrics()
        inner = box.adjusted(px(MEDIUM) + size + px(SMALL), 0, -px(MEDIUM), 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(look.colour("quiet"))
        aside = metrics.elidedText(offer.aside, Qt.TextElideMode.ElideRight, px(170))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, aside)
        inner.setRight(inner.right() - metrics.horizontalAdvance(aside) - px(MEDIUM))
        painter.setPen(look.colour("text"))
        title = metrics.elidedText(offer.title, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, title)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(title) + px(MEDIUM))
        painter.setPen(look.colour("quiet"))
        detail = metrics.elidedText(offer.detail, Qt.TextElideMode.ElideRight, max(inner.width(), 0))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, detail)
        painter.restore()


class Palette(QFrame):
    """Lies over the window under the header. Takes its offers when it opens, so that they are today's."""

    def __init__(self, app: App, offers: Callable[[], list[Offer]], window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("popup")
        self._app = app
        self._make_offers = offers
        self._window = window
        self._offers: list[Offer] = []
        self._search: Task[tuple[Hit, ...]] | None = None
        self._before: QWidget | None = None
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("frame.search_long"))
        self.text.setAccessibleName(tr("frame.search_long"))
        self.text.textChanged.connect(self._typed)
        self.text.installEventFilter(self)
        self.found = OfferModel(self)
        self.list = QListView()
        self.list.setObjectName("palette")
        self.list.setModel(self.found)
        self.list.setItemDelegate(OfferDelegate(app.look, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._run)
        self.nothing = text_label("", "quiet", wrap=True)
        edge = app.look.px(SMALL)
        self.nothing.setContentsMargins(edge * 2, edge, edge, edge)
        column = QVBoxLayout(self)
        column.setContentsMargins(edge, edge, edge, edge)
        for part in (self.text, self.list, self.nothing):
            column.addWidget(part)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._find_records)
        self.hide()

    def open(self, text: str = "") -> None:
        self._before = QApplication.focusWidget()
        self._offers = self._make_offers()
        self._place()
        self.show()
        self.raise_()
        self.text.setText(text)
        self.text.setFocus(Qt.FocusReason.PopupFocusReason)
        self._show(())

    def close_palette(self) -> None:
        self._drop_search()
        self.hide()
        self.text.clear()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._key(event):
            return True
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and QApplication.activePopupWidget() is None:
            QTimer.singleShot(0, self._close_if_left)
        return super().eventFilter(watched, event)

    def _close_if_left(self) -> None:
        focus = QApplication.focusWidget()
        if self.isVisible() and focus is not None and focus is not self.text:
            self._before = focus
            self.close_palette()

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in MOVES:
            QApplication.sendEvent(self.list, event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True

    def _typed(self, _text: str) -> None:
        self._drop_search()
        self._show(())
        if self.text.text().strip():
            self._pause.start()

    def _drop_search(self) -> None:
        self._pause.stop()
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _find_records(self) -> None:
        text, store, seen = self.text.text().strip(), self._app.store, self._app.seen
        people = tuple(type_id for type_id in TARGETS["person"] if type_id in seen)
        kinds = list(named_kinds((t for t in self._app.catalog.record_types if t.id in seen), text))

        def find() -> tuple[Hit, ...]:
            """People first, then what is surely of the kind that was typed with the name, then anything else."""
            found = {hit.id: hit for hit in store.search.find(text, types=people, limit=MOST_PEOPLE)} if people else {}
            plain = store.search.find(text, limit=MOST_HITS, within=seen)
            for name, types, sure in kinds:
                if sure or not (found or plain):
                    found |= {hit.id: hit for hit in store.search.find(name, types=types, limit=MOST_OF_KIND)}
            found |= {hit.id: hit for hit in plain if hit.id not in found}
            return tuple(found.values())

        self._search = self._app.background.run(find).then(self._show_hits)

    def _show_hits(self, hits: Any) -> None:
        self._search = None
        self._show(tuple(hit_offer(hit, self._app) for hit in hits))

    def _show(self, hits: tuple[Offer, ...]) -> None:
        """Commands that fit best, then records, then further commands."""
        text = self.text.text().strip()
        commands = matching(self._offers, text) if text else self._offers
        cut = MOST_COMMANDS if hits else len(commands)
        self.found.show([*commands[:cut], *hits, *commands[cut:]])
        self.list.setCurrentIndex(self.found.index(0))
        empty = not self.found.rowCount()
        self.list.setVisible(not empty)
        self.nothing.setVisible(empty)
        searching = self._pause.isActive() or self._search is not None
        nothing = tr("frame.nothing_found_for", text=text)
        told = tr("frame.searching") if searching else f"{nothing} {filling_note(self._app.line)}".strip()
        self.nothing.setText(told)
        self._fit()

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        offer = self.found.offers[index.row()]
        self.close_palette()
        offer.run()

    def _place(self) -> None:
        room, px = self._window.size(), self._app.look.px
        width = min(px(680), room.width() - 2 * px(MEDIUM))
        self.setGeometry((room.width() - width) // 2, px(HEADER_HEIGHT) + px(6), width, px(120))

    def _fit(self) -> None:
        """As tall as what was found, up to most of the window."""
        px = self._app.look.px
        said = self.nothing.heightForWidth(self.width() - 2 * px(SMALL))
        rows = (
            self.found.rowCount() * self.list.sizeHintForRow(0) + px(4) if self.found.rowCount() else max(px(56), said)
        )
        most = self._window.height() - px(HEADER_HEIGHT) - 4 * px(MEDIUM)
        self.resize(self.width(), min(self.text.sizeHint().height() + 3 * px(SMALL) + rows, most, px(480)))

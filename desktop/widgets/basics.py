"""The smallest pieces: labels by role, cards, tags, buttons. Looks come from the style sheet, by object name and kind."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.models.tags import Tag
from desktop.theme import MEDIUM, SMALL, Look

_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def text_label(text: str, role: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A plain-text label; ``role`` is its object name: title, heading, quiet, figure, problem, link."""
    made = QLabel(text, parent)
    made.setObjectName(role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    return made


def tag_label(tag: Tag, parent: QWidget | None = None) -> QLabel:
    made = text_label(str(tag), "tag", parent=parent)
    made.setProperty("kind", tag.kind)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


class PushButton(QPushButton):
    """Enter presses it too: Qt leaves that to dialogs, but who works by keyboard expects it everywhere."""

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & ~_KEYPAD:
            event.accept()
            if not event.isAutoRepeat():
                self.click()
        else:
            super().keyPressEvent(event)


class LineButton(PushButton):
    """A line that can be pressed, as wide as its place; what does not fit is shortened with … and stands in its tip."""

    def __init__(self, text: str, run: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._whole = text
        self.setProperty("kind", "line")
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda _checked=False: run())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * self.fontMetrics().averageCharWidth()
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            self.setText(shown)


def button(text: str, run: Callable[[], object], *, kind: str = "", tip: str = "") -> QPushButton:
    """``kind``: "main" (filled, one a page), "danger", "flat", "chip" or "" (outlined)."""
    made = PushButton(text)
    made.setProperty("kind", kind)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setAutoDefault(False)
    if tip:
        made.setToolTip(tip)
    made.clicked.connect(lambda _checked=False: run())
    return made


def bare_column(into: QBoxLayout) -> QVBoxLayout:
    """A column that scrolls when it is too tall for its place, on whatever ground it lies; added to ``into``."""
    inner = QWidget()
    inner.setObjectName("bare")
    area = QScrollArea()
    area.setObjectName("bare")
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    viewport = QWidget()  # one of our own: to wrap Qt's own, PySide builds every class of widgets, 10 ms
    viewport.setObjectName("bare")
    area.setViewport(viewport)
    area.setWidget(inner)
    into.addWidget(area, 1)
    column = QVBoxLayout(inner)
    column.setContentsMargins(0, 0, 0, 0)
    return column


def restyle(widget: QWidget) -> None:
    """After a property the style sheet looks at was changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Card(QFrame):
    """A white ground with a thin line; its layout is ``body``."""

    def __init__(self, look: Look, *, padding: int = MEDIUM, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        edge = look.px(padding)
        self.body.setContentsMargins(edge, edge, edge, edge)
        self.body.setSpacing(look.px(SMALL) // 2)


class OpeningCard(Card):
    """A card that leads to a page: by a click, Enter or Space."""

    def __init__(self, look: Look, purpose: str, run: Callable[[], object]) -> None:
        """``purpose``: what it opens, for the tip and for who hears the screen."""
        super().__init__(look)
        self._run = run
        self.setProperty("kind", "opens")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(purpose)
        self.setAccessibleName(purpose)

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._run()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._run()
        else:
            super().keyPressEvent(event)


class EmptyState(QWidget):
    """Says why a place is empty and what to do; never only "no data"."""

    def __init__(self, look: Look, title: str, advice: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        edge = look.px(MEDIUM)
        column.setContentsMargins(edge, edge * 2, edge, edge * 2)
        column.setSpacing(look.px(SMALL))
        self._title = text_label(title, "heading")
        self._advice = text_label(advice, "quiet", wrap=True)
        for line in (self._title, self._advice):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(look.px(SMALL))
        self.buttons.addStretch()
        self.buttons.addStretch()
        column.addLayout(self.buttons)
        column.addStretch()

    def say(self, title: str, advice: str) -> None:
        self._title.setText(title)
        self._advice.setText(advice)

    def add_button(self, made: QPushButton) -> None:
        self.buttons.insertWidget(self.buttons.count() - 1, made)


class Notice(QFrame):
    """A sentence that stays on the page while it is true."""

    def __init__(self, look: Look, text: str, kind: str = "blue", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("kind", kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(look.px(MEDIUM), look.px(SMALL), look.px(MEDIUM), look.px(SMALL))
        self.text = text_label(text, wrap=True)
        row.addWidget(self.text, 1)

"""A sentence that shows over the page for some seconds and takes no focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.theme import LARGE, MEDIUM, SMALL, STATUS_HEIGHT, Look
from desktop.widgets.basics import restyle, text_label

SHORTEST_MS = 4000
MS_A_LETTER = 60  # slow readers read some 15 letters a second


class Toast(QFrame):
    """At the bottom right of its window, away from where buttons begin, above the status bar."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("toast")
        self._look = look
        self._window = window
        self._text = text_label("", wrap=True)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(look.px(MEDIUM), look.px(SMALL), look.px(MEDIUM), look.px(SMALL))
        row.addWidget(self._text)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        window.installEventFilter(self)
        self.hide()

    def say(self, text: str, kind: str = "blue") -> None:
        self._text.setText(text)
        self.setProperty("kind", kind)
        restyle(self)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(max(SHORTEST_MS, MS_A_LETTER * len(text)))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        room = self._window.size()
        widest = min(self._look.px(640), room.width() - 2 * self._look.px(LARGE))
        natural = self._text.fontMetrics().horizontalAdvance(self._text.text()) + 2 * self._look.px(MEDIUM) + 4
        width = min(widest, natural)
        height = self._row.heightForWidth(width)
        bottom = self._look.px(STATUS_HEIGHT + LARGE)
        self.setGeometry(room.width() - width - self._look.px(LARGE), room.height() - bottom - height, width, height)

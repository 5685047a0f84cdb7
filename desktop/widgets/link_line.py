"""Sentences of which one may lead somewhere: by a click, or by Tab and Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLabel, QWidget

_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class LinkLine(QLabel):
    """Rich text in the quiet role. Qt's own label takes the focus where no link is, and marks its link with the second Tab only:
    Enter would do nothing, and nobody would see where he stands."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(" ", parent)
        self.setObjectName("quiet")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        links = Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        self.setTextInteractionFlags(links)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def setText(self, text: str, /) -> None:
        if text != self.text():  # the same text anew would take the mark off its link
            super().setText(text)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus if "<a " in text else Qt.FocusPolicy.NoFocus)

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        if event.reason() in _BY_KEY:
            self.focusNextPrevChild(event.reason() == Qt.FocusReason.TabFocusReason)  # to its first, or last, link

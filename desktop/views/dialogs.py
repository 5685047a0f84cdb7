"""Small windows over the workspace: one heading, a body, buttons; Esc closes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.theme import LARGE, MEDIUM, SMALL, Look
from desktop.widgets.basics import button, text_label
from desktop.widgets.growing import GrowingDialog


class Sheet(GrowingDialog):
    """Deleted when closed; blocks its window only."""

    def __init__(self, look: Look, heading: str, window: QWidget, *, width: int = 480) -> None:
        super().__init__(window)
        self.look = look
        self.setWindowTitle(heading)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(min(look.px(width), window.width() - 40))
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(LARGE), look.px(LARGE), look.px(LARGE), look.px(MEDIUM))
        column.setSpacing(look.px(MEDIUM))
        column.addWidget(text_label(heading, "title"))
        self.body = QVBoxLayout()
        self.body.setSpacing(look.px(SMALL))
        column.addLayout(self.body, 1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(look.px(SMALL))
        self.foot.addStretch(1)
        column.addLayout(self.foot)

    def fit(self) -> None:
        """As high as its sentences are: Qt asks words that wrap for their height only when it lays them out."""
        layout = self.layout()
        if layout is not None:
            needed = layout.totalHeightForWidth(self.width())
            self.setMinimumHeight(needed)
            self.resize(self.width(), needed)

    def add_button(self, text: str, run: Callable[[], object], *, kind: str = "") -> None:
        self.foot.addWidget(button(text, run, kind=kind))


class StepSheet(Sheet):
    """A sheet with one main step: F9 takes it from anywhere; Enter in a field does not."""

    def take_step(self) -> None:
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_F9:
            if not event.isAutoRepeat():
                self.take_step()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

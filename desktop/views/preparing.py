"""What stands in the gate's window while a store is made ready for other definitions."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.language import tr
from desktop.theme import LARGE, Look
from desktop.views.sign_in import GateCard


class Preparing(GateCard):
    """Says how far it is; there is nothing to do but wait, or to close the window and go on another time."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, tr("frame.preparing", percent=0), tr("frame.preparing_about"), parent)
        inner = self.card.width() - 2 * look.px(LARGE + 6)
        for text in (self.heading, self.about):  # nothing else in the card makes room for lines that wrap
            text.ensurePolished()
            text.setMinimumHeight(text.heightForWidth(inner))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(look.px(8))
        self.card.body.addWidget(self.bar)

    def show_percent(self, percent: int) -> None:
        self.heading.setText(tr("frame.preparing", percent=percent))
        self.bar.setValue(percent)

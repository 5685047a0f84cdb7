"""What stands in the gate's window while something is waited for: other definitions for a large store, the program's last
run."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from desktop.language import tr
from desktop.theme import LARGE, Look
from desktop.views.sign_in import GateCard


class _Waits(GateCard):
    """There is nothing to do but wait, or to close the window and go on another time."""

    def __init__(self, look: Look, heading: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(look, heading, about, parent)
        inner = self.card.width() - 2 * look.px(LARGE + 6)
        for text in (self.heading, self.about):  # nothing else in the card makes room for lines that wrap
            text.ensurePolished()
            text.setMinimumHeight(text.heightForWidth(inner))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(look.px(8))
        self.card.body.addWidget(self.bar)


class Ending(_Waits):
    """The program was closed a moment ago and is still at its last backup: this start waits for it."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, tr("office.ending"), tr("office.ending_about"), parent)
        self.bar.setRange(0, 0)


class Preparing(_Waits):
    """Says how far it is."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, tr("frame.preparing", percent=0), tr("frame.preparing_about"), parent)

    def show_percent(self, percent: int) -> None:
        self.heading.setText(tr("frame.preparing", percent=percent))
        self.bar.setValue(percent)

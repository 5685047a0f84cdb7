"""Under a list: how many rows are chosen, and what may be done with them together."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.language import tr
from desktop.theme import SMALL, Look
from desktop.widgets.basics import button, text_label


class ChosenRows(QWidget):
    """Hidden until two rows are chosen."""

    def __init__(self, look: Look, act: Callable[[], object], drop: Callable[[], object]) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(SMALL))
        self._words = text_label("", "heading")
        row.addWidget(self._words)
        row.addWidget(button(tr("group.act"), act, kind="main", tip="Ctrl+G"))
        row.addWidget(button(tr("group.drop"), drop, kind="flat"))
        row.addStretch(1)
        self.hide()

    def show_count(self, count: int) -> None:
        self._words.setText(tr("group.chosen", n=count))
        self.setVisible(count > 1)

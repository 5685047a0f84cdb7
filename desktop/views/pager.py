"""The line under a list: how many there are, and four buttons to leaf through them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.icons import icon
from desktop.language import tr
from desktop.theme import TINY, Look
from desktop.widgets.basics import button, text_label
from sync.store.model import Page


class Pager(QWidget):
    """Calls ``turn`` with "first", "previous", "next" or "last"."""

    def __init__(self, look: Look, turn: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.px(TINY))
        self._total = text_label("", "quiet")
        row.addWidget(self._total)
        row.addStretch(1)
        self._buttons = {}
        for way in ("first", "previous", "next", "last"):
            made = button("", partial(turn, way), kind="flat", tip=tr(f"frame.{way}"))
            made.setAccessibleName(tr(f"frame.{way}"))
            made.setIcon(icon(way, look.colour("link")))
            made.setIconSize(QSize(look.px(18), look.px(18)))
            row.addWidget(made)
            self._buttons[way] = made

    def show_page(self, page: Page) -> None:
        number = f"{page.total:,}".replace(",", ".") if tr("frame.thousands") == "." else f"{page.total:,}"
        self._total.setText(tr("frame.total", n=page.total, total=number))
        for way in ("first", "previous"):
            self._buttons[way].setEnabled(page.has_before)
        for way in ("next", "last"):
            self._buttons[way].setEnabled(page.has_after)
        self.setVisible(page.total > 0)

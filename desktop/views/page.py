"""What the window expects of a page, and what most pages share."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.theme import LARGE, MEDIUM, SMALL
from desktop.widgets.basics import text_label
from desktop.widgets.fold import Fold
from sync.store.model import Touched


class Page(QWidget):
    """A title row over a body. Asks the store again when what it shows was touched: at once when it is seen, else when
    it is shown next."""

    title_changed = Signal(str)

    def __init__(self, app: App, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.app = app
        self._stale = True
        self._folds: list[Fold] = []
        px = app.look.px
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(px(LARGE), px(MEDIUM), px(LARGE), px(MEDIUM))
        self.column.setSpacing(px(SMALL))
        self.head = QHBoxLayout()
        self.head.setSpacing(px(SMALL))
        self.title = text_label(title, "title")
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.column.addLayout(self.head)
        app.touched.connect(self._on_touched)
        app.day_passed.connect(self._on_day)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        return []

    def can_leave(self) -> bool:
        return True

    def concerns(self, touched: Touched) -> bool:
        """Whether what this page shows may have changed."""
        return True

    def refresh(self) -> None:
        """Asks the store anew, in the background."""

    def load_ahead(self) -> None:
        """Asks the store before the page is shown, instead of then."""
        self._stale = False
        self.refresh()

    def focus_first(self) -> None:
        """Puts the cursor where the work on this page begins."""
        self.setFocus()

    def fold(self, line: QHBoxLayout, *moved: QWidget) -> None:
        """From now on these go into a line of their own, below theirs, where the page is too narrow for one."""
        under = QHBoxLayout()
        place = next(n for n in range(self.column.count()) if self.column.itemAt(n) is line)
        self.column.insertLayout(place + 1, under)
        self._folds.append(Fold(line, under, moved))

    def fit_lines(self) -> None:
        margins = self.column.contentsMargins()
        for fold in self._folds:
            fold.fit(self.width() - margins.left() - margins.right())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_lines()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.refresh()

    def _on_day(self) -> None:
        """Midnight passed: what is late, and how many days are left, is another now on every page."""
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

    def _on_touched(self, touched: Touched) -> None:
        if not self.concerns(touched):
            return
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

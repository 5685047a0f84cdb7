"""The bar on top: whose book this is, the search box, and the officer at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QWidget

from desktop.actions import ActionRow, shown_shortcut
from desktop.app import App
from desktop.icons import icon
from desktop.language import say, tr
from desktop.theme import HEADER_HEIGHT, MEDIUM, SMALL
from desktop.widgets.basics import text_label


class SearchBox(QPushButton):
    """Shows the longest text that fits beside the key, so that no word is cut. ``beside``: pixels of icon, key and edges."""

    def __init__(self, beside: int) -> None:
        super().__init__(tr("frame.search_long"))
        self._beside = beside

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room, metrics = self.width() - self._beside, self.fontMetrics()
        texts = [tr(name) for name in ("frame.search_long", "frame.search_short")]
        self.setText(next((text for text in texts if metrics.horizontalAdvance(text) <= room), texts[-1]))


class Header(QFrame):
    search_wanted = Signal()

    def __init__(
        self, app: App, menu_rows: Callable[[], Iterable[ActionRow | None]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self._app = app
        self._menu_rows = menu_rows
        px = app.look.px
        row = QHBoxLayout(self)
        row.setContentsMargins(px(MEDIUM), px(5), px(SMALL), px(5))
        row.setSpacing(px(MEDIUM))
        row.addWidget(text_label(tr("frame.brand"), "brand"))
        self.ward = text_label(app.ward_name or tr("frame.no_ward"), "ward")
        row.addWidget(self.ward)
        row.addStretch(1)
        self.search = self._make_search()
        row.addWidget(self.search, 6)
        row.addStretch(1)
        row.addWidget(self._make_officer())
        self.setFixedHeight(px(HEADER_HEIGHT))
        app.officer_changed.connect(self.show_officer)

    def _make_search(self) -> QPushButton:
        px = self._app.look.px
        made = SearchBox(px(90))
        made.setObjectName("searchBox")
        made.setIcon(icon("search", self._app.look.colour("header_quiet")))
        made.setIconSize(QSize(px(16), px(16)))
        made.setCursor(Qt.CursorShape.IBeamCursor)
        made.setMaximumWidth(px(520))
        made.setAccessibleName(tr("frame.search_long"))
        made.setMinimumWidth(px(170))
        made.clicked.connect(self.search_wanted)
        inside = QHBoxLayout(made)
        inside.setContentsMargins(0, 0, px(10), 0)
        inside.addStretch(1)
        inside.addWidget(text_label("Ctrl K"))
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.show_officer()

    def _make_officer(self) -> QPushButton:
        px = self._app.look.px
        self.officer = QPushButton()
        self.officer.setIcon(icon("person", self._app.look.colour("header_text")))
        self.officer.setIconSize(QSize(px(18), px(18)))
        menu = QMenu(self.officer)
        menu.aboutToShow.connect(lambda: self._fill(menu))
        self.officer.setMenu(menu)
        self.show_officer()
        return self.officer

    def show_officer(self) -> None:
        officer = self._app.officer
        if officer is None:
            self.officer.setText(tr("frame.nobody"))
            return
        labels = {role.id: say(role.label) for role in self._app.catalog.roles}
        roles = ", ".join(labels.get(role, role) for role in officer.roles)
        first = labels.get(officer.roles[0], officer.roles[0]).partition(" (")[0] if officer.roles else ""
        shown = f"{officer.name} · {first}" if first else officer.name
        room = max(self._app.look.px(120), self.width() * 34 // 100 - self._app.look.px(60))  # the rest is the search's
        self.officer.setText(
            " " + self.officer.fontMetrics().elidedText(shown, Qt.TextElideMode.ElideRight, room) + "  ▾"
        )
        self.officer.setToolTip(f"{officer.name}: {roles}" if roles else officer.name)

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for row in self._menu_rows():
            if row is None:
                menu.addSeparator()
                continue
            action = menu.addAction(icon(row.icon, self._app.look.colour("quiet")), row.title)
            if shown := shown_shortcut(row):
                action.setText(f"{row.title}\t{shown}")
            action.setEnabled(row.enabled())
            action.triggered.connect(row.run)

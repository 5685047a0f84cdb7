"""The one window: header, rail, pages, status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from desktop.actions import ActionRow, bind
from desktop.app import App
from desktop.icons import icon
from desktop.language import tr
from desktop.models.dates import local
from desktop.views.header import Header
from desktop.views.navigator import Navigator
from desktop.views.rail import Rail
from desktop.views.window_actions import WindowActions, menu_rows
from desktop.widgets.lasting_bar import LastingBar
from desktop.widgets.status_bar import StatusBar
from sync.store.model import Overview

if TYPE_CHECKING:
    from desktop.models.palette import Offer
    from desktop.views.palette import Palette
    from desktop.widgets.toast import Toast
    from desktop.widgets.tray import Tray

COUNT_PAUSE_MS = 200  # a sync commits many batches; counting once after a burst is enough
FILES_PAUSE_MS = 1000  # a file is told of with every part of it
MINUTE_MS = 60_000
TRAY_MS = 1000  # after the window: what is beside the clock may come a little later


class MainWindow(QMainWindow):
    """Designed for 1024 × 768. Paints first, and counts after; what is not seen at once is made when first wanted."""

    counted = Signal()  # the counters are shown

    def __init__(self, app: App) -> None:
        super().__init__()
        self.app = app
        self._bound: list[QAction] = []
        self._palette: Palette | None = None
        self._toast: Toast | None = None
        self._tray: Tray | None = None
        self._overview: Overview | None = None
        self._officer = app.officer
        self._day = local(app.clock.now()).date()
        self._actions = WindowActions(self)
        self.resize(1024, 768)
        self.setMinimumSize(800, 560)
        self.setWindowIcon(icon("app", app.look.colour("action"), 32))
        self._count_soon = QTimer(self)
        self._count_soon.setSingleShot(True)
        self._count_soon.setInterval(COUNT_PAUSE_MS)
        self._count_soon.timeout.connect(self.count)
        self._files_soon = QTimer(self)
        self._files_soon.setSingleShot(True)
        self._files_soon.setInterval(FILES_PAUSE_MS)
        self._files_soon.timeout.connect(self._count_files)
        self.pages = Navigator(app)
        self.pages.shown.connect(self._on_shown)
        self.pages.saved.connect(self._note_saved)
        self._build()
        app.touched.connect(self._count_later)  # a method goes with its window, a lambda would outlive it
        app.files_moved.connect(self._count_files_later)
        app.officer_changed.connect(self._change_officer)
        app.look_changed.connect(self._rebuild)
        app.open_requested.connect(self.pages.open_record)
        app.page_requested.connect(self.pages.go)
        app.report_requested.connect(self.pages.open_report)
        app.draft_requested.connect(self.pages.continue_draft)
        app.begin_requested.connect(self.pages.begin)
        app.scan_requested.connect(self._actions.scan)
        app.noticed.connect(self._say)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self._pass_minute)
        self._minute.start()
        QTimer.singleShot(TRAY_MS, self, self._make_tray)
        self.pages.go("today")
        self.pages.page.filled.connect(self._show_counts)  # type: ignore[attr-defined]  # today's page has counted already

    def _build(self) -> None:
        body = QWidget()
        body.setObjectName("page")
        self.header = Header(self.app, lambda: menu_rows(self.window_rows()))
        self.header.search_wanted.connect(self._actions.find)
        self.lasting = LastingBar(self.app)
        self.rail = Rail(self.app)
        self.rail.chosen.connect(self.pages.go)
        self.status = StatusBar(self.app)
        self.status.outbox_wanted.connect(lambda: self.pages.go("outbox"))
        self.status.conflicts_wanted.connect(lambda: self.pages.go("conflicts"))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.pages, 1)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.lasting)
        column.addLayout(middle, 1)
        column.addWidget(self.status)
        self.setCentralWidget(body)

    @property
    def palette_box(self) -> Palette:
        if self._palette is None:
            from desktop.views.palette import Palette

            self._palette = Palette(self.app, self._offers, self)
        return self._palette

    @property
    def toast(self) -> Toast:
        if self._toast is None:
            from desktop.widgets.toast import Toast

            self._toast = Toast(self.app.look, self)
        return self._toast

    def _make_tray(self) -> None:
        from desktop.widgets.tray import Tray

        self._tray = Tray(self.app, self, self._actions.sync_now)
        if self._overview is not None:
            self._tray.show_counts(self._overview)

    def _rebuild(self, *, home: bool = False) -> None:
        """Language, look or officer changed: the frame is made again around the pages, which are made again too."""
        focus = QApplication.focusWidget()
        in_rail = focus is not None and self.rail.isAncestorOf(focus)
        self.pages.hold_place()
        self.pages.setParent(None)
        for old in (self._palette, self._toast):
            if old is not None:
                old.hide()
                old.deleteLater()
        self._palette = self._toast = None
        self._build()
        self.pages.show()
        self.pages.rebuild(home=home)
        if in_rail and not home:
            self.rail.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.count()

    def _change_officer(self) -> None:
        """Nothing of the one before stays in sight: no page, no count, no way back. The same officer with other roles stays
        where he is."""
        before, self._officer = self._officer, self.app.officer
        self._overview = None
        self._rebuild(home=before is None or self._officer is None or before.id != self._officer.id)

    def window_rows(self) -> list[ActionRow]:
        return self._actions.rows()

    def rows(self) -> list[ActionRow]:
        """Everything that can be done now: the page's actions, then the window's."""
        return [*self.pages.actions_of_page(), *self.window_rows()]

    def _offers(self) -> list[Offer]:
        from desktop.models.palette import action_offers, begin_offers, list_offers, report_offers

        return [
            *action_offers(self.rows()),
            *list_offers(self.app.catalog, self.app.seen, lambda type_id: self.pages.go(f"list:{type_id}")),
            *begin_offers(self.app),
            *report_offers(self.app.catalog, self.app.seen, lambda report_id: self.pages.go(f"report:{report_id}")),
        ]

    def _on_shown(self, key: str) -> None:
        self.rail.stand_on("today" if key in ("ahead", "yours") else key)
        changed = getattr(self.pages.page, "actions_changed", None)
        if changed is not None:
            changed.connect(self._bind_rows, Qt.ConnectionType.UniqueConnection)
        self._bind_rows()
        self.setWindowTitle(f"{tr('frame.brand')} – {self.app.ward_name}" if self.app.ward_name else tr("frame.brand"))

    def _bind_rows(self) -> None:
        """Keys of the page that is shown and of the window; where both want one, the page has it."""
        for old in self._bound:
            self.removeAction(old)
            old.deleteLater()
        first: dict[str, ActionRow] = {}
        for row in self.rows():
            if row.shortcut:
                first.setdefault(row.shortcut, row)
        self._bound = [bind(row, self) for row in first.values()]

    def _note_saved(self) -> None:
        self.status.note_saved()

    def _say(self, text: str, kind: str) -> None:
        self.toast.say(text, kind)

    def _count_later(self, _touched: object) -> None:
        self._count_soon.start()

    def count(self) -> None:
        """Counters of the rail and the status bar, in the background."""
        store, clock, seen = self.app.store, self.app.clock, self.app.seen

        def show(overview: Overview) -> None:
            if seen == self.app.seen:  # else it was counted for who sat here before
                self._show_counts(overview)

        self.app.background.run(lambda: store.overview(clock.now(), seen), self).then(show)

    def _show_counts(self, overview: Overview) -> None:
        self._overview = overview
        self.rail.show_counts(overview)
        self.status.show_counts(overview)
        self._count_files_later()
        if self._tray is not None:
            self._tray.show_counts(overview)
        self.counted.emit()

    def _count_files_later(self, _touched: object = None) -> None:
        if not self._files_soon.isActive():  # each part would put it off
            self._files_soon.start()

    def _count_files(self) -> None:
        """Attached files follow their records: that these are at the city does not say that those are."""
        store, seen, show = self.app.store, self.app.seen, self.status.show_files
        self.app.background.run(lambda: store.files.counts(seen).to_send, self.status).then(show)

    def _pass_minute(self) -> None:
        """Deadlines pass without anyone touching a record; so does midnight, also behind a window that is put away."""
        day = local(self.app.clock.now()).date()
        if day != self._day:
            self._day = day
            self.app.day_passed.emit()
        if self.isVisible():
            self.count()
            if self.pages.key == "today":
                self.pages.page.refresh()  # type: ignore[attr-defined]

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.pages.can_leave():
            event.ignore()
            return
        self._minute.stop()
        self.hide()
        super().closeEvent(event)

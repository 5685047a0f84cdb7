"""From a profile folder to an open window: enrol if it is nobody's, unlock if it is locked, sign in, work."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from desktop import theme
from desktop.app import App, TransportFactory, over_http
from desktop.background import Background
from desktop.language import say_error, tr, use_language
from desktop.one_window import OneWindow
from desktop.rubbish import collect_here
from desktop.setting_up import SettingUp
from desktop.settings import Settings, load_settings
from forms.definition import Catalog
from sync.clock import Clock, SystemClock
from sync.protocol import Officer

if TYPE_CHECKING:
    from desktop.rehearsal import Rehearsal
    from desktop.views.main_window import MainWindow
    from sync.pack_use import PackUse
    from sync.store import Store

SETTLE_MS = 1500
"""After the window: when the start is over and what nobody sees may begin."""
ROWS_MS = 60
"""So long the first painting waits for the day's rows, which take a few ms: then it need not be done twice."""
SYNC_MS = 300
"""After the window: the sync brings in the line's libraries, which would hold up the first painting."""

OFFICE_MS = 4000
"""After the window: the office's settings, backups, the place of the store."""

FRAME = (8, 36)
"""px that a window's edges and title take around it."""
SWITCH_SECONDS = 0.0005
"""So long the window waits at most until the sync's thread lets it go on; Python's own 5 ms are felt while a whole ward arrives."""


def open_workspace(
    folder: Path,
    *,
    passphrase: str | None = None,
    clock: Clock | None = None,
    transport: TransportFactory = over_http,
    catalog: Catalog | None = None,
    rehearsal: Rehearsal | None = None,
) -> int:
    """Runs the workspace on a profile until its window is closed; returns the exit code of the program.

    With the variable SOPHUONG_SAY_USABLE the word "usable" goes to stdout once the window can be worked in: painted, with
    the day's rows and the counters. That is what the start-up benchmark waits for.
    """
    collect_here()
    sys.setswitchinterval(SWITCH_SECONDS)
    window = OneWindow(folder)
    if not window.first:
        from desktop.second_start import come_forward
        from desktop.updating import note_no_try

        if (ended := come_forward(window, folder)) is not None:
            note_no_try()
            return ended
    application = QApplication.instance() or theme.styled_application(sys.argv[:1])
    assert isinstance(application, QApplication)  # noqa: S101 - another kind of application cannot draw widgets
    start = Start(application, folder, clock or SystemClock(), transport, catalog, rehearsal=rehearsal)
    window.asked.connect(start.come_forward)
    start.begin(passphrase)
    QTimer.singleShot(SETTLE_MS, gc.freeze)  # what the start made stays: collections need not walk over it
    QTimer.singleShot(SETTLE_MS, window, window.listen)
    code = application.exec()
    window.ending()
    start.end(lambda: window.is_asked_for)
    window.close()
    return code


class StoppedError(Exception):
    """The window was closed while the store was made ready: the next start goes on with it."""


class Start(QObject):
    """The steps before the workspace, in a window of their own that closes when it opens."""

    _prepared = Signal(int)

    def __init__(
        self,
        application: QApplication,
        folder: Path,
        clock: Clock,
        transport: TransportFactory = over_http,
        catalog: Catalog | None = None,
        *,
        rehearsal: Rehearsal | None = None,
    ) -> None:
        super().__init__()
        self._rehearsal = rehearsal
        self.folder = folder
        self.clock = clock
        self._transport = transport
        self.settings = load_settings(folder)
        use_language(self.settings.language)
        self.look = theme.apply(application, self.settings.theme, self.settings.scale)
        self.background = Background(self)
        self._catalog = catalog
        self._packs: PackUse | None = None
        self.gate: QStackedWidget | None = None
        self.app: App | None = None
        self.window: MainWindow | None = None
        self._stopped = self._ended = self._troubled = False
        self._setting_up = SettingUp(self)
        self._prepared.connect(self._show_prepared)
        self._sync_soon = QTimer(self)
        self._sync_soon.setSingleShot(True)
        self._sync_soon.setInterval(SYNC_MS)

    @property
    def catalog(self) -> Catalog:
        if self._catalog is None:
            from sync.pack_use import PackUse

            self._packs = PackUse(self.folder)
            self._catalog = self._packs.catalog()
        return self._catalog

    def begin(self, passphrase: str | None = None) -> None:
        from sync.store import vault
        from sync.store.model import NoStore, StoreError

        setting_up = self._setting_up
        setting_up.finish_restoring()
        try:
            locked = vault.needs_passphrase(self.folder)
            if locked and passphrase is None:
                self._ask_passphrase()
                return
            store = self._open_store(passphrase)
        except NoStore:
            setting_up.offer_enrolment()
            return
        except StoppedError:
            QTimer.singleShot(0, QCoreApplication.quit)
            return
        except StoreError as error:
            self._troubled = True
            setting_up.tell_trouble(error)
            return
        self._sign_in(store)

    def come_forward(self) -> None:
        """Somebody started the program again: this window is what they look for."""
        shown = self.window or self.gate
        if shown is None:
            return
        shown.setWindowState(shown.windowState() & ~Qt.WindowState.WindowMinimized)
        shown.show()
        shown.raise_()
        shown.activateWindow()

    def end(self, is_wanted: Callable[[], bool] = lambda: False) -> None:
        """``is_wanted``: somebody has started the program again and waits for this one."""
        from desktop.updating import judge_start

        self._ended = True
        for shown in (self.window, self.gate):
            if shown is not None:  # what is done after it may take a while
                shown.hide()
        self._sync_soon.stop()
        self._setting_up.end()
        judge_start(self.app, troubled=self._troubled)
        self.background.close()
        if self.app is not None:
            self.app.close(is_wanted)
        self.let_go_of_pack()

    def let_go_of_pack(self) -> None:
        if self._packs is not None:
            self._packs.close()
            self._packs = self._catalog = None

    def _open_store(self, passphrase: str | None) -> Store:
        from sync.store import Store, vault
        from sync.store.model import NewerStore, WrongKey

        key = vault.open_key(self.folder, passphrase)  # WrongKey of this alone is a wrong passphrase
        try:
            return Store.open(self.folder, key, self.catalog, self.clock, prepared=self._note_prepared)
        except WrongKey as error:
            from desktop.setting_up import not_its_store

            raise not_its_store(self.folder) from error
        except NewerStore:
            from desktop.updating import went_back

            if not went_back(self.folder, key):
                raise
            return Store.open(self.folder, key, self.catalog, self.clock, prepared=self._note_prepared)

    def _note_prepared(self, percent: int) -> None:
        """Other definitions make much of a large store anew: said in the gate's window, from whichever thread works. Raises
        StoppedError when that window was closed."""
        self._prepared.emit(percent)
        if QThread.currentThread() is self.thread():
            QCoreApplication.processEvents()
        if self._stopped:
            raise StoppedError

    def _show_prepared(self, percent: int) -> None:
        from desktop.views.preparing import Preparing

        page = self.gate.currentWidget() if self.gate is not None else None
        if page is not None and self.gate is not None and not self.gate.isVisible():
            self._stopped = True
        elif not isinstance(page, Preparing):
            page = Preparing(self.look)
            self.show(page)
        if isinstance(page, Preparing):
            page.show_percent(percent)

    def _ask_passphrase(self) -> None:
        from desktop.views.sign_in import Unlock
        from sync.store.model import StoreError, WrongKey

        page = Unlock(self.look)

        def try_it(passphrase: str) -> None:
            def refused(error: Exception) -> None:
                if isinstance(error, StoreError) and not isinstance(error, WrongKey):
                    self._troubled = True
                    self._setting_up.tell_trouble(error, passphrase)  # with the backups that may take its place
                    self._setting_up.drop(page)
                else:
                    wrong = isinstance(error, WrongKey)
                    self._troubled = self._troubled or not wrong
                    page.refuse(tr("frame.wrong_passphrase") if wrong else say_error(error))

            task = self.background.run(lambda: self._open_store(passphrase), page)
            task.then(self._sign_in).failed(refused)

        page.given.connect(try_it)
        self.show(page)

    def _sign_in(self, store: Store) -> None:
        """A device with one officer asks nothing; a shared one asks who it is."""
        enrolment = store.enrolment
        officers = enrolment.officers if enrolment else ()
        if len(officers) <= 1:
            self._open(store, officers[0] if officers else None)
            return
        from desktop.views.sign_in import SignIn

        page = SignIn(self.look, officers, self.catalog, self.settings.last_officer)
        page.chosen.connect(lambda officer: self._open(store, officer))
        self.show(page)

    def _open(self, store: Store, officer: Officer | None) -> None:
        from desktop.views.main_window import MainWindow

        self.app = App(
            store,
            self.catalog,
            self.clock,
            folder=self.folder,
            settings=self.settings,
            officer=officer,
            transport=self._transport,
            rehearsal=self._rehearsal,
        )
        if officer is not None and officer.id != self.settings.last_officer:
            self.app.change_settings(last_officer=officer.id)
        self.window = MainWindow(self.app)
        if self.gate is None or self.gate.isMaximized():
            fill_small_screen(self.window)
        else:
            self.window.setGeometry(self.gate.geometry())
        if "SOPHUONG_SAY_USABLE" in os.environ:
            say = partial(QTimer.singleShot, 0, self, self._say_usable)  # not before input is accepted
            self.window.counted.connect(say, Qt.ConnectionType.SingleShotConnection)
        self.window.pages.page.load_ahead()  # type: ignore[attr-defined]  # today's page
        self.window.show()
        self.app.background.settle(ROWS_MS)
        if self.gate is not None:
            self.gate.close()
            self.gate.deleteLater()
            self.gate = None
        self._sync_soon.timeout.connect(self.app.start_sync)
        self._sync_soon.start()
        self.app.background.run(partial(self._follow_autostart, self.settings))
        QTimer.singleShot(OFFICE_MS, self, self._look_after)
        QTimer.singleShot(SETTLE_MS, self, self._begin_updates)
        if self._packs is not None and self._packs.trouble:
            self.app.notice(tr("pack.trouble"), "red")

    def _begin_updates(self) -> None:
        from desktop.updating import begin_updates

        if self.app is not None and not self._ended:
            begin_updates(self.app)

    def _look_after(self) -> None:
        from desktop.office import look_after

        if self.app is not None and not self._ended:
            look_after(self.app)

    @staticmethod
    def _follow_autostart(settings: Settings) -> None:
        if settings.autostart is not None:
            from desktop.autostart import follow

            follow(settings)

    def _say_usable(self) -> None:
        """Once the window system has the window, which is when Qt paints it, and what changed since is painted too."""
        if self.window is None:
            return
        if not self.window.testAttribute(Qt.WidgetAttribute.WA_Mapped):
            QTimer.singleShot(1, self, self._say_usable)
            return
        for kind in (QEvent.Type.LayoutRequest, QEvent.Type.UpdateRequest):
            QCoreApplication.sendPostedEvents(None, kind)
        sys.stdout.write("usable\n")
        sys.stdout.flush()

    def show(self, page: QWidget) -> None:
        if self.gate is None:
            self.gate = QStackedWidget()
            self.gate.setObjectName("pages")
            self.gate.setWindowTitle(tr("frame.brand"))
            self.gate.resize(1024, 768)
            fill_small_screen(self.gate)
        self.gate.addWidget(page)
        self.gate.setCurrentWidget(page)
        self.gate.show()
        first = getattr(page, "focus_first", None)
        if first is not None:
            first()


def fill_small_screen(window: QWidget) -> None:
    """Where the screen has no room for the window and its frame, the window takes all of it: else its last lines, which say
    whether the line is up, lie below the edge."""
    room = window.screen().availableGeometry()
    if room.width() < window.width() + FRAME[0] or room.height() < window.height() + FRAME[1]:
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)

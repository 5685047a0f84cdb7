"""The window's part of backups: once a day in the background, and when the window was closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.backups import AT_QUIT, Outcome, back_up, due
from desktop.language import say_error, tr

if TYPE_CHECKING:
    from desktop.app import App

FIRST_MS = 120_000
"""After the start: its first sync and the first work of the day go before."""
EVERY_MS = 600_000
QUIT_SECONDS = 45.0
"""So long a program whose window is closed goes on copying; what is half done then is done next time."""


class StoppedError(Exception):
    """The program ends; nothing half is left."""


class BackupTimer(QObject):
    """``changed()``: how a folder stands, or how far one is."""

    changed = Signal()
    _moved = Signal(int)

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self._app = app
        self.percent: int | None = None  # of a backup under way
        self._ends = self._asked = False
        self._moved.connect(self._show_percent)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        QTimer.singleShot(FIRST_MS, self, self.look)

    def look(self) -> None:
        """Begin what is due."""
        if folders := due(self._app.folder, self._app.settings, self._app.clock.now()):
            self._begin(folders)

    def now(self) -> None:
        """Somebody asks for it, and is told what came of it."""
        self._asked = True
        self._begin(list(self._app.settings.backup_to))

    def _begin(self, folders: list[str]) -> None:
        if self.percent is not None or not folders:
            return
        self.percent = 0
        self.changed.emit()
        store, keep = self._app.store, self._app.settings.backup_keep
        task = self._app.background.run(lambda: back_up(store, folders, keep, told=self._told), self)
        task.then(self._ended).failed(self._failed)

    def _told(self, percent: int) -> None:
        """On the thread that copies."""
        if self._ends:
            raise StoppedError
        self._moved.emit(percent)

    def _show_percent(self, percent: int) -> None:
        if self.percent is not None and percent != self.percent:
            self.percent = percent
            self.changed.emit()

    def _ended(self, outcomes: list[Outcome]) -> None:
        self.percent = None
        self.changed.emit()
        asked, self._asked = self._asked, False
        for outcome in outcomes if asked else ():
            if outcome.error is not None:
                self._app.notice(say_error(outcome.error), "red")
            else:
                self._app.notice(tr("office.backup_done", folder=outcome.folder), "green")

    def _failed(self, _error: Exception) -> None:
        self.percent = None
        self.changed.emit()

    def stop(self) -> None:
        """The window is closed: one under way ends."""
        self._ends = True
        self._timer.stop()


def at_quit(app: App, is_wanted: Callable[[], bool] = lambda: False) -> None:
    """After the window was closed, and before the store is: what the day brought. ``is_wanted``: somebody starts the program
    again and waits; it is given up then."""
    settings = app.settings
    folders = due(app.folder, settings, app.clock.now(), older=AT_QUIT, patient=False)
    if not folders:
        return
    end = time.monotonic() + QUIT_SECONDS

    def told(_percent: int) -> None:
        if time.monotonic() > end or is_wanted():
            raise StoppedError

    try:
        back_up(app.store, folders, settings.backup_keep, told=told)
    except Exception:
        return  # nothing more can be said to anybody; the next start does it

"""An icon beside the system's clock, where there is such a place: the records are safe, or somebody is needed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from desktop.app import App
from desktop.icons import icon
from desktop.language import tr
from desktop.models.standing import attention_sentence, line_sentence, waiting_sentence
from sync.store.model import Overview


class Tray(QObject):
    """Says something only when the window is out of sight and a person is needed."""

    def __init__(self, app: App, window: QWidget, sync: Callable[[], object]) -> None:
        super().__init__(window)
        self._app = app
        self._window = window
        self._attention = ""
        self._icon: QSystemTrayIcon | None = None
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        self._icon = QSystemTrayIcon(icon("app", app.look.colour("action"), 22), self)
        self._menu = QMenu(window)
        self._menu.addAction(tr("frame.tray_open"), self.show_window)
        self._menu.addAction(tr("frame.sync_now"), sync)
        self._menu.addAction(tr("frame.quit"), window.close)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._activated)
        self._icon.show()

    def show_window(self) -> None:
        self._window.setWindowState(self._window.windowState() & ~self._window.windowState().WindowMinimized)
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def show_counts(self, overview: Overview) -> None:
        if self._icon is None:
            return
        _, _, line = line_sentence(self._app.line, self._app.enrolment is not None, self._app.clock.now())
        self._icon.setToolTip(f"{tr('frame.brand')}\n{line}\n{waiting_sentence(overview)}")
        attention = attention_sentence(overview)
        if attention and attention != self._attention and not self._window.isActiveWindow():
            self._icon.showMessage(tr("frame.brand"), attention, self._icon.icon())
        self._attention = attention

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self.show_window()

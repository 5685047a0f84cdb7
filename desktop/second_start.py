"""A second start of a profile: the first window comes forward; where the first program is just ending, this one waits for it
and goes on in its place. Never two windows."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.language import tr, use_language
from desktop.one_window import OneWindow, here
from desktop.settings import Settings, load_settings

QUIET_SECONDS = 1.0
"""So long a start waits without a word, as any start takes."""


def come_forward(window: OneWindow, folder: Path) -> int | None:
    """The exit code of this start; None: the first has ended, and this one is it now."""
    settings = load_settings(folder)
    use_language(settings.language)
    whose = window.whose
    if whose is not None and whose != here():
        return _refuse(tr("office.open_by_another", user=whose.user or "?"))
    waiting = _Waiting(settings)
    try:
        if window.ask(meanwhile=waiting.goes_on):
            return 0
    finally:
        waiting.close()
    if window.first:
        return None
    return 0 if waiting.given_up else _refuse(tr("office.open_already"))


class _Waiting:
    """What is shown while the first one ends; ``given_up``: it was closed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._begun = time.monotonic()
        self._page: object = None
        self.given_up = False

    def goes_on(self) -> bool:
        if time.monotonic() - self._begun < QUIET_SECONDS:
            return True
        application = QApplication.instance() or theme.styled_application(sys.argv[:1])
        assert isinstance(application, QApplication)  # noqa: S101 - another kind of application cannot draw widgets
        if self._page is None:
            from desktop.views.preparing import Ending

            self._page = page = Ending(theme.apply(application, self._settings.theme, self._settings.scale))
            page.setWindowTitle(tr("frame.brand"))
            page.resize(1024, 768)
            page.show()
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        self.given_up = not self._page.isVisible()  # type: ignore[attr-defined]
        return not self.given_up

    def close(self) -> None:
        if self._page is not None:
            self._page.close()  # type: ignore[attr-defined]
            self._page.deleteLater()  # type: ignore[attr-defined]
            self._page = None


def _refuse(text: str) -> int:
    from PySide6.QtWidgets import QMessageBox

    sys.stderr.write(text + "\n")
    application = QApplication.instance() or theme.styled_application(sys.argv[:1])
    if application.platformName() != "offscreen":  # type: ignore[attr-defined]
        QMessageBox.warning(None, tr("frame.brand"), text)
    return 1

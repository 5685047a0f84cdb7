"""A PC whose address and code are given enrols by itself, and goes on trying while the line is down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.background import Background
from desktop.enrolling import wait_for
from desktop.rollout import Given, read_rollout
from sync.clock import HANOI, Clock


class SelfEnrolment(QObject):
    """``done()`` once; ``waiting(why, clock time of the next try)`` after each failure; ``gone()`` when the office took its
    code back meanwhile. What is given is read anew before each try, since IT may have mended it."""

    trying = Signal()
    waiting = Signal(str, str)
    done = Signal()
    gone = Signal()

    def __init__(
        self, folder: Path, background: Background, enrol: Callable[[Given], None], clock: Clock, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._background = background
        self._enrol = enrol
        self._clock = clock
        self._failures = 0
        self._busy = self._ended = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.try_now)

    def try_now(self) -> None:
        if self._busy or self._ended:
            return
        self._timer.stop()
        given = read_rollout(self._folder)
        if not given.enrols:
            self.end()
            self.gone.emit()
            return
        self._busy = True
        self.trying.emit()
        self._background.run(lambda: self._enrol(given), self).then(self._succeeded).failed(self._failed)

    def end(self) -> None:
        self._ended = True
        self._timer.stop()

    def _succeeded(self, _none: None) -> None:
        self._busy = False
        if not self._ended:
            self.end()
            self.done.emit()

    def _failed(self, error: Exception) -> None:
        self._busy = False
        if self._ended:
            return
        self._failures += 1
        seconds = wait_for(error, self._failures)
        self._timer.start(int(seconds * 1000))
        at = (self._clock.now() + timedelta(seconds=seconds)).astimezone(HANOI)
        from desktop.commands.errors import one_line
        from desktop.language import language

        self.waiting.emit(one_line(error, language())[0], f"{at:%H:%M}")

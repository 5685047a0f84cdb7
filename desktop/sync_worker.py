"""One thread that calls the engine: at an interval, and when asked.

The engine, and with it ``requests``, is first imported on this thread, so that neither the window's start nor its work
ever waits for the network (promise 2).
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QDeadlineTimer, QMutex, QMutexLocker, QObject, QThread, QWaitCondition, Signal

from sync.protocol import SyncError


class SyncsOnce(Protocol):
    """What the worker needs of ``sync.engine.Engine``."""

    def sync_once(self) -> Any: ...


class _Loop(QThread):
    """Sleeps, works, sleeps; woken by ``request`` and ended by ``end``."""

    def __init__(self, work: Callable[[], None], seconds: float) -> None:
        super().__init__()
        self._work = work
        self._pause_ms = int(seconds * 1000)
        self._mutex = QMutex()
        self._wake = QWaitCondition()
        self._wanted = True
        self._ended = False

    def request(self) -> None:
        with QMutexLocker(self._mutex):
            self._wanted = True
            self._wake.wakeAll()

    def end(self) -> None:
        with QMutexLocker(self._mutex):
            self._ended = True
            self._wake.wakeAll()

    def run(self) -> None:
        while self._next():
            self._work()

    def _next(self) -> bool:
        """Waits for a request or the end of the pause; False at the end."""
        with QMutexLocker(self._mutex):
            if not self._wanted and not self._ended:
                self._wake.wait(self._mutex, QDeadlineTimer(self._pause_ms))
            self._wanted = False
            return not self._ended


class SyncWorker(QObject):
    """Signals arrive on the window's thread: ``started()``, ``finished(report)``, ``failed(SyncError or other)``."""

    started = Signal()
    finished = Signal(object)  # sync.engine.SyncReport
    failed = Signal(object)  # Exception; str() is for a person

    def __init__(self, engine: Callable[[], SyncsOnce], seconds: float, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_engine = engine
        self._engine: SyncsOnce | None = None
        context = contextvars.copy_context()
        self._loop = _Loop(lambda: context.run(self._sync), seconds)

    def start(self) -> None:
        self._loop.start(QThread.Priority.LowPriority)

    def request(self) -> None:
        """Sync as soon as the present one, if any, is done."""
        self._loop.request()

    def stop(self) -> None:
        """Waits for the sync under way: cutting it would only mean sending the same again."""
        self._loop.end()
        self._loop.wait()

    @property
    def running(self) -> bool:
        return self._loop.isRunning()

    def _sync(self) -> None:
        self.started.emit()
        try:
            if self._engine is None:
                self._engine = self._make_engine()
            report = self._engine.sync_once()
        except SyncError as error:
            self.failed.emit(error)
        except Exception as error:
            self._engine = None  # a broken one is made anew next time
            self.failed.emit(error)
        else:
            self.finished.emit(report)

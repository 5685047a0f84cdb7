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

    def sync_once(self, *, sparing: bool = False) -> Any: ...


class _Loop(QThread):
    """Sleeps, works, sleeps; woken by ``request`` and ended by ``end``."""

    def __init__(self, work: Callable[[bool], float]) -> None:
        """``work`` is told whether a person asked for it, and says how many seconds there are until it comes again."""
        super().__init__()
        self._work = work
        self._pause_ms = 0
        self._asked = False
        self._mutex = QMutex()
        self._wake = QWaitCondition()
        self._wanted = True
        self._ended = False

    def request(self, *, asked: bool) -> None:
        with QMutexLocker(self._mutex):
            self._wanted = True
            self._asked = self._asked or asked
            self._wake.wakeAll()

    def end(self) -> None:
        with QMutexLocker(self._mutex):
            self._ended = True
            self._wake.wakeAll()

    def run(self) -> None:
        while self._next():
            with QMutexLocker(self._mutex):
                asked, self._asked = self._asked, False
            self._pause_ms = int(self._work(asked) * 1000)

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

    def __init__(
        self,
        engine: Callable[[], SyncsOnce],
        seconds: float,
        parent: QObject | None = None,
        *,
        spared: Callable[[], bool] = lambda: False,
    ) -> None:
        """``spared``: whether a sync that nobody asked for is to carry only little now."""
        super().__init__(parent)
        self._make_engine = engine
        self._engine: SyncsOnce | None = None
        self._seconds = seconds
        self._spared = spared
        self._failures = 0
        self._renewed = False
        context = contextvars.copy_context()
        self._loop = _Loop(lambda asked: context.run(self._sync, asked))

    def start(self) -> None:
        self._loop.start(QThread.Priority.LowPriority)

    def request(self, *, asked: bool = True) -> None:
        """Sync as soon as the present one, if any, is done. ``asked``: a person wants all of it, also where syncs are spared."""
        self._loop.request(asked=asked)

    def renew(self) -> None:
        """The next sync takes a new line: what it is like was changed."""
        self._renewed = True
        self.request()

    def stop(self) -> None:
        """Waits for the sync under way: cutting it would only mean sending the same again."""
        self._loop.end()
        self._loop.wait()

    @property
    def running(self) -> bool:
        return self._loop.isRunning()

    def _sync(self, asked: bool) -> float:
        """Seconds until the next one: more after each failure in a row, and as many as the city asked for."""
        from sync.retry import wait_after

        self.started.emit()
        try:
            if self._renewed:
                self._engine, self._renewed = None, False
            if self._engine is None:
                self._engine = self._make_engine()
            report = self._engine.sync_once(sparing=True) if self._spared() and not asked else self._engine.sync_once()
        except SyncError as error:
            self._failures += 1
            self.failed.emit(error)
            if error.soon:
                return self._seconds
            return max(error.wait, wait_after(self._failures) if error.retry else self._seconds)
        except Exception as error:
            self._engine = None  # a broken one is made anew next time
            self.failed.emit(error)
        else:
            self._failures = 0
            self.finished.emit(report)
        return self._seconds

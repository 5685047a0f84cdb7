"""The one door to background work.

``background.run(operation).then(f).failed(g)``: the operation runs on a pool thread, ``f(result)`` or ``g(error)`` on
the thread of the window. The window never opens a socket nor a long query (promise 2): views go through here.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Qt, QThreadPool, Signal

Result = TypeVar("Result")
THREADS = 2  # the PCs have two cores, and every thread holds a reading connection of the store


class Task(Generic[Result]):
    """One operation under way. Handlers may be added until control returns to the event loop.

    A plain object: whichever thread drops it last, no Qt object dies on a foreign thread with it.
    """

    def __init__(self, operation: Callable[[], Result], owner: QObject | None) -> None:
        self._operation: Callable[[], Result] | None = operation
        self._owner = owner
        self._context = contextvars.copy_context()
        self._then: list[Callable[[Result], object]] = []
        self._failed: list[Callable[[Exception], object]] = []
        self._cancelled = False

    def then(self, handler: Callable[[Result], object]) -> Task[Result]:
        self._then.append(handler)
        return self

    def failed(self, handler: Callable[[Exception], object]) -> Task[Result]:
        """Without a handler an error goes to ``Background.failed``, so that none is lost."""
        self._failed.append(handler)
        return self

    def cancel(self) -> None:
        """The outcome is no longer wanted (newer text was typed); an operation not begun is not begun."""
        self._cancelled = True

    def work(self) -> tuple[Result | None, Exception | None]:
        """On a pool thread: the result, or the error."""
        operation = self._operation
        if self._cancelled or operation is None:
            return None, None
        try:
            return self._context.run(operation), None
        except Exception as error:
            return None, error

    def deliver(self, outcome: Any, error: Exception | None) -> bool:
        """On the window's thread; False when an error found no handler. Lets go of all it held, here and not there."""
        wanted = not self._cancelled and (self._owner is None or shiboken6.isValid(self._owner))
        then, failed = self._then, self._failed
        self._operation, self._owner, self._then, self._failed = None, None, [], []
        if not wanted:
            return True
        if error is None:
            for handler in filter(_alive, then):
                handler(outcome)
            return True
        for listener in filter(_alive, failed):
            listener(error)
        return bool(failed)


def _alive(handler: Callable[..., object]) -> bool:
    """Whether the widget a handler belongs to still exists: its page may be closed before the answer comes."""
    while isinstance(handler, partial):
        handler = handler.func
    owner = getattr(handler, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


class Background(QObject):
    """A small pool of threads that stay, since each keeps a connection of the store."""

    failed = Signal(object)  # an Exception nobody handled
    _arrived = Signal(object, object, object)  # task, outcome, error: from a pool thread to the window's

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(THREADS)
        self._pool.setExpiryTimeout(-1)
        self._tasks: set[Task[Any]] = set()
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(self, operation: Callable[[], Result], owner: QObject | None = None) -> Task[Result]:
        """Nothing is delivered once ``owner`` is gone; name it when the handlers are not its own methods."""
        task = Task(operation, owner)
        if not self._closed:
            self._tasks.add(task)
            self._pool.start(lambda: self._arrived.emit(task, *task.work()))
        return task

    def _deliver(self, task: Task[Any], outcome: Any, error: Exception | None) -> None:
        self._tasks.discard(task)
        if not task.deliver(outcome, error):
            self.failed.emit(error)

    def settle(self, most_ms: int) -> None:
        """Waits so long for what is under way, and delivers what has come: for the moment before a first painting."""
        self._pool.waitForDone(most_ms)
        QCoreApplication.sendPostedEvents(self)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def close(self) -> None:
        """Drops what has not begun and waits for what has; outcomes are no longer delivered."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        self._pool.clear()
        self._pool.waitForDone()
        self._tasks.clear()

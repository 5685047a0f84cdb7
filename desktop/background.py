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
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

Result = TypeVar("Result")
THREADS = 2  # the PCs have two cores, and every thread holds a reading connection of the store


class _Courier(QObject):
    """Carries one outcome from a pool thread to the window's thread."""

    arrived = Signal(object, object)


class Task(Generic[Result]):
    """One operation under way. Handlers may be added until control returns to the event loop."""

    def __init__(self, background: Background, operation: Callable[[], Result], owner: QObject | None) -> None:
        self._background = background
        self._operation = operation
        self._owner = owner
        self._context = contextvars.copy_context()
        self._then: list[Callable[[Result], object]] = []
        self._failed: list[Callable[[Exception], object]] = []
        self._cancelled = False
        self._courier = _Courier()
        self._courier.arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

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

    def work(self) -> None:
        """On a pool thread."""
        outcome: Result | None = None
        error: Exception | None = None
        if not self._cancelled:
            try:
                outcome = self._context.run(self._operation)
            except Exception as caught:
                error = caught
        if shiboken6.isValid(self._courier):
            self._courier.arrived.emit(outcome, error)

    def _deliver(self, outcome: Any, error: Exception | None) -> None:
        self._background.forget(self)
        if self._cancelled or (self._owner is not None and not shiboken6.isValid(self._owner)):
            return
        if error is None:
            for then in self._then:
                if _alive(then):
                    then(outcome)
        elif self._failed:
            for failed in self._failed:
                if _alive(failed):
                    failed(error)
        else:
            self._background.failed.emit(error)


def _alive(handler: Callable[..., object]) -> bool:
    """Whether the widget a handler belongs to still exists: its page may be closed before the answer comes."""
    while isinstance(handler, partial):
        handler = handler.func
    owner = getattr(handler, "__self__", None)
    return not isinstance(owner, QObject) or shiboken6.isValid(owner)


class Background(QObject):
    """A small pool of threads that stay, since each keeps a connection of the store."""

    failed = Signal(object)  # an Exception nobody handled

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool()
        self._pool.setMaxThreadCount(THREADS)
        self._pool.setExpiryTimeout(-1)
        self._tasks: set[Task[Any]] = set()

    def run(self, operation: Callable[[], Result], owner: QObject | None = None) -> Task[Result]:
        """Nothing is delivered once ``owner`` is gone; name it when the handlers are not its own methods."""
        task = Task(self, operation, owner)
        self._tasks.add(task)
        self._pool.start(task.work)
        return task

    def forget(self, task: Task[Any]) -> None:
        self._tasks.discard(task)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def close(self) -> None:
        """Drops what has not begun and waits for what has; outcomes are no longer delivered."""
        for task in self._tasks:
            task.cancel()
        self._pool.clear()
        self._pool.waitForDone()
        self._tasks.clear()

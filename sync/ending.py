"""The operating system's word that this process is to end."""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue
from typing import Protocol


class End(Protocol):
    def wait(self, timeout: float | None = None, /) -> bool:
        """Whether the end was asked for before so many seconds were over (None: it waits for it)."""
        ...


class Ending:
    """Heard from signals (SIGTERM and SIGINT where none are named); made and waited for on the main thread. A handler runs wherever
    that thread stands, also within the wait itself: an Event, which takes a lock there, would then wait for itself for ever."""

    def __init__(self, *names: signal.Signals) -> None:
        self._told: SimpleQueue[None] = SimpleQueue()
        self._heard = False
        for name in names or (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._told.put(None))

    def wait(self, timeout: float | None = None, /) -> bool:
        """Whether it came within that time; who was told once does not wait again."""
        if not self._heard:
            try:
                self._told.get(timeout=timeout)
            except Empty:
                return False
            self._heard = True
        return True

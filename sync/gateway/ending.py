"""The operating system's word that this process is to end."""

from __future__ import annotations

import signal
from queue import Empty, SimpleQueue


class Ending:
    """Heard from SIGTERM and SIGINT; made and waited for on the main thread. A handler runs wherever that thread stands, also within the
    wait itself: an Event, which takes a lock there, would then wait for itself for ever."""

    def __init__(self) -> None:
        self._told: SimpleQueue[None] = SimpleQueue()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._told.put(None))

    def wait(self, seconds: float) -> bool:
        """Whether it came within that time; who was told once does not wait again."""
        try:
            self._told.get(timeout=seconds)
        except Empty:
            return False
        return True

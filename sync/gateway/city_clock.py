"""One clock for the city: that of its database.

Claims, waits and what PCs are told of the time have to mean the same on every machine that works on the database. A machine
whose own clock is off is put right by the difference, and its operator told; below a second the machine's own time stands.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

from sync.clock import Clock
from sync.gateway.storage import Storage, StorageError

_LOOK = 30.0  # seconds between two looks at the database's clock
_SMALL = 1.0  # seconds that two clocks kept by NTP may differ, and more
log = logging.getLogger(__name__)


class CityClock:
    """``machine``: the clock of this machine. Raises StorageError where the database cannot say its time at first."""

    def __init__(self, storage: Storage, machine: Clock) -> None:
        self._storage = storage
        self._machine = machine
        self._lock = threading.Lock()
        self._off = timedelta()
        self._looked = 0.0
        self._measure()

    def now(self) -> datetime:
        return self._machine.now() + self._off

    def look(self) -> None:
        """Ask the database again, where that was not done just now. Never within a transaction: it takes a connection."""
        with self._lock:
            if time.monotonic() - self._looked < _LOOK:
                return
            self._looked = time.monotonic()
        try:
            self._measure()
        except StorageError:
            log.debug("the database's clock could not be read")  # the difference known stands

    def _measure(self) -> None:
        self._looked = time.monotonic()
        before = self._machine.now()
        there = self._storage.now()
        if there is None:
            return
        asked = (self._machine.now() - before) / 2
        off = there - (before + asked)
        if abs(off) <= timedelta(seconds=_SMALL) + asked:
            off = timedelta()
        if abs(off - self._off) > timedelta(seconds=_SMALL):
            log.warning(
                "this machine's clock and the database's differ by %+d seconds: the database's counts; keep both by NTP",
                round(-off.total_seconds()),
            )
        self._off = off

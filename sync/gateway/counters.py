"""Numbers that all processes of one gateway count together: shared memory, one row a process, added up when read.

The slots are fixed when the program starts, so that nothing has to be agreed on between the processes.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Sequence

Slot = tuple[str, ...]
"""The name of a metric and the values of its labels."""


class Counters:
    """``processes`` rows; after a fork each process says by ``be(n)`` which is its own."""

    def __init__(self, slots: Sequence[Slot], processes: int = 1) -> None:
        self._place = {slot: place for place, slot in enumerate(slots)}
        self._width = len(slots)
        self._rows = processes
        self._memory = memoryview(mmap.mmap(-1, max(1, 8 * self._width * processes))).cast("d")
        self._start = 0
        self._lock = threading.Lock()

    def be(self, process: int) -> None:
        """Count in that row from now on; called before there are threads."""
        self._start = process * self._width
        self._lock = threading.Lock()

    def add(self, slot: Slot, amount: float = 1.0) -> None:
        place = self._start + self._place[slot]
        with self._lock:
            self._memory[place] += amount

    def put(self, slot: Slot, value: float) -> None:
        """For what goes up and down."""
        self._memory[self._start + self._place[slot]] = value

    def total(self, slot: Slot) -> float:
        """Of all processes."""
        place = self._place[slot]
        return sum(self._memory[place + row * self._width] for row in range(self._rows))

"""Cycles of objects are collected on the window's thread alone.

Python collects on whichever thread happens to allocate. A page that was dropped in a cycle would then die on a thread of the
background: Qt cannot stop its timers there, and the next of them ends the program.
"""

from __future__ import annotations

import gc

EVERY_MS = 1000
_WAITING = (700, 10, 10)  # objects, young collections, middle collections: Python's own measure


def collect_here() -> None:
    """From now on nothing is collected but by ``collect_due``."""
    gc.disable()


def collect_due() -> None:
    """Collects what Python would have collected by now. On the window's thread, between two events."""
    counts = gc.get_count()
    for generation in (2, 1, 0):
        if counts[generation] > _WAITING[generation]:
            gc.collect(generation)
            return

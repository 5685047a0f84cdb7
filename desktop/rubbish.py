"""Cycles of objects are collected on the window's thread alone, and widgets among them are taken down as trees.

Python collects on whichever thread happens to allocate. A page that was dropped in a cycle would then die on a thread of the
background: Qt cannot stop its timers there, and the next of them ends the program.

And Python takes a cycle apart in whatever order its objects stand in its lists, which earlier collections change. PySide gives
the parts of a dropped page back to Python one by one as it does: a table's header or viewport is then destroyed before the
table, which Qt does not bear (``QTableView::updateGeometries`` and others go on using it), and the program ends with a
segmentation fault inside the collection. Others met it too: https://github.com/GEECS-BELLA/GEECS-Plugins/issues/787,
https://github.com/equinor/ert/pull/14421. So a collection first only finds the rubbish; what Qt objects in it are Python's own
are destroyed from the root, as Qt does it; what is left holds nothing of Qt's and may go in any order.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

EVERY_MS = 1000
_WAITING = 20_000  # objects made and not gone again since the last collection: two or three pages
_MOST_ROUNDS = 5


def collect_here() -> None:
    """From now on nothing is collected but by ``collect_due``."""
    gc.disable()


def collect_due() -> None:
    """Collects once enough may wait. On the window's thread, between two events."""
    if gc.get_count()[0] > _WAITING:
        collect()


def collect() -> None:
    """Collects all there is. On the window's thread.

    Whole collections only: what a young one finds and keeps (``DEBUG_SAVEALL``) has grown older by that, and the next young
    one does not find it again.
    """
    if "PySide6.QtCore" in sys.modules:
        for _ in range(_MOST_ROUNDS):  # what a tree let go of may be trees again
            if not (rubbish := _found()):
                return
            trees = _roots(rubbish)
            del rubbish
            if not trees:
                break
            _destroy(trees)
            del trees
    gc.collect()


def _found() -> list[Any]:
    """The rubbish, left as it is."""
    before = gc.get_debug()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
    finally:
        gc.set_debug(before)
    found = gc.garbage[:]
    gc.garbage.clear()
    return found


def _roots(rubbish: list[Any]) -> list[Any]:
    """The Qt objects that Python would destroy: those without a parent. Windows and pages first, then what they looked at
    (models, actions), as it is when a program written for Qt ends them."""
    import shiboken6
    from PySide6.QtCore import QObject

    owned = [
        one
        for one in rubbish
        if issubclass(type(one), QObject) and shiboken6.isValid(one) and shiboken6.ownedByPython(one)
    ]
    return sorted(owned, key=lambda one: not one.isWidgetType())


def _destroy(trees: list[Any]) -> None:
    import shiboken6

    for tree in trees:
        if shiboken6.isValid(tree):  # not gone with one before it
            shiboken6.delete(tree)

"""So that the disk rests when nothing happens: the system notes on it when a file was read for the first time after it was
written, and that is a page of its own, a minute later, when a window looks whether a deadline has passed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

_TICK = 0.01  # seconds; the clock of files stands still for some ms


def note_reading(db: Any, path: Path) -> None:
    """The file was just written: let it be read now, while the disk is at work. ``db``: a connection to it outside a
    transaction; its pages are read anew."""
    _read(db)
    stat = path.stat()
    if stat.st_atime_ns == stat.st_mtime_ns:  # in the same tick: the system would note the next reading again
        time.sleep(_TICK)
        _read(db)


def _read(db: Any) -> None:
    db.execute("PRAGMA shrink_memory")  # else from the connection's own memory, and not from the file
    db.execute("SELECT count(*) FROM meta").fetchone()

"""A PC that knows of more than the database holds: it came back from a backup, and nobody has said ``restored``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sync.gateway.storage import Stream

log = logging.getLogger(__name__)


class Ahead:
    """Says it once for each PC and epoch. What a PC has read is its own word: one alone is named in the log and counts for
    nothing, since after a restore others come with the same; from the second on each one counts."""

    def __init__(self, count: Callable[[], None] = lambda: None) -> None:
        """``count`` is called once for each device that counts."""
        self._count = count
        self._lock = threading.Lock()
        self._epoch = ""
        self._said: set[str] = set()

    def note(self, device: str, epoch: str, stream: Stream, asked: int, cursor: int) -> None:
        """``asked``: the position up to which the PC, which works in this epoch, has read; ``cursor``: the one it is told to go on
        from, below only where the stream had to start over."""
        if cursor >= asked:
            return
        with self._lock:
            if self._epoch != epoch:
                self._epoch = epoch
                self._said.clear()
            if device in self._said:
                return
            self._said.add(device)
            counts = {1: 0, 2: 2}.get(len(self._said), 1)  # with the second the first counts too
        for _ in range(counts):
            self._count()
        log.warning(
            "%s has read %s/%s up to %d, which is beyond the database's end: where several PCs say so, it was restored from a "
            "backup: stop, say `gateway restored`, and start again (docs/operating.md, Backups); one alone may be wrong itself",
            device,
            *stream,
            asked,
        )

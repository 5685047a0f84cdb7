"""How much of what devices send is being worked on at once, in the memory of one process.

Once it is decoded a byte can stand for many; so that a few large requests together do not end the process, those that come
when much is under way are told to come back.
"""

from __future__ import annotations

import threading

from sync.gateway.refusals import busy

MOST = 24 * 1024 * 1024
"""Bytes of decompressed content. In Python's own form a byte may be seventy: an empty map."""
SMALL = 1024 * 1024
"""Bytes up to which nobody is counted: nearly all there is."""


class Room:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0

    def take(self, size: int) -> int:
        """What is to be given back. Raises RefusedError (503)."""
        if size <= SMALL:
            return 0
        with self._lock:
            if self.taken + size > MOST:
                raise busy()
            self.taken += size
        return size

    def give(self, size: int) -> None:
        with self._lock:
            self.taken -= size

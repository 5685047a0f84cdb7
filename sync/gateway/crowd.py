"""So many requests of one ward at once: a ward whose register somebody holds (a large file taken in, an operator's own
transaction) may keep its own PCs waiting, and not all threads of the process with them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sync.gateway.refusals import busy

MOST = 8
"""Requests that write to one ward, in one process."""


class Crowd:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()

    @contextmanager
    def among(self, wards: Iterable[str]) -> Iterator[None]:
        """``wards``: of those a request names the ones it may write to: a stranger waits for nothing there, and keeps nobody
        out. Raises RefusedError (503) where too many are there already."""
        names = set(wards)
        with self._lock:
            if any(self._inside[ward] >= MOST for ward in names):
                raise busy()
            self._inside.update(names)
        try:
            yield
        finally:
            with self._lock:
                self._inside.subtract(names)
                for ward in names:
                    if not self._inside[ward]:
                        del self._inside[ward]

"""Who writes to a stream next, within one process: the others wait here, and not each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from msgspec import Struct

from sync.gateway.storage.base import StorageError, Stream


class _Turn(Struct):
    lock: threading.Lock
    users: int = 0


class Turns:
    """``patience``: seconds that anybody waits."""

    def __init__(self, patience: float = 20.0) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._turns: dict[Stream, _Turn] = {}

    @contextmanager
    def of(self, streams: Iterable[Stream]) -> Iterator[None]:
        """In one order everywhere, as the database's own locks are taken. Raises StorageError."""
        with ExitStack() as stack:
            for stream in sorted(streams):
                stack.enter_context(self._at(stream))
            yield

    @contextmanager
    def _at(self, stream: Stream) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(stream, _Turn(threading.Lock()))
            turn.users += 1
        try:
            if not turn.lock.acquire(timeout=self._patience):
                raise StorageError(f"{'/'.join(stream)}: đang bận / is being written to by somebody else")
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    self._turns.pop(stream, None)

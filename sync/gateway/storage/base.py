"""What both databases promise, and what they share.

SQL is written once, with ``?`` for a parameter and ``= ANY(?)`` for a list of texts; each database reads it in its own
dialect. Rows given to ``insert`` and ``upsert`` are tuples in the column order of ``schema.TABLES``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

Stream = tuple[str, str]
"""(ward, scope): the unit of permission, of position and of digest."""
Row = tuple[Any, ...]


class StorageError(Exception):
    """The database cannot be reached, opened or written. ``str()`` is for the operator."""


class NoCityError(StorageError):
    """There is no city at the address."""

    def __init__(self, where: object) -> None:
        super().__init__(
            f"Không có cơ sở dữ liệu của thành phố ở {where}; xem lại địa chỉ (lần đầu: gateway serve tạo ra nó). "
            f"No city's database at {where}; check the address (gateway serve creates it)."
        )


class BadValueError(StorageError):
    """The database refused a value. Something in the batch, and nothing else, is to blame."""


class Session(Protocol):
    """One open transaction."""

    def all(self, sql: str, *params: Any) -> list[Row]:
        """Every row of a query."""
        ...

    def one(self, sql: str, *params: Any) -> Row | None:
        """The first row of a query, or None."""
        ...

    def run(self, sql: str, *params: Any) -> int:
        """Execute; the number of rows touched."""
        ...

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add new rows in bulk. A key that is there already is BadValueError."""
        ...

    def upsert(self, table: str, rows: Sequence[Row], keep: tuple[str, ...] = ()) -> None:
        """Add or replace rows by primary key in bulk; columns named in ``keep`` stay as they are in a present row."""
        ...


class Storage(Protocol):
    """A city's database; safe to use from several threads."""

    dialect: str
    pool: Pool[Any]
    skip_locked: str  # appended to a SELECT that claims work: rows another process has claimed are passed over
    cannot_write: str  # why the last write found no room or no disk to write to; "" since one went through

    def read(self) -> AbstractContextManager[Session]:
        """A snapshot: every query in it sees the same moment."""
        ...

    def once(self, sql: str, *params: Any) -> list[Row]:
        """Every row of one query, a snapshot of its own: what a request asks by the way costs one way there and back."""
        ...

    def now(self) -> datetime | None:
        """The time by the database's own clock; None: it has none but that of this machine."""
        ...

    def write(self, streams: Iterable[Stream] = ()) -> AbstractContextManager[Session]:
        """A transaction that holds ``streams`` until its commit, so that positions are given in commit order. Rolled
        back when the block raises. Raises BadValueError for a value the database refuses, StorageError for all else."""
        ...

    def close(self) -> None: ...


C = TypeVar("C")


class Pool(Generic[C]):
    """At most ``size`` connections, opened as needed, each used by one thread at a time."""

    def __init__(self, open_one: Callable[[], C], close_one: Callable[[C], None], size: int) -> None:
        self._open = open_one
        self._close = close_one
        self._free: list[C] = []
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(size)
        self._closed = False
        self.size = size
        self.in_use = 0
        self.waited = 0  # times that all were in use

    def take(self) -> C:
        """A connection; waits while all are in use."""
        if not self._room.acquire(blocking=False):
            self.waited += 1
            self._room.acquire()
        try:
            with self._lock:
                self.in_use += 1
                if self._free:
                    return self._free.pop()
            return self._open()
        except BaseException:
            self._left()
            raise

    def _left(self) -> None:
        with self._lock:
            self.in_use -= 1
        self._room.release()

    def give(self, connection: C, *, broken: bool = False) -> None:
        """Return a connection; a broken one is closed instead."""
        with self._lock:
            keep = not broken and not self._closed
            if keep:
                self._free.append(connection)
        if not keep:
            self._close(connection)
        self._left()

    def close(self) -> None:
        """Close every idle connection now and those in use when they come back."""
        with self._lock:
            self._closed = True
            idle, self._free = self._free, []
        for connection in idle:
            self._close(connection)

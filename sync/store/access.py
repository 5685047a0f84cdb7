"""Who may use which connection: one writer behind a gate, and a pool of readers.

The writer is shared by officers' saves, which wait for nobody but the transaction at hand, and by bulk batches, which
let a waiting save go first. A reader connection is lent for one call and taken back, so that it is never used by two
threads at once and none is left behind by a thread that ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from sync.store.errors import ClosedStore, translated
from sync.store.journal import Journal

GENTLE_STEP, GENTLE_COMMIT = 125, 500
"""Records between two looks at whether an officer's save waits, and in one transaction, where an officer works beside: his save
may have to wait for one of each."""


class Gate:
    """Lets one writer through at a time; an urgent one goes before every bulk one that waits."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._busy = False
        self._urgent_waiting = 0

    @property
    def urgent_waiting(self) -> bool:
        return self._urgent_waiting > 0

    @contextmanager
    def passing(self, *, urgent: bool) -> Iterator[None]:
        self._enter(urgent)
        try:
            yield
        finally:
            with self._condition:
                self._busy = False
                self._condition.notify_all()

    def _enter(self, urgent: bool) -> None:
        with self._condition:
            if urgent:
                self._urgent_waiting += 1
            try:
                while self._busy or (self._urgent_waiting and not urgent):
                    self._condition.wait()
                self._busy = True
            finally:
                if urgent:
                    self._urgent_waiting -= 1


class Writer:
    """The one connection that writes. ``gentle``: an officer works beside what comes in bulk, which then comes in small steps and
    costs a sixth more in all."""

    def __init__(self, connection: Any, path: Path) -> None:
        self.gentle = False
        self._connection = connection
        self._path = path
        self.journal = Journal(path)
        self._gate = Gate()
        self._synchronous = ""
        self._closed = False
        self._beside: Callable[[], object] | None = None
        self.committing = False
        """Whether a bulk transaction is being committed: SQLite does that without the interpreter, which others may use."""

    @contextmanager
    def transaction(self, *, urgent: bool = True) -> Iterator[Any]:
        """All or nothing. Urgent ones are on the disk when the block ends; bulk ones may be lost to a power cut (never
        to a killed process) and can be pulled again."""
        with self._gate.passing(urgent=urgent), translated(self._path):
            if self._closed:
                raise ClosedStore("Kho dữ liệu đã đóng. (The store is closed)")
            self._set_synchronous("FULL" if urgent else "NORMAL")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                if urgent:
                    self._connection.execute("COMMIT")
                else:
                    self._commit_in_company()
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        if self.gentle and not urgent:
            self.journal.spare_a_save()  # past the gate: his save may come meanwhile

    def _commit_in_company(self) -> None:
        self.committing = True
        try:
            if (begin := self._beside) is not None:
                with suppress(RuntimeError):  # another thread's, whose executor has just ended
                    begin()
            self._connection.execute("COMMIT")
        finally:
            self.committing = False

    @contextmanager
    def beside_commits(self, begin: Callable[[], object] | None) -> Iterator[None]:
        """In the block, ``begin`` is called before each commit of a bulk transaction. What it begins elsewhere should end with
        ``committing``. Not where an officer works beside: two threads would hold the interpreter against his window."""
        self._beside = None if self.gentle else begin
        try:
            yield
        finally:
            self._beside = None

    @property
    def awaited(self) -> bool:
        """Whether an officer's save waits for the transaction at hand: a bulk one then ends early."""
        return self._gate.urgent_waiting

    def step(self, records: int) -> int:
        """How many of so many records to write between two looks at ``is_enough``."""
        return min(records, GENTLE_STEP) if self.gentle else records

    def is_enough(self, records: int) -> bool:
        """Whether a bulk transaction that has written so many records is to end now, though there are more."""
        return self.awaited or (self.gentle and records >= GENTLE_COMMIT)

    @contextmanager
    def quiet(self) -> Iterator[Any]:
        """The connection outside a transaction, behind bulk's place at the gate (index building)."""
        with self._gate.passing(urgent=False), translated(self._path):
            if self._closed:
                raise ClosedStore("Kho dữ liệu đã đóng. (The store is closed)")
            yield self._connection

    def _set_synchronous(self, level: str) -> None:
        if level != self._synchronous:
            self._connection.execute(f"PRAGMA synchronous = {level}")
            self._synchronous = level

    def close(self) -> None:
        with self._gate.passing(urgent=True):
            if not self._closed:
                self._closed = True
                self._connection.close()


class Readers:
    """Connections that only read, lent one call at a time."""

    def __init__(self, connect: Callable[[], Any], path: Path) -> None:
        self._connect = connect
        self._path = path
        self._lock = threading.Lock()
        self._free: list[Any] = []
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """One connection; what is read in the block is one state of the store."""
        with translated(self._path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._give_back(connection)

    @contextmanager
    def idle(self) -> Iterator[Any]:
        """One connection outside a transaction: a checkpoint made from here keeps no writer waiting."""
        with translated(self._path):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> Any:
        with self._lock:
            if self._closed:
                raise ClosedStore("Kho dữ liệu đã đóng. (The store is closed)")
            if self._free:
                return self._free.pop()
        return self._connect()

    def _give_back(self, connection: Any) -> None:
        try:
            if connection.in_transaction:
                connection.execute("COMMIT")
        except sqlite.Error:
            connection.close()
            raise
        with self._lock:
            if not self._closed:
                self._free.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for connection in free:
            connection.close()

"""What the parts of one open store share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from forms.definition import Catalog
from sync.clock import Clock, HybridClock, moment_text
from sync.ids import IdSource
from sync.store.access import Readers, Writer
from sync.store.model import Enrolment, Touched
from sync.store.plan import Plans


class StoreContext(Struct, frozen=True, kw_only=True):
    """Handed to each part in its constructor; ``emit`` tells subscribers what a committed write changed."""

    path: Path
    writer: Writer
    readers: Readers
    plans: Plans
    catalog: Catalog
    clock: Clock
    ids: IdSource
    emit: Callable[[Touched], None]

    def now_text(self) -> str:
        return moment_text(self.clock.now())


@contextmanager
def whole(connection: Any) -> Iterator[None]:
    """One transaction of a connection that nobody else uses yet: all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


_decode_enrolment = msgspec.json.Decoder(Enrolment | None).decode


def read_meta(connection: Any, key: str, default: Any = None) -> Any:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return msgspec.json.decode(row[0]) if row else default


def write_meta(connection: Any, key: str, value: Any) -> None:
    text = msgspec.json.encode(value).decode()
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, text))


def read_enrolment(connection: Any) -> Enrolment | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'enrolment'").fetchone()
    return _decode_enrolment(row[0]) if row else None


DEVICES = "devices"
"""Key of the names this store's device has had."""


def devices_of(connection: Any) -> frozenset[str]:
    """Every name of this store's device: the present one, and those from before it enrolled anew."""
    enrolment = read_enrolment(connection)
    return frozenset(read_meta(connection, DEVICES, [])) | ({enrolment.device} if enrolment else set())


def skew_of(connection: Any) -> timedelta:
    """How far this PC's clock was before the city's at the last contact."""
    return timedelta(seconds=float(read_meta(connection, "clock_skew") or 0.0))


class Stamps:
    """Device sequence and hybrid clock of the changes of one transaction; both go on where any process left them."""

    def __init__(self, connection: Any, clock: Clock, device: str) -> None:
        self._db = connection
        self._seq, last = read_meta(connection, "stamp", [0, ""])
        self._clock = HybridClock(clock, device, last)
        self._last: str = last

    def next(self) -> tuple[int, str]:
        self._seq += 1
        self._last = self._clock.tick()
        return self._seq, self._last

    def keep(self) -> None:
        """Write down how far they went, in the same transaction."""
        write_meta(self._db, "stamp", [self._seq, self._last])

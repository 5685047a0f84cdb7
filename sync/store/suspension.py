"""A store that came back from a backup, or that two PCs share: it gives no number of a leased book until it has read what
the city has, and was enrolled again, since somebody must have looked at which numbers stand on paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sync.clock import moment_text
from sync.store.context import StoreContext, read_meta, write_meta

_KEY = "suspended"


def is_suspended(connection: Any) -> bool:
    return read_meta(connection, _KEY) is not None


def enrolled(connection: Any) -> None:
    """Somebody enrolled the device again; inside the transaction that writes the enrolment."""
    _went(connection, "enrolled")


def suspend(connection: Any, now: datetime) -> None:
    """This store was put back from a backup; inside the transaction of whoever does it."""
    seq, _ = read_meta(connection, "stamp", [0, ""])
    write_meta(connection, _KEY, {"at": moment_text(now), "seq": seq, "pulled": False, "enrolled": False})


class Suspension:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def notice(self, city_seq: int, *, by_city: bool) -> bool:
        """Compare how far the city says this device's changes have come; True: it is suspended from now on. Its next
        changes get numbers that nothing had."""
        with self._context.readers.connection() as db:
            if not by_city and city_seq <= read_meta(db, "stamp", [0, ""])[0]:
                return False
        with self._context.writer.transaction() as db:
            seq, stamp = read_meta(db, "stamp", [0, ""])
            if city_seq > seq:
                write_meta(db, "stamp", [city_seq, stamp])
            if is_suspended(db):
                return False
            at = moment_text(self._context.clock.now())
            write_meta(db, _KEY, {"at": at, "seq": city_seq, "pulled": False, "enrolled": False})
        return True

    def synced(self) -> None:
        """A whole sync was made since."""
        if self.standing() is not None:
            with self._context.writer.transaction() as db:
                _went(db, "pulled")

    def standing(self) -> dict[str, Any] | None:
        """{"at", "seq", "pulled", "enrolled"}, or None while the PC may number."""
        with self._context.readers.connection() as db:
            found: dict[str, Any] | None = read_meta(db, _KEY)
        return found


def _went(connection: Any, step: str) -> None:
    found = read_meta(connection, _KEY)
    if found is None or found[step]:
        return
    found[step] = True
    if found["pulled"] and found["enrolled"]:
        connection.execute("DELETE FROM meta WHERE key = ?", (_KEY,))
    else:
        write_meta(connection, _KEY, found)

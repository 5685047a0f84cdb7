"""How each service's line stands, shared by all processes: whether it is down, who tries it next, who looks for its mail.

While a service is down one parcel at a time, of whichever process comes first, asks whether it is back: a service that is
out for hours costs a request every quarter of an hour, however much waits for it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from sync.gateway.storage import Session, Storage

LONGEST_WAIT = 900.0
LONGEST_HOLD = 3600.0  # seconds that a courier may keep a delivery, and wait for a try
_FARTHEST = 2 * LONGEST_HOLD
LONGEST_TROUBLE = 500  # characters


class LineState(Struct, frozen=True):
    """``failures`` in a row, and when (seconds since 1970) the next try may be."""

    failures: int = 0
    probe_at: float = 0.0

    def is_shut(self, now: float) -> bool:
        """A try that lies further ahead than anybody waits was set by a clock that was wrong."""
        return self.failures > 0 and now < self.probe_at <= now + _FARTHEST


def backoff(first_wait: float, attempts: int) -> float:
    """Seconds: doubling, at most LONGEST_WAIT, with ±25 % so that nothing comes back all in the same second."""
    wait = min(LONGEST_WAIT, first_wait * 2.0 ** min(max(attempts, 1) - 1, 20))
    return wait * random.uniform(0.75, 1.25)  # noqa: S311


def address_of(storage: Storage, service: str) -> str | None:
    """Where the service is reached now, as its operator said last; None: nowhere."""
    with storage.read() as session:
        row = session.one("SELECT url FROM services WHERE id = ?", service)
    return str(row[0]) if row else None


def state_of(session: Session, service: str) -> LineState:
    row = session.one("SELECT failures, probe_at FROM services WHERE id = ?", service)
    return LineState(int(row[0]), float(row[1])) if row else LineState()


def take_probe(session: Session, service: str, now: float, seconds: float) -> bool:
    """Whether this caller may try a service that was down; nobody else may for ``seconds``."""
    sql = "UPDATE services SET probe_at = ? WHERE id = ? AND failures > 0 AND (probe_at <= ? OR probe_at > ?)"
    return session.run(sql, now + seconds, service, now, now + _FARTHEST) > 0


def give_probe_back(session: Session, service: str, now: float) -> None:
    """Nothing was tried: the next caller may."""
    session.run("UPDATE services SET probe_at = ? WHERE id = ? AND failures > 0", now, service)


def shut(session: Session, service: str, now: float, wait: float, *, was_probe: bool, why: str) -> None:
    """The service did not answer. Of several who find out at once the first counts."""
    again = "" if was_probe else " AND failures = 0"
    session.run(
        f"UPDATE services SET failures = failures + 1, probe_at = ?, trouble = ? WHERE id = ?{again}",
        now + wait,
        why[:LONGEST_TROUBLE],
        service,
    )


def open_again(session: Session, service: str) -> None:
    which = "WHERE id = ? AND (failures > 0 OR trouble <> '')"
    session.run(f"UPDATE services SET failures = 0, probe_at = 0, trouble = '' {which}", service)


def take_inbox_turn(session: Session, service: str, now: float, seconds: float) -> bool:
    """Whether it is this caller's turn to fetch what the service sends; the next turn is in ``seconds``."""
    sql = "UPDATE services SET inbox_at = ? WHERE id = ? AND (inbox_at <= ? OR inbox_at > ?)"
    return session.run(sql, now + seconds, service, now, now + _FARTHEST) > 0


def is_inbox_due(session: Session, service: str, now: float) -> bool:
    """Whether it may be somebody's turn; False for a service that is not known."""
    row = session.one("SELECT inbox_at FROM services WHERE id = ?", service)
    return row is not None and not now < row[0] <= now + _FARTHEST


def tell(storage: Storage, service: str, why: str) -> None:
    """A trouble on this side, which ``failures`` does not count: the line is open to processes that do not have it."""
    why = why[:LONGEST_TROUBLE]
    if _told(storage, service) != why:
        with storage.write() as session:
            session.run("UPDATE services SET trouble = ? WHERE id = ?", why, service)


def tell_no_more(storage: Storage, service: str) -> None:
    """What ``tell`` told has ended; that the service is down stays."""
    if _told(storage, service):
        with storage.write() as session:
            session.run("UPDATE services SET trouble = '' WHERE id = ? AND failures = 0", service)


def _told(storage: Storage, service: str) -> str:
    with storage.read() as session:
        row = session.one("SELECT trouble FROM services WHERE id = ?", service)
    return str(row[0]) if row else ""


def troubles(storage: Storage) -> Iterator[dict[str, Any]]:
    """Services that are down, or to which there is no way, for the operator."""
    with storage.read() as session:
        rows = session.all(
            "SELECT id, failures, probe_at, trouble FROM services WHERE failures > 0 OR trouble <> '' ORDER BY id"
        )
    for service, failures, probe_at, trouble in rows:
        yield {"service": service, "failures": failures, "next_try": probe_at, "trouble": trouble}

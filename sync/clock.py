"""Time: the wall clock of a device, the text it is stored as, and the clock that orders what history shows."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

HANOI = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Vietnam has had no daylight saving since 1975, so a fixed offset needs no time-zone database."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
"""Of a clock set by hand: nearer to the ends of ``datetime`` the reckoning of deadlines and zones would overflow."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The PC's clock; with ``start`` (or the variable SOPHUONG_NOW) one that runs from that moment on."""

    def __init__(self, start: datetime | None = None) -> None:
        if start is None and (text := os.environ.get("SOPHUONG_NOW")):
            start = parse_moment(text)
            if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
                raise ValueError(f"the year is not from {_FIRST_YEAR} to {_LAST_YEAR}: {text!r}")
        self._start = start
        self._began = time.monotonic()

    @property
    def is_set(self) -> bool:
        """It began at a moment that was given, and is nobody's real time."""
        return self._start is not None

    def now(self) -> datetime:
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=time.monotonic() - self._began)


class FixedClock:
    """A clock that stands until it is moved; for tests and simulations."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> None:
        """Move by ``timedelta`` keywords; negative values set the clock back."""
        self.moment += timedelta(**delta)


def parse_moment(text: str) -> datetime:
    """ISO 8601 → aware UTC. Without a zone it is Hanoi time. Raises ValueError with the text in it."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=HANOI)).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the latter within a day of the years 1 and 9999
        raise ValueError(f"not an ISO 8601 moment: {text!r}") from error


def moment_text(moment: datetime) -> str:
    """The stored form: UTC, whole seconds, ``2026-11-22T07:30:00Z``."""
    m = moment.astimezone(UTC)
    return f"{m.year:04d}-{m.month:02d}-{m.day:02d}T{m.hour:02d}:{m.minute:02d}:{m.second:02d}Z"


def local_text(moment: str) -> str:
    """A stored moment as the clocks of Hà Nội show it, for a line of text: ``22/11/2026 14:30``; what is none stays as it is."""
    try:
        return f"{parse_moment(moment).astimezone(HANOI):%d/%m/%Y %H:%M}"
    except ValueError:
        return moment


def zoned_text(moment: str) -> str:
    """To the second and with its zone, ``22/11/2026 14:30:05 +07:00``, where lines are compared with those of other machines."""
    try:
        return f"{parse_moment(moment).astimezone(HANOI):%d/%m/%Y %H:%M:%S +07:00}"
    except ValueError:
        return moment


class HybridClock:
    """A hybrid logical clock (Kulkarni and others, 2014) as sortable text ``<ms>-<count>-<device>``."""

    def __init__(self, clock: Clock, device: str, last: str = "") -> None:
        self._clock = clock
        self._device = device
        self._lock = threading.Lock()
        self._ms, self._count = _parts(last)

    def tick(self) -> str:
        """The stamp of a local event: later than every stamp given or seen so far."""
        with self._lock:
            self._advance(*(self._ms, self._count))
            return f"{self._ms:012x}-{self._count:04x}-{self._device}"

    def see(self, stamp: str) -> None:
        """Take note of a stamp from elsewhere."""
        with self._lock:
            self._ms, self._count = max((self._ms, self._count), _parts(stamp))

    def _advance(self, ms: int, count: int) -> None:
        now = int(self._clock.now().timestamp() * 1000)
        self._ms, self._count = (now, 0) if now > ms else (ms, count + 1)


def _parts(stamp: str) -> tuple[int, int]:
    try:
        ms, count, _ = stamp.split("-", 2)
        return int(ms, 16), int(count, 16)
    except ValueError:
        return 0, 0

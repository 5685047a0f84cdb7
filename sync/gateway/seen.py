"""When the city last heard of each device: its first contact of the latest day on which it came at all."""

from __future__ import annotations

import contextlib

from sync.clock import HANOI, Clock, moment_text
from sync.gateway.storage import Storage, StorageError


class Seen:
    """One write a device, day and process, so that asking for news costs none."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._days: dict[str, str] = {}  # device → the day that was written down

    def note(self, device: str) -> None:
        """It is here now. A database that cannot write just now is asked again at the next contact."""
        now = self._clock.now()
        day = now.astimezone(HANOI).date().isoformat()
        if self._days.get(device) == day:
            return
        with contextlib.suppress(StorageError):
            with self._storage.write() as session:
                session.upsert("device_seen", [(device, moment_text(now))])
            self._days[device] = day

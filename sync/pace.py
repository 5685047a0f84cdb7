"""A cap on what the line may carry, so that a sync leaves room for the rest of the office."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

PIECE = 16 * 1024  # bytes moved between two looks at the cap


class Pace:
    """``kb_per_second``: thousand bytes, both directions together; 0: as fast as the line goes."""

    def __init__(
        self,
        kb_per_second: float = 0,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = kb_per_second * 1000
        self._now = now
        self._sleep = sleep
        self._free_at = now()

    def moved(self, size: int) -> None:
        """Wait as long as ``size`` bytes may take. What was not used in quiet moments is not saved up."""
        if self._rate <= 0:
            return
        self._free_at = max(self._free_at, self._now()) + size / self._rate
        if (wait := self._free_at - self._now()) > 0:
            self._sleep(wait)

    def body(self, data: bytes) -> bytes | io.BytesIO:
        """What is to be sent, in a shape that is read at this pace."""
        return _PacedBody(data, self) if self._rate > 0 else data


class _PacedBody(io.BytesIO):
    def __init__(self, data: bytes, pace: Pace) -> None:
        super().__init__(data)
        self._pace = pace
        self._size = len(data)

    def __len__(self) -> int:
        return self._size

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(PIECE if size is None or size < 0 or size > PIECE else size)
        self._pace.moved(len(piece))
        return piece

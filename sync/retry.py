"""How long to wait before the line is tried again, and how large the next batch is. Pure."""

from __future__ import annotations

import random

from msgspec import Struct

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
SMALLEST_BATCH = 1
LARGEST_BATCH = 4000
CHANGES_AT_ONCE = 3000
"""In one round: while the city judges some, the PC writes down its answer to those before and makes the next ready. With more
at once nobody works beside what the PC does with the last; with 1,000 a change costs a tenth more on the line."""
FIRST_BATCH = 1000
FIRST_PAGE = 500  # records: the sooner the PC has some, the less it waits while the city makes the next
GENTLE_BATCH = 2000  # where a window waits while a page is decoded, which a single step of Python does with all of it
SLOW_SECONDS = 8.0
QUICK_SECONDS = 2.0


def wait_after(failures: int, jitter: float | None = None) -> float:
    """Seconds to wait after ``failures`` failures in a row: doubling to five minutes, with ±25 % jitter so that the PCs
    of a city do not all come back in the same second."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** max(0, failures - 1))
    spread = random.uniform(-0.25, 0.25) if jitter is None else jitter  # noqa: S311
    return wait * (1 + spread)


def largest_batch(*, gentle: bool) -> int:
    """``gentle``: an officer works beside it."""
    return GENTLE_BATCH if gentle else LARGEST_BATCH


def share_of(left: int, largest: int) -> int:
    """How many changes to send at once where so many are left: towards the end ever fewer, since nobody works beside what the PC
    does with the last."""
    return min(largest, max(FIRST_BATCH, (left + 1) // 2))


class BatchSize(Struct):
    """The number of changes sent, or records asked for, at once: halves when the line is slow or the city says "too
    large", grows when quick."""

    size: int = FIRST_BATCH
    largest: int = LARGEST_BATCH

    def answered(self, seconds: float, count: int) -> None:
        """``count`` of them took so long; a quick answer to less than was allowed says nothing about more."""
        if seconds > SLOW_SECONDS:
            self.refuse()
        elif seconds < QUICK_SECONDS and count >= self.size:
            self.size = min(self.largest, self.size * 2)

    def refuse(self, count: int = 0) -> bool:
        """Halve (what was sent, when that was less); False when it was already the smallest."""
        size = min(self.size, count) if count else self.size
        if size <= SMALLEST_BATCH:
            return False
        self.size = max(SMALLEST_BATCH, size // 2)
        return True

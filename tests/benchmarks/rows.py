"""One figure beside the floor or peer it was measured with, in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable

from msgspec import Struct


class Row(Struct, frozen=True):
    """``ratio`` is value / peer; ``bound`` the most that ratio may be (0: the value has an absolute bound in ``limit``)."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float = 0.0
    bound: float = 0.0
    limit: float = 0.0

    @property
    def ratio(self) -> float:
        return self.value / self.peer_value if self.peer_value else 0.0

    @property
    def holds(self) -> bool:
        return (not self.bound or self.ratio <= self.bound) and (not self.limit or self.value <= self.limit)


def median_seconds(operation: Callable[[], object], runs: int = 5) -> float:
    """The median time of ``operation`` over ``runs`` calls, in seconds, after one call that is not counted."""
    operation()
    return statistics.median(timed(operation) for _ in range(runs))


def timed(operation: Callable[[], object]) -> float:
    began = time.perf_counter()
    operation()
    return time.perf_counter() - began


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which ``share`` (0..1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

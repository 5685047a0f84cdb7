"""How often one device and one address may ask: so many at once, and so many a second after that.

Each gateway process counts for itself, so that with several a caller gets at most as many times as much.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

from sync.gateway.refusals import RefusedError


class Rate(Struct, frozen=True):
    """``a_second``: requests; 0: no limit. ``at_once``: as many may come together after a pause."""

    a_second: float
    at_once: int


DEVICE = Rate(20.0, 400)
"""A PC that fills up for the first time asks some ten times a second; after that, a few times a minute."""
ADDRESS = Rate(400.0, 4000)
"""A whole district may come from one address."""
STRANGER = Rate(5.0, 200)
"""Requests of one address that no device of the city sent: unknown tokens, pages that are not there."""
_REMEMBERED = 50_000  # callers; the one that was heard longest ago is forgotten first


class Limit:
    """A bucket for each caller, which empties by what is asked and fills with time."""

    def __init__(self, rate: Rate, code: str, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._code = code
        self._now = now
        self._lock = threading.Lock()
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller → asked for and not made up, when

    def take(self, caller: str) -> None:
        """Count one request. Raises RefusedError (429) beyond the limit; that one then does not count."""
        self._look(caller, 1.0)

    def check(self, caller: str) -> None:
        """As ``take``, without counting."""
        self._look(caller, 0.0)

    def _look(self, caller: str, cost: float) -> None:
        rate = self._rate
        if not rate.a_second or not caller:
            return
        now = self._now()
        with self._lock:
            spent, when = self._spent.pop(caller, (0.0, now))
            spent = max(0.0, spent - (now - when) * rate.a_second)
            over = spent + 1.0 - rate.at_once
            self._spent[caller] = (spent if over > 0 else spent + cost, now)
            if len(self._spent) > _REMEMBERED:
                self._spent.popitem(last=False)
        if over > 0:
            raise RefusedError(
                429,
                self._code,
                "Máy này hỏi thành phố quá dồn dập; máy sẽ tự thử lại sau ít giây.",
                "Too many requests; come back in a few seconds.",
                retry_after=int(over / rate.a_second) + 1,
            )


class Limits(Struct, frozen=True):
    """The gateway's own; ``Limits.none()`` for where there is no line between."""

    device: Limit
    address: Limit
    stranger: Limit

    @classmethod
    def of(cls, device: Rate = DEVICE, address: Rate = ADDRESS, stranger: Rate = STRANGER) -> Limits:
        return cls(
            Limit(device, "device_too_fast"), Limit(address, "address_too_fast"), Limit(stranger, "too_many_refused")
        )

    @classmethod
    def none(cls) -> Limits:
        nothing = Rate(0.0, 0)
        return cls.of(nothing, nothing, nothing)

"""Record and change ids: UUIDv7 text (RFC 9562), in order of making within a device, and derived ids for imports."""

from __future__ import annotations

import hashlib
import secrets
import struct
import threading
from collections.abc import Callable, Sequence

from sync.clock import Clock

_RANDOM_BITS = 62


class IdSource:
    """Makes UUIDv7s that never go backwards within this object, also when the clock does.

    The 12 bits after the version count the ids of one millisecond; ``random_bits`` is a parameter so that a simulation
    can seed it.
    """

    def __init__(self, clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._ms = 0
        self._count = 0

    def new(self) -> str:
        """One id, greater as text than every id made before."""
        ms = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            if ms > self._ms:
                self._ms, self._count = ms, 0
            elif self._count < 0xFFF:
                self._count += 1
            else:
                self._ms, self._count = self._ms + 1, 0
            ms, count = self._ms, self._count
        tail = 0x8000_0000_0000_0000 | self._random_bits(_RANDOM_BITS)
        h = f"{ms:012x}7{count:03x}{tail:016x}"
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def halves_of(ids: Sequence[str]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The first and the last 8 bytes of UUIDs, as whole numbers; None where one of them is none."""
    text, count = "".join(ids), len(ids)
    if [*map(len, ids)].count(36) < count or any(text[dash::36].count("-") < count for dash in (8, 13, 18, 23)):
        return None
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    if len(raw) != 16 * count:
        return None
    halves = struct.unpack(f">{2 * count}Q", raw)
    return halves[::2], halves[1::2]


def derived_id(*parts: str) -> str:
    """The UUIDv8 that the same parts always give; for lines of an import file that carry no id."""
    h = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    variant = "89ab"[int(h[16], 16) & 3]
    return f"{h[:8]}-{h[8:12]}-8{h[13:16]}-{variant}{h[17:20]}-{h[20:]}"


def id_time_ms(identifier: str) -> int | None:
    """The moment inside a UUIDv7 in milliseconds since 1970, or None when the id carries none."""
    if len(identifier) != 36 or identifier[14] != "7":
        return None
    try:
        return int(identifier[:8] + identifier[9:13], 16)
    except ValueError:
        return None

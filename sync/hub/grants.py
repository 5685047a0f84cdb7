"""Whom the hub listens to: whoever the city itself has named to it, remembered for the days without a line.

Kept are hashes of tokens and the streams they may read; no token and nothing of a record is in this file.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from sync.clock import Clock, moment_text, parse_moment
from sync.hub.answers import NoAnswerError
from sync.hub.messages import WardDevice
from sync.protocol import Hello, SyncError
from sync.store.safe_files import write_atomically

GOOD_FOR = timedelta(days=30)  # without the city's word
_WRITTEN_EVERY = timedelta(hours=1)
_NOT_NOW = timedelta(seconds=30)  # a city that just could not be reached is not asked again: the PC waits meanwhile


class Known(Struct, frozen=True):
    """What the city said of a token."""

    device: str
    streams: tuple[tuple[str, str], ...]


class _Kept(Struct):
    """``at``: when the city last said it; ``mark``: of all."""

    at: str = ""
    mark: bytes = b""
    devices: dict[str, Known] = {}


class Grants:
    """``ask``: the city's Hello for a token; raises SyncError."""

    def __init__(self, path: Path, clock: Clock, ask: Callable[[str], Hello]) -> None:
        self._path = path
        self._clock = clock
        self._ask = ask
        self._lock = threading.Lock()
        self._failed_at: datetime | None = None
        self._kept = _Kept()
        with contextlib.suppress(OSError, msgspec.MsgspecError):  # the city says it again
            self._kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        self._at = parse_moment(self._kept.at) if self._kept.at else None

    @property
    def mark(self) -> bytes:
        """Of the devices that are known."""
        return self._kept.mark

    def take(self, devices: Sequence[WardDevice] | None, mark: bytes) -> None:
        """The devices of the ward as the city names them now; None: as before. One that is named no more is a stranger."""
        now = self._clock.now()
        with self._lock:
            known = self._kept.devices if devices is None else {d.token: Known(d.device, d.streams) for d in devices}
            changed = known != self._kept.devices or mark != self._kept.mark
            self._at = now
            if changed or not self._kept.at or not timedelta() <= now - parse_moment(self._kept.at) < _WRITTEN_EVERY:
                self._keep(_Kept(moment_text(now), mark, known))

    def of(self, authorization: str) -> Known:
        """Raises NoAnswerError (401, 503)."""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise _stranger()
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._lock:
            known = self._kept.devices.get(key)
        if known is not None and self._at is not None and self._clock.now() - self._at < GOOD_FOR:
            return known
        if self._failed_just_now():
            raise _not_introduced()
        try:
            hello = self._ask(token)  # one that enrolled just now
        except SyncError as error:
            if error.code == "unknown_device":
                raise _stranger() from error
            self._failed_at = self._clock.now()
            raise _not_introduced() from error
        fresh = Known(hello.device, hello.streams)
        if not fresh.streams:
            raise _stranger()
        with self._lock:
            self._keep(_Kept(self._kept.at or moment_text(self._clock.now()), b"", {**self._kept.devices, key: fresh}))
            self._at = self._at or self._clock.now()
        return fresh

    def _failed_just_now(self) -> bool:
        return self._failed_at is not None and timedelta() <= self._clock.now() - self._failed_at < _NOT_NOW

    def _keep(self, kept: _Kept) -> None:
        self._kept = kept
        with contextlib.suppress(OSError):  # a full disk: it is known until this program ends
            write_atomically(self._path, msgspec.json.encode(kept))


def _stranger() -> NoAnswerError:
    return NoAnswerError(
        401,
        "unknown_device",
        "Thành phố không biết máy này, nên máy trung gian cũng không nhận.",
        "The city does not know this device, and so the hub does not take it.",
    )


def _not_introduced() -> NoAnswerError:
    return NoAnswerError(
        503,
        "not_introduced",
        "Máy trung gian chưa hỏi được thành phố về máy này; cần có mạng một lần.",
        "The hub could not ask the city about this device yet; a line is needed once.",
        retry_after=60,
    )

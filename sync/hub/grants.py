"""Whom the hub listens to: whoever the city itself has named to it, remembered for the days without a line.

Kept are hashes of tokens and the streams they may read; no token and nothing of a record is ever on the hub's disk.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from sync.clock import Clock, moment_text, parse_moment
from sync.hub.answers import NoAnswerError
from sync.protocol import Hello, SyncError

ASKED_AGAIN = timedelta(minutes=10)
GOOD_FOR = timedelta(days=30)  # without the city's word


class Known(Struct, frozen=True):
    """What the city said of a token."""

    device: str
    streams: tuple[tuple[str, str], ...]
    at: str


class Grants:
    """``ask``: the city's Hello for a token; raises SyncError."""

    def __init__(self, path: Path, clock: Clock, ask: Callable[[str], Hello]) -> None:
        self._path = path
        self._clock = clock
        self._ask = ask
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        if path.exists():
            try:
                self._known = msgspec.json.decode(path.read_bytes(), type=dict[str, Known])
            except (OSError, msgspec.MsgspecError):
                self._known = {}  # the city is asked again

    def of(self, authorization: str) -> Known:
        """Raises NoAnswerError (401, 503)."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _stranger()
        key = hashlib.sha256(token.strip().encode()).hexdigest()
        with self._lock:
            known = self._known.get(key)
        age = self._clock.now() - parse_moment(known.at) if known else GOOD_FOR
        if known is not None and timedelta() <= age < ASKED_AGAIN:
            return known
        try:
            hello = self._ask(token.strip())
        except SyncError as error:
            if error.code == "unknown_device":
                self._keep(key, None)
                raise _stranger() from error
            if known is not None and age < GOOD_FOR:
                return known
            raise _not_introduced() from error
        fresh = Known(hello.device, hello.streams, moment_text(self._clock.now()))
        self._keep(key, fresh)
        return fresh

    def _keep(self, key: str, known: Known | None) -> None:
        with self._lock:
            self._known.pop(key, None)
            if known is not None:
                self._known[key] = known
            part = self._path.with_name(self._path.name + ".part")
            part.write_bytes(msgspec.json.encode(self._known))
            part.chmod(0o600)
            part.replace(self._path)


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

"""Signed requests: HMAC-SHA256 over method, path, moment, nonce and the body's SHA-256, so that nothing can be changed on
the way or played back. Both sides: the couriers sign, whoever plays a service verifies.

A file of keys has a line ``ID SECRET`` for each, the newest first. A key is changed without a pause: add the new one at the
other side, then on top here, then take the old one away on both.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from msgspec import Struct

from sync.clock import Clock, moment_text, parse_moment
from sync.gateway.adapters.address import AddressError

KEY_ID, MOMENT, NONCE, SIGNATURE = "x-key-id", "x-timestamp", "x-nonce", "x-signature"
WINDOW = timedelta(minutes=5)  # how far two clocks may be apart, and how long a nonce is remembered
_SHORTEST_SECRET = 16  # characters


class Key(Struct, frozen=True):
    id: str
    secret: bytes


class Keys:
    """The keys of a file, or of ``env:NAME``; a file that was changed is read again, so that nothing needs a restart."""

    def __init__(self, source: str) -> None:
        """Raises AddressError."""
        self._source = source
        self._read_at: tuple[int, int] | None = None
        self._keys: tuple[Key, ...] = ()
        self.all()

    def all(self) -> tuple[Key, ...]:
        """Newest first. A file that has become unreadable leaves the keys as they were."""
        if self._source.startswith("env:"):
            name = self._source.removeprefix("env:")
            return _parsed(os.environ.get(name, ""), f"${name}")
        try:
            status = Path(self._source).stat()
            mark = (status.st_mtime_ns, status.st_size)
            if mark != self._read_at:
                self._keys = _parsed(Path(self._source).read_text("utf-8-sig"), self._source)
                self._read_at = mark
        except (OSError, UnicodeDecodeError, AddressError) as error:
            if not self._keys:
                raise AddressError(
                    f"Không đọc được tệp khóa / cannot read the keys: {self._source}: {error}"
                ) from error
        return self._keys


def _parsed(text: str, where: str) -> tuple[Key, ...]:
    words = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not words or any(len(pair) != 2 or len(pair[1]) < _SHORTEST_SECRET for pair in words):
        raise AddressError(
            f"Mỗi dòng khóa là “MÃ BÍ-MẬT”, bí mật từ {_SHORTEST_SECRET} ký tự / each line is “ID SECRET”, "
            f"a secret of {_SHORTEST_SECRET} characters or more: {where}"
        )
    return tuple(Key(key_id, secret.encode()) for key_id, secret in words)


def signed_headers(key: Key, method: str, path: str, body: bytes, now: datetime) -> dict[str, str]:
    """What a request carries. ``path`` with its query."""
    moment, nonce = moment_text(now), secrets.token_hex(16)
    return {KEY_ID: key.id, MOMENT: moment, NONCE: nonce, SIGNATURE: _mac(key, (method, path, moment, nonce), body)}


def _mac(key: Key, head: tuple[str, str, str, str], body: bytes) -> str:
    text = "\n".join((*head, hashlib.sha256(body).hexdigest()))
    return hmac.new(key.secret, text.encode(), hashlib.sha256).hexdigest()


class Verifier:
    """The receiving side. A nonce is taken once; those older than WINDOW are told by their moment."""

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, datetime] = {}

    def problem(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
        """Why the request is not to be believed (English, for the other side's staff); None: it is whole and new."""
        given = {name.lower(): value for name, value in headers.items()}
        moment, nonce = given.get(MOMENT, ""), given.get(NONCE, "")
        key = next((key for key in self._keys.all() if key.id == given.get(KEY_ID)), None)
        if key is None:
            return "unknown key"
        wanted = _mac(key, (method, path, moment, nonce), body)
        if not hmac.compare_digest(wanted.encode(), given.get(SIGNATURE, "").encode()):
            return "wrong signature"
        now = self._clock.now()
        if not nonce or abs(now - parse_moment(moment)) > WINDOW:  # what was signed is a moment as we write it
            return "too old, or the clocks are apart"
        with self._lock:
            self._seen = {one: at for one, at in self._seen.items() if now - at <= 2 * WINDOW}
            if nonce in self._seen:
                return "seen before"
            self._seen[nonce] = now
        return None

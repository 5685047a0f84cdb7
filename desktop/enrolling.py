"""A first enrolment that is tried until it succeeds: the same attempt each time, so that a lost answer costs no code."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from sync.protocol import SyncError
from sync.retry import wait_after

FILE_NAME = "enrolling.json"
REFUSED_WAIT = 900.0
"""Seconds after a refusal: IT may have mended the file or the city's list meanwhile, and the city counts wrong codes."""


class Attempt(Struct, frozen=True):
    """``about``: which address and code it is for."""

    about: str
    attempt: str


def attempt_of(profile: Path, url: str, code: str) -> str:
    """Chosen by chance the first time, and written down before it is used. "" where nothing can be written: the enrolment
    itself says so."""
    about = hashlib.sha256(f"{url.rstrip('/')}\n{code}".encode()).hexdigest()[:32]
    path = profile / FILE_NAME
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        known = msgspec.json.decode(path.read_bytes(), type=Attempt)
        if known.about == about:
            return known.attempt
    made = Attempt(about, secrets.token_hex(24))
    try:
        from sync.store.safe_files import write_atomically

        write_atomically(path, msgspec.json.encode(made))
    except OSError:
        return ""
    return made.attempt


def forget_attempt(profile: Path) -> None:
    with contextlib.suppress(OSError):
        (profile / FILE_NAME).unlink()


def wait_for(error: Exception, failures: int) -> float:
    """Seconds until it is tried again after ``failures`` in a row."""
    if isinstance(error, SyncError) and error.retry:
        return max(error.wait, wait_after(failures))
    return max(getattr(error, "wait", 0.0), REFUSED_WAIT)

"""Which pack a profile works with. One program at a time may change it; all that have the store open keep what they began
with, since the lists they read are made from it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Catalog
from forms.definition_problems import DefinitionError

PACK_KEYS = "pack_keys"
"""Where the store keeps the city's public keys."""
_STATE, _LOCK = "state.json", "packs.lock"
_PATIENCE = 2.0  # seconds to wait for another program that is changing the pack at this moment


class KeptPack(Struct, frozen=True, kw_only=True):
    """A pack unpacked in the profile's folder ``packs/<serial>``."""

    serial: int
    version: str
    sha256: str
    taken_at: str = ""


class PackState(Struct, frozen=True, kw_only=True):
    """``active``: worked with (None: the program's own catalogue); ``next``: from the next opening on; ``before``: what
    ``active`` came after. ``refused``: SHA-256 of packs not to be fetched again, and why."""

    active: KeptPack | None = None
    next: KeptPack | None = None
    before: KeptPack | None = None
    refused: dict[str, str] = {}

    @property
    def newest(self) -> KeptPack | None:
        return self.next or self.active


def packs_folder(profile: Path) -> Path:
    return profile / "packs"


def folder_of(profile: Path, kept: KeptPack) -> Path:
    return packs_folder(profile) / str(kept.serial)


def read_state(profile: Path) -> PackState:
    """What is wrong with the file is as if there were none: the program's own catalogue always works."""
    try:
        return msgspec.json.decode((packs_folder(profile) / _STATE).read_bytes(), type=PackState)
    except (OSError, msgspec.MsgspecError):
        return PackState()


def write_state(profile: Path, state: PackState) -> None:
    """On the disk, whole or not at all. Raises OSError."""
    folder = packs_folder(profile)
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{_STATE}.new"
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(state))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / _STATE)


class PackUse:
    """The pack of a profile while a program works with it; ``close`` lets others change it. ``trouble`` says in Vietnamese
    why it is not the one that should be."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._file: IO[bytes] | None = None
        self.trouble = ""
        state = read_state(profile)
        if profile.is_dir():
            self._file = _open(profile / _LOCK)
        if state.next is not None and self._file is not None and _lock_alone(self._file):
            state = _switched(profile, state)
        if self._file is not None:
            _share(self._file)
            if read_state(profile).active != state.active:  # another program switched while this one waited
                state = read_state(profile)
        self.state = state

    def catalog(self) -> Catalog:
        """The definitions to work with: the active pack's, else those before it, else the program's own."""
        from forms.loader import load_catalog

        for kept in (self.state.active, self.state.before):
            if kept is None:
                continue
            try:
                return load_catalog(folder_of(self._profile, kept))
            except (DefinitionError, OSError):
                self.trouble = f"Bộ mẫu biểu {kept.version} trên máy này bị hỏng; đang dùng bộ trước đó."
        return load_catalog()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


@contextlib.contextmanager
def alone_with(profile: Path) -> Iterator[bool]:
    """Whether no program works with the profile; while the block lasts none begins to change it."""
    file = _open(profile / _LOCK)
    try:
        yield file is not None and _lock_alone(file)
    finally:
        if file is not None:
            file.close()


def _switched(profile: Path, state: PackState) -> PackState:
    """The next pack made the active one; the present stays where that cannot be written."""
    new = PackState(active=state.next, before=state.active, refused=state.refused)
    try:
        write_state(profile, new)
    except OSError:
        return state
    return new


def take_next(profile: Path, kept: KeptPack) -> None:
    """From the next opening on the profile works with this pack. Raises OSError."""
    write_state(profile, replace(read_state(profile), next=kept))


def _open(path: Path) -> IO[bytes] | None:
    try:
        return path.open("ab")
    except OSError:  # a profile that cannot be written: nothing is changed there either
        return None


if sys.platform == "win32":
    import msvcrt

    _SLOTS = 64  # bytes of the file, one a program: Windows has no shared locks of bytes

    def _slot(file: IO[bytes], number: int) -> bool:
        file.seek(number)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _free(file: IO[bytes], numbers: range) -> None:
        for number in numbers:
            file.seek(number)
            with contextlib.suppress(OSError):
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

    def _lock_alone(file: IO[bytes]) -> bool:
        for number in range(_SLOTS):
            if not _slot(file, number):
                _free(file, range(number))
                return False
        return True

    def _share(file: IO[bytes]) -> None:
        _free(file, range(_SLOTS))
        end = time.monotonic() + _PATIENCE
        while not any(_slot(file, number) for number in range(_SLOTS)) and time.monotonic() < end:
            time.sleep(0.02)
else:
    import fcntl

    def _lock_alone(file: IO[bytes]) -> bool:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def _share(file: IO[bytes]) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return
            time.sleep(0.02)

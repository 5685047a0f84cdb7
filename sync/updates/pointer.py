"""``current.json`` beside the versions of an account: which one the launcher starts, and how that went.

The launcher (``installer/launcher``) reads and writes the same file; it must stay one line of these plain values.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

NAME = "current.json"
MOST_TRIES = (
    2  # starts of a new version that did not come up, after which the one before is started; as in the launcher
)
_VERSION = re.compile(r"\d[\d.]*")


class Pointer(Struct, frozen=True, kw_only=True):
    """``version``: to be started, unless it was ``tried`` too often without coming up; then ``before``. ``good``: it came
    up once."""

    version: str
    before: str = ""
    tried: int = 0
    good: bool = False

    @property
    def failed(self) -> bool:
        """The launcher starts the version before instead."""
        return not self.good and self.tried >= MOST_TRIES


def read_pointer(folder: Path) -> Pointer | None:
    """None: there is none, or nothing that can be used; then the installation's own version is started."""
    try:
        pointer = msgspec.json.decode((folder / NAME).read_bytes(), type=Pointer)
    except (OSError, msgspec.MsgspecError):
        return None
    return pointer if _VERSION.fullmatch(pointer.version) else None


def write_pointer(folder: Path, pointer: Pointer | None) -> None:
    """On the disk, whole or not at all. Raises OSError."""
    path = folder / NAME
    if pointer is None:
        path.unlink(missing_ok=True)
        return
    put_whole(path, msgspec.json.encode(pointer) + b"\n")


def put_whole(path: Path, content: bytes) -> None:
    """Raises OSError; then the file is as it was."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        patiently(lambda: beside.replace(path))
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    keep_names(path.parent)


def patiently(do: Callable[[], object]) -> None:
    """Windows refuses while a virus scanner or the launcher has the file open, which is soon over. Raises OSError."""
    for pause in (0.05, 0.1, 0.2, 0.4, 0.8) if os.name == "nt" else ():
        try:
            do()
            return
        except PermissionError:
            time.sleep(pause)
    do()


def keep_names(folder: Path) -> None:
    """Make renamings in a folder last, where the system wants to be asked (Windows does it by itself)."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def came_up(folder: Path, version: str) -> None:
    """The window of ``version`` stands and its store is open. Raises OSError."""
    pointer = read_pointer(folder)
    if pointer is not None and pointer.version == version and (not pointer.good or pointer.tried):
        write_pointer(folder, replace(pointer, good=True, tried=0))


def not_a_try(folder: Path, version: str) -> None:
    """This start of ``version`` says nothing about it: somebody left before the window, or it is open already."""
    pointer = read_pointer(folder)
    if pointer is not None and pointer.version == version and pointer.tried:
        with contextlib.suppress(OSError):
            write_pointer(folder, replace(pointer, tried=pointer.tried - 1))

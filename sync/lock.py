"""One sync per store at a time, also between the window and the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from sync.protocol import SyncError


class SyncLock:
    """A lock on a file beside the store; the system frees it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "sync.lock"
        self._file: IO[bytes] | None = None

    def __enter__(self) -> SyncLock:
        self._file = lock_file(self._path)
        if self._file is None:
            raise SyncError(
                "busy", "Một lần đồng bộ khác đang chạy trên máy này.", english="Another sync is running on this PC."
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def lock_file(path: Path) -> IO[bytes] | None:
    """The file, made where it is not there and locked until it is closed; None while another program has it. Raises
    OSError where it cannot be written."""
    handle = path.open("ab")
    try:
        _lock(handle)
    except OSError:
        handle.close()
        return None
    return handle


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: IO[bytes]) -> None:
        handle.seek(0)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: IO[bytes]) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

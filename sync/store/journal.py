"""How much of the WAL is in use, and how much of that is on the disk.

Its file stays as long as it ever was and is written from its beginning again, so that its size tells nothing. SQLite locks
nothing in this file, so that it may be opened beside it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from struct import Struct

UNSAFE_BYTES = 4 * 1024 * 1024
"""Not yet on the disk, where an officer works beside: his save brings all of it there."""
# https://sqlite.org/fileformat2.html#walformat
_HEADER = Struct(">I4xI4x8s8x")  # magic, page size, the salt of all frames in use
_FRAME = Struct(">8x8s8x")  # salt
_MAGIC = {0x377F0682, 0x377F0683}


class Journal:
    """Of the store at ``path``. One thread at a time writes in bulk and asks here."""

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(f"{store.name}-wal")
        self._safe = 0  # bytes brought to the disk

    def used_bytes(self) -> int:
        """0: nothing was ever written there."""
        try:
            with self.path.open("rb", buffering=0) as file:
                return _used_bytes(file.fileno())
        except OSError:
            return 0

    def spare_a_save(self) -> None:
        """After a bulk transaction beside an officer: not all that the system holds in memory is left for his save."""
        used = self.used_bytes()
        if used - self._safe > UNSAFE_BYTES:
            self.bring_to_disk()
            self._safe = used

    def bring_to_disk(self) -> None:
        with contextlib.suppress(OSError), self.path.open("rb+", buffering=0) as file:
            os.fsync(file.fileno())

    def moved(self) -> None:
        """All of it is in the store's file: it is begun anew."""
        self._safe = 0


def _used_bytes(file: int) -> int:
    header = os.read(file, _HEADER.size)
    if len(header) < _HEADER.size:
        return 0
    magic, page, salt = _HEADER.unpack(header)
    if magic not in _MAGIC:
        return 0
    frame: int = _FRAME.size + page
    used, not_used = 0, (os.fstat(file).st_size - _HEADER.size) // frame + 1
    while not_used - used > 1:  # those in use come first
        middle = (used + not_used) // 2
        os.lseek(file, _HEADER.size + (middle - 1) * frame, os.SEEK_SET)
        if os.read(file, _FRAME.size)[8:16] == salt:
            used = middle
        else:
            not_used = middle
    return used * frame

"""What the simulated services remember from one run to the next: a line of JSON for each answer, added before it is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct


class Remembered(Struct, kw_only=True, omit_defaults=True):
    """One answer, under the key it was asked with; with it the numbers it used up and the record it numbered."""

    key: str
    answer: dict[str, Any]
    given: dict[str, int] = {}  # series → its last number
    record: tuple[str, str] | None = None  # service and record id


_decode = msgspec.json.Decoder(Remembered).decode


class Memory:
    """The answers of earlier runs in a file; without one (None) nothing outlives the program."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._ends_whole = True  # whether the file ends with a line's end

    def recall(self) -> Iterator[Remembered]:
        """Every answer in order. A line that was cut short was not answered."""
        if self._path is None or not self._path.exists():
            return
        content = self._path.read_bytes()
        self._ends_whole = content[-1:] in (b"", b"\n")
        for line in content.splitlines():
            try:
                yield _decode(line)
            except msgspec.MsgspecError:
                continue

    def keep(self, remembered: Remembered) -> None:
        if self._path is None:
            return
        with self._path.open("ab") as file:
            file.write((b"" if self._ends_whole else b"\n") + msgspec.json.encode(remembered) + b"\n")
        self._ends_whole = True

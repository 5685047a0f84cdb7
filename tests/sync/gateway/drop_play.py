"""A service that takes files alone, played: reads what lies in ``out/`` and writes the answers, as its own program would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sync.gateway.adapters.drop import SUFFIX, put_file

Message = dict[str, Any]


class DropPlay:
    """``answer``: the service's answer to one delivery. ``read``: names in the order they were read."""

    def __init__(self, folder: Path, answer: Callable[[str, Message], Message]) -> None:
        self._folder = folder
        self._answer = answer
        self.read: list[str] = []

    def look(self) -> int:
        """Answer what has none yet; how many those were."""
        count = 0
        for path in sorted((self._folder / "out").glob(f"*{SUFFIX}")):
            told = self._folder / "answers" / path.name
            if not told.exists():
                self.read.append(path.name)
                answer = self._answer(path.stem, json.loads(path.read_bytes()))
                put_file(told, json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                count += 1
        return count

    def send(self, name: str, records: list[Message]) -> None:
        """Put records for wards into ``in/``, each with its ``ward`` and ``type``."""
        (self._folder / "in").mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        put_file(self._folder / "in" / f"{name}{SUFFIX}", lines.encode())

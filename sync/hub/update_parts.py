"""The hub's copy of updates: each part of a file that a PC asked for is kept, so that the ward's line carries it once.

Nothing is believed for coming from here: PCs compare everything with what the city's keys have signed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sync.http_line import OCTETS
from sync.hub.answers import Answer, NoAnswerError
from sync.updates.model import is_repository_path
from sync.updates.pointer import put_whole

FILES = "/v1/updates/files/"
_LARGEST_PART = 1024 * 1024
_KEPT_DAYS = 60
_RANGE = re.compile(r"bytes=(\d{1,12})-(\d{1,12})")
_SIZE = re.compile(r"bytes \d{1,12}-\d{1,12}/(\d{1,12})")
_TODAY = "metadata/timestamp.json"  # the one file that changes under its name
_ROOT = re.compile(r"metadata/\d{1,9}\.root\.json")


class UpdateParts:
    """``folder``: of the parts alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serve(
        self, target: str, headers: Mapping[str, str], ask: Callable[[], Answer], check: Callable[[], object]
    ) -> Answer:
        """``ask``: has the city answer; ``check``: whether the asker is one of the city's. Both raise NoAnswerError."""
        path = target.removeprefix(FILES)
        wanted = _RANGE.fullmatch(headers.get("range", "").strip())
        if not is_repository_path(path) or wanted is None:
            return ask()
        place = self._folder / hashlib.sha256(path.encode()).hexdigest()[:32] / f"{wanted[1]}-{wanted[2]}"
        if path != _TODAY and (kept := _kept(place, wanted)):
            check()
            return kept
        try:
            answer = ask()
        except NoAnswerError:
            check()
            if kept := _kept(place, wanted):
                return kept
            if _ROOT.fullmatch(path):  # no newer root was ever heard of here
                said = NoAnswerError(404, "no_update", "Máy trung gian không có tệp này.", "The hub has no such file.")
                return said.answer(headers)
            raise
        said_range = next((value for name, value in answer.headers.items() if name.lower() == "content-range"), "")
        size = _SIZE.fullmatch(said_range)
        if answer.status == 206 and size and len(answer.body) <= _LARGEST_PART:
            with contextlib.suppress(OSError):  # a full disk: the next PC asks the city again
                self._keep(place, int(size[1]), answer.body)
        return answer

    def _keep(self, place: Path, size: int, body: bytes) -> None:
        if not place.parent.exists():
            self._tidy()
        place.parent.mkdir(parents=True, exist_ok=True)
        put_whole(place, size.to_bytes(8, "big") + body)

    def _tidy(self) -> None:
        """Parts of files nobody has asked for any more go."""
        oldest = time.time() - _KEPT_DAYS * 86_400
        with contextlib.suppress(OSError):
            for folder in self._folder.iterdir():
                if folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder, ignore_errors=True)


def _kept(place: Path, wanted: re.Match[str]) -> Answer | None:
    try:
        content = place.read_bytes()
    except OSError:
        return None
    size, body = int.from_bytes(content[:8], "big"), content[8:]
    start = int(wanted[1])
    if not body or start + len(body) != min(int(wanted[2]) + 1, size):
        return None
    about = f"bytes {start}-{start + len(body) - 1}/{size}"
    return Answer(206, {"Content-Type": OCTETS, "Accept-Ranges": "bytes", "Content-Range": about}, body)

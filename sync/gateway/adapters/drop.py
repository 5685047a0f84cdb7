"""The drop folder, for a service that takes files alone: one NDJSON file a parcel, the answer is read back from another.

``out/`` what we put there, whole from the moment it has its name, and never twice under one name; ``answers/`` the
service's answer under the same name; ``done/`` both of them once the answer is written down. ``in/``: files of records for
wards, each line with ``ward`` and ``type``; what became of them stands in ``in-answers/``, they themselves go to ``in-done/``.
The service takes nothing away: that a file is there says it was sent.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sync.gateway.adapters.address import Address
from sync.gateway.adapters.base import Arrival, ArrivalReport, Tools
from sync.gateway.adapters.rest import line_of, message_of
from sync.gateway.parcel import Parcel, Pending, ServiceAnswer, UnreachableError

SUFFIX = ".ndjson"
_FOLDERS = ("out", "answers", "done", "in", "in-answers", "in-done")
_UNUSUAL = re.compile(r"[^0-9a-z_-]")
_LARGEST_FILE = 64 * 1024 * 1024


class DropFolder:
    def __init__(self, service: str, address: Address, tools: Tools) -> None:
        self._service = service
        self._folder = Path(address.url)
        self.has_inbox = True

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        name = file_name(parcel.key)
        try:
            self._make_folders()
            if (answer := self._answer(name)) is not None:
                return answer
            if not any((self._folder / place / name).exists() for place in ("out", "done")):
                put_file(self._folder / "out" / name, msgspec.json.encode(message_of(parcel)) + b"\n")
        except OSError as error:
            raise self._unreachable(error) from error
        if (self._folder / "answers" / name).exists():
            raise Pending(f"Tệp trả lời của {self._service} chưa đọc được: đang ghi dở hoặc sai dạng; sẽ đọc lại.")
        raise Pending(f"Đã đặt tệp cho {self._service}, chờ tệp trả lời.")

    def _make_folders(self) -> None:
        """The folder itself must be there: one that is not mounted looks like an empty one."""
        if not self._folder.is_dir():
            raise FileNotFoundError(2, "no such folder", str(self._folder))
        for name in _FOLDERS:
            (self._folder / name).mkdir(exist_ok=True)

    def _answer(self, name: str) -> ServiceAnswer | None:
        """None: there is none yet, or it is still being written."""
        for place in ("answers", "done/answers"):
            with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
                return msgspec.json.decode((self._folder / place / name).read_bytes(), type=ServiceAnswer)
        return None

    def settled(self, parcel: Parcel) -> None:
        name = file_name(parcel.key)
        try:
            (self._folder / "done" / "answers").mkdir(exist_ok=True)
            for each in (name, *self._overtaken(parcel)):
                for place, into in (("out", "done"), ("answers", "done/answers")):
                    with contextlib.suppress(FileNotFoundError):
                        (self._folder / place / each).replace(self._folder / into / each)
        except OSError as error:
            raise self._unreachable(error) from error

    def _overtaken(self, parcel: Parcel) -> list[str]:
        """Answered files of earlier revisions of the record, which nobody waits for any more."""
        head = file_name(f"{parcel.record.id}:").removesuffix(SUFFIX)
        tail = file_name(f":{self._service}")
        names = (path.name for path in (self._folder / "answers").iterdir() if path.name.startswith(head))
        revisions = {name: name.removeprefix(head).removesuffix(tail) for name in names if name.endswith(tail)}
        return [name for name, told in revisions.items() if told.isdecimal() and int(told) < parcel.revision]

    def arrivals(self) -> Iterator[Arrival]:
        try:
            self._make_folders()
            waiting = sorted(path for path in (self._folder / "in").iterdir() if path.suffix == SUFFIX)
            for path in waiting:
                if path.stat().st_size <= _LARGEST_FILE:
                    yield from self._arrivals_of(path)
        except OSError as error:
            raise self._unreachable(error) from error

    def _arrivals_of(self, path: Path) -> Iterator[Arrival]:
        """A file's records by ward and type; with the last of them the file is done with."""
        groups: dict[tuple[str, str], list[Any]] = {}
        for number, text in enumerate(path.read_bytes().splitlines(), 1):
            record = _decoded(text)
            key = (str(record.get("ward", "")), str(record.get("type", "")))
            if text.strip():
                groups.setdefault(key, []).append(line_of(record, number))
        reports: list[ArrivalReport] = []
        for (ward, kind), lines in groups.items():
            answer = partial(self._report, path, reports, len(groups))
            yield Arrival(path.name, ward, kind, tuple(lines), answer)
        if not groups:
            self._report(path, [], 1, ArrivalReport())

    def _report(self, path: Path, reports: list[ArrivalReport], all_of: int, report: ArrivalReport) -> None:
        reports.append(report)
        if len(reports) < all_of:
            return
        ids = [record_id for one in reports for record_id in one.ids]
        refused = sorted(problem for one in reports for problem in one.refused)
        told = {"ids": ids, "refused": [{"line": n, "field": f, "message": m} for n, f, m in refused]}
        with contextlib.suppress(FileExistsError):  # taken in once more after a crash between the two steps
            put_file(self._folder / "in-answers" / path.name, msgspec.json.encode(told) + b"\n")
        path.replace(self._folder / "in-done" / path.name)

    def _unreachable(self, error: OSError) -> UnreachableError:
        why = error.strerror or type(error).__name__
        return UnreachableError(f"Thư mục của {self._service} chưa dùng được ({why}); sẽ thử lại.", down=True)

    def close(self) -> None:
        """Nothing is held open."""


def file_name(key: str) -> str:
    """Of a parcel's key. Ids may hold a colon, which Windows does not allow, and differ in case alone, which it ignores."""
    return _UNUSUAL.sub(lambda found: f"%{ord(found[0]):02x}", key) + SUFFIX


def put_file(path: Path, content: bytes) -> None:
    """A file that is there whole or not at all, also after a power cut. Raises FileExistsError rather than write over one."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        _name(part, path)
    finally:
        part.unlink(missing_ok=True)
    if os.name != "nt":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _name(part: Path, path: Path) -> None:
    if os.name != "nt":  # where renaming refuses a name that is taken
        with contextlib.suppress(OSError):
            os.link(part, path)
            return
        if path.exists():  # of a folder that knows no links, what one looks for first is the next best
            raise FileExistsError(str(path))
    part.rename(path)


def _decoded(text: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}

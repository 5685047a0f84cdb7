"""What the office has set for this PC, read and checked; a wrong value is told, and all the rest holds."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from desktop.rollout_places import Place, places
from forms.disk_words import disk_words
from forms.label import Label

LARGEST = 256 * 1024  # bytes of a file
LOG = "rollout.log"
LOG_BYTES = 64 * 1024
_SECRET = ("code", "token")


class Finding(Struct, frozen=True):
    """Something IT should mend. ``line``: of the file, 0 where it has none."""

    place: str
    line: int
    key: str
    text: Label

    @property
    def sentence(self) -> Label:
        where = f"{self.place}:{self.line}" if self.line else self.place
        key = f"{self.key}: " if self.key else ""
        return Label(f"{where}: {key}{self.text.vi}", f"{where}: {key}{self.text.en}")


class Given(Struct, frozen=True):
    """``values``: by key; ``of``: the place each came from."""

    values: dict[str, Any] = {}
    of: dict[str, Place] = {}
    findings: tuple[Finding, ...] = ()
    read: tuple[str, ...] = ()

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def is_locked(self, key: str) -> bool:
        """Whether a policy says it."""
        return key in self.of and self.of[key].is_policy

    @property
    def secret(self) -> str:
        """What this PC may enrol by itself with: its own code, else the bulk token."""
        return str(self.get("code") or self.get("token") or "")

    @property
    def enrols(self) -> bool:
        return bool(self.get("url") and self.secret)


def read_rollout(profile: Path) -> Given:
    """All places, the strongest last. Never raises: what cannot be read is a finding."""
    found = places(profile)
    if not found:
        return Given()
    reading = _Reading()
    for place in found:
        reading.take(place)
    return Given(reading.values, reading.of, tuple(reading.findings), tuple(place.name for place in found))


class _Reading:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.of: dict[str, Place] = {}
        self.findings: list[Finding] = []

    def take(self, place: Place) -> None:
        text = ""
        if place.values is None:
            values, text = self._file(place)
        else:
            values = {_own_name(name): value for name, value in place.values.items()}
        for name, value in values.items():
            self._one(place, name, value, text)

    def _file(self, place: Place) -> tuple[dict[str, Any], str]:
        import tomllib

        try:
            raw = place.path.read_bytes()
        except OSError as error:
            why = disk_words(error)
            self._find(place, 0, "", f"không đọc được ({why.vi})", f"cannot be read ({why.en})")
            return {}, ""
        if len(raw) > LARGEST:
            self._find(place, 0, "", "quá lớn, không phải tệp cấu hình", "too large to be a configuration")
            return {}, ""
        try:
            text = _text(raw)
        except UnicodeDecodeError:
            self._find(
                place, 0, "", "không phải chữ UTF-8: lưu lại với bảng mã UTF-8", "not UTF-8 text: save it anew as UTF-8"
            )
            return {}, ""
        try:
            return tomllib.loads(text), text
        except tomllib.TOMLDecodeError as error:
            at = re.search(r"line (\d+)", str(error))
            line = int(at[1]) if at else 0
            hint_vi, hint_en = _hint(text, line)
            self._find(place, line, "", f"không đúng cú pháp TOML, cả tệp bị bỏ qua: {error}{hint_vi}",
                       f"not TOML, and all of the file is left out: {error}{hint_en}")  # fmt: skip
            return {}, ""

    def _one(self, place: Place, name: str, value: Any, text: str) -> None:
        from difflib import get_close_matches

        from desktop.rollout_keys import KEYS, checked

        line = _line_of(text, name)
        if name not in KEYS:
            near = get_close_matches(name, KEYS, 1, 0.6)
            vi = f"; có phải “{near[0]}”?" if near else "; các khóa: " + ", ".join(KEYS)
            en = f"; “{near[0]}” perhaps?" if near else "; keys: " + ", ".join(KEYS)
            self._find(place, line, name, f"không có khóa này{vi}", f"there is no such key{en}")
            return
        value, wrong = checked(name, value, policy=place.is_policy)
        if wrong is None and name == "ca":
            value, wrong = _authority(place, value)
        if wrong is not None:
            wanted = KEYS[name].wanted
            shown = Label("giá trị không đúng", "the value is wrong") if name in _SECRET else wrong
            self._find(place, line, name, f"{shown.vi}; cần {wanted.vi}. Sửa rồi mở lại chương trình",
                       f"{shown.en}; wanted: {wanted.en}. Mend it and start the program again")  # fmt: skip
            return
        if name in _SECRET:  # the one said last is meant, be it a code or a token
            for other in _SECRET:
                self.values.pop(other, None)
                self.of.pop(other, None)
        self.values[name], self.of[name] = value, place

    def _find(self, place: Place, line: int, key: str, vi: str, en: str) -> None:
        self.findings.append(Finding(place.name, line, key, Label(vi, en)))


def _own_name(name: str) -> str:
    """Windows' names know no capitals."""
    return name.strip().lower()


def _text(raw: bytes) -> str:
    """As Notepad saves it: UTF-8 with or without a mark, or "Unicode"."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16").replace("\r\n", "\n")
    return raw.decode("utf-8-sig").replace("\r\n", "\n")


def _line_of(text: str, name: str) -> int:
    found = re.search(rf"^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*=", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _hint(text: str, line: int) -> tuple[str, str]:
    """The mistake that Windows paths bring along."""
    lines = text.split("\n")
    if 0 < line <= len(lines) and "\\" in lines[line - 1] and '"' in lines[line - 1]:
        return (
            ". Đường dẫn có dấu \\ phải đặt trong nháy đơn: '\\\\may-chu\\sao-luu'",
            ". A path with \\ stands in single quotes: '\\\\server\\backup'",
        )
    return "", ""


def _authority(place: Place, value: str) -> tuple[str, Label | None]:
    """Its full path. One on a share is looked at when it is fetched: a share that is away would hold up the start."""
    base = None if place.is_policy else place.path.absolute().parent
    whole = str(base / value) if base is not None else os.path.expandvars(value)
    if not whole.startswith("\\\\") and not Path(whole).is_file():
        return "", Label(f"không thấy tệp {whole}", f"there is no file {whole}")
    return whole, None


def log_findings(profile: Path, given: Given, now: str) -> None:
    """Into ``rollout.log`` of the profile, in both languages, when they are others than were written last."""
    if not given.read:
        return
    lines = [each.sentence.vi + "  |  " + each.sentence.en for each in given.findings]
    if not lines:
        lines = ["không có lỗi  |  nothing is wrong"]
    read = ", ".join(given.read)
    entry = f"đã đọc {read}  |  read {read}\n" + "".join(f"    {line}\n" for line in lines)
    path = profile / LOG
    try:
        before = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
        if before.rpartition("== ")[2].partition("\n")[2] == entry:
            return
        profile.mkdir(parents=True, exist_ok=True)
        after = (before + f"== {now}\n{entry}")[-LOG_BYTES:]
        path.write_text(after, encoding="utf-8-sig")  # with its mark, so that an old Notepad shows it right
    except OSError:
        return  # a profile that cannot be written is told elsewhere

"""What a pack file is: a header, the signature over everything after it, and a ZIP with ``manifest.json`` and the files of
a whole catalogue under ``catalog/``."""

from __future__ import annotations

import re

from msgspec import Struct

from forms.label import Label

MAGIC = b"SOPHUONG PACK 1\n"
MANIFEST, FOLDER = "manifest.json", "catalog/"
LARGEST_PACK = 32 * 1024 * 1024  # bytes of the file
LARGEST_FILE = 8 * 1024 * 1024  # bytes of one file in it, unpacked
LARGEST_CONTENT = 128 * 1024 * 1024  # bytes of all of them
MOST_FILES = 10_000
LARGEST_SERIAL = 2**63  # what a database can hold
_PATH = re.compile(r"[\w.() +-]+(/[\w.() +-]+)*")
_VERSION = re.compile(r"[\w.+-]{1,80}")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


class PackError(Exception):
    """A pack that cannot be made or taken; what was there stays. ``code`` is stable: "damaged", "not_a_pack", "signature",
    "too_large", "older", "program", "definitions", "disk", "key", "exists", "input"."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(vi)
        self.code = code
        self.label = Label(vi, en)


class Manifest(Struct, frozen=True, kw_only=True):
    """``serial``: a newer pack has a higher one. ``version``: the catalogue's, by which changes name their pack. ``files``:
    path under the catalogue → SHA-256. ``tools``: those it brings or replaces; empty: the whole catalogue is its own."""

    format: int = 1
    serial: int
    version: str
    made_at: str
    minimum_program: str = "0"
    tools: tuple[str, ...] = ()
    note: Label = Label("", "")
    files: dict[str, str]


def is_safe_path(path: str) -> bool:
    """Whether a path stays inside the folder it is unpacked into, on Windows too."""
    parts = path.split("/")
    return (
        bool(_PATH.fullmatch(path))
        and len(path) < 200
        and all(part == part.strip(" ") and not part.endswith(".") for part in parts)
        and not any(_DEVICES.fullmatch(part) for part in parts)
    )


def is_version(text: str) -> bool:
    """Whether a pack may be called so."""
    return bool(_VERSION.fullmatch(text))


def version_key(version: str) -> tuple[int, ...]:
    """Numbers of a program's version, to be compared; zeros at the end say nothing."""
    numbers = [int(number[:18]) for number in re.findall(r"\d+", version.partition("+")[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)

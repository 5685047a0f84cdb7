"""Another version of a built folder without building it: what a release changes, for trying updates and weighing patches."""

from __future__ import annotations

import marshal
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installer import ROOT
from installer.bundle import FIXED
from installer.chroot import WineChroot
from installer.trying.city import source_python
from installer.trying.trial import Failed
from installer.windows_python import windows_python

MODULES = Path("_internal", "sophuong.pyz")
UPDATE_ROOT = Path("_internal", "resources", "data", "update-root.json")
CHANGED = ("desktop/app.py", "desktop/start.py", "forms/calendar.py", "sync/clock.py", "sync/store/store.py")
"""Modules of a typical change: in each a function comes, and every line below it moves."""
_BEFORE_IT = "from __future__ import annotations\n"
_ADDED = '''

def _told_apart(rows: list[dict[str, object]], key: str, seen: set[object] | None = None) -> list[dict[str, object]]:
    """Rows whose key was not met before, in their order."""
    seen = set() if seen is None else seen
    kept = []
    for row in rows:
        if (value := row.get(key)) not in seen:
            seen.add(value)
            kept.append({**row, "told_apart": True})
    return kept
'''
# in the Python of the package; without docstrings, as build.spec wants it
_COMPILE = """
import marshal, sys
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob("*.py")):
    name = str(path.relative_to(sys.argv[1]))
    code = compile(path.read_text("utf-8"), name, "exec", dont_inherit=True, optimize=2)
    path.with_suffix(".code").write_bytes(marshal.dumps(code))
"""


def make_believing(bundle: Path, into: Path, root: bytes) -> Path:
    """A copy of ``bundle`` that takes updates from whom ``root`` names."""
    shutil.copytree(bundle, into, symlinks=True)
    (into / UPDATE_ROOT).write_bytes(root)
    return into


def make_version(bundle: Path, into: Path, number: str, code: Mapping[str, bytes] | None = None) -> Path:
    """A copy of ``bundle`` that calls itself ``number``; ``code``: module → its code, marshalled."""
    shutil.copytree(bundle, into, symlinks=True)
    archive = (into / MODULES).read_bytes()
    said = {"resources.version": renumbered(module_of(archive, "resources.version"), number)}
    (into / MODULES).write_bytes(with_modules(archive, {**(code or {}), **said}))
    return into


def make_broken(bundle: Path, into: Path) -> Path:
    """A copy of a version that cannot start: its code is gone."""
    shutil.copytree(bundle, into, symlinks=True)
    (into / MODULES).write_bytes(b"")
    return into


def changed_code(platform: str) -> dict[str, bytes]:
    """The modules of a typical change, compiled as the package's build does."""
    with tempfile.TemporaryDirectory(prefix="changed-") as place:
        sources = Path(place, "sources")
        for name in CHANGED:
            head, found, rest = (ROOT / name).read_text("utf-8").partition(_BEFORE_IT)
            if not found:
                raise Failed(f"{name} has no line {_BEFORE_IT!r} to put a change after")
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            (sources / name).write_text(head + _BEFORE_IT + _ADDED + rest, "utf-8")
        (sources.parent / "compiling").write_text(_COMPILE, "utf-8")
        _compile(sources.parent, platform)
        parts = {name: Path(name).with_suffix("") for name in CHANGED}
        return {
            ".".join(part.parts): (sources / name).with_suffix(".code").read_bytes() for name, part in parts.items()
        }


def _compile(place: Path, platform: str) -> None:
    if not platform.startswith("windows"):
        command = [str(source_python()), str(place / "compiling"), str(place / "sources")]
        subprocess.run(command, env={**FIXED}, check=True, capture_output=True, text=True)
        return
    with tempfile.TemporaryDirectory(prefix="compiling-") as prefix:
        WineChroot.ready().run(
            *("wine", "/python/python.exe", "/made/compiling", "/made/sources"),
            prefix=Path(prefix, "prefix"),
            binds={windows_python(): "/python", place: "/made"},
            environment=FIXED,
            timeout=120,
        )


# PyInstaller's archive of modules: "PYZ\0", Python's mark, the place of the list, modules packed by zlib, the list

_LIST = slice(8, 12)


def _listed(archive: bytes) -> tuple[int, list[tuple[str, Any]]]:
    place = int(struct.unpack("!i", archive[_LIST])[0])
    return place, marshal.loads(archive[place:])  # noqa: S302 - of this build


def module_of(archive: bytes, name: str) -> bytes:
    """Marshalled code. Raises KeyError."""
    _, place, size = dict(_listed(archive)[1])[name]
    return zlib.decompress(archive[place : place + size])


def with_modules(archive: bytes, code: Mapping[str, bytes]) -> bytes:
    """With other code for modules that are there. Raises KeyError."""
    entries = _listed(archive)[1]
    unknown = code.keys() - dict(entries).keys()
    if unknown:
        raise KeyError(*sorted(unknown))
    made, listed = bytearray(archive[:12]) + bytes(archive[12 : min(place for _, (_, place, _) in entries)]), []
    for name, (kind, place, size) in entries:
        packed = zlib.compress(code[name]) if name in code else archive[place : place + size]
        listed.append((name, (kind, len(made), len(packed))))
        made += packed
    made[_LIST] = struct.pack("!i", len(made))
    return bytes(made) + marshal.dumps(listed)


def renumbered(code: bytes, number: str) -> bytes:
    """The only constant of its module that is a version; its length stands before it."""
    found = list(re.finditer(rb"[zZ\xfa\xda](.)(?=\d+\.[\d.]+)", code, re.DOTALL))
    if len(found) != 1:
        raise Failed(f"{len(found)} versions stand in the module of the version, not one")
    begin, end = found[0].end() - 1, found[0].end() + found[0][1][0]
    return code[:begin] + bytes([len(number)]) + number.encode() + code[end:]

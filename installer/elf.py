"""What a Linux folder of programs wants of the system: libraries it does not bring along, and the oldest C library."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from installer.tools import call, need

_NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")
_GLIBC = re.compile(r"Name: GLIBC_(\d+)\.(\d+)(?:\.\d+)?\b")
C_LIBRARY = "libc6"


def programs(folder: Path) -> list[Path]:
    """Every ELF file."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    found.append(path)
    return found


def wanted(folder: Path) -> dict[str, set[str]]:
    """Each library that is wanted and not in the folder, and by which files."""
    need({"readelf": "binutils"})
    inside = {path.name for path in folder.rglob("*")}
    missing: dict[str, set[str]] = {}
    for path in programs(folder):
        for name in _NEEDED.findall(call(["readelf", "-dW", path])):
            if name not in inside:
                missing.setdefault(name, set()).add(path.name)
    return missing


def c_library(folder: Path) -> tuple[int, int]:
    """The newest version of the C library that anything in the folder asks for: (2, 34)."""
    need({"readelf": "binutils"})
    newest = (2, 17)
    for path in programs(folder):
        for major, minor in _GLIBC.findall(call(["readelf", "-VW", path])):
            newest = max(newest, (int(major), int(minor)))
    return newest


def packages(names: Iterable[str]) -> tuple[set[str], set[str]]:
    """The Debian packages of this machine that bring the libraries, and the libraries that none brings."""
    found: set[str] = set()
    unknown: set[str] = set()
    for name in names:
        done = subprocess.run(["dpkg-query", "-S", f"*/{name}"], capture_output=True, text=True, check=False)
        owners = {line.partition(":")[0] for line in done.stdout.splitlines() if line.endswith(f"/{name}")}
        if owners:
            found.add(min(owners))
        else:
            unknown.add(name)
    return found, unknown

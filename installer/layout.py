"""What the packages of a system hold: the program's folder, laid as ``app/<version>/``, and the launchers beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from installer import BUILD

DEEPEST_WINDOWS = 259
"""Characters of the longest path that Windows opens without its long paths switched on."""


class NothingToPackage(Exception):
    """The program's folder was not built yet, or is not what it should be."""


@dataclass(frozen=True)
class Layout:
    """``bundle`` goes to ``app/<version>/``; ``launchers`` (none while there are none) lie beside ``app``."""

    bundle: Path
    program: str
    launchers: tuple[Path, ...] = ()

    @property
    def kilobytes(self) -> int:
        paths = [p for p in self.bundle.rglob("*") if p.is_file() and not p.is_symlink()] + list(self.launchers)
        return sum(path.stat().st_size for path in paths) // 1024 + 1

    @property
    def files(self) -> list[Path]:
        """Everything in the bundle that is no folder, relative to it, in a fixed order."""
        return sorted(p.relative_to(self.bundle) for p in self.bundle.rglob("*") if p.is_symlink() or p.is_file())

    def longest(self, version: str) -> int:
        r"""Characters that the deepest path has beyond the installation's folder, while it is being laid."""
        return len(rf"\app\{version}.new\\") - 1 + max(len(str(path)) for path in self.files)


def windows() -> Layout:
    return _layout(BUILD / "windows", "sophuong.exe", ("sophuong.exe", "sophuong-cli.exe"))


def linux() -> Layout:
    return _layout(BUILD / "linux", "sophuong", ("sophuong",))


def _layout(folder: Path, program: str, launchers: tuple[str, ...]) -> Layout:
    bundle = folder / "sophuong"
    if not (bundle / program).is_file():
        raise NothingToPackage(f"{bundle / program} is not there: build the program's folder first")
    beside = [folder / "launcher" / name for name in launchers]
    if not all(path.is_file() for path in beside):
        beside = []
    return Layout(bundle, program, tuple(beside))


def icons() -> Path:
    """The folder with app.ico and app-<size>.png, drawn when it is missing or older than the drawing."""
    from installer.chroot import locked
    from installer.icon import DRAWING, write_icons

    folder = BUILD / "icons"
    made = folder / "app.ico"
    with locked(BUILD / "icons.lock"):
        if not made.is_file() or made.stat().st_mtime < DRAWING.stat().st_mtime:
            folder.mkdir(parents=True, exist_ok=True)
            write_icons(folder)
    return folder


def moment() -> int:
    """Seconds since 1970 that everything in a package bears: SOURCE_DATE_EPOCH, else that of the program's folder."""
    from installer.bundle import EPOCH

    return int(os.environ.get("SOURCE_DATE_EPOCH") or EPOCH)

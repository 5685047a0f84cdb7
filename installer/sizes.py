"""How large the packages are, beside what they may be (issue 5), and what takes the room."""

from __future__ import annotations

from pathlib import Path

from installer import BUILD, DIST, version

MB = 1_000_000
BOUNDS = {"setup": 30 * MB, "installed": 95 * MB}
"""Bytes; of Windows, without the ward's hub."""


def measured() -> dict[str, tuple[int, int | None]]:
    """Name → (bytes, bound) of whatever was built."""
    found: dict[str, tuple[int, int | None]] = {}
    for system in ("windows", "linux"):
        folder = BUILD / system / "sophuong"
        if folder.is_dir():
            bound = BOUNDS["installed"] if system == "windows" else None
            found[f"installed, {system}"] = (size_of(folder), bound)
    for path in sorted(DIST.glob(f"*{version()}*")):
        if path.is_file():
            found[path.name] = (path.stat().st_size, BOUNDS["setup"] if path.name.endswith("-setup.exe") else None)
    return found


def size_of(folder: Path) -> int:
    """Bytes of all files; a link counts nothing."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def largest(folder: Path, count: int = 10) -> list[tuple[str, int]]:
    """The folders two levels down that hold most, files that lie above them as themselves."""
    sums: dict[str, int] = {}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            parts = path.relative_to(folder).parts
            name = "/".join(parts[:2])
            sums[name] = sums.get(name, 0) + path.stat().st_size
    return sorted(sums.items(), key=lambda one: -one[1])[:count]


def report() -> bool:
    """Prints the table; whether every bound holds."""
    good = True
    for name, (size, bound) in measured().items():
        holds = bound is None or size <= bound
        good &= holds
        beside = "" if bound is None else f"   bound {bound / MB:.0f} MB {'holds' if holds else 'BROKEN'}"
        print(f"{name:<40} {size / MB:7.1f} MB{beside}")
    for system in ("windows", "linux"):
        folder = BUILD / system / "sophuong"
        if folder.is_dir():
            print(f"most of {system}: " + ", ".join(f"{name} {size / MB:.1f}" for name, size in largest(folder)))
    return good

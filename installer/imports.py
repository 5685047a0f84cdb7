"""Whether every library that the Windows program asks for is in the bundle or in Windows 10 1809.

Wine cannot tell: it has runtimes of its own (MSVCP140.dll …) that a Windows PC need not have. So nothing is run here; the
import tables are read. ``windows-1809.txt`` names what Windows itself has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

import pefile

from installer import BUILD

SYSTEM = Path(__file__).parent / "windows-1809.txt"
LIBRARIES = (".dll", ".exe", ".pyd")
ALWAYS_SEARCHED = ("_internal", "_internal/PySide6", "_internal/shiboken6")
"""Beside the folder of the library itself: PyInstaller and PySide6 name these to Windows (AddDllDirectory)."""
_AMD64 = 0x8664
_WINDOWS_10 = (10, 0)


class Wrong(NamedTuple):
    file: str  # in the bundle
    reason: str


def system_libraries() -> tuple[frozenset[str], frozenset[str]]:
    """Libraries, in lower case, that Windows 10 1809 has, and functions that it does not have yet."""
    lines = {line.partition("#")[0].strip() for line in SYSTEM.read_text("utf-8").splitlines()}
    later = frozenset(line.removeprefix("-").strip() for line in lines if line.startswith("-"))
    return frozenset(line.lower() for line in lines if line and not line.startswith("-")), later


def check(bundle: Path) -> list[Wrong]:
    """Every library of ``bundle`` that asks for another that is nowhere, or is not for this kind of Windows at all."""
    files = [path for path in sorted(bundle.rglob("*")) if path.suffix.lower() in LIBRARIES and path.is_file()]
    there: dict[Path, set[str]] = {}
    for path in files:
        there.setdefault(path.parent, set()).add(path.name.lower())
    system, later = system_libraries()
    everywhere = system.union(*(there.get(bundle / folder, set()) for folder in ALWAYS_SEARCHED))
    return [
        Wrong(path.relative_to(bundle).as_posix(), reason)
        for path in files
        for reason in _reasons(path, everywhere | there[path.parent], later)
    ]


def wanted_of(bundle: Path) -> dict[str, list[str]]:
    """What is asked of Windows itself, library → files that want it: for looking up and writing the list."""
    own = {path.name.lower() for path in bundle.rglob("*") if path.suffix.lower() in LIBRARIES}
    wanted: dict[str, set[str]] = {}
    for path in sorted(bundle.rglob("*")):
        if path.suffix.lower() in LIBRARIES and path.is_file():
            with _opened(path) as library:
                for name, _, _ in _imports(library):
                    if name not in own:
                        wanted.setdefault(name, set()).add(path.name)
    return {name: sorted(files) for name, files in sorted(wanted.items())}


def _reasons(path: Path, known: Set[str], later: Set[str]) -> Iterator[str]:
    try:
        with _opened(path) as library:
            if library.FILE_HEADER.Machine != _AMD64:
                yield "not made for 64-bit Windows"
            head = library.OPTIONAL_HEADER
            if (head.MajorSubsystemVersion, head.MinorSubsystemVersion) > _WINDOWS_10:
                yield "asks for a newer Windows"
            asked = list(_imports(library))
            yield from (f"needs {name}" for name in sorted({name for name, _, _ in asked}) if name not in known)
            at_start = {function for _, functions, late in asked if not late for function in functions}
            yield from (f"needs {name}, which Windows has after 1809 only" for name in sorted(at_start & later))
    except pefile.PEFormatError as error:
        yield f"not a Windows library: {error}"


def _opened(path: Path) -> pefile.PE:
    library = pefile.PE(str(path), fast_load=True)
    wanted = ("IMAGE_DIRECTORY_ENTRY_IMPORT", "IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT")
    library.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY[name] for name in wanted])
    return library


def _imports(library: pefile.PE) -> Iterator[tuple[str, list[str], bool]]:
    """Name in lower case, functions asked for by name, and whether that is put off until one of them is called."""
    for table in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT"):
        for entry in getattr(library, table, ()):
            functions = [one.name.decode("ascii", "replace") for one in entry.imports if one.name]
            yield entry.dll.decode("ascii", "replace").lower(), functions, "DELAY" in table


def main(bundle: Path = BUILD / "windows" / "sophuong") -> int:
    """Prints what is wrong; 0 when nothing is."""
    found = check(bundle)
    for one in found:
        print(f"{one.file}: {one.reason}", file=sys.stderr)
    if not found:
        print(f"imports: everything {bundle.name} asks for is in it or in Windows 10 1809")
    return 1 if found else 0

"""What stays out of the packages. Read by build.spec on both systems; docs/packaging.md says why each goes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

Part = tuple[str, str, str]
"""As PyInstaller lists what goes in: name in the package, file it is taken from, kind."""

MODULES = [
    *("sync.gateway", "uvicorn", "litestar", "psycopg", "lxml", "pytest", "hypothesis", "_pytest"),
    *("pip", "setuptools", "pkg_resources", "ensurepip", "venv", "tkinter", "idlelib", "lib2to3", "pydoc"),
    # of cel's own command line (forms/cel_engine.py)
    *("typer", "click_default_group", "pydantic", "pydantic_core", "mypy", "wcwidth", "prompt_toolkit", "rich", "gi"),
    *("pygments", "markdown_it", "shellingham", "cel.cli"),
    # C is compiled when the libraries are, not here
    *("cffi", "pycparser", "zstandard._cffi", "zstandard.backend_cffi"),
    *("sqlite3", "_sqlite3"),  # sqlcipher3 stands in for it (sync/store/projection.py)
    *("sqlite_utils.cli", "numpy", "pandas", "IPython", "ipdb", "unittest", "doctest", "pdb"),
    *("lzma", "_lzma", "bz2", "_bz2"),  # nothing here is packed so
    *("asyncio", "multiprocessing"),  # of the gateway; what remains asks for them only where it is asked to
    *("PySide6.QtNetwork", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets"),
]
"""Never looked into, so that what only they need stays out too."""

_OF_THE_DESKTOP = (
    "libcups.so.*",
    "libglib-2.0.so.*",
    "libgobject-2.0.so.*",
    "libgthread-2.0.so.*",
    "libgmodule-2.0.so.*",
)
_RUNTIMES = ("msvcp140*.dll", "vcruntime140*.dll", "concrt140.dll")
KEPT_CALENDARS = ("vietnam",)
_KEPT_PLUGINS = (
    "platforms/qwindows.dll",
    "platforms/qoffscreen.dll",  # pictures and prints without a window
    "platforms/libqxcb.so",
    "platforms/libqoffscreen.so",
    "platforms/libqminimal.so",
    "iconengines/*svgicon.*",  # pictures named in the style sheet
    "imageformats/*qsvg.*",
    "imageformats/*qjpeg.*",  # scans and photographs attached; PNG is in QtGui
    "imageformats/*qtiff.*",
    "platforminputcontexts/libibus*",  # typing Vietnamese
    "platforminputcontexts/libcompose*",
    "printsupport/*",
)
_LEFT_OUT = (
    "*opengl32sw.dll",  # widgets are drawn in software by Qt itself
    "*d3dcompiler_*.dll",
    "*Qt6Network*",
    "*Qt6Qml*",
    "*Qt6Quick*",
    "*Qt6OpenGL*",
    "*Qt6VirtualKeyboard*",
    "*Qt6Pdf*",
    "*Qt6Wayland*",
    "*Qt6EglF[sS]*",
    "*Qt6WlShell*",
    "*QtNetwork.*",
    "*QtOpenGL*",
    "*/Qt/translations/*",  # desktop/qt_words.py says Qt's words itself
    "*PySide6/translations/*",
    "*libgtk-3*",  # GTK comes in with a theme of the desktop that this program does not follow
    "*libgdk*",
    "*libcairo*",
    "*libpango*",
    "*libatk*",
    "*libepoxy*",
    "*libgio*",
    "*libharfbuzz-gobject*",
    "*libqgtk3*",
    "holidays/locale/*/LC_MESSAGES/[!V]*",  # names of days off of other countries
    "holidays/locale/*/LC_MESSAGES/V[!N]*",
    "dateutil/zoneinfo/*",
    "*.pyi",
    "_lzma.pyd",
    "_bz2.pyd",
    "*/lib-dynload/_lzma.*",
    "*/lib-dynload/_bz2.*",
    "*zstandard/_cffi.*",
    "*/direct_url.json",
    "*.dist-info/RECORD",
    "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED",
)


def is_left_out(name: str) -> bool:
    """Whether the file stays out; ``name`` as it would be in the package."""
    path = name.replace("\\", "/")
    if "/plugins/" in path and "PySide6" in path:
        plugin = path.rpartition("/plugins/")[2]
        if not any(fnmatchcase(plugin, kept) for kept in _KEPT_PLUGINS):
            return True
    return any(fnmatchcase(path, pattern) for pattern in _LEFT_OUT)


def only_needed(parts: Iterable[Part], needs: Callable[[str], Iterable[str]]) -> list[Part]:
    """Without the libraries of this machine's system that nothing in the package asks for (they came with what was left
    out), and without those that every Linux desktop has: the .deb depends on their packages. ``needs``: file → names of
    the libraries that it asks for."""
    parts = list(parts)
    files = [part for part in parts if part[2] != "SYMLINK"]
    by_name = {name.rpartition("/")[2]: (name, source, kind) for name, source, kind in files}
    queue = [part for part in files if not part[1].startswith(("/usr/lib/", "/lib/"))]
    kept = {part[0] for part in [*queue, *(part for part in parts if part[2] == "SYMLINK")]}
    while queue:
        for name in needs(queue.pop()[1]):
            part = by_name.get(name)
            if part and part[0] not in kept and not any(fnmatchcase(name, pattern) for pattern in _OF_THE_DESKTOP):
                kept.add(part[0])
                queue.append(part)
    return [part for part in parts if part[0] in kept]


def needed_by(file: str) -> list[str]:
    """Libraries that an ELF file itself asks for, not those that they ask for in turn."""
    done = subprocess.run(["readelf", "-dW", file], capture_output=True, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", done.stdout)


def without_doubles(parts: Iterable[Part]) -> list[Part]:
    """Microsoft's runtime once, beside python3xx.dll, where every library of the package finds it (the program names that
    folder to Windows at its start). The wheels bring a copy for each folder; the newest serves all."""
    kept: list[Part] = []
    runtimes: dict[str, Part] = {}
    for name, source, kind in parts:
        file = name.replace("\\", "/").rpartition("/")[2].lower()
        if not any(fnmatchcase(file, pattern) for pattern in _RUNTIMES):
            kept.append((name, source, kind))
        elif file not in runtimes or _file_version(source) > _file_version(runtimes[file][1]):
            runtimes[file] = (file, source, kind)
    return kept + list(runtimes.values())


def _file_version(path: str) -> tuple[int, int]:
    import pefile

    with pefile.PE(path) as library:
        said = library.VS_FIXEDFILEINFO[0]
        return said.FileVersionMS, said.FileVersionLS


def is_packed(name: str) -> bool:
    """Definitions of the catalogue: in ``forms/compiled/definitions.zip`` (forms/shipped_catalog.py)."""
    return name.endswith((".yaml", ".yml")) and not name.endswith("examples.yaml")


def is_left_out_module(name: str) -> bool:
    """Calendars of other countries."""
    for package in ("holidays.countries.", "holidays.financial.", "holidays.calendars."):
        if name.startswith(package):
            return package == "holidays.countries." and name.removeprefix(package) not in KEPT_CALENDARS
    return False

"""The program's folder for one system: build/linux/sophuong or build/windows/sophuong.

Both are made by the same build.spec: for Linux by this machine's .venv, for Windows by a Windows Python under Wine. The
same sources give the same files, so that a patch from one version to the next holds what changed and no more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from installer import BUILD, ROOT, version
from installer.chroot import CannotBuild, WineChroot
from installer.icon import write_icons
from installer.windows_python import windows_python

EPOCH = 1767225600  # 2026-01-01: the time of every file; a clock would make each build another one
BUILD_SECONDS = 1200
FIXED = {
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNODEBUGRANGES": "1",  # a traceback names the line, not the place in it; a tenth of all bytecode
    "PYTHONUTF8": "1",
}


def build_linux() -> Path:
    """Raises CannotBuild with what PyInstaller said last."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as place:
        parts = make_parts(Path(place, "parts"))
        work = ["--distpath", str(Path(place, "dist")), "--workpath", str(Path(place, "work"))]
        command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", *work, str(ROOT / "build.spec")]
        environment = {**os.environ, **FIXED, "SOPHUONG_PARTS": str(parts), "PYINSTALLER_CONFIG_DIR": place}
        _run(command, environment)
        return finish(Path(place, "dist", "sophuong"), BUILD / "linux" / "sophuong")


def build_windows() -> Path:
    """Raises CannotBuild, TimeoutExpired."""
    with ThreadPoolExecutor() as at_once:  # both mostly wait for the network, when they are not there yet
        chroot, unpacked = at_once.submit(WineChroot.ready), at_once.submit(windows_python)
        wine, python = chroot.result(), unpacked.result()
    with tempfile.TemporaryDirectory(prefix="bundle-") as place:
        parts = make_parts(Path(place, "parts"))
        work = ("--distpath", "Z:/made/dist", "--workpath", "Z:/made/work")
        done = wine.run(
            *(
                "wine",
                "/python/python.exe",
                "-m",
                "PyInstaller",
                "--noconfirm",
                "--clean",
                *work,
                "Z:/so-phuong/build.spec",
            ),
            prefix=Path(place, "prefix"),
            binds={ROOT: "/so-phuong", python: "/python", Path(place): "/made"},
            environment={**FIXED, "SOPHUONG_PARTS": f"Z:/made/{parts.name}"},
            timeout=BUILD_SECONDS,
            folder="/so-phuong",
            check=False,
        )
        log = BUILD / "windows" / "pyinstaller.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout + done.stderr, "utf-8")
        if done.returncode != 0:
            raise CannotBuild(f"PyInstaller under Wine ended with {done.returncode}; see {log}")
        return finish(Path(place, "dist", "sophuong"), BUILD / "windows" / "sophuong")


def make_parts(folder: Path) -> Path:
    """What is made before PyInstaller runs: the compiled catalogue, the icon, the version resources."""
    folder.mkdir(parents=True)
    _run([sys.executable, "-m", "forms.shipped_catalog", str(folder / "compiled")], {**os.environ, **FIXED})
    write_icons(folder)
    for name in ("sophuong", "sophuong-cli"):
        (folder / f"{name}.version").write_text(version_resource(name, version()), "utf-8")
    return folder


def version_resource(name: str, said: str) -> str:
    """As PyInstaller reads it; what Windows shows on a file's Details page."""
    numbers = ", ".join([*said.partition("+")[0].split("."), "0", "0", "0"][:4])
    words: Mapping[str, str] = {
        "CompanyName": "Sổ Phường",
        "FileDescription": "Sổ Phường",
        "FileVersion": said,
        "InternalName": name,
        "LegalCopyright": "Apache-2.0",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Sổ Phường",
        "ProductVersion": said,
    }
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    return f"""VSVersionInfo(
  ffi=FixedFileInfo(filevers=({numbers}), prodvers=({numbers}), mask=0x3f, flags=0, OS=0x40004, fileType=1, subtype=0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable('042a04b0', [{strings}])]),
    VarFileInfo([VarStruct('Translation', [0x042a, 1200])]),
  ],
)
"""


def finish(made: Path, place: Path) -> Path:
    """Fixed times, and in place in one step: nobody meets half of a bundle."""
    deflate(made / "_internal" / "base_library.zip")
    for path in [*made.rglob("*"), made]:
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    place.parent.mkdir(parents=True, exist_ok=True)
    new, old = place.with_name("sophuong.new"), place.with_name("sophuong.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(made, new, symlinks=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    return place


def deflate(library: Path) -> None:
    """The part of Python that is read before the rest; PyInstaller leaves it as it is."""
    with zipfile.ZipFile(library) as old:
        parts = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(library, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode != 0:
        raise CannotBuild(
            f"{' '.join(command[:3])} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
        )

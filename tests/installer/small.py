"""A program's folder as small as can be, for packages that are built in seconds."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest

from installer.layout import Layout
from tests.installer.portable_executable import library


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


def windows_folder(folder: Path, *, launchers: bool = True) -> Layout:
    bundle = folder / "sophuong"
    (bundle / "_internal" / "forms").mkdir(parents=True)
    for name in ("sophuong.exe", "sophuong-cli.exe"):
        (bundle / name).write_bytes(program())
    (bundle / "_internal" / "forms" / "birth.yaml").write_text("id: birth\n")
    beside = folder / "launcher"
    beside.mkdir()
    made = []
    for name in ("sophuong.exe", "sophuong-cli.exe") if launchers else ():
        (beside / name).write_bytes(program())
        made.append(beside / name)
    return Layout(bundle, "sophuong.exe", tuple(made))


def linux_folder(folder: Path) -> Layout:
    bundle = folder / "sophuong"
    (bundle / "_internal").mkdir(parents=True)
    shutil.copy(shutil.which("sleep") or "/bin/sleep", bundle / "sophuong")
    (bundle / "_internal" / "words.txt").write_text("Sổ Phường\n")
    (bundle / "_internal" / "link.txt").symlink_to("words.txt")
    launcher = folder / "launcher" / "sophuong"
    launcher.parent.mkdir()
    launcher.write_text('#!/bin/sh\nexec "${0%/*}"/app/*/sophuong "$@"\n')
    launcher.chmod(0o755)
    return Layout(bundle, "sophuong", (launcher,))


def program() -> bytes:
    """What tools take for a 64-bit Windows program."""
    return library({"KERNEL32.dll": ["ExitProcess"]})


def pictures(folder: Path) -> Path:
    """Icons and a picture as the tools want them, without drawing, which takes Qt."""
    folder.mkdir()
    (folder / "app.ico").write_bytes(icon())
    for size in (16, 24, 32, 48, 64, 128, 256):
        (folder / f"app-{size}.png").write_bytes(b"\x89PNG\r\n\x1a\n, not looked at")
    (folder / "setup.bmp").write_bytes(bitmap(8, 16))
    return folder


def icon() -> bytes:
    """16 by 16, black and clear."""
    picture = struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 32, 0, 1088, 0, 0, 0, 0) + bytes(1088)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(picture), 22) + picture


def bitmap(width: int, height: int) -> bytes:
    row = (width * 3 + 3) // 4 * 4
    head = struct.pack("<2sIII", b"BM", 54 + row * height, 0, 54)
    return (
        head + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, row * height, 0, 0, 0, 0) + bytes(row * height)
    )

"""The package for Linux PCs: ``python -m installer.deb`` makes dist/so-phuong_<version>_amd64.deb.

The program's folder goes to /opt/so-phuong/.package; what is started is a hard-linked copy of it in app/<version>, made by
postinst, so that an upgrade takes no file away from a version at work. The same input makes the same package.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path

from installer import DIST, ROOT, elf, hub_service, version
from installer.layout import Layout, icons, linux, moment
from installer.tools import call, need

SOURCES = ROOT / "installer" / "debian"
NAME, ARCHITECTURE = "so-phuong", "amd64"
MAINTAINER = "So Phuong <so-phuong@localhost>"
ALWAYS = ("ca-certificates", "fontconfig-config", "fonts-croscore", "xkb-data")
"""What is opened by name and not linked: the city's certificate, fonts and their configuration (Tinos of papers is as wide as
Times New Roman and has every Vietnamese letter, which Debian 12's Liberation has not), keyboards."""
LOADED_LATER = ("libegl1", "libgl1")
"""Asked for by Qt also where only drawing in memory is used."""
VAULTS = "gnome-keyring | kwalletmanager | keepassxc"
ABOUT = """Sổ Phường: bàn làm việc của phường
 Hồ sơ, sổ bộ và giấy tờ của một phường ở một nơi, làm được cả khi mất mạng.
 .
 The ward office's one workspace: files, registers and papers in one place,
 usable without a network."""
SIZES = (16, 24, 32, 48, 64, 128, 256)


def build(
    layout: Layout | None = None, output: Path | None = None, *, number: str | None = None, fast: bool = False
) -> list[Path]:
    """``fast``: weakly packed, for tests."""
    need({"dpkg-deb": "dpkg", "readelf": "binutils"})
    layout = layout or linux()
    number = number or version()
    output = output or DIST / f"{NAME}_{number}_{ARCHITECTURE}.deb"
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deb-") as place:
        tree = Path(place, "tree")
        lay(tree, layout, number)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(moment())}
        packing = ["-Zgzip", "-z1"] if fast else ["-Zxz", "-z6"]
        made = Path(place, "made.deb")
        call(["dpkg-deb", "--root-owner-group", *packing, "--build", tree, made], environment=environment)
        shutil.move(made, output)
    return [output]


def lay(tree: Path, layout: Layout, number: str) -> None:
    """Everything as it is to lie on the PC, and DEBIAN/ beside it."""
    home = tree / "opt" / NAME
    _make(home.parent)
    shutil.copytree(layout.bundle, home / ".package", symlinks=True)
    if layout.launchers:
        _put(home / "sophuong", layout.launchers[0].read_bytes(), 0o755)
        start = "/opt/so-phuong/sophuong"
    else:
        start = f"/opt/so-phuong/app/{number}/{layout.program}"
    _make(tree / "usr/bin")
    (tree / "usr/bin/sophuong").symlink_to(start)
    entry = (SOURCES / "sophuong.desktop").read_text("utf-8").replace("/opt/so-phuong/sophuong", start)
    _put(tree / "usr/share/applications/sophuong.desktop", entry.encode())
    for size in SIZES:
        picture = tree / f"usr/share/icons/hicolor/{size}x{size}/apps/sophuong.png"
        _put(picture, (icons() / f"app-{size}.png").read_bytes())
    _put(tree / "usr/share/man/man1/sophuong.1.gz", _packed((SOURCES / "sophuong.1").read_bytes()))
    papers = tree / "usr/share/doc" / NAME
    _put(papers / "copyright", (SOURCES / "copyright").read_bytes())
    _put(papers / "changelog.gz", _packed((ROOT / "CHANGELOG.md").read_bytes()))
    _put(
        tree / "lib/systemd/system" / hub_service.UNIT_NAME, hub_service.systemd_unit().encode()
    )  # whoever wants it enables it
    _make(tree / "etc" / NAME)
    for path in tree.rglob("*"):
        if not path.is_symlink():  # whatever the builder's umask was
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    _describe(tree, layout, number)


def _describe(tree: Path, layout: Layout, number: str) -> None:
    files = [path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink()]
    kilobytes = sum(path.stat().st_size // 1024 + 1 for path in files)
    fields = {
        "Package": NAME,
        "Version": number,
        "Architecture": ARCHITECTURE,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(kilobytes),
        "Depends": ", ".join(depends(layout)),
        "Recommends": VAULTS,
        "Section": "misc",
        "Priority": "optional",
        "Description": ABOUT,
    }
    for script in ("postinst", "prerm", "postrm"):
        text = (SOURCES / script).read_text("utf-8").replace("@VERSION@", number)
        _put(tree / "DEBIAN" / script, text.encode(), 0o755)
    control = "".join(f"{name}: {value}\n" for name, value in fields.items())
    _put(tree / "DEBIAN/control", control.encode())
    sums = "".join(f"{_md5(path)}  {path.relative_to(tree)}\n" for path in files)
    _put(tree / "DEBIAN/md5sums", sums.encode())


def depends(layout: Layout) -> list[str]:
    """What the folder links to and does not bring along, as packages of the Debian that this runs on."""
    missing = elf.wanted(layout.bundle)
    found, unknown = elf.packages(missing)
    for name in sorted(unknown):
        print(f"note: {name} is in no package; wanted by {', '.join(sorted(missing[name])[:3])}", flush=True)
    found.discard(elf.C_LIBRARY)
    major, minor = elf.c_library(layout.bundle)
    return [f"{elf.C_LIBRARY} (>= {major}.{minor})", *sorted(found | {*ALWAYS, *LOADED_LATER})]


def _put(path: Path, content: bytes, mode: int = 0o644) -> None:
    _make(path.parent)
    path.write_bytes(content)
    path.chmod(mode)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def _md5(path: Path) -> str:
    import hashlib

    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    for path in build():
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")

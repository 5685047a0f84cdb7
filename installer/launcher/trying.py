"""The Windows launcher tried under Wine: ``python -m installer.launcher.trying``. Ends with 1 when something was not as it
should be. About a minute."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from installer.chroot import WineChroot
from installer.launcher import COMPILER, HERE, build_windows

PROGRAMS = ("sophuong.exe", "sophuong-cli.exe")
FOLDERS = {"plain": "Sổ Phường của Ánh", "long": "/".join(["Thư mục dài " + "x" * 60] * 3)}
"""The latter is as deep as an installation may be: Wine starts no program beyond 259 characters."""


class Trial:
    def __init__(self, work: Path, folder: str) -> None:
        self.drive = work / "prefix" / "drive_c"
        self.folder = folder
        self.root = self.drive / folder
        self.versions = self.drive / "users" / "root" / "AppData" / "Local" / "SoPhuong" / "versions"
        self.work = work
        for place in (self.root, self.versions):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(work / "launcher" / name, self.root / name)
        self.lay("1.0.0", "0", self.root / "app")

    def lay(self, version: str, behaviour: str, place: Path | None = None) -> None:
        folder = (place or self.versions) / version
        folder.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(self.work / "trying.exe", folder / name)
        (folder / "behaviour").write_text(behaviour)

    def point(self, **pointer: object) -> None:
        (self.versions / "current.json").write_text(json.dumps(pointer, separators=(",", ":")) + "\n")

    def pointer(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.versions / "current.json").read_text())
        return found

    def start(self, chroot: WineChroot, *arguments: str, program: str = "sophuong.exe") -> tuple[list[str], int, str]:
        """Versions that were begun, the exit code (its last 8 bits), and what went to the console."""
        log = self.drive / "log.txt"
        log.unlink(missing_ok=True)
        unix = f"/prefix/drive_c/{self.folder}/{program}"
        done = chroot.run("wine", unix, *arguments, prefix=self.work / "prefix", timeout=60, check=False)
        self.lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [line.split("|")[0] for line in self.lines], done.returncode, done.stdout


def main() -> int:
    chroot = WineChroot.ready()
    wrong = 0

    def compare(what: str, is_: object, should_be: object) -> None:
        nonlocal wrong
        good = is_ == should_be
        wrong += not good
        sys.stdout.write(f"{'ok ' if good else 'BAD'} {what}{'' if good else f': {is_!r}, not {should_be!r}'}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="sophuong-launcher-") as place:
        work = Path(place)
        build_windows(work / "launcher")
        source = [str(HERE / "trying.c"), "-o", str(work / "trying.exe")]
        subprocess.run([COMPILER, "-municode", "-O1", "-static", *source], check=True)
        chroot.prefix(work / "prefix")
        for name, folder in FOLDERS.items() if len(sys.argv) < 2 else [(sys.argv[1], FOLDERS[sys.argv[1]])]:
            trial = Trial(work, folder)
            begun, code, _ = trial.start(chroot, "search", "Nguyễn Thị Ánh", 'a "b" \\', "--json")
            compare(f"{name}: the installed version", (begun, code), (["1.0.0"], 0))
            words = trial.lines[0].split("|")[1].split(maxsplit=1)[1] if trial.lines else ""
            compare(
                f"{name}: arguments as typed", words.partition("search ")[2], '"Nguyễn Thị Ánh" "a \\"b\\" \\\\" --json'
            )
            compare(f"{name}: its own place", (trial.lines or ["||"])[0].split("|")[2].endswith("sophuong.exe"), True)
            if name == "long":
                continue
            trial.lay("1.1.0", "0")
            trial.point(version="1.1.0", before="1.0.0", tried=0, good=False)
            compare(f"{name}: a verb waits", trial.start(chroot, "status")[0], ["1.0.0"])
            begun, code, said = trial.start(chroot, "open", program="sophuong-cli.exe")
            compare(f"{name}: the console twin, a new version", (begun, code, "console" in said), (["1.1.0"], 0, True))
            compare(f"{name}: it counts as a try", trial.pointer()["tried"], 1)
            (trial.versions / "1.1.0" / "behaviour").write_text("3")
            trial.point(version="1.1.0", before="1.0.0", tried=0, good=False)
            compare(f"{name}: back in one start", trial.start(chroot)[:2], (["1.1.0", "1.1.0", "1.0.0"], 0))
            compare(f"{name}: and it is told", trial.pointer()["tried"], 2)
            trial.point(version="1.1.0", before="1.0.0", tried=0, good=True)
            compare(f"{name}: exit codes pass", trial.start(chroot, "check")[:2], (["1.1.0"], 3))
            (trial.versions / "1.1.0" / "sophuong.exe").write_bytes(b"MZ quarantined")
            trial.point(version="1.1.0", before="1.0.0", tried=0, good=True)
            compare(f"{name}: a program that Windows will not start", trial.start(chroot)[:2], (["1.0.0"], 0))
            (trial.versions / "1.1.0" / "sophuong.exe").unlink()
            compare(f"{name}: a program that is gone", trial.start(chroot)[:2], (["1.0.0"], 0))
            (trial.versions / "current.json").write_bytes(b'{"version":"\xff\xfe')
            compare(f"{name}: a broken pointer", trial.start(chroot)[:2], (["1.0.0"], 0))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""setup.exe and the MSI on a Windows PC under Wine: laid, worked with, laid over, updated, removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from installer import BUILD, nsis, version
from installer.chroot import WineChroot
from installer.sizes import BOUNDS
from installer.trying.city import City
from installer.trying.picture import png_of_dump
from installer.trying.steps import INSTALL_SECONDS, OLDER, Steps
from installer.trying.trial import Trial, must
from installer.trying.wine_pc import DATA, PROGRAM, USER, WinePc, quoted

LONG = r"C:\hồ sơ của phường\\".rstrip("\\") + "\\" + "\\".join(["một thư mục có tên thật dài của văn phòng"] * 7)
"""Some 320 characters: longer than Windows opens without being asked to."""
SECOND = r"C:\users\Trần Văn Bình\AppData\Local\SoPhuong"


def try_setup(trial: Trial, folder: Path) -> None:
    """Every step of setup.exe in one prefix."""
    setup = trial.packages / f"SoPhuong-{version()}-setup.exe"
    if not setup.exists():
        trial.missing.append(f"{setup.name} was not built")
        return
    trial.figure("setup.exe", setup.stat().st_size / 1e6, "MB", BOUNDS["setup"] / 1e6)
    older = nsis.build(output=folder / "older-setup.exe", number=OLDER, fast=True)[0]
    pc = WinePc(WineChroot.ready(), folder / "windows")
    with City(folder / "windows-city") as city:
        binds = {setup: "/lab/newer.exe", older: "/lab/older.exe"}
        _Setup(trial, pc, city, binds, BUILD / "windows" / "sophuong").all()


class _Setup(Steps[WinePc]):
    name, short, platform = "Windows", "windows", "windows-x86_64"
    drive, home, data = "Z:", f"C:/users/{USER}", DATA

    def prepare(self) -> None:
        self.run("timed boot wine cmd.exe /c exit")
        self.before = self.pc.files()

    def lay(self, name: str, package: str) -> str:
        return f"timed {name} wine Z:/lab/{package}.exe /S"

    def remove(self) -> str:
        program = f"{self.home}/{PROGRAM}/uninstall.exe".replace("/", "\\")
        return f"timed remove wine {quoted(program)} /S\nrested uninst\nrested Un_\nsleep 2"

    def app(self) -> Path:
        return self.pc.home / PROGRAM / "app"

    def strange(self, left: set[str]) -> set[str]:
        registry = {line for line in self.pc.registry_lines("SoPhuong") if "Uninstall" in line or "Run]" in line}
        ours = f"users/{USER}/{DATA}/"
        made_here = ("users/Trần Văn Bình/", "hồ sơ của phường/")
        unremoved = f"{ours}versions/"
        return registry | {
            name for name in left if name.startswith(unremoved) or not name.startswith((ours, *made_here))
        }

    def own(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("two users at once, the same profile twice", self.two_at_once),
            ("a folder of more than 260 characters", self.long_path),
        ]

    def over(self) -> None:
        super().over()
        size = sum(path.stat().st_size for path in (self.pc.home / PROGRAM).rglob("*") if path.is_file())
        self.trial.figure("installed, Windows", size / 1e6, "MB", BOUNDS["installed"] / 1e6)

    def look_into(self, steps: Mapping[str, Any]) -> None:
        must(steps["store"]["figures"].get("key") == "vault", "the key lies in the Windows vault", steps["store"])
        must(not steps["form"]["figures"].get("opengl"), "it draws without OpenGL", steps["form"])

    def two_at_once(self) -> None:
        """Two users' programs run beside each other; the second start of one profile ends or says so, and loses nothing."""
        code = self.city.code("Trần Văn Bình")
        enrol = quoted("--profile", SECOND, "enrol", "--url", self.city.url, "--code", code, "--device", "PC-2")
        self.run(
            f"mine enrol2 {enrol}",
            "usable one open",
            f"usable two open --profile {quoted(SECOND)}",
            "picture both",
            "mine beside search bui --json",
            "mine again sync --json",
            "close_all",
        )
        self.pc.ended("enrol2").must("enrol of the second user")
        for name in ("one", "two"):
            self.pc.ended(name).must(f"the window of user {name}")
        self.pc.ended("beside").must("a verb beside the open window")
        self.trial.keep("windows-two-at-once.png", png_of_dump((self.pc.results / "both.xwd").read_bytes()))

    def long_path(self) -> None:
        code = self.city.code("Lê Thị Dài")
        profile = quoted("--profile", LONG)
        self.run(
            f"mine enrol3 {profile} {quoted('enrol', '--url', self.city.url, '--code', code, '--device', 'PC-3')}",
            f"mine import3 {profile} import residence.citizen 'Z:/try/mẫu.ndjson' --json",
            f"mine status3 {profile} status --json",
        )
        for name in ("enrol3", "import3", "status3"):
            self.pc.ended(name).must(f"{name} in a folder of {len(LONG)} characters")


def try_msi(trial: Trial, folder: Path) -> None:
    """Laid for the whole PC as group policy does, asked for its version, laid over, removed."""
    package = trial.packages / f"SoPhuong-{version()}.msi"
    if not package.exists():
        trial.missing.append(f"{package.name} was not built")
        return
    trial.figure("MSI", package.stat().st_size / 1e6, "MB")
    pc = WinePc(WineChroot.ready(), folder / "msi")
    with trial.step("msi: installed, answers, removed"):
        binds = {package: "/lab/so-phuong.msi"}
        pc.run("timed boot wine cmd.exe /c exit", binds)
        before = pc.files()
        pc.run("timed install wine msiexec /i 'Z:\\lab\\so-phuong.msi' /qn\n", binds)
        seconds = pc.ended("install").must("msiexec /i").seconds
        trial.figure("silent install, MSI", seconds, "s", INSTALL_SECONDS)
        laid = pc.prefix / "drive_c/Program Files/SoPhuong/app" / version() / "sophuong-cli.exe"
        must(laid.exists(), "the program lies in Program Files", "\n".join(sorted(pc.files() - before)[:20]))
        cli = quoted(f"C:\\Program Files\\SoPhuong\\app\\{version()}\\sophuong-cli.exe")
        pc.run(
            f"timed version wine {cli} --version\ntimed remove wine msiexec /x 'Z:\\lab\\so-phuong.msi' /qn\n", binds
        )
        must(version() in pc.ended("version").out, "it answers", pc.ended("version"))
        pc.ended("remove").must("msiexec /x")
        left = sorted(name for name in pc.files() - before if "SoPhuong" in name)
        must(not left, "nothing is left", "\n".join(left[:40]))

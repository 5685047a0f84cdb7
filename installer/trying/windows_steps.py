"""setup.exe and the MSI on a Windows PC under Wine: laid, worked with, laid over, removed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installer import nsis, version
from installer.chroot import WineChroot
from installer.trying.city import City
from installer.trying.picture import colours_in_dump, png_of_dump
from installer.trying.trial import Trial, must
from installer.trying.wine_pc import WinePc, quoted

OLDER = "0.0.9"
RECORDS = 40
LATER_STARTS = 3
INSTALL_SECONDS, FIRST_START, LEAST_COLOURS = 20.0, 1.5, 40
DATA = "AppData/Local/SoPhuong"
PROGRAM = "AppData/Local/Programs/SoPhuong"
LONG = r"C:\hồ sơ của phường\\".rstrip("\\") + "\\" + "\\".join(["một thư mục có tên thật dài của văn phòng"] * 7)
"""Some 320 characters: longer than Windows opens without being asked to."""


def try_setup(trial: Trial, folder: Path) -> None:
    """Every step of setup.exe in one prefix. Each that fails is told; those that need it fail too."""
    setup = trial.packages / f"SoPhuong-{version()}-setup.exe"
    if not setup.exists():
        trial.missing.append(f"{setup.name} was not built")
        return
    trial.figure("setup.exe", setup.stat().st_size / 1e6, "MB", 30)
    older = nsis.build(output=folder / "older-setup.exe", number=OLDER, fast=True)[0]
    pc = WinePc(WineChroot.ready(), folder / "windows")
    with City(folder / "windows-city") as city:
        _Setup(trial, pc, city, {setup: "/lab/setup.exe", older: "/lab/older-setup.exe"}).all()


class _Setup:
    def __init__(self, trial: Trial, pc: WinePc, city: City, binds: Mapping[Path, str]) -> None:
        self.trial, self.pc, self.city, self.binds = trial, pc, city, binds
        self.before: set[str] = set()
        self.records = 0

    def all(self) -> None:
        with self.trial.step("windows: older version installed, work done with it"):
            self.older()
        with self.trial.step("windows: installed over it with data in place"):
            self.over()
        with self.trial.step("windows: starts, picture"):
            self.starts()
        with self.trial.step("windows: self-test with a city"):
            self.selftest()
        with self.trial.step("windows: two users at once, the same profile twice"):
            self.two_at_once()
        with self.trial.step("windows: a folder of more than 260 characters"):
            self.long_path()
        with self.trial.step("windows: removed, data kept"):
            self.removed()

    def older(self) -> None:
        self.pc.run("timed boot wine cmd.exe /c exit", self.binds)
        self.before = self.pc.files()
        self.pc.run("timed older wine Z:/lab/older-setup.exe /S", self.binds)
        self.pc.ended("older").must("the older setup")
        must(self.program(OLDER).exists(), "the older version lies in app/", self.pc.results)
        cli = self.cli(OLDER)
        words = [
            "enrol",
            "--url",
            self.city.url,
            "--code",
            self.city.code("Trần Thu Hà"),
            "--device",
            "PC-WINE",
            "--json",
        ]
        self.pc.run(
            f"timed enrol wine {cli} {quoted(*words)}\n"
            f"timed sample wine {cli} sample residence.citizen {RECORDS} 'Z:\\try\\mẫu.ndjson'\n"
            f"timed import wine {cli} import residence.citizen 'Z:\\try\\mẫu.ndjson' --json\n"
            f"timed sync wine {cli} sync --json\n"
            f"timed status wine {cli} status --json\n",
            self.binds,
        )
        for name in ("enrol", "sample", "import", "sync"):
            self.pc.ended(name).must(name)
        self.records = sum(self.pc.ended("status").json["records"].values())
        must(self.records >= RECORDS, f"{RECORDS} records were taken in", self.pc.ended("status").out)
        must((self.pc.home / DATA / "store.db").exists(), f"the store lies in {DATA}")

    def over(self) -> None:
        self.pc.run(
            f"timed setup wine Z:/lab/setup.exe /S\ntimed version wine {self.cli()} --version\n"
            f"timed after wine {self.cli()} status --json\n",
            self.binds,
        )
        seconds = self.pc.ended("setup").must("setup.exe /S").seconds
        self.trial.figure("silent install, Windows", seconds, "s", INSTALL_SECONDS)
        folder = self.pc.home / PROGRAM
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and OLDER not in path.parts)
        self.trial.figure("installed, Windows", size / 1e6, "MB", 95)
        must(version() in self.pc.ended("version").out, "the new version answers", self.pc.ended("version"))
        records = sum(self.pc.ended("after").must("status").json["records"].values())
        must(records == self.records, f"{self.records} records are still there", records)

    def starts(self) -> None:
        lines = ["desktop_up\n"]
        for place in range(LATER_STARTS + 1):
            picture = "picture window" if place == LATER_STARTS else ":"
            lines.append(f"usable start{place} wine {self.cli()} open\n{picture}\nclose_all\n")
        self.pc.run("".join(lines), self.binds)
        seconds = [self.pc.ended(f"start{place}").must("open").seconds for place in range(LATER_STARTS + 1)]
        later = statistics.median(seconds[1:])
        self.trial.figure("later start, Windows under Wine", later, "s")
        self.trial.figure("first start ÷ later starts, Windows", seconds[0] / later, "×", FIRST_START)
        dump = (self.pc.results / "window.xwd").read_bytes()
        path = self.trial.keep("windows-window.png", png_of_dump(dump))
        must(colours_in_dump(dump) >= LEAST_COLOURS, f"something is drawn (look at {path})")

    def selftest(self) -> None:
        code = self.city.code("Cán bộ CNTT")
        words = ["selftest", "--json", "--gateway", self.city.url, "--code", code]
        line = f"wine {self.cli()} {quoted(*words)} --out 'Z:\\try\\selftest.json' --keep 'Z:\\try\\made'"
        self.pc.run(f"timed selftest {line}\n", self.binds)
        for name in ("form.png", "paper.pdf", "paper.png"):
            made = self.pc.results / "made" / name
            if made.exists():
                self.trial.keep(f"windows-{name}", made.read_bytes())
        answer = json.loads((self.pc.results / "selftest.json").read_bytes())
        self.trial.keep("windows-selftest.json", json.dumps(answer, indent=1, ensure_ascii=False).encode())
        told = tell_selftest(self.trial, "Windows", answer)
        steps = {step["name"]: step for step in answer["steps"]}
        must(steps["store"]["figures"].get("key") == "vault", "the key lies in the Windows vault", steps["store"])
        must(not steps["form"]["figures"].get("opengl"), "it draws without OpenGL", steps["form"])
        must(answer["ok"] and answer["finished"], "every step of the self-test", told)

    def two_at_once(self) -> None:
        """Two users' programs run beside each other; the second start of one profile ends or says so, and loses nothing."""
        second = r"C:\users\Trần Văn Bình\AppData\Local\SoPhuong"
        code = self.city.code("Trần Văn Bình")
        enrol = quoted("--profile", second, "enrol", "--url", self.city.url, "--code", code, "--device", "PC-2")
        self.pc.run(
            f"timed enrol2 wine {self.cli()} {enrol}\n"
            f"usable one wine {self.cli()} open\n"
            f"usable two wine {self.cli()} open --profile {quoted(second)}\n"
            "picture both\n"
            f"timed beside wine {self.cli()} search bui --json\n"
            f"timed again wine {self.cli()} sync --json\n"
            "close_all\n",
            self.binds,
        )
        self.pc.ended("enrol2").must("enrol of the second user")
        for name in ("one", "two"):
            self.pc.ended(name).must(f"the window of user {name}")
        self.pc.ended("beside").must("a verb beside the open window")
        self.trial.keep("windows-two-at-once.png", png_of_dump((self.pc.results / "both.xwd").read_bytes()))

    def long_path(self) -> None:
        code = self.city.code("Lê Thị Dài")
        enrol = quoted("--profile", LONG, "enrol", "--url", self.city.url, "--code", code, "--device", "PC-3")
        profile = quoted("--profile", LONG)
        self.pc.run(
            f"timed enrol3 wine {self.cli()} {enrol}\n"
            f"timed import3 wine {self.cli()} {profile} import residence.citizen 'Z:\\try\\mẫu.ndjson' --json\n"
            f"timed status3 wine {self.cli()} {profile} status --json\n",
            self.binds,
        )
        for name in ("enrol3", "import3", "status3"):
            self.pc.ended(name).must(f"{name} in a folder of {len(LONG)} characters")

    def removed(self) -> None:
        remove = quoted("wine", f"C:\\users\\{self.pc.home.name}\\{PROGRAM.replace('/', chr(92))}\\uninstall.exe", "/S")
        self.pc.run(f"timed remove {remove}\nrested uninst\nrested Un_\nsleep 2\n", self.binds)
        self.pc.ended("remove").must("uninstall.exe /S")
        left = self.pc.files() - self.before
        ours = f"users/{self.pc.home.name}/{DATA}/"
        made_here = ("users/Trần Văn Bình/", "hồ sơ của phường/")
        strange = sorted(name for name in left if not name.startswith((ours, *made_here)))
        must(not strange, "nothing but user data is left", "\n".join(strange[:40]))
        must(any(name.endswith("store.db") for name in left), "user data is left")
        registry = [line for line in self.pc.registry_lines("SoPhuong") if "Uninstall" in line or "Run]" in line]
        must(not registry, "nothing is left in the registry", "\n".join(registry))

    def program(self, number: str = "") -> Path:
        return self.pc.home / PROGRAM / "app" / (number or version()) / "sophuong.exe"

    def cli(self, number: str = "") -> str:
        """What an officer's shortcut starts: the launcher, where there is one."""
        folder = self.pc.home / PROGRAM
        program = folder / "sophuong-cli.exe"
        if not program.exists():
            program = self.program(number).with_name("sophuong-cli.exe")
        return quoted("C:\\" + str(program.relative_to(self.pc.prefix / "drive_c")).replace("/", "\\"))


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


def tell_selftest(trial: Trial, where: str, answer: dict[str, Any]) -> str:
    """One line for each step; its text for a failure's log."""
    lines = [
        f"{step['status']:<8}{step['name']:<9}{step['seconds']:6.1f} s  {step['said']['en']}"
        for step in answer["steps"]
    ]
    print("\n".join(f"   {line}" for line in lines), flush=True)
    trial.figure(f"self-test's memory at its peak, {where}", answer["peak_memory_mb"], "MB")
    return "\n".join(lines)

"""The .deb on a bare Debian: laid, worked with, laid over, purged."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from installer import deb, version
from installer.trying.city import City
from installer.trying.debian_pc import HOME, DebianPc
from installer.trying.picture import colours_in_dump, png_of_dump
from installer.trying.trial import Trial, must
from installer.trying.windows_steps import (
    FIRST_START,
    INSTALL_SECONDS,
    LATER_STARTS,
    LEAST_COLOURS,
    OLDER,
    RECORDS,
    tell_selftest,
)
from installer.trying.wine_pc import quoted

DATA = HOME.lstrip("/") + "/"


def try_deb(trial: Trial, folder: Path) -> None:
    package = trial.packages / f"so-phuong_{version()}_amd64.deb"
    if not package.exists():
        trial.missing.append(f"{package.name} was not built")
        return
    trial.figure(".deb", package.stat().st_size / 1e6, "MB")
    older = deb.build(output=folder / "older.deb", number=OLDER, fast=True)[0]
    with City(folder / "linux-city") as city:
        pc = DebianPc(folder / "debian")
        _Deb(trial, pc, city, {package: "/lab/so-phuong.deb", older: "/lab/older.deb"}).all()


class _Deb:
    def __init__(self, trial: Trial, pc: DebianPc, city: City, binds: dict[Path, str]) -> None:
        self.trial, self.pc, self.city, self.binds = trial, pc, city, binds
        self.before: set[str] = set()
        self.records = 0

    def all(self) -> None:
        with self.trial.step("deb: older version installed, work done with it"):
            self.older()
        with self.trial.step("deb: installed over it with data in place"):
            self.over()
        with self.trial.step("deb: starts, picture"):
            self.starts()
        with self.trial.step("deb: self-test with a city"):
            self.selftest()
        with self.trial.step("deb: purged, data kept"):
            self.purged()

    def older(self) -> None:
        """What it depends on comes first, so that the time of laying it is its own."""
        fields = "$(dpkg-deb -f /lab/older.deb Depends | sed 's/([^)]*)//g; s/,/ /g')"
        self.pc.run(
            f'timed update apt-get update\ntimed depends sh -c "apt-get install -y --no-install-recommends {fields}"\n',
            self.binds,
        )
        self.pc.ended("update").must("apt-get update")
        self.pc.ended("depends").must("what the package depends on is in Debian")
        self.before = self.pc.files()
        words = [
            "enrol",
            "--url",
            self.city.url,
            "--code",
            self.city.code("Trần Thu Hà"),
            "--device",
            "PC-LINUX",
            "--json",
        ]
        self.pc.run(
            "timed older dpkg -i /lab/older.deb\n"
            f"mine enrol {quoted(*words)}\n"
            f"mine sample sample residence.citizen {RECORDS} '{HOME}/mẫu.ndjson'\n"
            f"mine import import residence.citizen '{HOME}/mẫu.ndjson' --json\n"
            "mine sync sync --json\nmine status status --json\n",
            self.binds,
        )
        for name in ("older", "enrol", "sample", "import", "sync"):
            self.pc.ended(name).must(name)
        self.records = sum(self.pc.ended("status").must("status").json["records"].values())
        must(self.records >= RECORDS, f"{RECORDS} records were taken in", self.pc.ended("status").out)

    def over(self) -> None:
        self.pc.run(
            "timed over dpkg -i /lab/so-phuong.deb\nmine version --version\nmine after status --json\n", self.binds
        )
        self.trial.figure("silent install, .deb", self.pc.ended("over").must("dpkg -i").seconds, "s", INSTALL_SECONDS)
        must(version() in self.pc.ended("version").out, "the new version answers", self.pc.ended("version"))
        records = sum(self.pc.ended("after").must("status").json["records"].values())
        must(records == self.records, f"{self.records} records are still there", records)

    def starts(self) -> None:
        shots = {LATER_STARTS: "picture window"}
        lines = [f"usable start{n}\n{shots.get(n, ':')}\nclose_all\n" for n in range(LATER_STARTS + 1)]
        self.pc.run("".join(lines), self.binds)
        seconds = [self.pc.ended(f"start{place}").must("open").seconds for place in range(LATER_STARTS + 1)]
        later = statistics.median(seconds[1:])
        self.trial.figure("later start, Debian", later, "s")
        self.trial.figure("first start ÷ later starts, Debian", seconds[0] / later, "×", FIRST_START)
        dump = (self.pc.results / "window.xwd").read_bytes()
        path = self.trial.keep("debian-window.png", png_of_dump(dump))
        must(colours_in_dump(dump) >= LEAST_COLOURS, f"something is drawn (look at {path})")

    def selftest(self) -> None:
        words = ["selftest", "--json", "--gateway", self.city.url, "--code", self.city.code("Cán bộ CNTT")]
        self.pc.run(f"mine selftest {quoted(*words)} --keep '{HOME}/made'\n", self.binds)
        for path in (self.pc.root / DATA / "made").glob("*"):
            self.trial.keep(f"debian-{path.name}", path.read_bytes())
        answer = self.pc.ended("selftest").json
        self.trial.keep("debian-selftest.json", json.dumps(answer, indent=1, ensure_ascii=False).encode())
        told = tell_selftest(self.trial, "Debian", answer)
        must(answer["ok"] and answer["finished"], "every step of the self-test", told)

    def purged(self) -> None:
        self.pc.run("timed purge dpkg --purge so-phuong\n", self.binds)
        self.pc.ended("purge").must("dpkg --purge")
        left = sorted(name for name in self.pc.files() - self.before if not name.startswith(DATA))
        must(not left, "nothing but user data is left", "\n".join(left[:40]))
        must(any((self.pc.root / DATA).rglob("store.db")), "user data is left")

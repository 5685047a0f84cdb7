"""What the packages of both systems go through. ``windows_steps`` and ``debian_steps`` say how each system is told to do it."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from installer import version
from installer.trying.another_version import (
    CHANGED,
    UPDATE_ROOT,
    changed_code,
    make_believing,
    make_broken,
    make_version,
)
from installer.trying.city import City
from installer.trying.debian_pc import DebianPc
from installer.trying.giving import WEIGHED, Giving
from installer.trying.picture import colours_in_dump, png_of_dump
from installer.trying.trial import Trial, must
from installer.trying.wine_pc import WinePc, quoted

OLDER = "0.0.9"
RECORDS = 40
TURNS = 3
INSTALL_SECONDS, FIRST_START, LEAST_COLOURS, PATCH_MB = 20.0, 1.5, 40, 1.0
LUNAR_YEAR, LUNAR_NEW_YEAR = "2041", "2041-02-01"
"""Outside the working-day tables that are compiled in."""


P = TypeVar("P", WinePc, DebianPc)


class Steps(Generic[P]):
    """One PC from the older package to the removal. A step that fails is told; those that need it fail too."""

    name = ""  # as figures say it
    short = ""  # as steps and artefacts begin
    platform = ""
    drive = ""  # before what the shell in the PC calls /try (the folder of results) and /lab (what is given to it)
    home = ""  # the user's folder as the program on that PC names it
    data = ""  # the profile, in the user's folder

    def __init__(self, trial: Trial, pc: P, city: City, binds: Mapping[Path, str], bundle: Path) -> None:
        self.pc: P = pc
        self.trial, self.city, self.binds, self.bundle = trial, city, binds, bundle
        self.before: set[str] = set()
        self.records = 0
        self.new: list[str] = []

    # how the system does it

    def prepare(self) -> None:
        """What the PC has before the package; ``before`` is noted."""
        raise NotImplementedError

    def lay(self, name: str, package: str) -> str:
        """A line of shell that installs "older" or "newer"."""
        raise NotImplementedError

    def remove(self) -> str:
        raise NotImplementedError

    def app(self) -> Path:
        """The installed versions, as this machine names the place."""
        raise NotImplementedError

    def strange(self, left: set[str]) -> set[str]:
        """Of what is left after the removal that which is no user data."""
        raise NotImplementedError

    def own(self) -> list[tuple[str, Callable[[], None]]]:
        """Steps of this system alone, before the removal."""
        return []

    # the table

    def all(self) -> None:
        steps = [
            ("older version installed, work done with it", self.older),
            ("installed over it with data in place", self.over),
            ("first starts and later ones in turn, picture", self.starts),
            ("self-test with a city, calendar of a far year", self.selftest),
            *self.own(),
            ("updated by itself, the new version's first window", self.updated),
            ("a version that does not come up goes back by itself", self.goes_back),
            ("removed, data kept", self.removed),
        ]
        for title, step in steps:
            with self.trial.step(f"{self.short}: {title}"):
                step()

    @property
    def given(self) -> Path:
        """Where versions to be given out are made."""
        return self.pc.results.parent / "given"

    def run(self, *lines: str) -> None:
        self.pc.run("\n".join(lines) + "\n", self.binds)

    def older(self) -> None:
        self.prepare()
        words = ["enrol", "--url", self.city.url, "--code", self.city.code("Trần Thu Hà"), "--device", "PC-1", "--json"]
        sample = quoted(f"{self.drive}/try/mẫu.ndjson")
        self.run(
            self.lay("older", "older"),
            f"mine enrol {quoted(*words)}",
            f"mine sample sample residence.citizen {RECORDS} {sample}",
            f"mine import import residence.citizen {sample} --json",
            "mine sync sync --json",
            "mine status status --json",
        )
        for name in ("older", "enrol", "sample", "import", "sync"):
            self.pc.ended(name).must(name)
        must((self.app() / OLDER).is_dir(), "the older version lies in app/")
        self.records = self.count("status")
        must(self.records >= RECORDS, f"{RECORDS} records were taken in", self.pc.ended("status").out)
        must((self.pc.home / self.data / "store.db").exists(), f"the store lies in {self.data}")

    def over(self) -> None:
        self.run(self.lay("over", "newer"), "mine version --version", "mine after status --json")
        seconds = self.pc.ended("over").must("the package").seconds
        self.trial.figure(f"silent install, {self.name}", seconds, "s", INSTALL_SECONDS)
        must(version() in self.pc.ended("version").out, "the new version answers", self.pc.ended("version"))
        must(not (self.app() / OLDER).exists(), "the older version is gone")
        self.same("after")

    def starts(self) -> None:
        """First starts of copies of the profile whose window was never open; each is followed by a later one."""
        copies = [f"first{turn}" for turn in range(TURNS)]
        lines = ["desktop_up"]
        for copy in copies:
            subprocess.run(["cp", "-a", str(self.pc.home / self.data), str(self.pc.home / copy)], check=True)
            words = quoted("open", "--profile", f"{self.home}/{copy}")
            lines += ["forget", f"usable {copy} {words}", "close_all", f"usable later-{copy} {words}"]
            lines += ["picture window" if copy == copies[-1] else ":", "close_all"]
        self.run(*lines)
        first, later = ([self.pc.ended(mark + copy).must("open") for copy in copies] for mark in ("", "later-"))
        for copy in copies:
            shutil.rmtree(self.pc.home / copy)
        self.trial.figure(f"later start, {self.name}", statistics.median(end.seconds for end in later), "s")
        self.trial.ratio(f"first start ÷ later starts, {self.name}", first, later, FIRST_START)
        self.look("window", f"{self.short}-window")

    def selftest(self) -> None:
        code = self.city.code("Cán bộ CNTT")
        words = ["selftest", "--json", "--gateway", self.city.url, "--code", code]
        words += ["--out", f"{self.drive}/try/selftest.json", "--keep", f"{self.drive}/try/made"]
        self.run(f"mine selftest {quoted(*words)}", f"mine calendar calendar {LUNAR_YEAR} --json")
        for name in ("form.png", "paper.pdf", "paper.png"):
            made = self.pc.results / "made" / name
            if made.exists():
                self.trial.keep(f"{self.short}-{name}", made.read_bytes())
        answer = json.loads((self.pc.results / "selftest.json").read_bytes())
        self.trial.keep(f"{self.short}-selftest.json", json.dumps(answer, indent=1, ensure_ascii=False).encode())
        told = tell_selftest(self.trial, self.name, answer)
        self.look_into({step["name"]: step for step in answer["steps"]})
        must(answer["ok"] and answer["finished"], "every step of the self-test", told)
        days = self.pc.ended("calendar").must(f"the calendar of {LUNAR_YEAR}").json["days"]
        must(any(day["date"] == LUNAR_NEW_YEAR and not day["worked"] for day in days), f"Tết of {LUNAR_YEAR}", days)

    def look_into(self, steps: Mapping[str, Any]) -> None:
        """More of the self-test's answer that must hold on this system."""

    def updated(self) -> None:
        """From a folder, as from a stick: taken beside the program at work, begun by the launcher with the next start."""
        self.giving = Giving(self.given, self.platform)
        self.binds = {**self.binds, self.giving.folder: "/lab/updates"}
        installed = make_believing(self.bundle, self.given / version(), self.giving.root)
        shutil.copy(installed / UPDATE_ROOT, self.app() / version() / UPDATE_ROOT)
        self.new = [f"{version()}.{number}" for number in (1, 2, 3)]
        made = make_version(installed, self.given / self.new[0], self.new[0], changed_code(self.platform))
        laid = self.giving.give(self.new[0], made, {version(): installed}, WEIGHED)
        size = laid.patches[version()] / 1e6
        self.trial.figure(f"patch for a change in {len(CHANGED)} modules, {self.name}", size, "MB", PATCH_MB)
        self.run("mine level sync --json", "mine had status --json")  # the self-test has put a record into the city
        self.records = self.count("had")
        self.take_and_start("new", "picture new")
        self.at_work("new", self.new[0])
        self.look("new", f"{self.short}-updated")

    def goes_back(self) -> None:
        """A version without its code is taken and begun: the one before comes up. The next good one goes over it."""
        good, broken, next_one = self.new
        before = self.given / good
        self.giving.give(broken, make_broken(before, self.given / broken), {good: before})
        self.take_and_start("bad", ":")
        answer = self.at_work("bad", good)
        must(list(answer["refused"]) == [broken], f"{broken} is never tried again", answer)
        self.giving.give(next_one, make_version(before, self.given / next_one, next_one), {good: before})
        self.take_and_start("next", ":")
        self.at_work("next", next_one)
        left = {path.name for path in (self.pc.home / self.data / "versions").iterdir() if path.name[0].isdigit()}
        must(left == {good, next_one}, "what did not come up is gone, the one before is kept", sorted(left))

    def take_and_start(self, name: str, seen: str) -> None:
        self.run(
            f"mine take-{name} update --from {self.drive}/lab/updates --json",
            "desktop_up",
            f"usable start-{name} open",
            "proved",
            seen,
            "close_all",
            f"mine at-{name} update --status --json",
            f"mine have-{name} status --json",
        )

    def at_work(self, name: str, number: str) -> Any:
        self.pc.ended(f"take-{name}").must("the update is taken")
        self.pc.ended(f"start-{name}").must("the window after it")
        answer = self.pc.ended(f"at-{name}").must("update --status").json
        must(answer["version"] == number and not answer["waiting"], f"{number} is at work", answer)
        self.same(f"have-{name}")
        return answer

    def removed(self) -> None:
        self.run(self.remove())
        self.pc.ended("remove").must("the removal")
        left = self.pc.files() - self.before
        strange = sorted(self.strange(left))
        must(not strange, "nothing but user data is left", "\n".join(strange[:40]))
        must((self.pc.home / self.data / "store.db").exists(), "user data is left")

    def count(self, name: str) -> int:
        return sum(self.pc.ended(name).must("status").json["records"].values())

    def same(self, name: str) -> None:
        found = self.count(name)
        must(found == self.records, f"{self.records} records are still there", found)

    def look(self, name: str, kept: str) -> None:
        dump = (self.pc.results / f"{name}.xwd").read_bytes()
        path = self.trial.keep(f"{kept}.png", png_of_dump(dump))
        must(colours_in_dump(dump) >= LEAST_COLOURS, f"something is drawn (look at {path})")


def tell_selftest(trial: Trial, where: str, answer: dict[str, Any]) -> str:
    """One line for each step; its text for a failure's log."""
    lines = [
        f"{step['status']:<8}{step['name']:<9}{step['seconds']:6.1f} s  {step['said']['en']}"
        for step in answer["steps"]
    ]
    print("\n".join(f"   {line}" for line in lines), flush=True)
    trial.figure(f"self-test's memory at its peak, {where}", answer["peak_memory_mb"], "MB")
    return "\n".join(lines)

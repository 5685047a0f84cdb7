"""An update killed at random moments: ``python -m tests.torture.updates OLD NEW [--kills 50] [--seed N]``.

OLD and NEW are built folders (build/linux/sophuong) of two versions; both get an update root of this run's own keys. A
PC with real records takes NEW from a folder, begins it, and is killed (the whole process group, SIGKILL) while it fetches,
lays, points, starts or migrates. After every kill the launcher must start a program that has all records, and in the end
the new one must be at work.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from sync.gateway.server import GatewayServer
from tests.sync.updates.shelf import Shelf

LAUNCHER = Path(__file__).parents[2] / "installer" / "launcher" / "sophuong.sh"
RECORDS = 300
TYPE = "residence.citizen"


class Computer:
    """One account on one PC."""

    def __init__(self, work: Path, old: Path, version: str) -> None:
        self.root = work / "opt" / "sophuong"
        (self.root / "app").mkdir(parents=True)
        shutil.copytree(old, self.root / "app" / version, symlinks=True)
        shutil.copy(LAUNCHER, self.root / "sophuong")
        (self.root / "sophuong").chmod(0o755)
        self.data = work / "dữ liệu"
        self.versions = self.data / "so-phuong" / "versions"
        self.environment = {
            **os.environ,
            "XDG_DATA_HOME": str(self.data), "XDG_CACHE_HOME": str(work / "cache"), "HOME": str(work),
            "SOPHUONG_PASSPHRASE": "một câu mật khẩu", "QT_QPA_PLATFORM": "offscreen", "SOPHUONG_SAY_USABLE": "1",
        }  # fmt: skip

    def say(self, *words: str) -> Any:
        """A verb's answer. Raises CalledProcessError."""
        command = [str(self.root / "sophuong"), *words, "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{words}: {done.returncode} {done.stdout[-500:]} {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def killed(self, seconds: float, *words: str) -> bool:
        """Whether it was killed; it may have ended before."""
        command = [str(self.root / "sophuong"), *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, env=self.environment, start_new_session=True, **quiet) as process:  # type: ignore[call-overload]
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
                return False
            os.killpg(process.pid, signal.SIGKILL)
            return True

    def window(self, seconds: float = 90) -> str:
        """Start the window until it is usable and has proved itself, then end it in order; which version it was."""
        with subprocess.Popen(
            [str(self.root / "sophuong")],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "usable"
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                pointer = self.pointer()
                if pointer is None or pointer.get("good"):
                    break
                time.sleep(0.1)
            os.killpg(process.pid, signal.SIGKILL)
        return str(self.say("update", "--status")["version"])

    def pointer(self) -> dict[str, Any] | None:
        path = self.versions / "current.json"
        return json.loads(path.read_bytes()) if path.exists() else None

    def records(self) -> int:
        return int(self.say("status")["records"].get(TYPE, 0))


def run(old: Path, new: Path, kills: int, seed: int, work: Path) -> int:
    random = Random(seed)
    shelf = Shelf(work / "shelf")
    shelf.built.mkdir(exist_ok=True)
    versions = []
    for folder in (old, new):
        copy = work / "built" / folder.parent.parent.parent.name
        shutil.copytree(folder, copy, symlinks=True)
        (copy / "_internal" / "resources" / "data" / "update-root.json").write_bytes(shelf.root)
        version = _version(copy, work)
        (shelf.built / version).symlink_to(copy)
        versions.append(version)
    shelf.publish(versions[0], level=1)
    shelf.publish(versions[1], versions[0], level=1)
    pc = Computer(work, shelf.built / versions[0], versions[0])
    with GatewayServer(f"sqlite:///{work}/city.db") as gateway:
        code = gateway.enrolment_code("00070", "Trần Thu Hà")
        pc.say("enrol", "--url", gateway.url, "--code", code)
        sample = work / "sample.ndjson"
        pc.say("sample", TYPE, str(RECORDS), str(sample), "--seed", "3")
        pc.say("import", TYPE, str(sample))
        have = pc.records()
        assert have >= RECORDS
        began = time.monotonic()
        pc.say("update", "--from", str(shelf.folder))
        laid = time.monotonic() - began
        began = time.monotonic()
        assert pc.window() == versions[1]
        window = time.monotonic() - began
        _say(f"undisturbed: laid in {laid:.1f} s, window in {window:.1f} s; {have} records")
        counts = {"while taking": 0, "while starting": 0, "fell back": 0, "rounds": 0}
        while counts["while taking"] + counts["while starting"] < kills:
            counts["rounds"] += 1
            shutil.rmtree(pc.versions)
            while pc.killed(random.uniform(0, laid * 1.1), "update", "--from", str(shelf.folder)):
                counts["while taking"] += 1
                _check(pc, have, f"killed while taking, {counts}")
                if random.random() < 0.5:
                    break
            pc.say("update", "--from", str(shelf.folder))
            if random.random() < 0.6 and pc.killed(random.uniform(0, window * 0.9)):
                counts["while starting"] += 1
                _check(pc, have, f"killed while starting, {counts}")
                if random.random() < 0.5 and pc.killed(random.uniform(0, window * 0.9)):
                    counts["while starting"] += 1
                    _check(pc, have, f"killed twice while starting, {counts}")
            at_work = pc.window()
            _check(pc, have, f"after the window, {counts}")
            if at_work != versions[1]:
                counts["fell back"] += 1
                assert pc.say("update", "--status")["refused"] or pc.pointer() is None
            _say(f"round {counts['rounds']}: {at_work}; {counts}")
        _broken(pc, shelf, gateway, versions[1], have)
    _say(f"all {have} records after {kills} kills; {counts}")
    return 0


def _broken(pc: Computer, shelf: Shelf, gateway: GatewayServer, good: str, have: int) -> None:
    """A version without its code is given out: one start, and the one before is at work again; everybody is told."""
    shutil.rmtree(pc.versions)
    pc.say("update", "--from", str(shelf.folder))
    assert pc.window() == good
    folder = shelf.built / "9.0.0"
    shutil.copytree((shelf.built / good).resolve(), folder, symlinks=True)
    (folder / "_internal" / "sophuong.pyz").write_bytes(b"")
    shelf.publish("9.0.0", good, level=1)
    gateway.city.updates.use(shelf.folder)
    gateway.city.updates.give("9.0.0", "all", 100)
    assert pc.say("update")["waiting"] == "9.0.0"
    assert pc.window() == good
    _check(pc, have, "after the broken version")
    answer = pc.say("update")
    assert (answer["version"], answer["waiting"], list(answer["refused"])) == (good, "", ["9.0.0"])
    (standing,) = gateway.city.updates.standings()
    assert (standing.version, standing.failed) == (good, "9.0.0")
    _say(f"9.0.0 did not come up: {good} is at work again, the city knows, all {have} records are there")


def _check(pc: Computer, have: int, when: str) -> None:
    """A program starts and has everything."""
    if pc.versions.exists():
        pc.pointer()  # raises where it is half
    found = pc.records()
    if found != have:
        raise SystemExit(f"{when}: {found} records of {have}")


def _version(folder: Path, work: Path) -> str:
    environment = {**os.environ, "HOME": str(work), "XDG_DATA_HOME": str(work / "nobody")}
    command = [str(folder / "sophuong"), "update", "--status", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return str(json.loads(done.stdout)["version"])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.torture.updates", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sophuong-updates-", ignore_cleanup_errors=True) as place:
        return run(given.old.resolve(), given.new.resolve(), given.kills, given.seed, Path(place))


if __name__ == "__main__":
    sys.exit(main())

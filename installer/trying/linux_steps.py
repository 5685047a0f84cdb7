"""The packaged program beside the same one from source; a store of 200,000 records upgraded; little memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from installer import BUILD, ROOT
from installer.chroot import cache_folder, locked
from installer.trying.city import source_python
from installer.trying.trial import Failed, NotThere, Trial, must

RECORDS = 200_000
RUNS, FIRSTS = 5, 3
UPGRADE_SECONDS, FROZEN_START = 30.0, 1.3
MEMORY_MB = 900
"""What Windows 10 leaves of 2 GB."""
PASSPHRASE = "một câu dài để đo"  # noqa: S105 - of an invented store
GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
# an older version fills the store; its passphrase is derived cheaply, since starts are compared and not that
FILL = """
import sys
from pathlib import Path
from sync.store import vault
vault.MEMORY_KIB, vault.ROUNDS = 64, 1
from tests.benchmarks.big_store import big_profile
big_profile(Path(sys.argv[1]), int(sys.argv[2]))
"""


def try_linux(trial: Trial, folder: Path) -> None:
    program = BUILD / "linux" / "sophuong" / "sophuong"
    if not program.exists():
        trial.missing.append(f"{program} was not built")
        return
    with contextlib.ExitStack() as stack:
        environment = stack.enter_context(screen(folder))
        profile = folder / "profile"
        with trial.step(f"linux: a store of {RECORDS:,} records made by the version before"):
            shutil.copytree(old_store(), profile)
        with trial.step("linux: that store upgraded by the packaged program"):
            upgrade(trial, program, profile, environment)
        with trial.step("linux: starts, packaged and from source"):
            starts(trial, program, profile, environment, folder)
        with trial.step(f"linux: {RECORDS:,} records in {MEMORY_MB} MB of memory"):
            little_memory(trial, program, profile, environment)


def upgrade(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str]) -> None:
    seconds, counted = _timed([str(program), "--profile", str(profile), "status", "--json"], environment)
    trial.figure(f"upgrade of a store with {RECORDS:,} records", seconds, "s", UPGRADE_SECONDS)
    records = sum(counted["records"].values())
    must(records >= RECORDS * 0.99, f"{RECORDS:,} records are there", records)
    again, _ = _timed([str(program), "--profile", str(profile), "status", "--json"], environment)
    trial.figure("the same verb once upgraded", again, "s")


def starts(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str], folder: Path) -> None:
    """In turn, after one that compiles and warms; of the packaged one also its very first."""
    frozen = [str(program), "open", "--profile", str(profile)]
    source = [str(source_python()), "-m", "desktop", "open", "--profile", str(profile)]
    around = {
        **environment,
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_CACHE_HOME": str(folder / "cache-source"),
    }
    fresh = [{**environment, "XDG_CACHE_HOME": str(folder / f"cache-packed-{place}")} for place in range(FIRSTS)]
    packed = fresh[-1]
    first = min(started(frozen, each)[0] for each in fresh)
    started(source, around)
    pairs = [(started(frozen, packed), started(source, around)) for _ in range(RUNS)]
    later = min(pair[0][0] for pair in pairs)  # other work of this machine only adds
    trial.figure("packaged start, Linux", later, "s")
    trial.figure("packaged start ÷ start from source", later / min(pair[1][0] for pair in pairs), "×", FROZEN_START)
    trial.figure("first start ÷ later starts, Linux", first / later, "×", 1.5)
    trial.figure("memory (PSS) with the window open, Linux", statistics.median(pair[0][1] for pair in pairs), "MB")


def little_memory(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str]) -> None:
    """The kernel ends what needs more; then the window does not come, and the search does not answer."""
    with memory_group(MEMORY_MB) as group:
        seconds, _ = started([str(program), "open", "--profile", str(profile)], environment, group)
        trial.figure(f"start with {MEMORY_MB} MB", seconds, "s")
        words = [str(program), "--profile", str(profile), "search", "nguyen van", "--json"]
        _, found = _timed(words, environment, group)
        must(found["hits"], "a search answers", found)


def old_store() -> Path:
    """A profile filled by the release before this one (the last of tests/compatibility/versions.toml); made once."""
    from tests.compatibility.program import NoHistory, versions

    version = versions()[-1]
    kept = cache_folder() / "versions" / f"store-{version.commit}-{RECORDS}"
    with locked(kept.with_suffix(".lock")):
        if kept.is_dir():
            return kept
        with tempfile.TemporaryDirectory(prefix="sophuong-store-") as place:
            archive = subprocess.run(["git", "archive", version.commit], cwd=ROOT, capture_output=True)
            if archive.returncode:
                raise NotThere(str(NoHistory(f"commit {version.commit} is not in this clone")))
            subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
            made = Path(place, "made")
            environment = {
                **_plain(),
                "SOPHUONG_PASSPHRASE": PASSPHRASE,
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            }
            command = [str(source_python()), "-c", FILL, str(made), str(RECORDS)]
            subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True, text=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(made / "profile", kept)
    return kept


def started(command: list[str], environment: Mapping[str, str], group: Path | None = None) -> tuple[float, float]:
    """Seconds until the window can be worked in, and its PSS in MB a second later. Raises Failed when it ends before."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "SOPHUONG_SAY_USABLE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, preexec_fn=_entering(group),  # noqa: PLW1509 - no thread runs here
    )  # fmt: skip
    try:
        if not any(line.strip() == "usable" for line in process.stdout or ()):
            raise Failed(f"{command[0]} ended without a window: exit code {process.wait()}")
        seconds = time.perf_counter() - began
        time.sleep(1.0)
        return seconds, _pss(process.pid)
    finally:
        process.terminate()
        process.wait()


def _timed(command: list[str], environment: Mapping[str, str], group: Path | None = None) -> tuple[float, Any]:
    import json

    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        preexec_fn=_entering(group),
    )
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return time.perf_counter() - began, json.loads(done.stdout)


@contextlib.contextmanager
def memory_group(megabytes: int) -> Iterator[Path]:
    """A control group whose processes share so much memory and no swap."""
    parent, limit, swap = next(
        (
            (folder, name, beside)
            for folder, name, beside in (
                (GROUPS[0], "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
                (GROUPS[1], "memory.max", "memory.swap.max"),
            )
            if (folder / ("memory.limit_in_bytes" if folder == GROUPS[0] else "cgroup.controllers")).exists()
        ),
        (None, "", ""),
    )
    if parent is None or not os.access(parent, os.W_OK):
        raise NotThere("no control group for memory can be made here")
    group = parent / f"sophuong-try-{os.getpid()}"
    group.mkdir()
    try:
        (group / limit).write_text(str(megabytes * 1_000_000))
        with contextlib.suppress(OSError):
            (group / swap).write_text(str(megabytes * 1_000_000 if parent == GROUPS[0] else 0))
        yield group
    finally:
        with contextlib.suppress(OSError):
            group.rmdir()


def _entering(group: Path | None) -> Any:
    if group is None:
        return None

    def enter() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    return enter


@contextlib.contextmanager
def screen(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a program on a virtual screen of its own."""
    if not shutil.which("Xvfb"):
        raise NotThere("Xvfb is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        yield {
            **_plain(),
            "DISPLAY": f":{number}",
            "SOPHUONG_PASSPHRASE": PASSPHRASE,
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
    finally:
        server.terminate()
        server.wait()


def _plain() -> dict[str, str]:
    unwanted = (
        "SOPHUONG_NOW",
        "QT_QPA_PLATFORM",
        "WAYLAND_DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "PYTHONDONTWRITEBYTECODE",
    )
    return {name: value for name, value in os.environ.items() if name not in unwanted} | {"PYTHONUTF8": "1"}


def _pss(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise Failed("no Pss line")

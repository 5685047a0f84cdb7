"""The packaged program run on this machine: on a screen of its own, timed, with little memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer import ROOT
from installer.trying.trial import Failed, NotThere

PASSPHRASE = "một câu dài để đo"  # noqa: S105 - of an invented store
SCREEN_FILE = "Xvfb_screen0"
GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Start:
    """Until the window could be worked in: seconds by the clock and of a processor; then its PSS in MB a second later."""

    seconds: float
    worked: float
    memory: float


def started(command: list[str], environment: Mapping[str, str], group: Path | None = None) -> Start:
    """Raises Failed when it ends before."""
    began = time.perf_counter()
    with window(command, environment, group) as process:
        if not any(line.strip() == "usable" for line in process.stdout or ()):
            raise Failed(f"{command[0]} ended without a window: exit code {process.wait()}")
        seconds, worked = time.perf_counter() - began, _worked(process.pid)
        time.sleep(1.0)
        return Start(seconds, worked, _pss(process.pid))


@contextlib.contextmanager
def window(
    command: list[str], environment: Mapping[str, str], group: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "SOPHUONG_SAY_USABLE": "1"}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, preexec_fn=_entering(group),  # noqa: PLW1509 - no thread runs here
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _worked(pid: int) -> float:
    """Seconds of processor time, with what its ended children took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def timed(command: list[str], environment: Mapping[str, str], group: Path | None = None) -> tuple[float, Any]:
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
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-fbdir", str(folder)]
    command += ["-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        yield {
            **plain(),
            "DISPLAY": f":{number}",
            "SOPHUONG_PASSPHRASE": PASSPHRASE,
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
    finally:
        server.terminate()
        server.wait()


def plain() -> dict[str, str]:
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

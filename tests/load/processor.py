"""Seconds of processor that processes have used, with all their children, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def seconds_of(*roots: int) -> float:
    """Of these processes and all below them, those that ended and were waited for included."""
    parents: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        pid = int(stat.parent.name)
        parents.setdefault(int(fields[1]), []).append(pid)
        used[pid] = sum(map(int, fields[11:15])) / _TICKS
    below = list(roots)
    for pid in below:
        below += parents.get(pid, [])
    return sum(used.get(pid, 0.0) for pid in below)


def postgres_pid(folder: Path) -> int:
    """Of the server whose data lie in ``folder``."""
    return int((folder / "postmaster.pid").read_text().split()[0])

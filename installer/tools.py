"""Programs of the system that a stage needs: installed when missing, or asked for in plain words."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class NoTool(Exception):
    """A program is missing and cannot be installed here; the message says what to install."""


def need(tools: Mapping[str, str]) -> None:
    """``{program: Debian package}``: afterwards every program is there. Raises NoTool."""
    from installer.chroot import cache_folder, locked

    if not _missing(tools):
        return
    with locked(cache_folder() / "apt.lock"):  # apt is one at a time, and another stage may want the same
        missing = _missing(tools)
        if not missing:
            return
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise NoTool(f"missing: {' '.join(missing)}; install as root: apt-get install {' '.join(missing)}")
        print(f"Installing system packages: {' '.join(missing)}", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        if subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL).returncode != 0:
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
            subprocess.run(install, check=True, env=quiet, stdout=subprocess.DEVNULL)


def _missing(tools: Mapping[str, str]) -> list[str]:
    return sorted({package for program, package in tools.items() if not shutil.which(program)})


def call(
    command: Sequence[str | Path], *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Runs a tool and gives its output; what it said is shown when it fails. Raises CalledProcessError."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
        done.check_returncode()
    return done.stdout

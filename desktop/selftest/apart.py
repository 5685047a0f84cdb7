"""The self-test in a process of its own, as the IT staff would run it: the window goes on working, and a step that ends
the program ends no more than that process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from desktop.selftest.bench import Outcome

LONGEST = 180.0
"""Seconds after which it is ended: something waits for an answer that does not come."""


class Answer(msgspec.Struct, kw_only=True):
    """What ``selftest --out`` writes after each step."""

    ok: bool = False
    finished: bool = False
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    steps: list[Outcome] = []


class SelfTest:
    """One run. ``read`` tells how far it is; ``end`` must be called."""

    def __init__(self, profile: Path, language: str, url: str) -> None:
        """``profile``: whose settings of the line hold; nothing is written there. Raises OSError."""
        self._folder = tempfile.TemporaryDirectory(prefix="sophuong-selftest-", ignore_cleanup_errors=True)
        self._out = Path(self._folder.name) / "result.json"
        words = ["selftest", "--json", "--out", str(self._out), "--language", language, "--profile", str(profile)]
        words += ["--gateway", url] if url else []
        self._errors = (Path(self._folder.name) / "stderr").open("w+b")
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*own_command(), *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # no console flashes up on Windows
            )
        except OSError:
            self._clear()
            raise

    def read(self) -> Answer:
        """What it has written so far."""
        try:
            return msgspec.json.decode(self._out.read_bytes(), type=Answer)
        except (OSError, msgspec.DecodeError):  # not begun, or being written
            return Answer()

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def complaint(self) -> str:
        """The last thing it said before it broke off."""
        self._errors.seek(0)
        said = self._errors.read()
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"

    def end(self) -> None:
        if not self.is_over:
            self._process.kill()
        self._process.wait()
        self._clear()

    def _clear(self) -> None:
        self._errors.close()
        self._folder.cleanup()


def own_command() -> list[str]:
    """This program's command line."""
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "desktop"]
    here = Path(sys.executable)
    console = here.with_name(f"sophuong-cli{here.suffix}")
    return [str(console if console.exists() else here)]

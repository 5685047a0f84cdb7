"""A city on this machine for the programs under trial: the gateway as a process, on a port of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from installer import ROOT
from installer.trying.trial import Failed

WARD = "00070"


class City:
    """``with City(folder) as city``: ``city.url``, and a new code for each PC."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = f"sqlite:///{folder / 'city.db'}"
        self._log = folder / "gateway.log"
        self.url = ""

    def __enter__(self) -> City:
        command = [*_gateway(), "serve", "--database", self._database, "--port", "0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8", env=_environment()
            )
        ready = self._process.stdout.readline() if self._process.stdout else ""
        self.url = next((word for word in ready.split() if word.startswith("http")), "")
        if not self.url:
            raise Failed(f"the gateway did not start: {self._log.read_text('utf-8')}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def code(self, officer: str) -> str:
        return self._say("enrol", "--ward", WARD, "--officer", officer).strip()

    def records(self) -> int:
        return len(self._say("records").splitlines())

    def _say(self, verb: str, *words: str) -> str:
        command = [*_gateway(), verb, "--database", self._database, *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", env=_environment())
        if done.returncode:
            raise Failed(f"gateway {verb}: {done.stderr}")
        return done.stdout


def _gateway() -> list[str]:
    return [str(source_python()), "-m", "sync.gateway"]


def source_python() -> Path:
    """The Python that runs the program from source."""
    venv = ROOT / ".venv" / "bin" / "python"
    return venv if venv.exists() else Path(sys.executable)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1", "SOPHUONG_PASSPHRASE": ""}

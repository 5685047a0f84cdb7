"""The peers of the sync: whole programs of others, installed for the benchmark alone and never shipped."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parents[2] / "build" / "peers"


def install() -> Path:
    """The folder with both peers, at the versions of the lock files. Raises CalledProcessError."""
    locks = [HERE / "package-lock.json", HERE / "anki.lock"]
    mark = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    stamp = INSTALLED / "installed"
    if stamp.exists() and stamp.read_text() == mark:
        return INSTALLED
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        (INSTALLED / name).write_bytes((HERE / name).read_bytes())
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(["npm", "ci", *quiet], cwd=INSTALLED, check=True)
    venv.create(INSTALLED / "anki", with_pip=True)
    pip = [str(INSTALLED / "anki" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    subprocess.run([*pip, str(locks[1])], check=True)
    stamp.write_text(mark)
    return INSTALLED


class Program:
    """A peer's program that takes one order a line and answers each with one line of JSON."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.first = self._answer()

    def __call__(self, *order: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order, ensure_ascii=False) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def server(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Counted(Program):
    """A line to ``port`` of this machine that counts what goes over it."""

    def __init__(self, port: int) -> None:
        super().__init__([sys.executable, str(HERE / "counting_proxy.py"), str(port)], dict(os.environ))
        self.port = int(self.first["port"])

    @property
    def bytes(self) -> int:
        """Both ways, headers and all."""
        return int(self()["bytes"])


__all__ = ["HERE", "INSTALLED", "Counted", "Program", "install", "server"]

"""A program of one version: its code from the history, run as a process with this environment's libraries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from msgspec import Struct

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ("desktop", "sync", "forms", "resources")
PASSPHRASE = "mật khẩu của bài thử"


class NoHistory(Exception):
    """The commit is not here: a shallow clone, or no clone at all."""


class Version(Struct, frozen=True):
    """``commit`` "" is this version; ``gateway``: why its gateway cannot be run, ``forms``: why it cannot read this version's
    forms, "" when it can."""

    name: str
    commit: str = ""
    about: str = ""
    gateway: str = ""
    forms: str = ""

    @property
    def folder(self) -> Path:
        """Its code, taken out of the history once. Raises NoHistory."""
        if not self.commit:
            return ROOT
        kept = cache_folder() / "versions" / self.commit
        if not kept.is_dir():
            self._take_out(kept)
        return kept

    def _take_out(self, kept: Path) -> None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=kept.parent))
        archive = subprocess.run(["git", "archive", self.commit, *CODE], cwd=ROOT, capture_output=True)
        if archive.returncode:
            shutil.rmtree(making)
            raise NoHistory(f"{self.name}: commit {self.commit} is not in this clone (a full clone has it)")
        subprocess.run(["tar", "-x", "-C", str(making)], input=archive.stdout, check=True)
        with suppress(OSError):  # another worker was faster
            making.rename(kept)
        shutil.rmtree(making, ignore_errors=True)


NOW = Version("this version")


def versions() -> tuple[Version, ...]:
    """Those that must still work, oldest first."""
    read = tomllib.loads((Path(__file__).parent / "versions.toml").read_text("utf-8"))
    return tuple(Version(**each) for each in read["version"])


def cache_folder() -> Path:
    return Path(os.environ.get("SOPHUONG_CACHE") or Path.home() / ".cache" / "so-phuong").absolute()


class Answer(Struct, frozen=True):
    """What a verb said."""

    code: int
    out: str
    err: str


class Program:
    """A running program of a version, to be given command lines; ended by ``with``."""

    def __init__(self, version: Version, folder: Path) -> None:
        """``folder``: where it may write what is its own."""
        self.version = version
        self._environment = environment(version)
        errors = (folder / f"{version.name}.stderr").open("ab")
        with errors:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("driver.py"))],
                cwd=version.folder, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                text=True, encoding="utf-8",
            )  # fmt: skip
        self._errors = Path(errors.name)

    def __enter__(self) -> Program:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(30)

    def run(self, *words: str) -> Answer:
        self._pipe(self._process.stdin).write(json.dumps(words) + "\n")
        self._pipe(self._process.stdin).flush()
        line = self._pipe(self._process.stdout).readline()
        assert line, f"{self.version.name} ended: {self._errors.read_text('utf-8')[-2000:]}"
        return Answer(**json.loads(line))

    def must(self, *words: str) -> Any:
        """Run a verb that must succeed; its JSON."""
        answer = self.run(*words, "--json")
        assert answer.code == 0, f"{self.version.name}: {words}: {answer.err} {answer.out[-800:]}"
        return json.loads(answer.out)

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


class Gateway:
    """A city of a version, on a port of its own; ``with``."""

    def __init__(self, version: Version, folder: Path) -> None:
        self.version = version
        self.database = f"sqlite:///{folder / 'city.db'}"
        self._log = folder / "gateway.log"
        self.url = ""

    def __enter__(self) -> Gateway:
        command = [sys.executable, "-m", "sync.gateway", "serve", "--database", self.database, "--port", "0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.version.folder, env=environment(self.version), stdout=subprocess.PIPE, stderr=log,
                text=True, encoding="utf-8",
            )  # fmt: skip
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        self.url = next((word.strip(".,") for word in ready.split() if word.startswith("http")), "")
        assert self.url, f"{self.version.name}: {ready}{self._log.read_text('utf-8')[-2000:]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()


def environment(version: Version) -> dict[str, str]:
    """A compiled catalogue of its own: versions throw away each other's."""
    cache = cache_folder() / "versions" / f"cache-{version.commit or 'now'}"
    own = {"SOPHUONG_PASSPHRASE": PASSPHRASE, "SOPHUONG_NOW": "2026-11-23T09:00:00+07:00", "PYTHONUTF8": "1"}
    own |= {"XDG_CACHE_HOME": str(cache), "SOPHUONG_CACHE": "", "PYTHONPATH": ""}
    return {**os.environ, **own}

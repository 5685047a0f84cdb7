"""One run of the try: its steps, what they measured, and what was kept of those that failed."""

from __future__ import annotations

import contextlib
import re
import shutil
import statistics
import subprocess
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from installer import DIST
from installer.trying.table import Figure


class Work(Protocol):
    """What something took: by the clock, and of a processor."""

    @property
    def seconds(self) -> float: ...
    @property
    def worked(self) -> float: ...


class Failed(Exception):
    """Something of the package does not do what it must; the message says what was seen."""


class NotThere(Exception):
    """A step's package was not built; it is told and is no failure of the others."""


class Trial:
    """Steps go on after one that failed; ``failed`` and ``missing`` name them at the end."""

    def __init__(self, packages: Path = DIST) -> None:
        """``packages``: where they lie, and where pictures and logs go (``try/``)."""
        self.packages = packages
        self.folder = folder = packages / "try"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.figures: list[Figure] = []
        self.failed: list[str] = []
        self.missing: list[str] = []
        self.done: list[str] = []
        self.began = time.monotonic()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """What fails inside is kept in ``<name>.log`` and does not end the run."""
        print(f"── {name}", flush=True)
        began = time.monotonic()
        try:
            yield
        except NotThere as error:
            self.missing.append(f"{name}: {error}")
            print(f"   not there: {error}", flush=True)
        except Exception as error:
            log = self.folder / f"{re.sub(r'[^a-z0-9.]+', '-', name.lower())}.log"
            log.write_text(_told(error), "utf-8")
            self.failed.append(name)
            print(f"   FAILED: {_short(error)}\n   kept: {log}", flush=True)
        else:
            self.done.append(name)
            print(f"   ok ({time.monotonic() - began:.1f} s)", flush=True)

    def figure(self, name: str, value: float, unit: str, bound: float | None = None) -> None:
        self.figures.append(Figure(name, value, unit, bound))
        print(f"   {name}: {value:.2f} {unit}" + (f" (bound {bound:g})" if bound is not None else ""), flush=True)

    def ratio(self, name: str, over: Sequence[Work], under: Sequence[Work], bound: float) -> None:
        """Judged by processor time, which other work of this machine hardly changes; the clock is told beside it."""
        worked, waited = (
            [statistics.median(getattr(each, of) for each in works) for works in (over, under)]
            for of in ("worked", "seconds")
        )
        runs = f"medians of {len(over)} and {len(under)} in turn"
        self.figure(f"{name} (processor time, {runs})", worked[0] / worked[1], "×", bound)
        self.figure(f"{name} (by the clock)", waited[0] / waited[1], "×")

    def keep(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    @property
    def went_well(self) -> bool:
        return not self.failed and all(figure.ok for figure in self.figures)


def must(condition: object, message: str, seen: Any = "") -> None:
    """Raises Failed with what was seen."""
    if not condition:
        raise Failed(f"{message}\n{seen}" if seen != "" else message)


def _short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


def _told(error: Exception) -> str:
    parts = [*traceback.format_exception(error)]
    if isinstance(error, subprocess.CalledProcessError | subprocess.TimeoutExpired):
        for name, said in (("stdout", error.stdout), ("stderr", error.stderr)):
            parts.append(f"\n--- {name}\n{said.decode('utf-8', 'replace') if isinstance(said, bytes) else said or ''}")
    return "".join(parts)

"""Whether the window stays smooth while the city fills the PC, and quiet when there is nothing to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import sync_bench
from tests.benchmarks.rows import Row

RECORDS = 100_000
P99_MS, MAX_MS = 4.0, 20.0
IDLE_SHARE = 0.3  # per cent of a core


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place}/city.db"
        with sync_bench.gateway(url) as city:
            first = sync_bench.new_pc(city, url, place / "first")
            sync_bench.fill(first, RECORDS)
            sync_bench.sync(first)
            first.close()
            profile = vault_profile(city, url, place / "second")
            bare = watched("bare")
            window = watched("filled", profile)
            if window.get("pulled") != RECORDS:
                raise AssertionError(f"the window did not get its records: {window}")
            peer = "the same timer in a bare window"
            what = f"event loop late while {RECORDS:,} records arrive"
            yield Row(f"{what}, 99th percentile", window["p99"], "ms", peer, bare["p99"], limit=P99_MS)
            yield Row(f"{what}, worst", window["max"], "ms", peer, bare["max"], limit=MAX_MS)
            quiet = watched("idle", profile)
            yield Row("idle with a line, share of a core", quiet["core"], "%", limit=IDLE_SHARE)
            yield Row("idle with a line, written to disk in a minute", quiet["written"], "B", limit=0.5)


def vault_profile(city: str, url: str, folder: Path) -> Path:
    """A second PC whose key a program of its own can find: in the system's vault, or under a passphrase."""
    environment = {**os.environ, "SOPHUONG_PASSPHRASE": "một câu dài để đo", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "sync.gateway", "enrol", "--database", url, "--ward", sync_bench.WARD]
    command += ["--officer", "Vũ Đức Nam", "--role", "civil_status_officer"]
    code = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    command = [sys.executable, "-m", "desktop", "enrol", "--url", city, "--code", code, "--profile", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return folder


def watched(verb: str, *words: Path) -> dict[str, Any]:
    environment = {**os.environ, "SOPHUONG_PASSPHRASE": "một câu dài để đo", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.calm_window", verb, *map(str, words)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said

"""The ward's hub from the command line: records go from counter to counter while the city is out of reach."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hub(town: Town, tmp_path: Path) -> Iterator[str]:
    """A hub in a process of its own, as it runs in a ward; its address."""
    words = ["hub", "serve", "--profile", str(tmp_path / "hub"), "--city", town.gateway.url, "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop", *words], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()


def test_from_counter_to_counter(town: Town, counter: Counter, hub: str) -> None:
    other = town.counter("Lê Thị Khác", "civil_status_officer")
    for pc in (counter, other):
        assert pc.must("hub", "use", hub)["hub"] == hub
        pc.must("sync")
    town.cut_line()
    record = counter.takes_in(COPY, copy_of("Bằng đại học"))
    for pc in (counter, other):
        said = pc.run("sync", "--json")
        assert (said.code, said.json["error"]["code"]) == (1, "unreachable")
    assert other.sees(record)["fields"] == counter.sees(record)["fields"]
    assert other.must("hub", "show")["at_hub"] == 1
    assert other.status()["pending"] == 0
    assert counter.status()["pending"] > 0, "the hub has acknowledged nothing"
    town.restore_line()
    for pc in (counter, other):
        pc.must("sync")
    assert counter.status()["pending"] == 0
    assert other.must("hub", "show")["at_hub"] == 0
    assert other.sees(record)["revision"] == counter.sees(record)["revision"] > 0


def test_mistakes_are_sentences(counter: Counter, tmp_path: Path) -> None:
    assert counter.run("hub", "use").code == 2
    assert counter.run("hub", "use", "http://192.168.1.5:8621").code == 1, "in clear over the LAN"
    assert counter.run("hub", "serve", "--host", "0.0.0.0").code == 1, "without a certificate"  # noqa: S104
    assert counter.run("hub", "serve", "--certificate", "x").code == 2
    said = counter.run("hub", "use", "https://hub.invalid:8621", "--ca", str(tmp_path / "none.pem"))
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert counter.must("hub", "off")["hub"] is None

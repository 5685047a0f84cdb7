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

from sync.hub.messages import HUB_ROLE
from tests.features.cases import COPY, copy_of
from tests.features.story import HOAN_KIEM, Counter, Town, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hub(town: Town, tmp_path: Path) -> Iterator[str]:
    """A hub in a process of its own, as it runs in a ward; its address."""
    code = town.gateway.city.enrolment.new_code([HOAN_KIEM], "Máy trung gian", "", (HUB_ROLE,))
    assert run("hub", "join", code, "--profile", str(tmp_path / "hub"), "--city", town.gateway.url).code == 0
    town.gateway.city.hubs.forget()
    words = ["hub", "serve", "--profile", str(tmp_path / "hub"), "--port", "0", "--host", "127.0.0.1", "--every", "0.3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop", *words], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        found = re.search(r"https://\S+", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()


def test_from_counter_to_counter(town: Town, hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counter, other = (town.counter(name, "civil_status_officer") for name in ("Trần Thị Một", "Lê Thị Khác"))
    for pc in (counter, other):
        assert pc.must("hub", "use", hub)["hub"] == hub
        pc.must("sync")
    early = counter.takes_in(COPY, copy_of("Học bạ"))
    counter.must("sync")
    hubs, looks = town.gateway.city.hubs, []
    monkeypatch.setattr(hubs, "log", lambda *asked, log=hubs.log, **more: (looks.append(1), log(*asked, **more))[1])
    town.wait_for(lambda: len(looks) > 1)  # the hub looked what is new, and has taken it: it looks again
    town.cut_line()
    record = counter.takes_in(COPY, copy_of("Bằng đại học"))
    for pc in (counter, other):
        said = pc.run("sync", "--json")
        assert (said.code, said.json["error"]["code"]) == (1, "unreachable")
    assert other.sees(record)["fields"] == counter.sees(record)["fields"]
    assert other.must("hub", "show")["at_hub"] == 1
    assert other.sees(early)["revision"] == counter.sees(early)["revision"] > 0, "the city's own word, by the hub"
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
    assert counter.run("hub", "use", "http://127.0.0.1:8621").code == 1, "in clear within this machine"
    assert counter.run("hub", "join").code == 2
    assert counter.run("hub", "serve").code == 1, "nobody made it a hub"
    assert counter.must("hub", "show")["mode"] == "auto"
    assert counter.must("hub", "off")["mode"] == "off"

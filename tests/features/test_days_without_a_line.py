"""Story: the line to the city is down for days; the clerk takes the ward's work there on a USB stick, scans and all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town, run

SCAN = b"%PDF-1.7 " + bytes(range(256)) * 2000


def test_there_and_back_on_a_stick(town: Town, tmp_path: Path) -> None:
    clerk, other = town.counter("Nguyễn Thị Mai"), town.counter("Lê Văn Bình")
    town.cut_line()
    record = clerk.takes_in(COPY, copy_of("Bằng đại học", form="electronic"))
    scan = tmp_path / "quét.pdf"
    scan.write_bytes(SCAN)
    clerk.must("attach", record, str(scan))
    waiting = clerk.status()["pending"]

    out, back = tmp_path / "ra.sopb", tmp_path / "về.sopb"
    made = clerk.must("bundle", "export", str(out))
    assert (made["changes"], made["files"]) == (waiting, 1)
    assert clerk.status()["pending"] == waiting, "until the answer is back it waits here"

    answered = at_the_city(town, out, back)
    assert (answered["accepted"], answered["refused"], answered["files"]) == (waiting, 0, 1)
    assert record in town.records()

    taken = clerk.must("bundle", "import", str(back))
    assert (taken["accepted"], taken["waiting"], taken["problems"]) == (waiting, 0, [])
    assert clerk.status()["pending"] == 0
    assert clerk.must("files", "--open")["files"] == []
    assert clerk.must("bundle", "import", str(back))["again"]

    by_stick(town, other, tmp_path)
    assert other.sees(record)["fields"] == clerk.sees(record)["fields"]
    town.restore_line()
    assert clerk.syncs()["problems"] == other.syncs()["problems"] == []


def test_what_goes_wrong_is_one_sentence(town: Town, tmp_path: Path) -> None:
    clerk, other = town.counter("Nguyễn Thị Mai"), town.counter("Lê Văn Bình")
    clerk.takes_in(COPY, copy_of("Bằng đại học"))
    out, back = tmp_path / "ra.sopb", tmp_path / "về.sopb"
    clerk.must("bundle", "export", str(out))
    at_the_city(town, out, back)
    before = other.status()
    for said in (other.run("bundle", "import", str(back)), clerk.run("bundle", "import", str(out))):
        assert (said.code, said.err.count("\n")) == (1, 1)
    assert other.status() == before
    (tmp_path / "cut").write_bytes(out.read_bytes()[:-100])
    city = ("--database", town.storage_url)
    for words in (("cut", "x"), ("none", "x"), (out.name, out.name)):
        said = run("gateway", "bundle", *(str(tmp_path / word) for word in words), *city)
        assert (said.code, said.err.count("\n")) == (1, 1), words
    assert clerk.run("bundle", "export", str(tmp_path / "none" / "x")).code == 1
    assert clerk.run("bundle", "export").code == 2


def at_the_city(town: Town, out: Path, back: Path) -> Any:
    said = run("gateway", "bundle", str(out), str(back), "--database", town.storage_url, "--json")
    assert said.code == 0, said.err
    return said.json


def by_stick(town: Town, counter: Counter, folder: Path) -> None:
    out, back = folder / "o.sopb", folder / "b.sopb"
    counter.must("bundle", "export", str(out))
    at_the_city(town, out, back)
    counter.must("bundle", "import", str(back))

"""Attached files from the command line: where they stand, and one of them fetched from the city."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.cases import COPY, copy_of
from tests.features.story import CUA_NAM, Counter, Town

SCAN = b"%PDF-1.7 " + bytes(range(256)) * 2000


@pytest.fixture
def attached(counter: Counter, tmp_path: Path) -> tuple[str, str]:
    """A record with a scan: its id and the scan's SHA-256."""
    record = counter.takes_in(COPY, copy_of("Bằng đại học", form="electronic"))
    path = tmp_path / "quét.pdf"
    path.write_bytes(SCAN)
    return record, counter.must("attach", record, str(path))["attached"]["sha256"]


def test_a_file_goes_with_the_sync_and_is_fetched_elsewhere(
    town: Town, counter: Counter, attached: tuple[str, str], tmp_path: Path
) -> None:
    record, sha256 = attached
    (file,) = counter.must("files", record)["files"]
    assert (file["name"], file["size"], file["state"], file["here"]) == ("quét.pdf", len(SCAN), "waiting", True)
    assert counter.must("status")["files"]["to_send"] == 1
    assert counter.must("sync")["files_sent"] == 1
    assert counter.must("files", "--open")["files"] == []
    assert "đã ở thành phố" in counter.run("files", record).out

    other = town.counter("Lê Thị Khác", "civil_status_officer")
    other.must("sync")
    (file,) = other.must("files", "--missing")["files"]
    assert (file["record_id"], file["sha256"], file["state"]) == (record, sha256, "missing")
    assert other.must("status")["files"]["not_here"] == 1
    out = tmp_path / "out.pdf"
    assert other.must("fetch-file", record, sha256[:12], str(out))["name"] == "quét.pdf"
    assert out.read_bytes() == SCAN
    town.cut_line()
    assert other.run("fetch-file", record, sha256, str(out)).code == 0  # it is here now
    town.restore_line()


def test_what_cannot_be_fetched_says_why(
    town: Town, counter: Counter, attached: tuple[str, str], tmp_path: Path
) -> None:
    record, sha256 = attached
    assert counter.run("fetch-file", record, "00" * 32, str(tmp_path / "x")).code == 1
    assert counter.run("fetch-file", record, sha256[:3], str(tmp_path / "x")).code == 1
    assert counter.run("fetch-file", record, sha256, str(tmp_path / "none" / "x")).code == 1
    counter.must("sync")
    other = town.counter("Lê Thị Khác", "civil_status_officer")
    other.must("sync")
    town.cut_line()
    said = other.run("fetch-file", record, sha256, str(tmp_path / "x"))
    assert said.code == 1
    assert "Chưa lấy được" in said.err
    town.restore_line()
    stranger = town.counter("Người phường khác", "civil_status_officer", ward=CUA_NAM)
    stranger.must("sync")
    assert stranger.run("fetch-file", record, sha256, str(tmp_path / "x")).code == 1
    assert not (tmp_path / "x").exists()

"""What ``status``, ``numbers`` and ``update --status`` tell an IT officer who comes to a PC that does not do what it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from desktop.commands.desk import Desk
from desktop.rollout_places import ONLY
from desktop.version import VERSION
from sync.updates.installation import Installation, read_state, write_state
from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town, run
from tests.sync.updates.shelf import Shelf


def test_a_pc_that_came_back_from_a_backup_says_that_it_numbers_nothing(
    town: Town, counter: Counter, tmp_path: Path
) -> None:
    counter.takes_in(COPY, copy_of("Trước bản sao"))
    counter.syncs()
    assert counter.status()["numbering_stopped"] is None
    assert "!" not in counter.run("status").out
    (made,) = counter.must("backup", "--to", str(tmp_path / "usb"))["made"]
    counter.must("restore", made["folder"])
    for _ in range(2):  # before the city has taken the books away, and after
        assert counter.status()["numbering_stopped"] == "restored"
        assert "! Đang ngừng cấp số" in counter.run("status").out
        said = counter.run("--language", "en", "numbers", COPY).out
        assert "! Numbering stands still" in said and "enrol the PC again" in said
        assert counter.must("numbers", COPY)["stopped"] == "restored"
        with Desk.of_profile(str(counter.folder), "vi") as desk:
            books = desk.store.numbers.leases()
            for lease in books:
                desk.store.numbers.let_go(lease.ward, lease.register, lease.period)
    assert books == ()
    counter.syncs()
    town.joins(counter, "Nguyễn Văn Thử")
    counter.syncs()
    assert counter.status()["numbering_stopped"] is None
    assert counter.must("numbers", COPY)["stopped"] is None


def test_a_wrong_clock_is_told_with_what_to_do(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    counter.syncs()
    monkeypatch.setenv("SOPHUONG_NOW", "2031-01-05T08:00:00+07:00")
    assert counter.run("--language", "en", "sync", "--json").json["problems"][0].startswith("This PC's clock is ")
    assert counter.status()["numbering_stopped"] == "skew"
    said = counter.run("status", "--language", "en").out
    assert "! Numbering stands still" in said and "sophuong clock --confirm" in said


def test_a_pc_that_was_rolled_out_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "hồ sơ"
    for made in (False, True):  # the folder may be there already
        if made:
            profile.mkdir()
        answer = run("status", "--profile", str(profile))
        assert answer.code == 1 and "sophuong enrol --url" in answer.err
    office = tmp_path / "rollout.toml"
    office.write_text('url = "https://sophuong.example.vn"\ntoken = "SPXX-AAAA-BBBB"\n', encoding="utf-8")
    monkeypatch.setenv(ONLY, str(office))
    assert "mở chương trình một lần" in run("status", "--profile", str(profile)).err
    assert "open the program once" in run("status", "--profile", str(profile), "--language", "en").err
    assert not list(profile.iterdir())


def test_what_went_wrong_with_an_update_is_forgotten_after_a_good_check(
    town: Town, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "shelf")
    shelf.publish(VERSION)
    pc = shelf.pc(tmp_path / "pc", VERSION)
    monkeypatch.setattr(Installation, "here", classmethod(lambda cls, version: pc.here))
    gone = {"0.0.9": "did_not_come_up", "9.9.9": "did_not_come_up"}
    write_state(pc.here.versions, replace(read_state(pc.here.versions), refused=gone))
    town.cut_line()
    assert counter.run("update", "--check").code == 1
    told = counter.must("update", "--status")
    assert told["trouble"]["code"] == "unreachable"
    said = counter.run("update", "--status", "--language", "en").out
    assert "It brought nothing: The city cannot be reached" in said
    assert "9.9.9 did not come up" in said and "0.0.9" not in said  # a newer one is at work since
    town.restore_line()
    assert counter.must("update", "--check")["trouble"] is None
    assert counter.must("update", "--status")["trouble"] is None
    assert "It brought nothing" not in counter.run("update", "--status", "--language", "en").out

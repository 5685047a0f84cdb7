"""Backups and unattended enrolment by the command line, against a real city."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
import pytest

from desktop.rollout_places import ONLY
from desktop.settings import Settings, save_settings
from sync.store import vault
from tests.features.cases import COPY, copy_of
from tests.features.story import CUA_NAM, HOAN_KIEM, Counter, Town, run


def test_a_backup_comes_back_and_its_work_is_not_lost(town: Town, counter: Counter, tmp_path: Path) -> None:
    """Unsent work of the backup reaches the city; what the city heard since comes from the city; nothing of a book is numbered
    until somebody has enrolled the PC again."""
    target = tmp_path / "Ổ USB"
    counter.syncs()
    unsent = counter.takes_in(COPY, copy_of("Chưa gửi lúc sao lưu"))
    (made,) = counter.must("backup", "--to", str(target))["made"]
    assert made["waiting"] >= 1 and made["records"] >= 1
    later = counter.takes_in(COPY, copy_of("Sau bản sao"))
    counter.syncs()
    assert {unsent, later} <= set(town.records())

    done = counter.must("restore", made["folder"])
    assert done["restored"]["records"] == made["records"]
    assert {r["id"] for r in counter.all(COPY)} == {unsent}
    assert counter.must("clock")["suspended"] is not None
    counter.syncs()
    assert {r["id"] for r in counter.all(COPY)} == {unsent, later}
    assert counter.must("clock")["suspended"] is not None
    town.joins(counter, "Nguyễn Văn Thử")
    counter.syncs()
    assert counter.must("clock")["suspended"] is None
    assert counter.status()["pending"] == 0


def _certify(counter: Counter, record: str) -> None:
    counter.acts(record, "check", "original_seen=true")
    counter.acts(record, "certify")


def test_a_number_on_paper_is_not_given_again_after_an_old_backup(town: Town, counter: Counter, tmp_path: Path) -> None:
    """What was numbered since the backup, sent or not, stays numbered; and what was not sent can still be."""
    counter.syncs()
    before = counter.takes_in(COPY, copy_of("Trước bản sao"))
    (made,) = counter.must("backup", "--to", str(tmp_path / "usb"))["made"]
    unsent = counter.takes_in(COPY, copy_of("Đã cấp số, chưa gửi"))
    for record in (before, unsent):
        _certify(counter, record)
    numbers = [counter.sees(record)["number"] for record in (before, unsent)]
    assert None not in numbers

    told = counter.run("restore", made["folder"])
    assert told.code == 0 and "chưa gửi" in told.out
    assert len(counter.run("clock").out.splitlines()) == 1  # one reason for all books: said once
    counter.syncs()
    town.joins(counter, "Nguyễn Văn Thử")
    counter.syncs()
    later = counter.takes_in(COPY, copy_of("Sau khi khôi phục"))
    _certify(counter, later)
    counter.syncs()
    (apart,) = (counter.folder / "former").iterdir()
    assert run("--profile", str(apart), "sync").code == 0
    counter.syncs()
    seen = {r: counter.sees(r)["number"] for r in (before, unsent, later)}
    assert [seen[before], seen[unsent]] == numbers
    assert seen[later] not in (None, *numbers)
    assert not any(row["same"] for row in counter.must("numbers", COPY)["numbers"])


def test_what_a_restored_city_refused_before_it_said_so_is_judged_again(
    town: Town, counter: Counter, tmp_path: Path
) -> None:
    """The operator forgot ``restored``: what an officer did in between on a record that was lost is refused, and comes
    through when the record has come back."""
    counter.syncs()
    town.cut_line()
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("city.db*")}
    town.restore_line()
    record = counter.takes_in(COPY, copy_of("Thành phố mất rồi có lại"))
    counter.syncs()
    town.cut_line()
    for path in tmp_path.glob("city.db*"):
        path.unlink()
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    town.restore_line()
    counter.acts(record, "check", "original_seen=true")
    counter.syncs()
    assert counter.status()["refused"] == 1
    assert run("gateway", "restored", "--database", town.storage_url).code == 0
    counter.syncs()
    assert counter.status()["refused"] == counter.status()["pending"] == 0
    assert town.records()[record]["fields"]["original_seen"] is True


def test_the_folders_that_are_set_are_used(counter: Counter, tmp_path: Path) -> None:
    assert counter.run("backup").code == 1
    target, away = tmp_path / "share", tmp_path / "away" / "usb"
    save_settings(counter.folder, Settings(backup_to=(str(target), str(away)), backup_keep=2))
    answer = counter.run("backup", "--json")
    assert answer.code == 1 and "cắm ổ" in answer.err
    assert [f["code"] for f in answer.json["failed"]] == ["away"] and len(answer.json["made"]) == 1
    for _ in range(3):
        counter.run("backup")
    shares, _usb = counter.must("backup", "--status")["targets"]
    assert len(shares["backups"]) == 2 and shares["good_at"]
    assert "MB" in counter.run("backup", "--status").out


def test_what_is_no_backup_is_refused_in_words(counter: Counter, tmp_path: Path) -> None:
    answer = counter.run("restore", str(tmp_path))
    assert answer.code == 1 and "SoPhuong" in answer.err
    assert counter.run("backup", "--keep", "0", "--to", str(tmp_path / "x")).code == 2
    (made,) = counter.must("backup", "--to", str(tmp_path / "x"))["made"]
    answer = counter.run("restore", made["folder"], "--key", "SAI")
    assert answer.code == 1 and "Mã khôi phục" in answer.err


def test_a_lost_pc_comes_back_on_another_with_the_citys_code(
    town: Town, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = counter.takes_in(COPY, copy_of("Chưa gửi"))
    (made,) = counter.must("backup", "--to", str(tmp_path / "usb"))["made"]
    monkeypatch.setenv("SOPHUONG_PASSPHRASE", "một câu khác hẳn của máy mới")
    other = Counter(tmp_path / "máy mới")
    answer = other.run("restore", made["folder"])
    assert answer.code == 1 and "recovery-key.json" in answer.err
    sealed = str(Path(made["folder"]) / "recovery-key.json")
    told = run("gateway", "recovery-key", "--database", town.storage_url, sealed)
    assert told.code == 0, told.err
    other.must("restore", made["folder"], "--key", told.out.strip())
    assert [r["id"] for r in other.all(COPY)] == [record]
    other.syncs()
    assert record in town.records()


def test_where_the_vault_alone_was_lost_unsent_work_is_told_and_can_be_sent(
    town: Town, counter: Counter, tmp_path: Path
) -> None:
    """The Windows account was reset: the register is whole, only its key is gone, and the city's code is that key."""
    counter.syncs()
    (made,) = counter.must("backup", "--to", str(tmp_path / "usb"))["made"]
    unsent = counter.takes_in(COPY, copy_of("Chưa gửi"))
    vault.keep_key(counter.folder, secrets.token_bytes(32), os.environ["SOPHUONG_PASSPHRASE"])
    assert counter.run("status").code != 0
    sealed = str(Path(made["folder"]) / "recovery-key.json")
    code = run("gateway", "recovery-key", "--database", town.storage_url, sealed).out.strip()
    told = counter.run("restore", made["folder"], "--key", code)
    assert told.code == 0 and "chưa gửi" in told.out
    assert unsent not in {r["id"] for r in counter.all(COPY)}
    apart = told.out.split('--profile "')[1].split('"')[0]
    assert run("--profile", apart, "sync").code == 0
    assert unsent in town.records()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "rollout.toml"
    monkeypatch.setenv(ONLY, str(path))
    return path


def test_pcs_of_two_wards_enrol_by_one_file_each(town: Town, office: Path, tmp_path: Path) -> None:
    told = run(
        "gateway", "enrol", "--database", town.storage_url, "--ward", HOAN_KIEM, "--ward", CUA_NAM, "--count", "3"
    )
    secret = told.out.strip()
    for number, code in enumerate((HOAN_KIEM, CUA_NAM, CUA_NAM)):
        office.write_text(f'url = "{town.gateway.url}"\ntoken = "{secret}"\nwards = ["{code}"]\n', encoding="utf-8")
        pc = Counter(tmp_path / f"pc{number}")
        assert list(pc.must("enrol")["wards"]) == [code]
        pc.syncs()
    office.write_text(f'url = "{town.gateway.url}"\ntoken = "{secret}"\n', encoding="utf-8")
    answer = Counter(tmp_path / "pc9").run("enrol")
    assert answer.code == 1 and "wards" in answer.err
    office.write_text(f'url = "{town.gateway.url}"\n', encoding="utf-8")
    assert Counter(tmp_path / "pc9").run("enrol").code == 2


def test_a_pc_that_is_enrolled_knows_where_the_city_is(town: Town, counter: Counter) -> None:
    """A further officer's code is enough: the address is asked for only where none is known."""
    code = town.gateway.enrolment_code(HOAN_KIEM, "Lê Thị Hai", (), "UBND phường")
    counter.must("enrol", "--code", code)
    assert "Lê Thị Hai" in {officer["name"] for officer in counter.status()["officers"]}


def test_the_profile_keeps_what_is_the_pcs_when_the_ward_changes(town: Town, counter: Counter) -> None:
    (counter.folder / "versions").mkdir()
    (counter.folder / "rollout.log").write_text("x")
    code = town.gateway.enrolment_code(CUA_NAM, "Lê Thị Khác", (), "UBND phường")
    counter.must("enrol", "--url", town.gateway.url, "--code", code)
    assert (counter.folder / "versions").is_dir() and (counter.folder / "rollout.log").exists()
    assert list(counter.status()["wards"]) == [CUA_NAM]


def test_a_settings_file_of_an_older_program_is_read(counter: Counter) -> None:
    path = counter.folder / "settings.json"
    kept = msgspec.json.decode(path.read_bytes())
    for name in ("office", "backup_to", "backup_keep", "ring", "hub", "autostart"):
        kept.pop(name, None)
    path.write_bytes(msgspec.json.encode(kept))
    assert counter.run("backup").code == 1 and counter.status()["device"]

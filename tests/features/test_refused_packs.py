"""A pack that is not what it says, or does not come whole: the form stays as it was, and somebody is told why."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from forms.pack_format import MAGIC
from sync.pack_use import packs_folder, read_state
from tests.features.new_packs import (
    WEIGHT,
    build,
    changed_catalogue,
    field_names,
    give,
    key,
    small_catalogue,
    town,
)
from tests.features.story import Town, run

__all__ = ["key", "small_catalogue", "town"]  # fixtures


def test_a_tampered_pack_is_not_given_out_and_not_taken(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    content = bytearray(pack.read_bytes())
    content[-40] ^= 1
    broken = tmp_path / "broken.sopack"
    broken.write_bytes(content)
    answer = run("gateway", "pack", "add", str(broken), "--database", town.storage_url)
    assert (answer.code, "chữ ký" in answer.err.lower()) == (1, True)

    give(town, pack)
    _put_in_database(town, bytes(content))  # somebody with the city's database, and without its key
    said = counter.syncs()
    assert said["pack"] == ""
    assert "Chữ ký" in said["problems"][0]
    assert "weight" not in field_names(counter)
    assert counter.syncs()["problems"] == []  # told once, and not fetched again


def _put_in_database(town: Town, content: bytes) -> None:
    import hashlib

    if not town.storage_url.startswith("sqlite"):
        pytest.skip("the other database is not opened here")
    with sqlite3.connect(town.storage_url.removeprefix("sqlite:///")) as db:
        digest = hashlib.sha256(content).hexdigest()
        db.execute("UPDATE packs SET content = ?, size = ?, sha256 = ?", (content, len(content), digest))
    db.close()


def test_a_pack_of_another_key_is_refused(town: Town, tmp_path: Path) -> None:
    assert run("pack", "keygen", str(tmp_path / "other.pem")).code == 0
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), tmp_path / "other.pem", "2026.2", 2)
    answer = run("gateway", "pack", "add", str(pack), "--database", town.storage_url)
    assert answer.code == 1
    checked = run("pack", "check", str(pack), "--key", str(tmp_path / "city.pem.pub"))
    assert checked.code == 1
    assert run("pack", "check", str(pack), "--key", str(tmp_path / "other.pem.pub")).code == 0


def test_an_older_pack_is_refused(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "5", WEIGHT), key, "2026.5", 5))
    counter.syncs()
    old = build(changed_catalogue(tmp_path, "4"), key, "2026.4", 4)
    answer = run("gateway", "pack", "add", str(old), "--database", town.storage_url)
    assert answer.code == 1
    assert "2026.5" in answer.err


def test_a_cut_download_goes_on_where_it_stopped(
    town: Town, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync import packs
    from sync.http import HttpTransport
    from sync.protocol import SyncError

    counter = town.counter("Vũ Thị Lan")
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    give(town, pack)
    monkeypatch.setattr(packs, "PART", 600)
    asked: list[int] = []
    whole = HttpTransport.pack_part

    def cut(self: HttpTransport, sha256: str, start: int, length: int) -> bytes:
        asked.append(start)
        if len(asked) == 3:
            raise SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.")
        return whole(self, sha256, start, length)

    monkeypatch.setattr(HttpTransport, "pack_part", cut)
    assert counter.syncs()["pack"] == ""
    assert "weight" not in field_names(counter)
    assert counter.syncs()["pack"] == "2026.2"
    assert asked[:5] == [0, 600, 1200, 1200, 1800]
    assert "weight" in field_names(counter)


def test_a_full_disk_leaves_the_old_form(
    town: Town, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if packs_folder(counter.folder) in self.parents:
            raise OSError(28, "No space left on device")
        return real(self, data)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        said = counter.syncs()
    assert said["pack"] == ""
    assert "vẫn giữ nguyên" in said["problems"][0]
    assert read_state(counter.folder).next is None
    assert counter.syncs()["pack"] == "2026.2"


def test_a_damaged_pack_on_the_disk_falls_back(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    counter.syncs()
    assert "weight" in field_names(counter)
    (packs_folder(counter.folder) / "2" / "health" / "visit.yaml").write_text("::: not yaml", "utf-8")
    assert "weight" not in field_names(counter)


def test_a_catalogue_with_a_mistake_is_not_signed(key: Path, tmp_path: Path) -> None:
    folder = changed_catalogue(tmp_path, "2", ("type: int", "type: integer"))
    answer = run("pack", "build", str(folder), str(tmp_path / "x.sopack"), "--key", str(key))
    assert answer.code == 1
    assert "health/visit.yaml:" in answer.out
    assert not (tmp_path / "x.sopack").exists()


def test_a_field_may_not_change_its_type(town: Town, key: Path, tmp_path: Path) -> None:
    folder = changed_catalogue(tmp_path, "2", ("name: phone, type: text", "name: phone, type: int"))
    pack = build(folder, key, "2026.2", 2)
    answer = run("gateway", "pack", "add", str(pack), "--database", town.storage_url)
    assert answer.code == 1
    assert "health.visit.phone" in answer.err


def test_what_is_no_pack_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"PK\x03\x04")
    assert run("pack", "show", str(tmp_path / "x")).code == 1
    (tmp_path / "y").write_bytes(MAGIC + bytes(64) + b"rubbish")
    assert run("pack", "show", str(tmp_path / "y")).code == 1


def test_a_pc_without_the_citys_key_says_what_to_do(
    small_catalogue: Path, tmp_path: Path, storage_url: str, key: Path
) -> None:
    assert small_catalogue
    with Town(tmp_path, storage_url) as town:
        counter = town.counter("Vũ Thị Lan")  # enrolled before the city had a key
        assert run("gateway", "pack", "trust", f"{key}.pub", "--database", storage_url).code == 0
        give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
        assert "đăng ký lại" in counter.syncs()["problems"][0]
        town.joins(counter, "Vũ Thị Lan")
        assert counter.syncs()["pack"] == "2026.2"


def test_parts_of_a_pack_are_for_enrolled_devices_and_end_where_it_ends(town: Town, key: Path, tmp_path: Path) -> None:
    from sync.http import HttpTransport, enrol
    from sync.protocol import SyncError

    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    give(town, pack)
    content = pack.read_bytes()
    answer = enrol(town.gateway.url, town.gateway.enrolment_code("00070", "Vũ Thị Lan"), "PC")
    assert answer.pack_keys == (Path(f"{key}.pub").read_text("ascii"),)
    line, stranger = HttpTransport(town.gateway.url, answer.token), HttpTransport(town.gateway.url, "nobody")
    offer = line.hello().offer
    assert offer
    assert (offer.serial, offer.size) == (2, len(content))
    assert line.pack_part(offer.sha256, 10, 20) == content[10:30]
    assert line.pack_part(offer.sha256, len(content) - 5, 100) == content[-5:]
    for asker, name, start, code in (
        (line, offer.sha256, len(content), "bad_range"),
        (line, "0" * 64, 0, "no_pack"),
        (stranger, offer.sha256, 0, "unknown_device"),
    ):
        with pytest.raises(SyncError) as refused:
            asker.pack_part(name, start, 10)
        assert refused.value.code == code
    line.close()
    stranger.close()


def test_an_offer_whose_name_is_a_path_touches_no_file(town: Town, key: Path, tmp_path: Path) -> None:
    """The name a city gives a pack names files on the PC."""
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    if not town.storage_url.startswith("sqlite"):
        pytest.skip("the other database is not opened here")
    victim = tmp_path / "victim.part"
    victim.write_bytes(b"x" * 100_000)
    with sqlite3.connect(town.storage_url.removeprefix("sqlite:///")) as db:
        db.execute("UPDATE packs SET sha256 = ?", (f"../../{victim.stem}",))
    db.close()
    said = counter.syncs()
    assert said["pack"] == ""
    assert said["problems"]
    assert victim.stat().st_size == 100_000

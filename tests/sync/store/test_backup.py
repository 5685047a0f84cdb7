"""A backup is whole or not there, opens with the store's own key, and comes back as a store that was restored."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from sync.bundle.keys import new_keys
from sync.bundle.on_pc import keep_keys
from sync.bundle.recovery import code_of_key, key_of_code, seal_key, unseal_key
from sync.clock import FixedClock
from sync.lock import lock_file
from sync.pack_use import PackUse
from sync.store import Store, backup, restoring, schema, vault
from sync.store.backup import BackupError, list_backups, make_backup, read_backup
from sync.store.model import DamagedStore, NewerStore, NoStore, Save, WrongKey
from sync.store.restoring import finish, key_of_backup, restore_backup, unsent_here
from tests.sync.store import ward
from tests.sync.store.test_vault import MemoryVault, system_vault
from tests.sync.store.ward import CITIZEN, CLERK

assert system_vault  # a fixture of that module
PASSPHRASE = "năm con ngựa vằn đứng"


def person(name: str) -> Save:
    return Save(type=CITIZEN.id, fields={"full_name": name})


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "Ổ chung" / "Sao lưu"
    folder.parent.mkdir()
    return folder


@pytest.fixture
def kept(folder: Path, clock: FixedClock, system_vault: MemoryVault) -> Iterator[Store]:
    """A store whose key the system's vault has."""
    key = vault.create_key(folder)
    with Store.create(folder, key, ward.CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        store.save([person(f"Người Mẫu {n}") for n in range(50)], CLERK)
        yield store


def key(folder: Path) -> bytes:
    return vault.open_key(folder)


def made(store: Store, target: Path, **how: object) -> backup.Backup:
    return make_backup(store.path, key(store.path), target, now=store.clock.now(), **how)  # type: ignore[arg-type]


def people(folder: Path, clock: FixedClock) -> int:
    with Store.open(folder, key(folder), ward.CATALOG, clock) as store:
        return store.records.count(CITIZEN.id)


def test_a_backup_is_a_profile_itself(kept: Store, target: Path, clock: FixedClock) -> None:
    about = made(kept, target, program="1.2.3")
    assert about.path.parent == target and about.path.name == "SoPhuong-Q2-20261120-093000"
    assert (about.device, about.records, about.waiting, about.schema) == ("Q2", 50, 50, schema.NEWEST)
    assert read_backup(about.path / "store.db") == about
    assert people(about.path, clock) == 50
    assert b"Mau" not in (about.path / "store.db").read_bytes()


def test_work_goes_on_meanwhile_and_the_copy_is_one_state(
    kept: Store, target: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.copying.PAGES", 4)
    saved: list[int] = []

    def told(_percent: int) -> None:
        if len(saved) < 15:
            kept.save([person(f"Thêm {len(saved)}"), person(f"Nữa {len(saved)}")], CLERK)
            saved.append(2)

    about = made(kept, target, told=told)
    assert len(saved) == 15
    with Store.open(about.path, key(kept.path), ward.CATALOG, clock) as copy:
        assert copy.records.count(CITIZEN.id) == 50 == len(copy.changes.pending(1000))
    assert kept.records.count(CITIZEN.id) == 80


def test_so_many_are_kept_and_only_of_this_device(kept: Store, target: Path, clock: FixedClock) -> None:
    kept.set_enrolment(msgspec.structs.replace(ward.ENROLMENT, device="Q20"))
    other = made(kept, target)
    kept.set_enrolment(ward.ENROLMENT)
    for day in range(5):
        clock.moment = ward.NOW + timedelta(days=day)
        made(kept, target, keep=3)
    assert [each.at[:10] for each in list_backups(target, "Q2")] == ["2026-11-24", "2026-11-23", "2026-11-22"]
    assert [each.path for each in list_backups(target, "Q20")] == [other.path]


def test_what_a_clock_gone_ahead_dated_never_pushes_out_the_one_just_made(
    kept: Store, target: Path, clock: FixedClock
) -> None:
    """A year's mistake in the date, put right after a week: the backups of that week look newest for a year."""
    for day in range(3):
        clock.moment = ward.NOW + timedelta(days=365 + day)
        made(kept, target, keep=3)
    for day in range(2):
        clock.moment = ward.NOW + timedelta(days=day)
        assert made(kept, target, keep=3).path.is_dir()
    assert [each.at[:10] for each in list_backups(target, "Q2")] == ["2027-11-22", "2026-11-21", "2026-11-20"]


def test_a_store_that_is_nobodys_removes_no_backup_of_others(
    kept: Store, target: Path, folder: Path, clock: FixedClock
) -> None:
    others = made(kept, target)
    with Store.create(folder.with_name("blank"), key(kept.path), ward.CATALOG, clock) as blank:
        clock.moment = ward.NOW + timedelta(days=1)
        for _ in range(2):
            make_backup(blank.path, key(kept.path), target, now=clock.now(), keep=1)
    assert others.path.is_dir()
    assert len(list_backups(target)) == 2


def test_what_other_pcs_have_at_the_hub_is_not_told_as_unsent(kept: Store, tmp_path: Path, clock: FixedClock) -> None:
    waiting = len(kept.changes.pending(1000))
    with Store.create(tmp_path / "other", ward.KEY, ward.CATALOG, clock) as other:
        other.set_enrolment(msgspec.structs.replace(ward.ENROLMENT, device="Q9"))
        other.save([person("Của máy khác")], CLERK)
        assert kept.provisional.take(other.changes.pending(1)) == 1
    assert unsent_here(kept.path, key(kept.path)) == waiting


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("at", [1, 4])
def test_a_cut_leaves_nothing_half(kept: Store, target: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr("sync.store.copying.PAGES", 8)
    calls: list[int] = []

    def told(percent: int) -> None:
        calls.append(percent)
        if len(calls) == at:
            raise StoppedError

    with pytest.raises(StoppedError):
        made(kept, target, told=told)
    assert list(target.iterdir()) == []
    left = target / "SoPhuong-Q2-20261101-080000.part"  # of a power cut
    left.mkdir()
    (left / "store.db").write_bytes(b"half")
    assert list_backups(target) == []
    about = made(kept, target)
    assert list(target.iterdir()) == [about.path]


def test_a_copy_that_reads_back_wrong_gets_no_name(kept: Store, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick that loses what was written on it."""
    from sync.store import copying

    whole = copying._copy

    def losing(reader: object, part: Path, key: bytes, told: object) -> None:
        whole(reader, part, key, told)  # type: ignore[arg-type]
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= 1
        part.write_bytes(data)

    monkeypatch.setattr(copying, "_copy", losing)
    with pytest.raises(DamagedStore, match="nguyên vẹn"):
        made(kept, target)
    assert list(target.iterdir()) == []


def test_a_target_that_is_away_or_inside_says_so(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="cắm ổ") as away:
        made(kept, tmp_path / "usb" / "sao-luu")
    assert away.value.code == "away" and not (tmp_path / "usb").exists()
    with pytest.raises(BackupError) as inside:
        made(kept, kept.path / "backup")
    assert inside.value.code == "inside"
    (tmp_path / "tep").write_text("x")
    with pytest.raises(BackupError):
        made(kept, tmp_path / "tep")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a small file system is made of memory")
def test_a_full_target_says_so_and_keeps_the_old_backup(kept: Store, tmp_path: Path, target: Path) -> None:
    """Really full: a file system of 200 KiB in a namespace of its own."""
    script = f"""
import sys
from datetime import datetime, timezone
from pathlib import Path
from sync.store.backup import BackupError, make_backup
into = Path({str(target)!r})
try:
    make_backup(Path({str(kept.path)!r}), bytes.fromhex({key(kept.path).hex()!r}), into, now=datetime(2026, 11, 21, tzinfo=timezone.utc))
except BackupError as error:
    print(error.code, sorted(p.name for p in into.iterdir()))
"""
    target.mkdir()
    mount = f"mount -t tmpfs -o size=200k none '{target}' && '{sys.executable}' - "
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount],
        input=script,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("no namespaces here")
    assert done.stdout.strip() == "full []", done.stderr


def test_one_backup_at_a_time(kept: Store, target: Path) -> None:
    handle = lock_file(kept.path / backup.LOCK)
    assert handle is not None
    with handle, pytest.raises(BackupError) as busy:
        made(kept, target)
    assert busy.value.code == "busy"
    made(kept, target)


def test_it_comes_back_as_a_restored_store(kept: Store, target: Path, clock: FixedClock) -> None:
    """What was there is kept apart; nothing of a book is numbered until it was synced and enrolled again."""
    about = made(kept, target)
    profile = kept.path
    kept.save([person("Sau bản sao")], CLERK)
    kept.close()
    restore_backup(about.path, profile, key_of_backup(about.path, profile, None), clock.now())
    assert people(profile, clock) == 50
    with Store.open(profile, key(profile), ward.CATALOG, clock) as store:
        assert store.numbers.suspension.standing() is not None
        store.numbers.suspension.synced()
        store.set_enrolment(ward.ENROLMENT)
        assert store.numbers.suspension.standing() is None
    (apart,) = (profile / "former").iterdir()
    assert people(apart, clock) == 51
    assert people(about.path, clock) == 50  # the backup itself is untouched
    with Store.open(about.path, key(profile), ward.CATALOG, clock) as store:
        assert store.numbers.suspension.standing() is None


def test_not_under_an_open_program(kept: Store, target: Path, clock: FixedClock) -> None:
    about, profile = made(kept, target), kept.path
    use = PackUse(profile)
    with pytest.raises(BackupError) as in_use:
        restore_backup(about.path, profile, key(profile), clock.now())
    assert in_use.value.code == "in_use"
    use.close()
    assert people(profile, clock) == 50


@pytest.mark.parametrize("cut_at", range(12))
def test_a_cut_while_it_is_put_back_is_finished_at_the_next_start(
    kept: Store, target: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    about, profile = made(kept, target), kept.path
    kept.save([person("Sau bản sao")], CLERK)
    journal = (profile / "store.db-wal").read_bytes()
    kept.close()
    (profile / "store.db-wal").write_bytes(journal)  # as a power cut leaves it
    moves = 0
    replace = Path.replace

    def cut(self: Path, other: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == cut_at + 1:
            raise StoppedError
        return replace(self, other)

    with monkeypatch.context() as power:
        power.setattr(Path, "replace", cut)
        with contextlib.suppress(StoppedError):
            restore_backup(about.path, profile, key(about.path), clock.now())
    finish(profile)
    count = people(profile, clock)
    assert count in (50, 51)
    assert count == 50 or not (profile / "former").exists()
    if count == 50:
        (apart,) = (profile / "former").iterdir()
        assert people(apart, clock) == 51
    assert not list(profile.glob("restored*"))


def test_what_cannot_be_put_back_touches_nothing(
    kept: Store, target: Path, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about, profile = made(kept, target), kept.path
    kept.close()
    before = sorted(p.name for p in profile.iterdir())
    with pytest.raises(BackupError, match="SoPhuong"):
        restore_backup(tmp_path, profile, key(profile), clock.now())
    with pytest.raises(DamagedStore):
        restore_backup(about.path, profile, b"x" * 32, clock.now())
    with monkeypatch.context() as older:
        older.setattr(schema, "NEWEST", schema.NEWEST - 1)
        with pytest.raises(NewerStore):
            restore_backup(about.path, profile, key(profile), clock.now())
    store = about.path / "store.db"
    store.write_bytes(store.read_bytes()[:-4096])
    with pytest.raises(DamagedStore):
        restore_backup(about.path, profile, key(profile), clock.now())
    assert set(before) <= {p.name for p in profile.iterdir()} and not list(profile.glob("restored*"))
    assert people(profile, clock) == 50


def test_on_another_pc_with_the_citys_help(
    kept: Store, target: Path, clock: FixedClock, tmp_path: Path, system_vault: MemoryVault
) -> None:
    city = new_keys()
    keep_keys(kept, new_keys(), city.public.text)
    about = made(kept, target)
    secret = key(kept.path)
    system_vault.items.clear()  # the other PC's vault knows nothing
    other = tmp_path / "other"
    with pytest.raises(WrongKey):
        key_of_backup(about.path, other, None)
    sealed, found = unseal_key((about.path / backup.RECOVERY).read_bytes(), city)
    assert (sealed.device, found) == ("Q2", secret)
    code = code_of_key(found)
    typed = key_of_code(code.lower().replace("-", " "))
    assert typed == secret
    restore_backup(about.path, other, typed, clock.now(), own_vault=False)
    assert people(other, clock) == 50
    assert len(system_vault.items) == 1


def test_a_code_with_a_wrong_letter_is_none() -> None:
    code = code_of_key(bytes(range(32)))
    assert key_of_code(code) == bytes(range(32))
    for at, letter in enumerate(code):
        if letter != "-":
            wrong = code[:at] + ("A" if letter != "A" else "B") + code[at + 1 :]
            assert key_of_code(wrong) is None
    assert key_of_code("") is None and key_of_code("không phải mã") is None


def test_a_recovery_key_is_for_its_city_alone() -> None:
    from sync.bundle.errors import BundleError

    city, other = new_keys(), new_keys()
    content = seal_key(b"k" * 32, "Q2", "2026-11-20T02:30:00Z", city.public)
    with pytest.raises(BundleError):
        unseal_key(content, other)
    with pytest.raises(BundleError):
        unseal_key(content.replace(b"Q2", b"Q3"), city)
    with pytest.raises(BundleError):
        unseal_key(b"{}", city)


def test_a_backup_under_a_passphrase(folder: Path, target: Path, clock: FixedClock, tmp_path: Path) -> None:
    secret = vault.create_key(folder, PASSPHRASE)
    with Store.create(folder, secret, ward.CATALOG, clock) as store:
        store.save([person("Người Mẫu")], CLERK)
    about = make_backup(folder, secret, target, now=clock.now())
    with pytest.raises(WrongKey):
        key_of_backup(about.path, tmp_path / "other", "sai")
    found = key_of_backup(about.path, tmp_path / "other", PASSPHRASE)
    restore_backup(about.path, tmp_path / "other", found, clock.now())
    assert vault.open_key(tmp_path / "other", PASSPHRASE) == secret


def test_two_threads_ask_at_once(kept: Store, target: Path) -> None:
    results: list[object] = []

    def ask() -> None:
        try:
            results.append(made(kept, target).path)
        except BackupError as error:
            results.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(isinstance(each, Path) for each in results)
    assert {each for each in results if isinstance(each, str)} <= {"busy"}
    assert len(list_backups(target)) == sum(isinstance(each, Path) for each in results) and not list(
        target.glob("*.part")
    )


def test_no_store_no_backup(tmp_path: Path, target: Path) -> None:
    tmp_path.joinpath("empty").mkdir()
    with pytest.raises(NoStore):
        make_backup(tmp_path / "empty", b"k" * 32, target, now=ward.NOW)
    assert not target.exists()
    assert restoring.finish(tmp_path / "empty") is False

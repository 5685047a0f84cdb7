"""A new schema: the copy from before, the way back when it fails, and when the program before is started again."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec
import pytest

from sync.clock import FixedClock
from sync.protocol import ChangeResult, Lease
from sync.store import Store, rebuild, schema
from sync.store.backup import restore_before, tidy
from sync.store.before import SavedSinceError, copy_of
from sync.store.connection import connect
from sync.store.copying import check_copy
from sync.store.model import Draft, NewerStore, Save
from sync.store.upgrade import UpgradeError
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY

OLD = schema.NEWEST


def newer(monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """A program of the next version, whose migrations are ``statements``."""
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *statements))
    monkeypatch.setattr(schema, "NEWEST", OLD + len(statements))


def older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:OLD])
    monkeypatch.setattr(schema, "NEWEST", OLD)


def filled(folder: Path, clock: FixedClock, n: int = 40) -> None:
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        store.save([Save(type=CITIZEN.id, fields={"full_name": f"Người Mẫu {i}"}) for i in range(n)], CLERK)


def opened(folder: Path, clock: FixedClock, **how: object) -> Store:
    return Store.open(folder, ward.KEY, ward.CATALOG, clock, **how)  # type: ignore[arg-type]


def version(folder: Path) -> int:
    connection = connect(folder / "store.db", ward.KEY)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_a_copy_from_before_lies_beside_the_store(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    told: list[int] = []
    with opened(folder, clock, prepared=told.append) as store:
        assert store.records.count(CITIZEN.id) == 40
    kept = copy_of(folder / "store.db", OLD + 1)
    assert check_copy(kept, ward.KEY) == OLD
    assert version(folder) == OLD + 1
    assert told and told == sorted(told) and told[-1] <= 99


def test_a_step_that_fails_leaves_the_store_as_it_was(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, clock)
    with monkeypatch.context() as next_version:
        newer(next_version, "CREATE TABLE first_step (x)", "INSERT INTO nowhere VALUES (1)")
        with pytest.raises(UpgradeError, match="không mất gì"):
            opened(folder, clock)
        assert version(folder) == OLD
    with opened(folder, clock) as store:
        assert store.records.count(CITIZEN.id) == 40


def test_a_store_that_cannot_be_made_ready_goes_back(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new schema is in the file already when what is derived from records fails."""
    filled(folder, clock)

    def broken(*_: object) -> None:
        raise RuntimeError("a bug of the new version")

    with monkeypatch.context() as next_version:
        newer(next_version, "DELETE FROM records")
        next_version.setattr(rebuild, "rebuild_outdated", broken)
        with pytest.raises(UpgradeError):
            opened(folder, clock)
    assert version(folder) == OLD
    with opened(folder, clock) as store:
        assert store.records.count(CITIZEN.id) == 40
        assert len(store.changes.pending(100)) == 40


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_window_that_is_closed_meanwhile_loses_nothing(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later AS SELECT a.value FROM json_each('[1]') a")
    monkeypatch.setattr("sync.store.copying.PAGES", 16)
    calls: list[int] = []

    def closing(percent: int) -> None:
        calls.append(percent)
        if len(calls) > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(folder, clock, prepared=closing)
    assert not list(folder.glob("*.part"))
    with opened(folder, clock) as store:
        assert store.records.count(CITIZEN.id) == 40
    assert version(folder) == OLD + 1


def test_the_window_lives_while_one_statement_takes_long(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(folder, clock)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n"
    newer(monkeypatch, f"CREATE TABLE later AS {numbers}")
    told: list[int] = []

    def closing(percent: int) -> None:
        told.append(percent)
        if told.count(40) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(folder, clock, prepared=closing)
    assert version(folder) == OLD


def test_two_programs_upgrade_together(folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    errors: list[BaseException] = []

    def start() -> None:
        try:
            opened(folder, clock).close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert version(folder) == OLD + 1
    assert check_copy(copy_of(folder / "store.db", OLD + 1), ward.KEY) == OLD


def test_the_program_before_goes_back(folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, clock)
    assert restore_before(folder, ward.KEY, OLD) is False
    newer(monkeypatch, "ALTER TABLE drafts ADD COLUMN later TEXT", "DELETE FROM counters")
    opened(folder, clock).close()
    older(monkeypatch)
    with pytest.raises(NewerStore):
        opened(folder, clock)
    assert restore_before(folder, ward.KEY, OLD) is True
    with opened(folder, clock) as store:
        assert store.records.count(CITIZEN.id) == 40


def saves_a_record(store: Store) -> None:
    store.save([Save(type=CITIZEN.id, fields={"full_name": "Sau nâng cấp"})], CLERK)


def types_a_draft(store: Store) -> None:
    store.drafts.put(Draft(id="d", type=CITIZEN.id, record_id=None, fields={}, opened=None, updated_at="2026"))


def prints(store: Store) -> None:
    store.prints.log("r", "paper", CLERK)


def enrols_again(store: Store) -> None:
    store.set_enrolment(msgspec.structs.replace(ward.ENROLMENT, token="another"))


@pytest.mark.parametrize("work", [saves_a_record, types_a_draft, prints, enrols_again])
def test_what_the_newer_version_saved_is_not_thrown_away(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, work: object
) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    with opened(folder, clock) as store:
        assert callable(work)
        work(store)
    older(monkeypatch)
    with pytest.raises(SavedSinceError, match="dữ liệu còn nguyên"):
        restore_before(folder, ward.KEY, OLD)
    assert version(folder) == OLD + 1


def test_a_number_given_with_the_newer_version_is_not_given_again(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The city took the paper; without a line the program before would number the next one as that."""
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        book = Lease(ward=ward.WARD, register=ward.COPIES_BOOK, period="2026", device="Q2", next=1, upper=0)
        store.numbers.put_lease(book)
    newer(monkeypatch, "CREATE TABLE later (x)")
    with opened(folder, clock) as store:
        (paper,) = store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], CLERK)
        assert paper.number == "0001/2026"
        taken = [ChangeResult(change_id=c.change_id, status="accepted", revision=1) for c in store.changes.pending(9)]
        store.changes.acknowledge(taken)
        assert store.changes.pending(9) == ()
    older(monkeypatch)
    with pytest.raises(SavedSinceError):
        restore_before(folder, ward.KEY, OLD)


def test_what_the_city_took_meanwhile_may_go_back(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync with the newer version: its answers come again, for the city knows each change by its id."""
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    with opened(folder, clock) as store:
        store.set_meta("last_sync", "2026-11-20T02:30:00Z")
        store.update_enrolment(epoch="e2", officers=(ward.HEAD, CLERK))
    older(monkeypatch)
    assert restore_before(folder, ward.KEY, OLD) is True
    with opened(folder, clock) as store:
        assert len(store.changes.pending(100)) == 40


def test_without_a_copy_it_says_so(folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    opened(folder, clock).close()
    kept = copy_of(folder / "store.db", OLD + 1)
    kept.write_bytes(b"\0" * 500 + kept.read_bytes()[500:])
    with pytest.raises(NewerStore, match="bản sao"):
        restore_before(folder, ward.KEY, OLD)
    assert version(folder) == OLD + 1


def test_old_copies_are_cleared_away(folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, clock)
    newer(monkeypatch, "CREATE TABLE later (x)")
    opened(folder, clock).close()
    kept = copy_of(folder / "store.db", OLD + 1)
    tidy(folder)
    assert kept.exists()
    os.utime(kept, (0, 0))
    tidy(folder)
    assert not kept.exists()

"""What both databases promise: commit order, snapshots, migrations, nothing left open."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sync.gateway.city import City
from sync.gateway.storage import BadValueError, StorageError, open_storage
from sync.gateway.storage.turns import Turns
from sync.protocol import ChangeResult
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG


def test_a_reader_never_skips_what_was_committed_late(city: City) -> None:
    """Eight PCs push at once while one reads on: whatever the order of commits, the cursor passes nobody by."""
    pcs = [Pc(city, officer=f"Người {n}") for n in range(8)]
    reader = Pc(city)
    results: list[ChangeResult] = []
    seen: dict[str, int] = {}
    done = threading.Event()

    def write(pc: Pc) -> None:
        for _ in range(12):
            results.extend(pc.push(*(pc.create("residence.citizen", after={"full_name": "A"}) for _ in range(7))))

    def read() -> None:
        cursor, last = 0, False
        while not last:
            last = done.is_set()
            page = reader.pull("people", cursor, limit=10)
            while page.records or page.more:
                seen.update({r.id: r.revision for r in page.records})
                cursor = page.cursor
                page = reader.pull("people", cursor, limit=10)

    reading = threading.Thread(target=read)
    reading.start()
    writers = [threading.Thread(target=write, args=(pc,)) for pc in pcs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reading.join()
    assert {r.status for r in results} == {"accepted"}
    assert len(seen) == len(results) == 8 * 12 * 7


def test_two_pcs_that_edit_one_record_at_once_lose_nothing(city: City) -> None:
    a, b = Pc(city), Pc(city)
    made = a.create("onestop.dossier", after={"applicant": "0", "subject": "0"})
    a.push(made)
    outcomes: list[ChangeResult] = []

    def edit(pc: Pc, field: str) -> None:
        for n in range(15):
            outcomes.extend(pc.push(pc.edit(made, {field: str(n)}, {field: str(n + 1)})))

    threads = [threading.Thread(target=edit, args=x) for x in ((a, "applicant"), (b, "subject"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {o.status for o in outcomes} == {"accepted"}
    assert sorted(o.revision for o in outcomes) == list(range(2, 32))
    (now,) = a.pull("onestop").records
    assert now.fields == {"applicant": "15", "subject": "15"}


def test_the_same_push_twice_at_once_is_stored_once(city: City) -> None:
    pc = Pc(city)
    changes = [pc.create("residence.citizen", after={"full_name": str(n)}) for n in range(50)]
    outcomes: list[list[ChangeResult]] = []
    threads = [threading.Thread(target=lambda: outcomes.append(pc.push(*changes))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {r.status for results in outcomes for r in results} == {"accepted"}
    assert sorted(sum(r.duplicate for r in results) for results in outcomes) == [0, 50, 50, 50]
    assert len(pc.pull("people").records) == 50


def test_a_city_opened_again_knows_everything(storage_url: str) -> None:
    first = City(storage_url, CATALOG)
    pc = Pc(first)
    made = pc.create("residence.citizen", after={"full_name": "A"})
    pc.push(made)
    before = pc.pull("people")
    first.close()
    second = City(storage_url, CATALOG)
    pc.city = second
    assert pc.pull("people") == before
    assert pc.push(made)[0].duplicate
    second.close()


def test_a_failed_block_leaves_nothing_behind(storage_url: str) -> None:
    storage = open_storage(storage_url)
    row = (WARD, "people", 7)
    with pytest.raises(ZeroDivisionError), storage.write() as session:
        session.insert("streams", [row])
        raise ZeroDivisionError
    with storage.write([(WARD, "people")]) as session:
        session.upsert("streams", [row])
        session.upsert("streams", [(WARD, "people", 8), (WARD, "open", 1)])
    with pytest.raises(BadValueError), storage.write() as session:
        session.insert("streams", [row])
    with storage.read() as session:
        assert session.all("SELECT * FROM streams WHERE scope = ANY(?) ORDER BY scope", ["people", "open"]) == [
            (WARD, "open", 1),
            (WARD, "people", 8),
        ]
        assert session.one("SELECT head FROM streams WHERE scope = ?", "none") is None
    storage.close()


def test_upsert_keeps_the_columns_named(storage_url: str) -> None:
    storage = open_storage(storage_url)
    with storage.write() as session:
        session.upsert("services", [("a", "1"), ("b", "1")])
        session.upsert("services", [("a", "2"), ("c", "2")], keep=("url",))
        assert session.all("SELECT id, url FROM services ORDER BY id") == [("a", "1"), ("b", "1"), ("c", "2")]
    storage.close()


def test_a_newer_database_is_left_alone(storage_url: str) -> None:
    storage = open_storage(storage_url)
    with storage.write() as session:
        if storage.dialect == "sqlite":
            session.run("PRAGMA user_version = 99")
        else:
            session.run("INSERT INTO schema_version (version) VALUES (99)")
    storage.close()
    with pytest.raises(StorageError, match="99"):
        open_storage(storage_url)


@pytest.mark.parametrize("url", ["", "mysql://x", "sqlite://x", "postgresql://127.0.0.1:1/none", "nonsense"])
def test_an_address_that_is_none_is_said_so(url: str) -> None:
    with pytest.raises(StorageError):
        open_storage(url)


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("đây không phải cơ sở dữ liệu" * 100, encoding="utf-8")
    for path in (tmp_path / "x.db", tmp_path):
        with pytest.raises(StorageError):
            open_storage(f"sqlite:///{path}")


def test_a_restore_is_heard_of_by_a_gateway_that_runs(storage_url: str) -> None:
    running, operator = City(storage_url, CATALOG), City(storage_url, CATALOG)
    pc = Pc(running)
    before = running.hello(pc.device).epoch
    epoch = operator.restored()
    operator.close()
    assert running.hello(pc.device).epoch == epoch != before
    running.close()


def test_a_grant_that_is_taken_away_ends_at_once(storage_url: str) -> None:
    city = City(storage_url, CATALOG)
    pc = Pc(city, [WARD, OTHER_WARD])
    assert pc.device.wards == (OTHER_WARD, WARD)
    with city.storage.write() as session:
        session.run("DELETE FROM grants WHERE ward = ?", OTHER_WARD)
    assert pc.device.wards == (WARD,)
    city.close()


@pytest.mark.postgres
def test_a_stream_that_somebody_holds_for_good_is_told_as_busy(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.gateway.storage.postgres._PATIENCE", "SET lock_timeout = '100ms'")
    one, other = open_storage(postgres_url), open_storage(postgres_url)  # of two processes: within one they take turns
    stream = (WARD, "open")
    with one.write([stream]), pytest.raises(StorageError), other.write([stream]):
        pass
    with other.write([stream]):  # the connection that had to give up does no harm
        pass
    one.close()
    other.close()


def test_a_stream_that_somebody_of_the_same_process_holds_for_good_is_told_as_busy() -> None:
    turns, stream = Turns(patience=0.05), (WARD, "open")
    with turns.of([stream]), pytest.raises(StorageError, match="đang bận"), turns.of([stream]):
        pass
    with turns.of([stream]):
        pass

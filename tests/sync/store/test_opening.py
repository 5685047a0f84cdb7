"""Whatever is wrong with a store, opening it says so in words and touches nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from forms.definition import Catalog, Column
from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.store import Store
from sync.store.connection import connect
from sync.store.errors import ClosedStore, DiskFull
from sync.store.model import (
    DamagedStore,
    Draft,
    ListQuery,
    NewerStore,
    NoStore,
    Save,
    StoreError,
    WrongKey,
)
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY

SMALL = Path(__file__).parents[2] / "forms" / "core" / "data" / "catalogue"


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def reopen(folder: Path, clock: FixedClock, key: bytes = ward.KEY) -> Store:
    return Store.open(folder, key, ward.CATALOG, clock)


def filled(folder: Path, clock: FixedClock) -> None:
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.save([Save(type=CITIZEN.id, fields={"full_name": f"Người Mẫu {n}"}) for n in range(30)], CLERK)


def test_no_store(tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(NoStore):
        reopen(tmp_path / "nowhere", clock)
    assert content(tmp_path) == {}


@pytest.mark.parametrize("side_file", [True, False])
def test_wrong_key_touches_nothing(folder: Path, clock: FixedClock, side_file: bool) -> None:
    filled(folder, clock)
    if not side_file:
        (folder / "store.json").unlink()
    before = content(folder)
    with pytest.raises(WrongKey) as caught:
        reopen(folder, clock, b"x" * 32)
    assert "mật khẩu" not in str(caught.value), "nobody typed this key"
    assert content(folder) == before


def test_wrong_key_leaves_the_journal_of_a_cut_alone(folder: Path, clock: FixedClock, tmp_path: Path) -> None:
    """After a power cut the WAL holds saves: a failed opening must not fold it in, nor drop it."""
    store = Store.create(folder, ward.KEY, ward.CATALOG, clock)
    store.save([Save(type=CITIZEN.id, fields={"full_name": "Trong nhật ký"})], CLERK)
    cut = tmp_path / "cut"
    cut.mkdir()
    for name, data in content(folder).items():
        if not name.endswith("-shm"):
            (cut / name).write_bytes(data)
    store.close()
    before = content(cut)
    assert "store.db-wal" in before
    with pytest.raises(WrongKey):
        reopen(cut, clock, b"y" * 32)
    assert content(cut) == before
    with reopen(cut, clock) as again:
        assert [h.title for h in again.search.find("nhat ky")] == ["Trong nhật ký"]


def test_damaged_first_page(folder: Path, clock: FixedClock) -> None:
    filled(folder, clock)
    path = folder / "store.db"
    path.write_bytes(b"\0" * 200 + path.read_bytes()[200:])
    before = content(folder)
    with pytest.raises(DamagedStore, match="sao lưu"):
        reopen(folder, clock)
    assert content(folder) == before


def test_a_file_into_which_another_program_brings_its_journal_is_not_damaged(folder: Path, clock: FixedClock) -> None:
    """Two windows that start together: one ends, and its last pages go into the file while the other looks at it."""
    filled(folder, clock)
    path = folder / "store.db"
    whole = path.read_bytes()
    path.write_bytes(b"\0" * 200 + whole[200:])
    later = threading.Timer(0.06, path.write_bytes, [whole])
    later.start()
    try:
        reopen(folder, clock).close()
    finally:
        later.join()


@pytest.mark.parametrize("size", [0, 17])
def test_cut_off_file(folder: Path, clock: FixedClock, size: int) -> None:
    filled(folder, clock)
    path = folder / "store.db"
    path.write_bytes(path.read_bytes()[:size])
    before = content(folder)
    with pytest.raises(DamagedStore):
        reopen(folder, clock)
    assert content(folder) == before


def test_damage_further_in_is_named_when_met(folder: Path, clock: FixedClock) -> None:
    filled(folder, clock)
    path = folder / "store.db"
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 + 100] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedStore), reopen(folder, clock) as store:
        store.records.page(ListQuery(type=CITIZEN.id))


def test_newer_store_touches_nothing(folder: Path, clock: FixedClock) -> None:
    filled(folder, clock)
    newer = connect(folder / "store.db", ward.KEY)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    before = content(folder)
    with pytest.raises(NewerStore, match="999"):
        reopen(folder, clock)
    assert content(folder) == before


def test_a_second_store_is_not_made_over_the_first(folder: Path, clock: FixedClock) -> None:
    filled(folder, clock)
    before = content(folder)
    with pytest.raises(StoreError):
        Store.create(folder, b"z" * 32, ward.CATALOG, clock)
    assert content(folder) == before


def test_nothing_readable_on_the_disk(folder: Path, clock: FixedClock) -> None:
    store = Store.create(folder, ward.KEY, ward.CATALOG, clock)
    store.save([Save(type=CITIZEN.id, fields={"full_name": "BimatTuyetDoi"})], CLERK)
    store.drafts.put(Draft(id="d", type="t", record_id=None, fields={"a": "BimatNhap"}, opened=None, updated_at=""))
    found = [name for name, data in content(folder).items() if b"Bimat" in data or b"CREATE TABLE" in data]
    store.close()
    assert found == []
    plain = sqlite3.connect(folder / "store.db")
    with pytest.raises(sqlite3.DatabaseError):
        plain.execute("SELECT * FROM sqlite_schema")
    plain.close()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that cannot be written")
def test_read_only_folder(folder: Path, clock: FixedClock) -> None:
    folder.mkdir()
    folder.chmod(0o500)
    with pytest.raises(StoreError, match="ghi"):
        Store.create(folder, ward.KEY, ward.CATALOG, clock)


def test_a_full_disk_loses_only_the_save_at_hand(store: Store, folder: Path) -> None:
    (kept,) = store.save([Save(type=CITIZEN.id, fields={"full_name": "Đã lưu"})], CLERK)
    pages = limit_pages(store)
    with pytest.raises(DiskFull):
        store.save([Save(type=CITIZEN.id, fields={"full_name": "x" * 1_500_000})], CLERK)
    assert store.records.types() == {CITIZEN.id: 1}
    limit_pages(store, pages + 100_000)
    store.save([Save(type=CITIZEN.id, fields={"full_name": "Lưu lại được"})], CLERK)
    assert store.records.load(kept.id) == kept
    assert store.records.count(CITIZEN.id) == 2


def limit_pages(store: Store, limit: int | None = None) -> int:
    """Let the file grow to so many pages and no further, as a full disk would."""
    with store._context.writer.quiet() as db:
        pages = int(db.execute("PRAGMA page_count").fetchone()[0])
        db.execute(f"PRAGMA max_page_count = {limit or pages + 20}").fetchall()
    return pages


def test_a_changed_definition_makes_its_lists_anew(folder: Path, clock: FixedClock) -> None:
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.save([Save(type=COPY.id, fields={"document": "a", "visit_id": "7"}, state="received")], CLERK)
    view = structs.replace(COPY.list_view, columns=(*COPY.list_view.columns, Column("visit_id")))
    changed = structs.replace(COPY, list_view=view, title="visit_id")
    tools = (*ward.TOOLS[:2], structs.replace(ward.TOOLS[2], records=(changed,)))
    catalog = Catalog(version="test.2", tools=tools, choices={})
    with Store.open(folder, ward.KEY, catalog, clock) as store:
        (record,) = store.records.page(ListQuery(type=COPY.id, sort="visit_id")).records
        assert record.title == "7"
        assert store.records.find(COPY.id, visit_id="7") == (record,)


def test_a_catalogue_looked_through_before_is_not_read_again(folder: Path, tmp_path: Path, clock: FixedClock) -> None:
    pack = Path(shutil.copytree(SMALL, tmp_path / "pack"))
    Store.create(folder, ward.KEY, load_catalog(pack, cache=tmp_path), clock).close()
    again = load_catalog(pack, cache=tmp_path)
    Store.open(folder, ward.KEY, again, clock).close()
    for record_type in again.record_types:
        with pytest.raises(AttributeError, match="unset"):
            msgspec.to_builtins(record_type)

    loan = pack / "lending" / "loan.yaml"
    loan.write_text(loan.read_text("utf-8").replace("columns: [borrower,", "columns: [borrower, begun_at,", 1), "utf-8")
    changed = load_catalog(pack, cache=tmp_path)
    hashes = []
    for catalog in (changed, again, load_catalog(pack, cache=tmp_path)):  # to and fro, as two programs may open it
        with Store.open(folder, ward.KEY, catalog, clock) as store:
            expected = store._context.plans.of("lending.loan")
            with store._context.readers.connection() as db:
                (made,) = db.execute("SELECT hash FROM projections WHERE type = 'lending.loan'").fetchone()
        assert made == expected.hash
        hashes.append(made)
    assert hashes[0] == hashes[2] != hashes[1]


def test_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(ClosedStore):
        store.records.load("x")
    with pytest.raises(ClosedStore):
        store.set_meta("a", 1)


def test_many_readers_while_one_writes(store: Store) -> None:
    """Every reader sees whole saves: as many list rows as counted, each of them loadable."""
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            page: Any = store.records.page(ListQuery(type=COPY.id, limit=1000))
            if page.total != len(page.records) or page.total % 2:
                wrong.append(page.total)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(40):
        store.save([Save(type=COPY.id, fields={"document": f"{n}{side}"}) for side in "ab"], CLERK)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_a_checkpoint_cut_half_way_is_no_damage(folder: Path, clock: FixedClock, tmp_path: Path) -> None:
    """After a power cut or on a full disk the file may make sense only together with its journal."""
    cut = tmp_path / "cut"
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.save([Save(type=CITIZEN.id, fields={"full_name": f"Người Mẫu {n}"}) for n in range(30)], CLERK)
        shutil.copytree(folder, cut)
    # the first page has been copied from the journal, the others have not
    rest = (cut / "store.db").read_bytes()[4096:]
    (cut / "store.db").write_bytes((folder / "store.db").read_bytes()[:4096] + rest)
    with reopen(cut, clock) as again:
        assert again.records.count(CITIZEN.id) == 30

"""What is to be taken in next is made ready while what came before is committed, and stands there as if it had not been."""

from __future__ import annotations

import gc
import secrets
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from forms.loader import load_catalog
from forms.sample_scene import examples_of
from sync.clock import SystemClock
from sync.protocol import PullAnswer, RecordVersion
from sync.store import Store, changes, new_rows, pulling
from sync.versions import Versions

CATALOG = load_catalog()
CITIZEN = "residence.citizen"
TABLES = ("records", "keys", "links", "unindexed", "awaiting", "alike_new", "counters", "digests", "numbers", "cursors")


@contextmanager
def new_store(folder: Path) -> Iterator[Store]:
    store = Store.create(folder, secrets.token_bytes(32), CATALOG, SystemClock())
    try:
        yield store
    finally:
        store.close()


def pages() -> list[Versions]:
    """Two pages of every type, in which some records refer to others; each time new ones."""
    found: list[list[RecordVersion]] = [[], []]
    count = 0
    for record_type in CATALOG.record_types:
        for state, fields in examples_of(record_type, CATALOG):
            count += 1
            found[count % 2].append(
                RecordVersion(
                    id=f"01920000-{count:04x}-7000-8000-{count:012x}", type=record_type.id, ward="00070", revision=1 + count % 3,
                    state=state, fields=dict(fields), number=f"{count}/2026" if count % 4 == 0 else None,
                    created_at="2026-11-22T01:00:00Z", updated_at="2026-11-22T02:00:00Z", updated_by="Vũ Đức Nam",
                    origin="portal" if count % 5 == 0 else "",
                )
            )  # fmt: skip
    return [Versions.of(page) for page in found]


def take_in(store: Store, page: Versions) -> None:
    store.changes.apply_pull(PullAnswer(records=page, cursor=len(page), more=False), "00070", "civil_status")


def everything(store: Store) -> dict[str, list[Any]]:
    with store._context.readers.connection() as db:
        lists = [
            n
            for (n,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'list\\_%' ESCAPE '\\'"
            )
        ]
        return {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in (*TABLES, *lists)}


def parts_of(page: Versions) -> list[Versions]:
    return [versions for part in page.parts(pulling.BATCH) for _, versions in part.by_type()]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "BATCH", 40)
    monkeypatch.setattr(changes, "DERIVED_FROM", 1)


@pytest.mark.usefixtures("small")
def test_what_was_made_ready_stands_as_what_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_store(tmp_path / "plain") as plain, new_store(tmp_path / "ahead") as ahead:
        for page in pages():
            take_in(plain, page)
        first, second = pages()
        with ahead.changes.beside_commits(lambda: ahead.changes.derive([second])):
            take_in(ahead, first)
        unready = sum(versions.derived is None for versions in parts_of(second))
        assert unready < len(parts_of(second))
        made: list[str] = []
        anew = new_rows._derived
        monkeypatch.setattr(new_rows, "_derived", lambda plan, *rest: made.append(plan.id) or anew(plan, *rest))  # type: ignore[func-returns-value]
        take_in(ahead, second)
        assert made
        assert len(made) == unready
        assert everything(ahead) == everything(plain)


@pytest.mark.usefixtures("small")
def test_what_refers_to_another_record_waits_for_its_name(tmp_path: Path) -> None:
    with new_store(tmp_path / "pc") as pc:
        citizen = RecordVersion(
            id="01920000-0001-7000-8000-000000000001", type=CITIZEN, ward="00070", revision=1, state="living",
            fields={"full_name": "Nguyễn Thị An"},
        )  # fmt: skip
        child = RecordVersion(
            id="01920000-0002-7000-8000-000000000002", type="civil_status.birth", ward="00070", revision=1, state="received",
            fields={"child_name": "Nguyễn Minh Khôi", "mother_ref": citizen.id},
        )  # fmt: skip
        second = Versions.of([child])
        with pc.changes.beside_commits(lambda: pc.changes.derive([second])):
            take_in(pc, Versions.of([citizen]))
        assert second.derived is None
        take_in(pc, second)
        found = pc.records.load(child.id)
        assert found is not None
        assert found.subtitle == "Nguyễn Thị An"


@pytest.mark.usefixtures("small")
def test_nothing_is_made_ready_but_during_a_commit_and_where_nobody_works(tmp_path: Path) -> None:
    with new_store(tmp_path / "pc") as pc:
        first, second = pages()
        pc.changes.derive([second])
        pc.gentle = True
        with pc.changes.beside_commits(lambda: pc.changes.derive([second])):
            take_in(pc, first)
        assert all(versions.derived is None for versions in parts_of(second))


@pytest.mark.usefixtures("small")
def test_a_record_whose_place_is_taken_meanwhile_gets_the_next_one(tmp_path: Path) -> None:
    """Two ids may want one row."""
    alike: dict[str, Any] = {"type": CITIZEN, "ward": "00070", "revision": 1, "state": "living"}
    one = RecordVersion(id="01920000-0001-7000-8000-000000000001", fields={"full_name": "Lê Văn Một"}, **alike)
    two = RecordVersion(id="01920000-0001-7000-8000-000000000002", fields={"full_name": "Lê Văn Hai"}, **alike)
    with new_store(tmp_path / "pc") as pc:
        second = Versions.of([two])
        with pc.changes.beside_commits(lambda: pc.changes.derive([second])):
            take_in(pc, Versions.of([one]))
        assert second.derived is not None
        take_in(pc, second)
        titles = [r.title for v in (one, two) if (r := pc.records.load(v.id))]
        assert titles == ["Lê Văn Một", "Lê Văn Hai"]


@pytest.mark.usefixtures("small")
def test_what_was_made_ready_does_not_stay_in_memory(tmp_path: Path) -> None:
    """Neither of a page that is taken in nor of one that is asked for again instead."""
    with new_store(tmp_path / "pc") as pc:
        (first, second), (_, other) = pages(), pages()
        with pc.changes.beside_commits(partial(pc.changes.derive, [second, other])):
            take_in(pc, first)
        ready = [weakref.ref(versions) for versions in parts_of(other) if versions.derived is not None]
        assert ready
        take_in(pc, second)
        assert all(versions.derived is None for versions in parts_of(second))
        del other, _
        gc.collect()
        assert [versions() for versions in ready] == [None] * len(ready)

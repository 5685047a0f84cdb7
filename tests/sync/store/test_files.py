"""Attached files in the store: in pieces, once each, and where they stand with the city."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from forms.definition import Catalog, RecordType
from forms.field_definition import Section
from sync.clock import FixedClock
from sync.protocol import PullAnswer
from sync.store import Store, connection, schema
from sync.store.files import PIECE
from sync.store.model import Record, Save
from tests.sync.store import ward


def with_files(record_type: RecordType) -> RecordType:
    scans = ward.a_field("scans", "group", fields=(ward.a_field("scan", "file"),))
    more = (ward.a_field("file", "file"), ward.a_field("files", "files"), scans)
    return structs.replace(record_type, sections=(*record_type.sections, Section("more", ward.label("more"), more)))


COPY = with_files(ward.COPY)
TOOLS = tuple(structs.replace(t, records=(COPY,)) if t.id == "certification" else t for t in ward.TOOLS)
CATALOG = Catalog(version="test.files", tools=TOOLS, choices={})


def some(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def named(content: bytes, name: str = "a.pdf") -> dict[str, object]:
    return {"sha256": sha(content), "name": name, "size": len(content), "media_type": "application/pdf"}


@pytest.fixture
def store(folder: Path, clock: FixedClock) -> Iterator[Store]:
    opened = Store.create(folder, ward.KEY, CATALOG, clock)
    opened.set_enrolment(ward.ENROLMENT)
    yield opened
    opened.close()


def saved(store: Store, record: Record | None = None, **fields: object) -> Record:
    base = dict(record.fields) if record else {"document": "Bằng"}
    return store.save([Save(type=COPY.id, fields={**base, **fields}, opened=record)], ward.CLERK)[0]


def rows(store: Store, table: str) -> int:
    with store._context.readers.connection() as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE + 7])
def test_what_is_put_is_read(store: Store, size: int) -> None:
    content = some(size)
    assert store.files.put(content) == store.files.put(content) == sha(content)
    assert (store.files.read(sha(content)) or b"") == content
    assert store.files.size(sha(content)) == size
    assert rows(store, "file_pieces") == -(-size // PIECE)
    assert store.files.read("0" * 64) is None


def test_any_part_can_be_read(store: Store) -> None:
    content = some(2 * PIECE + 100)
    store.files.put(content)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, len(content) + 10), st.integers(1, len(content)))
    def check(start: int, length: int) -> None:
        assert store.files.part(sha(content), start, length) == content[start : start + length]

    check()


def test_a_saved_record_brings_its_files_into_the_queue_once_the_city_has_it(store: Store) -> None:
    one, two, three = (some(1000, seed) for seed in range(3))
    for content in (one, two, three):
        store.files.put(content)
    record = saved(store, file=named(one), files=[named(two), named(one)], scans=[{"_id": "r1", "scan": named(three)}])
    assert {row.sha256 for row in store.files.of(record.id)} == {sha(one), sha(two), sha(three)}
    assert store.files.counts().to_send == 3
    assert store.file_queue.next_to_send() is None, "never before its record"
    with store._context.writer.transaction() as db:
        db.execute("UPDATE records SET revision = 1")
    found = store.file_queue.next_to_send()
    assert found is not None
    assert (found.ward, found.scope, found.size) == (ward.WARD, COPY.scope, 1000)
    store.file_queue.there(found)
    assert store.files.standing([found.sha256])[found.sha256].state == "there"
    again = saved(store, store.records.load(record.id), file=None)
    assert sha(one) in {row.sha256 for row in store.files.of(again.id)}  # still one of the other files
    gone = saved(store, store.records.load(record.id), files=None)
    assert {row.sha256 for row in store.files.of(gone.id)} == {sha(three)}


def test_a_file_of_two_streams_goes_to_both_though_one_names_it_no_more(folder: Path, clock: FixedClock) -> None:
    citizen = with_files(ward.CITIZEN)
    tools = tuple(structs.replace(t, records=(citizen,)) if t.id == "residence" else t for t in TOOLS)
    content = some(1000)
    with Store.create(folder, ward.KEY, structs.replace(CATALOG, tools=tools), clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        store.files.put(content)
        record = saved(store, file=named(content))
        store.save([Save(type=citizen.id, fields={"full_name": "A", "file": named(content)})], ward.CLERK)
        with store._context.writer.transaction() as db:
            db.execute("UPDATE records SET revision = 1")
        saved(store, store.records.load(record.id), file=None)  # the city may refuse that, and history names it anyway
        sent = []
        while (due := store.file_queue.next_to_send()) is not None:
            sent.append(due.scope)
            store.file_queue.there(due)
    assert sorted(sent) == sorted([COPY.scope, citizen.scope])


def test_a_failing_file_waits_longer_each_time(store: Store, clock: FixedClock) -> None:
    content = some(1000)
    store.files.put(content)
    saved(store, file=named(content))
    with store._context.writer.transaction() as db:
        db.execute("UPDATE records SET revision = 1")
    waits = []
    for _ in range(5):
        while (due := store.file_queue.next_to_send()) is None:
            clock.moment += timedelta(seconds=10)
        began = clock.moment
        store.file_queue.not_sent(due, "vì thế")
        while store.file_queue.next_to_send() is None:
            clock.moment += timedelta(seconds=10)
        waits.append((clock.moment - began).total_seconds())
    assert all(later > earlier for earlier, later in itertools.pairwise(waits))
    assert store.files.standing([sha(content)])[sha(content)].why == "vì thế"


def test_a_fetch_goes_on_after_a_restart_and_what_is_not_right_is_thrown_away(store: Store, clock: FixedClock) -> None:
    content = some(1000)
    store.changes.apply_pull(
        PullAnswer(records=(ward.version("0193-r", COPY, 1, {"document": "x", "file": named(content)}),), cursor=1),
        ward.WARD, COPY.scope,
    )  # fmt: skip
    assert store.files.standing([sha(content)])[sha(content)].state == "missing"
    assert store.file_queue.next_to_fetch() is None, "only when somebody wants it"
    store.files.want(sha(content))
    wanted = store.file_queue.next_to_fetch()
    assert wanted is not None
    assert wanted.streams == ((ward.WARD, COPY.scope),)
    store.file_queue.received(wanted, content[:400])
    store.file_queue.received(wanted, content[:400])  # doubled: it is there already
    store.close()
    store = Store.open(store.path, ward.KEY, CATALOG, clock)
    going_on = store.file_queue.next_to_fetch()
    assert going_on is not None
    assert going_on.got == 400
    wrong = store.file_queue.received(going_on, b"x" * 600)
    assert not store.file_queue.whole(wrong, wanted.streams[0])
    store.file_queue.not_fetched(wrong, "hỏng", anew=True)
    assert store.files.read(sha(content)) is None
    store.files.want(sha(content))
    anew = store.file_queue.next_to_fetch()
    assert anew is not None
    assert anew.got == 0
    assert store.file_queue.whole(store.file_queue.received(anew, content), wanted.streams[0])
    assert store.files.read(sha(content)) == content
    assert rows(store, "file_fetches") == 0
    store.close()


def test_attached_here_while_it_was_being_fetched(store: Store) -> None:
    content = some(1000)
    saved(store, file=named(content))
    store.files.want(sha(content))
    wanted = store.file_queue.next_to_fetch()
    assert wanted is not None
    store.file_queue.received(wanted, content[:400])
    store.files.put(content)
    late = store.file_queue.received(structs.replace(wanted, got=400), content[400:])
    assert late.got == 1000
    assert store.files.read(sha(content)) == content
    assert (rows(store, "file_pieces"), rows(store, "file_fetches")) == (1, 0)


def test_pieces_of_a_copying_that_was_cut_go_a_day_later(store: Store, clock: FixedClock) -> None:
    kept = some(PIECE + 5)
    store.files.put(kept)
    with store._context.writer.transaction() as db:
        key = store._context.ids.new()
        db.execute("INSERT INTO file_pieces (key, start, content) VALUES (?, 0, x'00')", (key,))
    store.file_queue.tidy()
    assert rows(store, "file_pieces") == 3
    clock.moment += timedelta(days=2)
    store.file_queue.tidy()
    assert rows(store, "file_pieces") == 2
    assert store.files.read(sha(kept)) == kept


def test_a_store_from_before_files_travelled(folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    content, elsewhere = some(2 * PIECE + 9), some(10, seed=2)
    path = connection.begin_file(folder, ward.KEY)
    old = connection.connect(path, ward.KEY)
    with monkeypatch.context() as before:
        before.setattr(schema, "NEWEST", 5)
        schema.migrate(old)
    old.execute("INSERT INTO files (sha256, content, at) VALUES (?, ?, '')", (sha(content), content))
    old.execute("INSERT INTO files (sha256, content, at) VALUES (?, x'', '')", (sha(b""),))
    fields = {
        "document": "Bằng", "file": named(content), "scans": [{"_id": "1", "scan": named(elsewhere, "b.pdf")}],
    }  # fmt: skip
    old.execute(
        "INSERT INTO records VALUES (1, 'r1', ?, ?, ?, 3, 'received', NULL, ?, NULL, '', '', '', '', '', NULL, NULL, "
        "0, 0, 'Bằng', '')",
        (COPY.id, ward.WARD, COPY.scope, json.dumps(fields)),
    )
    old.close()
    store = Store.open(folder, ward.KEY, CATALOG, clock)
    assert store.files.read(sha(content)) == content
    assert store.files.part(sha(content), PIECE - 3, 6) == content[PIECE - 3 : PIECE + 3]
    assert {(row.sha256, row.name, row.standing.state) for row in store.files.of("r1")} == {
        (sha(content), "a.pdf", "waiting"),
        (sha(elsewhere), "b.pdf", "missing"),
    }
    due = store.file_queue.next_to_send()
    assert due is not None
    assert due.sha256 == sha(content)
    store.close()

"""A refused change that was replaced: a copy of it that comes late is taken no more, or its PC hears that it was taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from sync.gateway.server import GatewayServer
from sync.gateway.storage.schema import TABLES
from sync.protocol import Change, ChangeResult, PushRequest
from sync.store.model import Record
from tests.sync.test_engine import CATALOG, Pc


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as server:
        yield server


@pytest.fixture
def pc(gateway: GatewayServer, tmp_path: Path) -> Iterator[Pc]:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    yield one
    one.close()


@contextmanager
def no_grants(gateway: GatewayServer) -> Iterator[None]:
    """The city refuses all of everybody, and keeps no trace of it."""
    with gateway.city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants")
    yield
    with gateway.city.storage.write() as session:
        session.upsert("grants", grants)


def refused_edit(gateway: GatewayServer, pc: Pc) -> tuple[Record, Change]:
    """A record of the city, and a change of it that was refused and lingers on the line."""
    record = pc.save(doc_title="Học bạ")
    pc.sync()
    held = pc.store.records.load(record.id)
    assert held is not None
    pc.save(held, doc_title="Học bạ lớp 5")
    late = pc.store.changes.pending(9)[0]
    with no_grants(gateway):
        assert pc.sync().refused == 1
    shown = pc.store.records.load(record.id)
    assert shown is not None
    return shown, late


def push(pc: Pc, *changes: Change) -> list[ChangeResult]:
    return list(pc.line.line.push(PushRequest(changes)).results)


def statuses(pc: Pc, record: Record) -> dict[str, str]:
    return {row.change.change_id: row.status for row in pc.store.changes.history(record.id)}


def test_a_copy_that_comes_late_is_not_taken(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, doc_title="Học bạ", pages=4)
    assert pc.sync().pushed == 1
    answers = [push(pc, late)[0] for _ in range(2)]
    assert [(a.status, "đến muộn" in a.problems[0].message) for a in answers] == [("refused", True)] * 2
    pc.sync()
    record = pc.store.records.load(shown.id)
    assert record is not None
    assert (record.fields["doc_title"], record.fields["pages"], record.revision) == ("Học bạ", 4, 2)
    assert late.change_id in {c.change_id for c in pc.line.line.history(shown.id).changes}, "history keeps it"


def test_nor_where_the_city_refused_it_before_and_keeps_it(gateway: GatewayServer, pc: Pc) -> None:
    """What stood in the way is gone: judged anew it would be taken."""
    shown, late = refused_edit(gateway, pc)
    pc.store.changes.retry(shown.id)
    with gateway.city.storage.write() as session:
        session.run("UPDATE records SET type = 'onestop.dossier' WHERE id = ?", shown.id)
    assert pc.sync().refused == 1, "the judge's own word"
    with gateway.city.storage.write() as session:
        session.run("UPDATE records SET type = ? WHERE id = ?", shown.type, shown.id)
    again = pc.store.records.load(shown.id)
    assert again is not None
    pc.save(again, doc_title="Bằng tốt nghiệp")
    assert pc.sync().pushed == 1
    assert push(pc, late)[0].status == "refused"
    pc.sync()
    record = pc.store.records.load(shown.id)
    assert record is not None and record.fields["doc_title"] == "Bằng tốt nghiệp"


def test_one_that_came_before_its_successor_is_told_with_that(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, pages=4)
    assert push(pc, late)[0].status == "accepted", "nobody had said yet that it was replaced"
    pc.line.lose_answers = 1
    with pytest.raises(Exception, match="mất câu trả lời"):
        pc.sync()
    pc.sync()
    assert statuses(pc, shown)[late.change_id] == "accepted", "also when the first answer was lost"
    record = pc.store.records.load(shown.id)
    assert record is not None and (record.fields["doc_title"], record.fields["pages"]) == ("Học bạ lớp 5", 4)
    assert pc.pending() == 0


def test_a_restored_city_is_not_offered_what_was_given_up(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    with gateway.city.storage.read() as session:
        columns = ", ".join(TABLES["records"].columns)
        before = session.all(f"SELECT {columns} FROM records WHERE id = ?", shown.id)
    pc.save(shown, pages=4)
    successor = pc.store.changes.pending(9)[0]
    push(pc, late)
    pc.sync()
    with gateway.city.storage.write() as session:  # as it stood before
        session.run("DELETE FROM changes WHERE change_id = ANY(?)", [late.change_id, successor.change_id])
        session.run("DELETE FROM given_up")
        session.upsert("records", before)
    pc.store.changes.offer_again(datetime(2026, 1, 1, tzinfo=UTC))
    pc.sync()
    told = statuses(pc, shown)
    assert (pc.pending(), told[late.change_id], told[successor.change_id]) == (0, "refused", "accepted")
    assert push(pc, late)[0].status == "refused"


def test_to_take_back_what_was_refused_is_said_too(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, doc_title="Học bạ")  # as the city has it
    assert pc.sync().pushed == 1
    assert push(pc, late)[0].status == "refused"
    pc.sync()
    record = pc.store.records.load(shown.id)
    assert record is not None and (record.fields["doc_title"], record.standing) == ("Học bạ", "city")
    assert pc.pending() == 0


def test_what_a_refused_successor_replaced_is_said_by_the_next(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    with no_grants(gateway):
        pc.save(shown, doc_title="Học bạ", pages=4)
        second = pc.store.changes.pending(9)[0]
        assert pc.sync().refused == 1
    again = pc.store.records.load(shown.id)
    assert again is not None
    pc.save(again, pages=5)
    assert pc.store.changes.pending(9)[0].in_place_of == (late.change_id, second.change_id)
    assert pc.sync().pushed == 1
    assert [r.status for r in push(pc, late, second)] == ["refused", "refused"]


def test_both_in_one_batch_leave_the_newer_one(gateway: GatewayServer, pc: Pc) -> None:
    """As a hub or a stick brings them."""
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, doc_title="Học bạ", pages=4)
    successor = pc.store.changes.pending(9)[0]
    assert [r.status for r in push(pc, late, successor)] == ["refused", "accepted"]


def test_a_change_gives_up_only_those_of_its_record(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    other = pc.save(doc_title="Giấy khác")
    foreign = pc.store.changes.pending(9)[0]
    assert push(pc, structs.replace(foreign, in_place_of=(late.change_id,)))[0].status == "accepted"
    assert push(pc, late)[0].status == "accepted"
    assert other.id != shown.id

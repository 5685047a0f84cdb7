"""A refused change that was replaced: a copy of it that comes late is taken no more, or its PC hears that it was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from sync.gateway import intake
from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.gateway.storage.schema import TABLES
from sync.protocol import Change, ChangeResult, PushRequest
from sync.store import saving
from sync.store.model import Record, Save
from tests.sync import direct_line
from tests.sync.bad_line import Pc
from tests.sync.direct_city import NOTE, backup, restored, save, seen
from tests.sync.store.ward import COPY


@pytest.fixture
def pc(gateway: GatewayServer, tmp_path: Path) -> Iterator[Pc]:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    yield one
    one.close()


@contextmanager
def no_grants(city: City) -> Iterator[None]:
    """The city refuses all of everybody, and keeps no trace of it."""
    with city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants")
    yield
    with city.storage.write() as session:
        session.upsert("grants", grants)


def refused_edit(gateway: GatewayServer, pc: Pc) -> tuple[Record, Change]:
    """A record of the city, and a change of it that was refused and lingers on the line."""
    record = pc.save(doc_title="Học bạ")
    pc.sync()
    held = pc.store.records.load(record.id)
    assert held is not None
    pc.save(held, doc_title="Học bạ lớp 5")
    late = pc.store.changes.pending(9)[0]
    with no_grants(gateway.city):
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


def test_a_correction_goes_over_its_older_self_that_came_late(gateway: GatewayServer, pc: Pc) -> None:
    """One officer said both: he has nothing to choose between."""
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, doc_title="Bằng tốt nghiệp")
    assert push(pc, late)[0].status == "accepted", "nobody had said yet that it was replaced"
    assert (pc.sync().conflicts, pc.pending()) == (0, 0)
    record = pc.store.records.load(shown.id)
    assert record is not None and (record.fields["doc_title"], record.conflicts) == ("Bằng tốt nghiệp", {})


def test_what_somebody_else_said_meanwhile_still_meets_it(gateway: GatewayServer, pc: Pc) -> None:
    shown, late = refused_edit(gateway, pc)
    pc.save(shown, doc_title="Bằng tốt nghiệp")
    push(pc, late)
    other = structs.replace(late, change_id="other", before={"doc_title": "Học bạ lớp 5"}, after={"doc_title": "Khác"})
    assert push(pc, structs.replace(other, device_seq=99))[0].status == "accepted"
    assert pc.sync().conflicts == 1


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
    with no_grants(gateway.city):
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


def test_no_more_is_named_than_the_city_takes(gateway: GatewayServer, pc: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (saving, intake):
        monkeypatch.setattr(part, "MOST_REPLACED", 2)
    record = pc.save(doc_title="Học bạ")
    pc.sync()
    for pages in (3, 4, 5):
        pc.save(pc.store.records.load(record.id), pages=pages)
    with no_grants(gateway.city):
        pc.sync()
    last = pc.store.changes.outbox()[-2:]
    pc.save(pc.store.records.load(record.id), pages=6)
    assert pc.store.changes.pending(9)[0].in_place_of == tuple(row.change.change_id for row in last)
    assert (pc.sync().refused, pc.pending()) == (0, 0)


Certified = tuple[direct_line.Pc, Record, Change]


def certify(pc: direct_line.Pc, record: Record) -> Record:
    opened = seen(pc, record)
    return pc.store.save([Save(type=COPY.id, fields=opened.fields, opened=opened, action="certify")], pc.officer)[0]


@pytest.fixture
def certified(city: City, a_pc: Callable[..., direct_line.Pc]) -> Certified:
    """A PC that holds the book, a paper it numbered, and the change that says so, which the city refused."""
    one = a_pc("một")
    one.sync()
    record = save(one, document="Học bạ")
    one.sync()
    numbered = certify(one, record)
    (late,) = one.store.changes.pending(9)
    assert late.number
    with no_grants(city):
        assert one.sync().refused == 1
    return one, numbered, late


def book(pc: direct_line.Pc) -> list[tuple[str, str]]:
    return [(row.number, row.status) for row in pc.store.numbers.book(COPY.id)]


def taken(pc: direct_line.Pc, change: Change) -> str:
    return pc.line.push(PushRequest((change,))).results[0].status


def test_of_what_was_withdrawn_no_late_copy_is_taken_and_the_book_stays_true(certified: Certified) -> None:
    one, record, late = certified
    one.store.changes.withdraw(record.id, one.officer, "khách không lấy nữa")
    (said,) = one.store.changes.pending(1)
    assert (said.kind, said.after, said.in_place_of) == ("edit", {}, (late.change_id,))
    one.sync()
    assert taken(one, late) == "refused"
    one.sync()
    assert book(one) == [(late.number, "void")]
    assert [note.fields["reason"] for note in one.store.records.each(NOTE)] == [
        "Thành phố không nhận, đã bỏ: khách không lấy nữa"
    ]
    back = seen(one, record)
    assert (back.state, back.number, back.standing) == ("received", None, "city")
    assert one.store.changes.outbox() == ()


def test_whoever_may_not_say_it_either_need_not_say_it_for_ever(city: City, certified: Certified) -> None:
    one, record, _ = certified
    with no_grants(city):
        one.store.changes.withdraw(record.id, one.officer, "không còn làm ở đây")
        one.sync()
        assert [r.status for r in one.store.changes.outbox() if r.change.record_id == record.id] == ["refused"]
        one.store.changes.withdraw(record.id, one.officer, "không còn làm ở đây")
        assert [r for r in one.store.changes.outbox() if r.change.record_id == record.id] == []
        assert seen(one, record).standing == "city"


def test_a_city_whose_backup_has_what_was_given_up_hears_of_it(
    city: City, certified: Certified, tmp_path: Path
) -> None:
    """It was refused before by a city from an older backup, which heard nobody."""
    one, record, late = certified
    with no_grants(city):
        one.store.changes.withdraw(record.id, one.officer, "khách không lấy nữa")
        one.sync()
    assert taken(one, late) == "accepted", "as the newer backup has it"
    backup(city, tmp_path)
    after = restored(city, tmp_path, [one])
    for _ in range(2):
        one.sync()
    assert record.id not in {row.change.record_id for row in one.store.changes.outbox()}
    told = {row.change.change_id: row.status for row in one.store.changes.history(record.id)}
    assert (told[late.change_id], seen(one, record).number) == ("accepted", late.number)
    after.close()


def test_a_number_taken_from_a_late_copy_is_the_one_its_successor_says(certified: Certified) -> None:
    one, record, late = certified
    one.clock.advance(minutes=7)
    certify(one, record)
    (again,) = one.store.changes.pending(9)
    assert (again.number, again.at > late.at) == (late.number, True)
    assert taken(one, late) == "accepted", "nobody had said yet that it was replaced"
    assert one.sync().refused == 0
    assert (book(one), one.store.changes.outbox()) == ([(late.number, "given")], ())
    stands = seen(one, record)
    assert (stands.state, stands.number, stands.standing) == ("certified", late.number, "city")
    assert list(one.store.records.each(NOTE)) == []


def test_withdrawing_voids_no_number_that_the_record_bears(city: City, certified: Certified) -> None:
    """A copy of the first try was taken after all, and the second is refused."""
    one, record, late = certified
    certify(one, record)
    with no_grants(city):
        assert one.sync().refused == 1
    assert taken(one, late) == "accepted"
    one.sync()
    one.store.changes.withdraw(record.id, one.officer, "đã có rồi")
    one.sync()
    assert (seen(one, record).number, book(one)) == (late.number, [(late.number, "given")])
    assert list(one.store.records.each(NOTE)) == []

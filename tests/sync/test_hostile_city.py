"""A city that was restored, that says strange things, or that hears of several officers at once: nothing acknowledged is lost,
nothing waits for ever, and nobody's word goes away unseen."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.protocol import ChangeResult, Lease, StreamNews, SyncAnswer, SyncError, SyncRequest
from sync.sound_answers import checked
from sync.store.model import Save
from tests.sync.direct_city import backup, restored, save, seen
from tests.sync.direct_line import Pc
from tests.sync.stick_pcs import COPY as BOOK
from tests.sync.stick_pcs import Pc as FarPc
from tests.sync.stick_pcs import gateway, time_goes_on
from tests.sync.store.ward import COPIES_BOOK, COPY, WARD

__all__ = ["gateway"]


@pytest.mark.parametrize(
    ("made", "later"),
    [
        pytest.param(timedelta(), timedelta(days=70), id="without a line for seventy days"),
        pytest.param(timedelta(days=-2500), timedelta(), id="a clock without a battery, put right meanwhile"),
    ],
)
def test_what_was_taken_lately_is_offered_again_whenever_it_was_made(
    city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc], made: timedelta, later: timedelta
) -> None:
    own = FixedClock(clock.moment)
    pc = a_pc("pc", own)
    record = save(pc, document="một")
    pc.sync()
    own.moment += made
    save(pc, seen(pc, record), document="hai")
    clock.moment += later
    own.moment = clock.moment
    backup(city, tmp_path)
    pc.sync()
    assert not pc.store.changes.outbox()
    clock.moment += timedelta(hours=3)
    own.moment = clock.moment
    after = restored(city, tmp_path, [pc])
    try:
        pc.sync()
        rows = after.storage.once("SELECT revision FROM records WHERE id = ?", record.id)
        assert (len(rows), seen(pc, record).fields["document"], pc.store.changes.outbox()) == (1, "hai", ())
        history = [c.after["document"] for c in pc.line.history(record.id).changes]
        assert history == ["một", "hai"]
    finally:
        after.close()


def test_a_value_that_came_while_another_was_picked_waits_for_a_person(city: City, a_pc: Callable[..., Pc]) -> None:
    one, two, three, four = (a_pc(name) for name in ("một", "hai", "ba", "bốn"))
    record = save(one, document="gốc")
    for pc in (one, two, three, four):
        pc.sync()
    save(one, seen(one, record), document="A")
    one.sync()
    save(two, seen(two, record), document="B")
    two.sync()
    three.sync()
    picking = seen(three, record)
    assert [c.value for c in picking.conflicts["document"]] == ["B"]
    save(four, seen(four, record), document="D")
    four.sync()
    resolution = Save(type=COPY.id, fields={**picking.fields, "document": "A"}, opened=picking, kind="resolve")
    three.store.save([resolution], three.officer)
    three.sync()
    for pc in (one, two, three, four):
        pc.sync()
        assert [c.value for c in seen(pc, record).conflicts["document"]] == ["D"]
    last = seen(four, record)
    four.store.save(
        [Save(type=COPY.id, fields={**last.fields, "document": "D"}, opened=last, kind="resolve")], four.officer
    )
    for pc in (four, one):
        pc.sync()
        assert (seen(pc, record).fields["document"], seen(pc, record).conflicts) == ("D", {})


def test_a_value_that_came_twice_is_answered_once(city: City, a_pc: Callable[..., Pc]) -> None:
    """The one that came meanwhile is what was picked: nobody has to pick it again."""
    one, two, three, four = (a_pc(name) for name in ("một", "hai", "ba", "bốn"))
    record = save(one, document="gốc")
    for pc in (one, two, three, four):
        pc.sync()
    for pc, text in ((one, "A"), (two, "B")):
        save(pc, seen(pc, record), document=text)
        pc.sync()
    three.sync()
    picking = seen(three, record)
    save(four, seen(four, record), document="B")
    four.sync()
    resolution = Save(type=COPY.id, fields={**picking.fields, "document": "B"}, opened=picking, kind="resolve")
    three.store.save([resolution], three.officer)
    for pc in (three, one):
        pc.sync()
        assert (seen(pc, record).fields["document"], seen(pc, record).conflicts) == ("B", {})


def test_a_book_given_back_by_a_wrong_clock_is_told_to_a_restored_city_too(
    city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]
) -> None:
    """The city thinks it is still with this PC; another numbers in it."""
    first, second = a_pc("một", FixedClock(clock.moment - timedelta(days=90))), a_pc("hai")
    first.sync()
    (lease,) = [x for x in first.store.numbers.leases() if x.register == COPIES_BOOK]
    backup(city, tmp_path)
    first.store.numbers.hand_overs.begin(lease, first.officer, "chuyển phòng", second.device)
    first.sync()
    second.sync()
    after = restored(city, tmp_path, [first, second])
    try:
        first.sync()
        assert not first.store.numbers.leases()
        second.sync()
        assert [x.register for x in second.store.numbers.leases()] == [COPIES_BOOK]
    finally:
        after.close()


def change_in(request: SyncRequest, answer: SyncAnswer) -> str:
    with pytest.raises(SyncError) as caught:
        checked(request, answer)
    return caught.value.code


NOW_TEXT = "2026-11-20T02:30:00Z"
LEASE = Lease(ward=WARD, register="x/y", period="", device="Q1", next=1)
STRANGE = {
    "a time that is none": SyncAnswer(time="gestern"),
    "no time": SyncAnswer(time=""),
    "a revision beyond 64 bits": SyncAnswer(
        time=NOW_TEXT, results=(ChangeResult(change_id="c", status="accepted", revision=1 << 64),)
    ),
    "a number below nothing": SyncAnswer(time=NOW_TEXT, leases=(structs.replace(LEASE, next=-5),)),
    "a book without a last page": SyncAnswer(time=NOW_TEXT, leases=(structs.replace(LEASE, upper=1 << 64),)),
    "a mark of nothing": SyncAnswer(time=NOW_TEXT, news=(StreamNews(stream=0, cursor=5, own=b"abcdef"),)),
}


@pytest.mark.parametrize("what", STRANGE)
def test_what_cannot_be_kept_is_damage_on_the_line(what: str) -> None:
    assert change_in(SyncRequest(known=b"12345678", cursors=(3,)), STRANGE[what]) == "damaged"


def test_a_pc_put_back_from_a_backup_hears_it_from_a_bundle_too(gateway, tmp_path: Path) -> None:
    """No line since: it must not number on in the book whose next pages it has forgotten."""
    import shutil

    from sync.clock import SystemClock
    from sync.store import Store
    from tests.sync.stick_pcs import CATALOG as SHIPPED

    key = secrets.token_bytes(32)
    make, Store.create = Store.create, lambda folder, _key, *rest: make(folder, key, *rest)  # type: ignore[method-assign]
    try:
        pc = FarPc(gateway, tmp_path / "pc", "Vũ Đức Nam")
    finally:
        Store.create = make  # type: ignore[method-assign]
    pc.sync()
    pc.sync()
    assert number(pc) == "1"
    pc.sync()
    pc.store.changes.checkpoint()
    shutil.copytree(pc.folder, tmp_path / "bak")
    assert [number(pc), number(pc)] == ["2", "3"]
    pc.carry()
    pc.store.close()
    shutil.rmtree(pc.folder)
    shutil.copytree(tmp_path / "bak", pc.folder)
    pc.store = Store.open(pc.folder, key, SHIPPED, SystemClock())
    imported = pc.carry()
    assert any("khôi phục" in problem.vi for problem in imported.problems)
    assert number(pc) is None
    pc.close()


def test_a_book_that_went_to_another_pc_is_let_go_by_a_bundle_too(gateway, tmp_path: Path) -> None:
    away, near = FarPc(gateway, tmp_path / "xa", "Vũ Đức Nam"), FarPc(gateway, tmp_path / "gần", "Trần Thu Hà")
    away.sync()
    away.sync()
    near.sync()
    assert number(away) == "1"
    away.sync()
    (lease,) = [x for x in away.store.numbers.leases() if x.register.startswith(f"{BOOK}/")]
    device = near.store.enrolment.device
    gateway.city.leases.take_over((lease.ward, lease.register, lease.period), device, "máy hỏng", 1)
    near.sync()
    assert number(near) == "2"
    away.carry()
    assert number(away) is None
    away.close()
    near.close()


def number(pc: FarPc) -> str | None:
    fields = {"doc_title": "Học bạ", "copies": 1, "pages": 1}
    (begun,) = pc.store.save([Save(type=BOOK, fields=fields, state="checking")], pc.officer)
    return pc.store.save([Save(type=BOOK, fields=begun.fields, opened=begun, action="certify")], pc.officer)[0].number


def test_what_stands_behind_a_refused_change_waits_in_every_section(
    gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long outbox is cut into sections; an action must not be taken on a record whose edit before it was refused."""
    monkeypatch.setattr("sync.bundle.outgoing._IN_SECTION", 1)
    pc = FarPc(gateway, tmp_path / "pc", "Vũ Đức Nam")
    pc.sync()
    record = pc.save(doc_title="x")
    pc.carry()
    pc.save(pc.load(record), doc_title="y")
    opened = pc.load(record)
    (acted,) = pc.store.save([Save(type=BOOK, fields=opened.fields, opened=opened, action="check")], pc.officer)
    assert acted.state == "checking"
    first = pc.store.changes.pending(1)[0]
    other = structs.replace(first, after={"doc_title": "khác"})  # somebody used its id before
    import msgspec

    device = gateway.city.access.device(f"Bearer {pc.store.enrolment.token}")
    gateway.city.intake.push(device, [(other, msgspec.msgpack.encode(other))])
    time_goes_on(gateway)
    imported = pc.carry()
    assert (imported.refused, imported.accepted) == (2, 0)
    assert [row.status for row in pc.store.changes.outbox()] == ["refused", "parked"]
    assert pc.load(record).standing == "refused"
    with gateway.city.storage.read() as session:
        assert session.one("SELECT state FROM records WHERE id = ?", acted.id)[0] == "received"
    pc.close()

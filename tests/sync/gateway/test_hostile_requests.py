"""What a hostile or broken PC asks for: the city does not fail, pays little for it, and the ward's PCs never see it."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from sync.gateway import face, sequences
from sync.gateway.books import FARTHEST
from sync.gateway.city import City
from sync.gateway.leases import LEASE_LENGTH
from sync.marks import hello_mark
from sync.protocol import FILL_DONE, FILL_FIRST, FILL_REST, FillAnswer, LeaseRequest
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_hostile_device import CITIZEN, COPY, posted

BOOK = LeaseRequest(ward=WARD, register=f"{COPY}/book", period="2026")
ROLES = ("chair", "reception", "civil_status_officer")


@pytest.mark.parametrize("tier", [FILL_FIRST, FILL_REST])
@pytest.mark.parametrize("below", [0, 1, 1 << 63, (1 << 64) - 1])
def test_a_place_of_a_first_fill_that_no_city_gave(city: City, tier: int, below: int) -> None:
    pc = Pc(city, roles=ROLES)
    pc.push(*(pc.create(type_id) for type_id in (COPY, CITIZEN, "onestop.dossier")))
    hello = city.hello(pc.device)
    asked = {"known": hello_mark(hello), "places": [(1, tier, below)] * len(hello.streams), "limit": 10}
    answer = posted(city, "/v1/fill", msgspec.msgpack.encode(asked), pc)
    assert answer.status == 200
    places = msgspec.msgpack.decode(answer.body, type=FillAnswer).places
    assert {place.tier for place in places} == {FILL_DONE}


NO_MOMENTS = [
    "", "garbage", "2026-11-22", "2026-99-99T00:00:00Z", "2026-11-22T03:00:00+99:99", "2026-11-22 03:00:00",
    "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "x" * 900, "٢٠٢٦-11-22T03:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("at", NO_MOMENTS)
def test_what_was_done_at_no_moment_is_refused(city: City, at: str) -> None:
    """Each PC of the ward would have to show it, in every list with a column of times."""
    pc = Pc(city, roles=ROLES)
    bad, good = pc.create(COPY, at=at), pc.create(COPY)
    first, second = pc.push(bad, good)
    assert (first.status, first.problems[0].field, second.status) == ("refused", "at", "accepted")
    assert [r.id for r in pc.pull_all("open").records] == [good.record_id]


def numbered(pc: Pc, number: str) -> Any:
    return pc.create(COPY, after={"cert_no": number, "book_no": "01/2026-SCT/BS"}, number=number)


@pytest.mark.parametrize("number", ["202611", "20261122", "0912345678", "9" * 18])
def test_a_book_does_not_follow_a_number_that_somebody_mistyped(city: City, number: str) -> None:
    """It would never come back: no ward could number in it for the rest of the year."""
    holder, other = Pc(city, roles=ROLES), Pc(city, roles=ROLES, officer="Bình")
    city.leases.lease(holder.device, BOOK)
    (fit,) = other.push(numbered(other, "0012"))
    (far,) = other.push(numbered(other, number))
    assert (fit.status, fit.problems) == ("accepted", ())
    assert far.status == "accepted"  # it may stand on paper
    assert [(p.field, p.value) for p in far.problems] == [("cert_no", number)]
    (lease,) = city.hello(holder.device).leases
    assert (lease.next, lease.upper) == (13, LEASE_LENGTH)
    (again,) = holder.push(numbered(holder, "0013"))
    assert not again.problems
    assert city.hello(holder.device).leases[0].next == 14


def test_a_book_goes_on_from_numbers_of_an_old_list_in_whatever_order(city: City) -> None:
    pc = Pc(city, roles=ROLES)
    results = pc.push(*(numbered(pc, n) for n in ("0400", "0007", str(400 + FARTHEST), "0401")))
    assert not any(r.problems for r in results)
    assert city.leases.lease(pc.device, BOOK).next == 401 + FARTHEST


def test_an_operator_may_move_a_book_as_far_as_he_says(city: City) -> None:
    one, two = Pc(city, roles=ROLES), Pc(city, roles=ROLES, officer="Bình")
    city.leases.lease(one.device, BOOK)
    book = (BOOK.ward, BOOK.register, BOOK.period)
    city.leases.take_over(book, two.answer.device, "sổ cũ", above=3 * FARTHEST)
    (result,) = two.push(numbered(two, str(3 * FARTHEST + 1)))
    assert not result.problems
    assert city.hello(two.device).leases[0].next == 3 * FARTHEST + 2


def test_few_bytes_do_not_give_up_half_a_million_changes(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a row for good: 300 KB became 500,000 of them, and as much memory as rows."""
    monkeypatch.setattr(face, "MOST_REPLACED_AT_ONCE", 30)
    pc = Pc(city, roles=ROLES)
    made = pc.create(COPY, after={"copies": 1})
    pc.push(made)
    edits = [
        pc.edit(made, {"copies": n}, {"copies": n + 1}, in_place_of=tuple(f"{n}.{i}" for i in range(10)))
        for n in range(1, 5)
    ]

    def push(count: int) -> int:
        return posted(city, "/v1/push", msgspec.msgpack.encode({"changes": edits[:count]}), pc).status

    assert push(4) == 413  # from which a PC sends less at a time
    assert city.storage.once("SELECT count(*) FROM given_up")[0][0] == 0
    assert push(3) == 200
    assert city.storage.once("SELECT count(*) FROM given_up")[0][0] == 30


@pytest.mark.postgres
def test_two_processes_hear_of_one_device_at_once_and_both_words_stay(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile on two PCs, each of which sends to another register: what gives it away must not be written over."""
    first, second = City(postgres_url, CATALOG), City(postgres_url, CATALOG)
    try:
        pc = Pc(first, roles=ROLES)
        both_have_read = threading.Barrier(2)
        mark, waited = sequences._mark, threading.local()

        def marked(change_id: str) -> str:
            """Called between reading and writing."""
            if not getattr(waited, "once", False):
                waited.once = True
                both_have_read.wait(timeout=30)
            return mark(change_id)

        monkeypatch.setattr(sequences, "_mark", marked)
        made = {first: pc.create(COPY, device_seq=7), second: pc.create(CITIZEN, device_seq=8)}

        def push(city: City) -> None:
            change = made[city]
            city.intake.push(pc.device, [(change, msgspec.msgpack.encode(change))])

        pushing = [threading.Thread(target=push, args=(city,)) for city in made]
        for each in pushing:
            each.start()
        for each in pushing:
            each.join(timeout=60)
        seq, recent = first.storage.once("SELECT seq, recent FROM devices WHERE id = ?", pc.answer.device)[0]
        assert seq == 8
        assert msgspec.json.decode(recent, type=dict[int, str]).keys() == {7, 8}
    finally:
        first.close()
        second.close()


def test_what_no_database_takes_is_not_asked_of_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the whole batch is halved down to the change to blame, a transaction for each half."""
    pc = Pc(city, roles=ROLES)
    bad, good = pc.create(COPY, in_place_of=("a\0b",)), pc.create(COPY)
    halved: list[object] = []
    monkeypatch.setattr(city.intake, "_bisect", lambda *given: halved.append(given))
    assert [r.status for r in pc.push(bad, good)] == ["refused", "accepted"]
    assert not halved


def test_an_epoch_that_began_at_one_process_is_told_by_all(storage_url: str) -> None:
    """Also to older PCs, which ask for pages alone: by the epoch they know that what they have read is to be read anew."""
    first, second = City(storage_url, CATALOG), City(storage_url, CATALOG)
    try:
        pc = Pc(first, roles=ROLES)
        epoch = first.restored()
        for path, body in (("/v1/pull", {"ward": WARD, "scope": "open"}), ("/v1/push", {"changes": []})):
            answer = posted(second, path, msgspec.msgpack.encode(body), pc)
            assert msgspec.msgpack.decode(answer.body)["epoch"] == epoch
            second.epoch = "before"
    finally:
        first.close()
        second.close()

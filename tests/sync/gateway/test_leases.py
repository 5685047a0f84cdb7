"""Books: whole, to one named device, going on above every number known; a takeover explains its gap."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from forms.definition import Register
from sync.clock import FixedClock
from sync.gateway.books import MOST_SAME
from sync.gateway.city import City
from sync.gateway.leases import LEASE_LENGTH
from sync.gateway.refusals import RefusedError
from sync.locked_fields import SAME_NUMBER
from sync.number_reader import NumberReader, Read
from sync.protocol import LeaseRequest
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG, COPY, tool

REGISTER = "certification.cert_copy/book"
BOOK = (WARD, REGISTER, "2026")
ASKED = LeaseRequest(*BOOK)


def numbered(pc: Pc, n: int, book: str = "01/2026-SCT/BS", **more):
    after = {"cert_no": f"{n:04d}", "book_no": book}
    return pc.create("certification.cert_copy", to_state="certified", number=f"{n:04d}", after=after, **more)


def test_the_same_device_goes_on_above_what_the_city_knows(city: City) -> None:
    pc = Pc(city)
    assert city.leases.lease(pc.device, ASKED).next == 1
    pc.push(numbered(pc, 1), numbered(pc, 2), numbered(pc, 9))
    again = city.leases.lease(pc.device, ASKED)
    assert (again.next, again.upper) == (10, 9 + LEASE_LENGTH)
    (told,) = city.hello(pc.device).leases
    assert told.next == 10


def test_another_device_is_told_who_holds_the_book(city: City) -> None:
    first, second, elsewhere = Pc(city), Pc(city), Pc(city, OTHER_WARD)
    city.leases.lease(first.device, ASKED)
    with pytest.raises(RefusedError) as held:
        city.leases.lease(second.device, ASKED)
    assert (held.value.status, held.value.code) == (409, "lease_held")
    assert first.device.id in held.value.label.vi
    other_book = LeaseRequest(OTHER_WARD, REGISTER, "2026")
    assert city.leases.lease(elsewhere.device, other_book).next == 1
    with pytest.raises(RefusedError) as foreign:
        city.leases.lease(second.device, other_book)
    assert foreign.value.status == 403


def test_books_that_others_number_are_named_to_those_who_may_read_them(storage_url: str) -> None:
    kept_apart = tool("certification", structs.replace(COPY, scope="petitions"))
    noon = FixedClock(datetime(2026, 11, 20, 5, tzinfo=UTC))
    city = City(storage_url, structs.replace(CATALOG, tools=(kept_apart,)), noon)
    holder, beside, without = (Pc(city, roles=[role]) for role in ("petition_team", "petition_team", "chair"))
    far = Pc(city, OTHER_WARD, roles=["petition_team"])
    city.leases.lease(holder.device, ASKED)
    lent = [city.introduced(pc.device, city.hello(pc.device)).lent for pc in (holder, beside, without, far)]
    assert lent == [(), (BOOK,), (), ()]
    city.close()


def test_a_takeover_starts_above_what_the_lost_pc_may_have_given(city: City) -> None:
    lost, new = Pc(city), Pc(city)
    city.leases.lease(lost.device, ASKED)
    lost.push(numbered(lost, 5))
    moved = city.leases.take_over(BOOK, new.device.id, "máy hỏng")
    assert moved.device_before == lost.device.id
    assert (moved.gap_from, moved.gap_to, moved.lease.next) == (6, LEASE_LENGTH, LEASE_LENGTH + 1)
    assert city.leases.lease(new.device, ASKED).next == LEASE_LENGTH + 1
    with pytest.raises(RefusedError):
        city.leases.lease(lost.device, ASKED)


def test_someone_who_looked_at_the_paper_leaves_no_gap(city: City) -> None:
    lost, new = Pc(city), Pc(city)
    city.leases.lease(lost.device, ASKED)
    lost.push(numbered(lost, 5))
    moved = city.leases.take_over(BOOK, new.device.id, "máy hỏng", above=7)
    assert (moved.gap_from, moved.gap_to, moved.lease.next) == (6, 7, 8)
    with pytest.raises(RefusedError):
        city.leases.take_over(BOOK, new.device.id, "lần nữa")
    with pytest.raises(RefusedError):
        city.leases.take_over(BOOK, Pc(city, OTHER_WARD).device.id, "phường khác")


def test_a_number_given_twice_is_kept_and_flagged(city: City) -> None:
    a, b = Pc(city), Pc(city)
    first, second, next_year = a.push(numbered(a, 3))[0], *b.push(numbered(b, 3), numbered(b, 3, "01/2027-SCT/BS"))
    assert first.problems == next_year.problems == ()
    assert second.status == "accepted"
    assert second.problems[0].field == "cert_no"
    (again,) = b.push(twin := numbered(b, 3))
    assert again.problems
    assert b.push(twin)[0].problems == again.problems


def test_everyone_in_the_ward_sees_which_records_share_a_number(city: City) -> None:
    a, b = Pc(city), Pc(city, officer="Bình")
    mine, alone, theirs = numbered(a, 3), numbered(a, 4), numbered(b, 3)
    third = numbered(b, 3)
    a.push(mine, alone)
    b.push(theirs)
    b.push(third)
    b.push(third)  # the same again adds nothing
    records = {r.id: r for r in a.pull("open").records}
    same = {i: set(r.fields.get("_same_number", ())) for i, r in records.items()}
    ids = {mine.record_id, theirs.record_id, third.record_id}
    assert same == {alone.record_id: set(), **{i: ids - {i} for i in ids}}
    assert {r.origin for r in records.values()} == {""}
    history = city.feed.history(a.device, mine.record_id)
    words = [msgspec.msgpack.decode(raw) for raw in history.changes]
    assert [w["officer"]["name"] for w in words] == ["An", "Thành phố", "Thành phố"]
    assert sorted(r.revision for r in history.results) == [1, 2, 3]
    assert records[mine.record_id].revision == 3


def test_two_of_one_push_that_share_a_number_are_marked_too(city: City) -> None:
    pc = Pc(city)
    one, two = numbered(pc, 3), numbered(pc, 3)
    pc.push(one, two)
    assert {tuple(r.fields["_same_number"]) for r in pc.pull("open").records} == {(one.record_id,), (two.record_id,)}


def test_imported_history_without_a_year_raises_no_book(city: City) -> None:
    pc = Pc(city)
    old = pc.create("certification.cert_copy", to_state="certified", number="7000", after={"cert_no": "7000"})
    drafted = pc.create("certification.cert_copy", to_state="draft", at="2026-11-22T01:00:00Z")
    pc.push(old, drafted)
    assert city.leases.lease(pc.device, ASKED).next == 1
    pc.push(pc.act(drafted, "certify", "certified", number="0004", at="2026-11-22T02:00:00Z"))
    assert city.leases.lease(pc.device, ASKED).next == 5


def test_each_year_begins_its_numbers_anew(city: City) -> None:
    pc = Pc(city)
    years = [
        pc.create("certification.cert_copy", to_state="certified", number="0001", at=f"{year}-05-05T03:00:00Z")
        for year in (2025, 2026, 2026)
    ]
    flags = [len(result.problems) for result in pc.push(*years)]
    assert flags == [0, 0, 1]


@pytest.mark.parametrize("period", ["", "26", "2026-01", "2026\n"])
def test_a_period_must_fit_the_register(city: City, period: str) -> None:
    with pytest.raises(RefusedError) as wrong:
        city.leases.lease(Pc(city).device, LeaseRequest(WARD, REGISTER, period))
    assert wrong.value.status == 400


@given(n=st.integers(1, 99_999), year=st.integers(2000, 2099))
def test_numbers_are_read_as_they_are_written(n: int, year: int) -> None:
    reader = NumberReader(Register(id="r", kind="leased", field="no", format="{n:04d}/{yyyy}"))
    assert reader.read(f"{n:04d}/{year}", {}, "2026-01-01T00:00:00Z") == Read(str(year), n)
    assert reader.read(f"{n}-x", {}, "2026-01-01T00:00:00Z") is None


def test_the_year_ends_at_midnight_in_hanoi() -> None:
    reader = NumberReader(Register(id="r", kind="leased", field="no", format="{n}"))
    assert reader.read("7", {}, "2025-12-31T16:59:59Z") == Read("2025", 7)
    assert reader.read("7", {}, "2025-12-31T17:00:00Z") == Read("2026", 7)
    by_day = NumberReader(Register(id="r", kind="leased", field="no", format="T{yy}{mm}{dd}-{n:03d}", period="day"))
    assert by_day.read("T261122-012", {}, "2026-01-01T00:00:00Z") == Read("2026-11-22", 12)


def test_a_list_with_one_number_in_every_line_is_taken_and_costs_no_more_than_its_lines(city: City) -> None:
    """Each line was written on each other, and each time with all before it: 400 lines were 1.6 GB and twelve seconds."""
    pc, lines = Pc(city, roles=["chair"]), 3 * MOST_SAME
    made = [numbered(pc, 1) for _ in range(lines)]
    results = pc.push(*made[: 2 * MOST_SAME]) + pc.push(*made[2 * MOST_SAME :])
    assert {r.status for r in results} == {"accepted"}
    assert [len(r.problems) for r in results] == [min(n, MOST_SAME) for n in range(lines)]
    same = {r.id: r.fields[SAME_NUMBER] for r in pc.pull_all("open").records}
    first = {change.record_id for change in made[:MOST_SAME]}
    for number, change in enumerate(made):
        assert set(same[change.record_id]) == first - {change.record_id}, number
    (written,) = city.storage.once("SELECT count(*) FROM changes")[0]
    assert written <= lines + MOST_SAME * lines


def test_a_book_goes_on_above_the_number_of_an_act_that_was_refused(city: City) -> None:
    """It is on paper, and its PC, restored from a backup of before, would give it again."""
    holder, other = Pc(city), Pc(city, officer="Bình")
    book = LeaseRequest(ward=WARD, register=REGISTER, period="2026")
    city.leases.lease(holder.device, book)
    begun = holder.create("certification.cert_copy")
    holder.push(begun)
    values = {"book_no": "01/2026-SCT/BS"}

    def certified(pc: Pc, n: int) -> list[str]:
        number = f"{n:04d}"
        act = pc.act(begun, "no_such_step", "certified", number=number, after={**values, "cert_no": number})
        behind = pc.act(
            begun, "certify", "certified", number=f"{n + 1:04d}", after={**values, "cert_no": f"{n + 1:04d}"}
        )
        return [result.status for result in pc.push(act, behind)]

    assert certified(other, 30) == ["refused", "refused"]  # it has no book
    assert city.hello(holder.device).leases[0].next == 1
    assert certified(holder, 7) == ["refused", "refused"]
    assert city.hello(holder.device).leases[0].next == 9  # what waits behind is on paper too
    city.leases.take_over(BOOK, other.answer.device, "máy hỏng", above=0)
    assert city.hello(other.device).leases[0].next >= 9

"""Old books brought from a file: newest line first, without a year in the number, with zeros before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from forms.definition import Catalog, Register
from sync.gateway.books import FARTHEST
from sync.gateway.city import City
from sync.locked_fields import NUMBERED, SAME_NUMBER
from sync.protocol import Change, LeaseRequest
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG, COPY, field

TOP = FARTHEST + 3000
ROLES = ("chair",)


def book(period: str = "2026") -> LeaseRequest:
    return LeaseRequest(WARD, f"{COPY.id}/book", period)


def dated_catalog() -> Catalog:
    """Neither its number nor a volume tells the year: the day on which it was certified does."""
    certify = replace(COPY.actions[0], sets={"cert_date": "today()"})
    register = Register(id="book", kind="leased", field="cert_no", format="{n:02d}")
    section = replace(COPY.sections[0], fields=(*COPY.sections[0].fields, field("cert_date", "date")))
    dated = replace(COPY, sections=(section,), actions=(certify, *COPY.actions[1:]), register=register)
    tools = tuple(replace(t, records=tuple(dated if r.id == COPY.id else r for r in t.records)) for t in CATALOG.tools)
    return replace(CATALOG, tools=tools)


@pytest.fixture
def city(storage_url: str) -> Iterator[City]:
    made = City(storage_url, dated_catalog())
    yield made
    made.close()


def line(pc: Pc, number: str, day: str = "2026-05-05", **more: Any) -> Change:
    after = {"cert_no": number, "cert_date": day, **more}
    return pc.create(COPY.id, to_state="certified", after=after, number=number)


def test_a_list_with_its_newest_line_first_takes_the_book_along_to_its_top(city: City) -> None:
    """Else the numbers above would be given once more."""
    pc = Pc(city, roles=ROLES)
    for top in range(TOP, 0, -1000):
        pc.push(*(line(pc, str(n)) for n in range(top, max(top - 1000, 0), -250)))
    assert city.leases.lease(pc.device, book()).next == TOP + 1


def test_a_mistyped_number_is_not_come_to_by_what_is_numbered_day_by_day(city: City) -> None:
    pc = Pc(city, roles=ROLES)
    city.leases.lease(pc.device, book())
    (far,) = pc.push(line(pc, str(TOP)))
    assert far.problems
    for n in range(800, 4000, 800):  # as far as it is lent, each time
        begun = pc.create(COPY.id, to_state="draft")
        number = {"cert_no": str(n), NUMBERED: {"n": n, "at": "2026-11-22T03:00:00Z", "by": "x", "device": "Q1"}}
        certified = pc.act(begun, "certify", "certified", state="draft", number=str(n), after=number)
        assert not any(r.problems for r in pc.push(begun, certified))
        (lease,) = city.leases.renewed(pc.device)
        assert lease.next == n + 1


def test_a_list_is_of_the_year_that_its_lines_tell(city: City) -> None:
    pc = Pc(city, roles=ROLES)
    pc.push(line(pc, "57"), line(pc, "412", "2025-12-30"))
    assert city.leases.lease(pc.device, book()).next == 58
    assert city.leases.lease(pc.device, book("2025")).next == 413


def test_the_same_number_of_two_years_is_no_double_and_of_one_year_it_is(city: City) -> None:
    """Whenever they were brought."""
    pc = Pc(city, roles=ROLES)
    old, new = line(pc, "12", "2019-04-03"), line(pc, "12", "2026-04-03")
    again = line(pc, "12", "2019-04-03")
    for each in (old, new, again):
        pc.push(each)
    marks = {record.id: record.fields.get(SAME_NUMBER) for record in pc.pull_all("open").records}
    assert marks[new.record_id] is None
    assert marks[old.record_id] == [again.record_id]


def test_zeros_before_a_number_make_it_no_other_number(city: City) -> None:
    pc = Pc(city, roles=ROLES)
    first, second, other = line(pc, "0012"), line(pc, "12"), line(pc, "120")
    (_,), (told,), (fine,) = pc.push(first), pc.push(second), pc.push(other)
    assert told.problems
    assert not fine.problems
    marks = {record.id: record.fields.get(SAME_NUMBER) for record in pc.pull_all("open").records}
    assert marks[first.record_id] == [second.record_id]


def test_one_number_in_two_volumes_of_a_year_is_a_double(storage_url: str) -> None:
    """Numbers run on from one volume to the next; a line that names no volume is of its year all the same."""
    city = City(storage_url, CATALOG)
    pc = Pc(city, roles=ROLES)
    one, two = (
        pc.create(COPY.id, to_state="certified", after={"cert_no": "0007", "book_no": volume}, number="0007")
        for volume in ("01/2026-SCT/BS", "02/2026-SCT/BS")
    )
    other = pc.create(COPY.id, to_state="certified", after={"cert_no": "0007", "book_no": "Quyển cũ"}, number="0007")
    for each in (one, two, other):
        pc.push(each)
    marks = {record.id: record.fields.get(SAME_NUMBER) for record in pc.pull_all("open").records}
    assert marks[one.record_id] == [two.record_id]
    assert marks[other.record_id] is None
    city.close()

"""A register parted by a field: the city leases and knows each series on its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from forms.definition import Catalog, Register
from forms.field_definition import Choice, Field, Section
from forms.label import Label
from sync.gateway.city import City
from sync.gateway.refusals import RefusedError
from sync.locked_fields import SAME_NUMBER
from sync.protocol import Change, LeaseRequest
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG, COPY

REGISTER = "certification.cert_copy/book"
KIND = Field(
    name="kind",
    type="one_of",
    label=Label("Loại", "Kind"),
    choices=(Choice("decision", Label("Quyết định", "Decision")), Choice("letter", Label("Công văn", "Letter"))),
)


def catalog_with(series_by: str | None) -> Catalog:
    register = Register(id="book", kind="leased", field="cert_no", format="{n:02d}", series_by=series_by)
    parted = replace(COPY, sections=(*COPY.sections, Section("kind", KIND.label, (KIND,))), register=register)
    tools = tuple(
        replace(tool, records=tuple(parted if one.id == COPY.id else one for one in tool.records))
        for tool in CATALOG.tools
    )
    return replace(CATALOG, tools=tools)


@pytest.fixture
def city(storage_url: str) -> Iterator[City]:
    made = City(storage_url, catalog_with("kind"))
    yield made
    made.close()


def asked(series: str) -> LeaseRequest:
    return LeaseRequest(WARD, f"{REGISTER}{series}", "2026")


def numbered(pc: Pc, kind: str, number: str) -> tuple[Change, Change]:
    begun = pc.create(COPY.id, to_state="draft", after={"kind": kind})
    return begun, pc.act(begun, "certify", "certified", state="draft", number=number, after={"cert_no": number})


def test_each_series_is_a_book_of_its_own(city: City) -> None:
    pc, other = Pc(city), Pc(city)
    for result in pc.push(*numbered(pc, "decision", "05"), *numbered(pc, "letter", "02")):
        assert result.status == "accepted"
    assert city.leases.lease(pc.device, asked("=decision")).next == 6
    assert city.leases.lease(other.device, asked("=letter")).next == 3
    with pytest.raises(RefusedError) as held:
        city.leases.lease(other.device, asked("=decision"))
    assert held.value.code == "lease_held"
    assert [lease.register for lease in city.hello(pc.device).leases] == [f"{REGISTER}=decision"]


@pytest.mark.parametrize("series", ["", "=", "=unknown", "=decision=letter"])
def test_what_is_no_series_is_not_leased(city: City, series: str) -> None:
    with pytest.raises(RefusedError) as refused:
        city.leases.lease(Pc(city).device, asked(series))
    assert refused.value.status == 400


def test_a_number_is_given_twice_only_within_its_series(city: City) -> None:
    pc = Pc(city)
    first, second, third = (numbered(pc, kind, "01") for kind in ("decision", "letter", "decision"))
    pc.push(*first, *second, *third)
    marks = {record.id: record.fields.get(SAME_NUMBER) for record in pc.pull_all("open").records}
    assert marks[second[0].record_id] is None
    assert marks[first[0].record_id] == [third[0].record_id]
    assert marks[third[0].record_id] == [first[0].record_id]


def test_a_register_that_is_parted_goes_on_above_what_it_had(storage_url: str) -> None:
    before = City(storage_url, catalog_with(None))
    pc = Pc(before)
    before.leases.lease(pc.device, asked(""))
    pc.push(*numbered(pc, "decision", "57"))
    before.close()
    after = City(storage_url, catalog_with("kind"))
    pc.city = after
    assert after.leases.lease(pc.device, asked("=letter")).next == 58
    after.leases.renewed(pc.device)
    (_whole, letters) = after.hello(pc.device).leases
    assert letters.register == f"{REGISTER}=letter"
    after.close()

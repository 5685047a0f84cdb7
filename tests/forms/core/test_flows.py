"""What a record proposes: by its state and its rules, until something followed or it is not needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from forms.definition import Catalog
from forms.entry import RecordEntry
from forms.field_definition import Field
from forms.flow_book import FlowBook, flow_book, is_for
from forms.flow_definition import Flow
from forms.flows import FlowJudge, Source, Target, mark_of, propose, target_id, values_of
from forms.label import Label
from tests.forms.core.conftest import PEOPLE

LOAN, CITIZEN = "lending.loan", "residence.citizen"


@pytest.fixture
def flow(catalog: Catalog) -> Flow:
    return flow_book(catalog).by_key[f"{LOAN}/keeps_borrower"]


def a_source(catalog: Catalog, state: str = "lent", **fields: Any) -> Source:
    fields = {"borrower": "old", "total": 20000} | fields
    return Source(catalog.record_type(LOAN), "loan-1", state, None, fields)


def applying(catalog: Catalog, source: Source) -> list[str]:
    return [flow.id for flow, _ in FlowJudge(flow_book(catalog), PEOPLE.get).applying(source)]


@pytest.mark.parametrize(
    ("state", "fields", "applies"),
    [
        ("lent", {}, True),
        ("returned", {}, True),
        ("draft", {}, False),
        ("lent", {"total": 0}, False),
        ("lent", {"total": None}, False),  # cannot be told
        ("lent", {"borrower": "stranger"}, False),  # not on this PC
    ],
)
def test_states_and_rules_say_when_it_applies(
    catalog: Catalog, state: str, fields: dict[str, Any], *, applies: bool
) -> None:
    assert applying(catalog, a_source(catalog, state, **fields)) == (["keeps_borrower"] if applies else [])


@pytest.mark.parametrize(("state", "is_open", "done"), [("draft", True, None), ("active", False, "old")])
def test_an_action_is_open_until_its_record_got_there(
    catalog: Catalog, flow: Flow, state: str, done: str | None, *, is_open: bool
) -> None:
    source, citizen = a_source(catalog), catalog.record_type(CITIZEN)
    assert target_id(flow, source) == "old"
    proposal = propose(flow, citizen, source, [], Target("old", state))
    assert proposal is not None
    assert (proposal.is_open, proposal.done) == (is_open, done)
    assert propose(flow, citizen, source, [], None) is None


def test_an_action_that_keeps_the_state_adds_its_source_and_is_done_once_it_stands_there(
    catalog: Catalog, flow: Flow, loan: Callable[..., RecordEntry]
) -> None:
    citizen = catalog.record_type(CITIZEN)
    noted = Field(name="loans", type="refs", label=Label("x", "x"), targets=(LOAN,))
    note = msgspec.structs.replace(citizen.actions[0], id="note", from_=("active",), to="=", asks=("loans",))
    section = msgspec.structs.replace(citizen.sections[0], fields=(*citizen.sections[0].fields, noted))
    citizen = msgspec.structs.replace(citizen, sections=(section,), actions=(*citizen.actions, note))
    notes = msgspec.structs.replace(flow, action="note", link="loans", sets={})
    source = a_source(catalog)
    for fields, done in (({}, None), ({"loans": ["loan-0"]}, None), ({"loans": ["loan-0", "loan-1"]}, "old")):
        proposal = propose(notes, citizen, source, [], Target("old", "active", fields))
        assert proposal is not None
        assert (proposal.is_open, proposal.done) == (done is None, done)
    assert propose(notes, citizen, source, [], Target("old", "draft")) is None  # it cannot be taken from there
    entry = loan(fields={"borrower": "old"}, state="lent")
    assert values_of(notes, citizen, entry, "loan-1", {"loans": ["loan-0"]}) == {"loans": ["loan-0", "loan-1"]}
    assert values_of(notes, citizen, entry, "loan-1", {"loans": ["loan-1"]}) == {"loans": ["loan-1"]}


def test_not_needed_closes_it(catalog: Catalog, flow: Flow) -> None:
    source = a_source(catalog, **{mark_of(flow): {"reason": "trùng"}})
    proposal = propose(flow, catalog.record_type(CITIZEN), source, [], Target("old", "draft"))
    assert proposal is not None
    assert not proposal.is_open
    assert proposal.dismissed == {"reason": "trùng"}


def test_what_it_writes_comes_from_the_source_even_where_no_rule_of_the_form_reads_it(
    catalog: Catalog, flow: Flow, loan: Callable[..., RecordEntry]
) -> None:
    entry = loan(fields={"borrower": "old", "borrower_dob": "1950", "phone": "+84912345678"}, state="lent")
    more = msgspec.structs.replace(
        flow, sets={**flow.sets, "full_name": 'phone + " · " + officer.name', "unknown": "1"}
    )
    values = values_of(more, catalog.record_type(CITIZEN), entry, "loan-1")
    assert values == {"dob": "1950", "full_name": "+84912345678 · Lê Thị Thư"}
    entry.put("phone", "0987654321")
    assert values_of(more, catalog.record_type(CITIZEN), entry, "loan-1")["full_name"].startswith("+84987654321")


def test_a_field_can_name_the_register_and_a_name_nobody_knows_proposes_nothing(catalog: Catalog) -> None:
    base = Flow(id="next", label=Label("x", "x"), from_=LOAN, states=("lent",), to_field="reason", link="borrower")
    tools = tuple(
        msgspec.structs.replace(tool, flows=(base,) if tool.id == "lending" else ()) for tool in catalog.tools
    )
    book = FlowBook(msgspec.structs.replace(catalog, tools=tools))
    judge = FlowJudge(book, PEOPLE.get)
    found = {
        named: [to.id for _, to in judge.applying(a_source(catalog, reason=named))]
        for named in (LOAN, CITIZEN, "nowhere.thing", None)
    }
    assert found == {LOAN: [LOAN], CITIZEN: [], "nowhere.thing": [], None: []}  # a citizen cannot point back


def test_whose_work_it_is(catalog: Catalog, flow: Flow) -> None:
    citizen = catalog.record_type(CITIZEN)
    assert is_for(flow, citizen, ("clerk",))
    assert not is_for(flow, citizen, ("chair",))
    everybody = msgspec.structs.replace(flow, roles=())
    assert is_for(everybody, citizen, ())  # the action names no role

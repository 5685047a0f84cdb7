"""What a registered death ends in the ward's other registers, found by the person and proposed to whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from forms.calendar import WorkCalendar
from forms.entry import EntryContext, RecordEntry
from forms.flow_book import flow_book, is_for
from forms.flows import FlowJudge, Source, Target, propose, values_of
from tests.forms.catalog.conftest import CIVIL, WARD, Counter

DEATH = "civil_status.death"
HELD: dict[str, tuple[str, str]] = {  # register -> field of the death, and a state in which there is something to end
    "social_protection.beneficiary": ("beneficiary_ref", "paying"),
    "merit.merit_person": ("merit_ref", "active"),
    "military.nvqs_person": ("military_ref", "reserve"),
}


def death(counter: Counter, states: Mapping[str, str], **more: object) -> RecordEntry:
    """A death of somebody who stands in each register of ``states``."""

    def find(type_id: str, field: str, value: Any) -> Sequence[Mapping[str, Any]]:
        if type_id not in states or (field, value) != ("citizen_ref", "father"):
            return []
        return [{"_id": "held", "_state": states[type_id], "_number": None, "group": "wounded"}]

    values = {"deceased_ref": "father", "requester_ref": "mother", "death_at": "10/11/2026"} | more
    context = EntryContext(counter.now, WARD, CIVIL, counter.records.get, WorkCalendar(), find=find)
    entry = RecordEntry(counter.catalog.record_type(DEATH), counter.catalog, context)
    for name, value in values.items():
        entry.set(name, value)
    return entry


@pytest.mark.parametrize(
    ("type_id", "flow_id", "role", "wanted"),
    [
        ("social_protection.beneficiary", "end_allowance", "chair", {"end_month": "2026-11", "stop_kind": "death"}),
        ("merit.merit_person", "end_merit_allowance", "social_officer", {"ended_on": "2026-11-10"}),
        ("military.nvqs_person", "off_military_list", "military_commander", {}),
    ],
)
def test_a_death_proposes_to_end_what_the_person_had(
    counter: Counter, type_id: str, flow_id: str, role: str, wanted: dict[str, str]
) -> None:
    field, state = HELD[type_id]
    entry = death(counter, {type_id: state})
    assert entry.get(field) == "held"
    source = Source(counter.catalog.record_type(DEATH), "d", "registered", "63/2026", entry.fields)
    found = {
        flow.id: (flow, to) for flow, to in FlowJudge(flow_book(counter.catalog), counter.records.get).applying(source)
    }
    flow, to = found[flow_id]
    made = propose(flow, to, source, [], Target("held", state))
    assert made is not None
    assert made.is_open
    assert is_for(flow, to, [role])
    values = values_of(flow, to, entry, "d")
    assert wanted.items() <= values.items()
    asked = to.action(flow.action or "").asks
    assert set(asked) <= set(values)  # the day is known: nothing is left to type


@pytest.mark.parametrize(
    ("type_id", "state"),
    [
        ("social_protection.beneficiary", "stopped"),
        ("merit.merit_person", "transferred"),
        ("military.nvqs_person", "over_age"),
    ],
)
def test_what_had_ended_before_is_not_ended_again(counter: Counter, type_id: str, state: str) -> None:
    assert death(counter, {type_id: state}).get(HELD[type_id][0]) is None


@pytest.mark.parametrize(("death_at", "allowed"), [("11/2026", True), ("2/11/2026", False), ("10/11/2026", True)])
def test_on_time_is_refused_only_where_the_day_is_known(counter: Counter, death_at: str, allowed: bool) -> None:
    entry = death(counter, {}, death_at=death_at, reg_kind="on_time")  # the counter's day is 18 November
    messages = [problem.message.vi for problem in entry.problems("verifying") if problem.blocks]
    assert any("Đúng hạn" in message for message in messages) is not allowed


@pytest.mark.parametrize(
    ("registered", "state", "warned"),
    [
        ("signed", "verifying", True),
        ("registered", "approved", True),
        ("refused", "verifying", False),
        ("registered", "stopped", False),
    ],
)
def test_an_allowance_says_that_the_death_is_registered_before_the_persons_record_does(
    counter: Counter, registered: str, state: str, warned: bool
) -> None:
    """Between the signature of the extract and the note on the citizen a leader would sign a decision for the dead."""

    def find(type_id: str, field: str, value: Any) -> Sequence[Mapping[str, Any]]:
        asked = (type_id, field, value) == (DEATH, "deceased_ref", "father")
        return [{"_id": "d", "_state": registered, "_number": "1/2026", "deceased_ref": "father"}] if asked else []

    context = EntryContext(counter.now, WARD, CIVIL, counter.records.get, WorkCalendar(), find=find)
    record_type = counter.catalog.record_type("social_protection.beneficiary")
    fields = {"citizen_ref": "father", "scheme": "monthly", "category": "other"}
    entry = RecordEntry(record_type, counter.catalog, context, fields=fields, state=state, id="b")
    told = [problem.message.vi for problem in entry.rule_problems if not problem.blocks]
    assert any("đã được đăng ký khai tử" in text for text in told) is warned

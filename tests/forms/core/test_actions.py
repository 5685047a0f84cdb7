from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from forms.entry import ActionOffer, RecordEntry, RuleError

from .conftest import CHAIR, CLERK, PEOPLE, Clock, Person

Begin = Callable[..., RecordEntry]


def offer(entry: RecordEntry, action: str, officer: Person = CLERK) -> ActionOffer:
    return next(o for o in entry.actions(officer) if o.action.id == action)


def test_actions_are_those_of_the_state_and_say_what_is_missing(loan: Begin) -> None:
    entry = loan()
    assert [o.action.id for o in entry.actions(CLERK)] == ["lend", "drop"]
    lend = offer(entry, "lend")
    assert not lend.enabled
    assert {p.path for p in lend.problems} == {"borrower", "kind", "items"}
    assert offer(entry, "drop").enabled  # its reason will be asked for


def test_an_action_belongs_to_its_roles(ready: RecordEntry) -> None:
    assert offer(ready, "lend").enabled
    refused = offer(ready, "lend", CHAIR)
    assert refused.problems[0].message.vi == "Việc này do Văn thư làm"
    with pytest.raises(RuleError):
        ready.perform("lend", CHAIR)
    assert ready.state == "draft"


def test_performing_moves_the_state_signs_and_freezes(ready: RecordEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    ready.perform("lend", CLERK)
    assert ready.state == "lent"
    assert ready.get("lender") == {"officer": "o-clerk", "name": "Lê Thị Thư", "at": "2026-11-23T02:00:00Z"}
    assert ready.is_locked("kind")
    monkeypatch.setitem(PEOPLE, "old", {"full_name": "Tên Mới"})
    assert ready.fields["_frozen"] == {"borrower": {"full_name": "Nguyễn Thị Ánh", "dob": "1950"}}


def test_an_action_asks_and_takes_nothing_for_an_answer_only_when_it_is_one(ready: RecordEntry) -> None:
    ready.perform("lend", CLERK)
    before = ready.fields
    for bad in ({}, {"returned_on": ""}, {"returned_on": "mai"}, {"returned_on": "1/1/2020"}, {"kind": "01"}):
        with pytest.raises(RuleError):
            ready.perform("give_back", CHAIR, bad)
        assert (ready.state, ready.fields) == ("lent", before)
    ready.perform("give_back", CHAIR, {"returned_on": "24/11/2026"})
    assert (ready.state, ready.get("returned_on")) == ("returned", "2026-11-24")


def test_who_lent_may_not_take_back(ready: RecordEntry) -> None:
    ready.perform("lend", CLERK)
    assert [p.path for p in offer(ready, "give_back").problems] == ["lender"]
    with pytest.raises(RuleError):
        ready.perform("give_back", CLERK, {"returned_on": "24/11/2026"})
    assert offer(ready, "give_back", CHAIR).enabled


def test_a_guard_that_does_not_hold_stops(ready: RecordEntry) -> None:
    ready.set(f"items/{ready.rows('items')[0]}/price", "0")
    ready.perform("lend", CLERK)
    assert [p.message.en for p in offer(ready, "give_back", CHAIR).problems] == ["There are no items"]


def test_an_unfinished_record_can_be_voided_with_a_reason(loan: Begin) -> None:
    entry = loan()
    with pytest.raises(RuleError):
        entry.perform("drop", CLERK)
    entry.perform("drop", CLERK, {"reason": "nhập nhầm"})
    assert entry.state == "void"


def test_the_deadline_stands_still_while_papers_are_awaited(ready: RecordEntry, clock: Clock, loan: Begin) -> None:
    ready.perform("lend", CLERK)
    assert ready.get("due_at") == "2026-11-27T10:00:00Z"
    ready.perform("ask", CLERK, {"reason": "thiếu giấy tờ"})
    clock.at += timedelta(days=3)  # Monday to Thursday, over one holiday: two working days
    ready.perform("resume", CLERK)
    assert ready.get("due_at") == "2026-12-01T10:00:00Z"
    again = loan(fields=ready.fields, state="lent")
    again.recalculate()
    assert again.get("due_at") == "2026-12-01T10:00:00Z"  # what was gained is not lost, nor counted twice


@pytest.mark.parametrize("action", ["resume", "nothing"])
def test_an_action_of_another_state_or_of_none(ready: RecordEntry, action: str) -> None:
    with pytest.raises(RuleError) as refused:
        ready.perform(action, CLERK)
    assert refused.value.problems[0].message.en


def test_rules_see_whoever_acts_only_while_acting(ready: RecordEntry, loan: Begin, clock: Clock) -> None:
    other: Any = Person("o-2", "Ngô Văn Hai", ("clerk",))
    ready.perform("lend", other)
    assert ready.get("lender")["name"] == "Ngô Văn Hai"

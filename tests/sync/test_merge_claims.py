"""What a change may not claim: the city trusts no device's word for a state, a number or a right to edit."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from forms.definition import Register
from sync.locked_fields import AWAITING, FROZEN, SAME_NUMBER, VOID
from sync.merge import judge, replay
from sync.protocol import Candidate, Change, RecordVersion
from sync.voiding import HEADS, void_roles
from tests.sync.test_merge import TYPE, change, version

SIGN, CLOSE = TYPE.actions
BOOK = structs.replace(
    TYPE,
    register=Register(id="book", kind="leased", field="note", format="{n}"),
    actions=(structs.replace(SIGN, takes_number=True, freezes={"name": ("phone",)}, asks=("phone",)), CLOSE),
)


def refused(current: RecordVersion, claim: Change) -> bool:
    verdict = judge(BOOK, current, claim)
    return verdict.result.status == "refused" and verdict.version is None


@pytest.mark.parametrize("state", ["signed", "closed", "nowhere"])
def test_voiding_leads_to_no_state_that_only_an_action_leads_to(state: str) -> None:
    assert refused(version(), change("void", to_state=state, reason="nhập nhầm"))


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_voiding_needs_a_reason(reason: str | None) -> None:
    assert refused(version(), change("void", to_state="void", reason=reason))


def test_voiding_with_a_reason_is_accepted() -> None:
    verdict = judge(BOOK, version(), change("void", to_state="void", reason="nhập nhầm"))
    assert verdict.version is not None
    assert verdict.version.state == "void"


def test_a_resolution_opens_no_lock_but_that_of_its_conflict() -> None:
    pick: dict[str, Any] = {"before": {"name": "An"}, "after": {"name": "Ân"}}
    closed = version("closed", name="An")
    assert refused(closed, change("resolve", **pick))
    candidate = Candidate("Ân", "Anh", "c", "Vũ Đức Nam", "Q2", "2026-11-22T01:00:00Z")
    verdict = judge(BOOK, structs.replace(closed, conflicts={"name": (candidate,)}), change("resolve", **pick))
    assert verdict.version is not None
    assert (verdict.version.fields, verdict.version.conflicts) == ({"name": "Ân"}, {})


def test_a_number_given_is_not_changed_and_opens_no_lock() -> None:
    numbered = structs.replace(version("closed", note="7"), number="7")
    new: dict[str, Any] = {"before": {"note": "7"}, "after": {"note": "8"}}
    assert refused(numbered, change("edit", number="8", **new))
    locked = structs.replace(BOOK, states=(*BOOK.states[:2], structs.replace(BOOK.states[2], allows=())))
    assert judge(locked, numbered, change("edit", number="7", **new)).result.status == "refused"


def test_a_number_given_late_still_reaches_a_locked_record() -> None:
    verdict = judge(BOOK, version("closed"), change("edit", after={"note": "7"}, number="7"))
    assert verdict.version is not None
    assert (verdict.version.number, verdict.version.fields) == ("7", {"note": "7"})


def test_only_an_action_that_takes_a_number_gives_one() -> None:
    assert refused(version("signed"), change("action", action="close", number="7"))
    assert judge(BOOK, version(), change("action", action="sign", number="7")).result.status == "accepted"


def test_an_action_writes_no_locked_field_but_its_own() -> None:
    signed = version("signed", pages=2)
    assert refused(signed, change("action", {"pages": 2}, {"pages": 3}, action="close"))
    asking = structs.replace(BOOK, actions=(SIGN, structs.replace(CLOSE, asks=("pages",))))
    verdict = judge(asking, signed, change("action", {"pages": 2}, {"pages": 3}, action="close"))
    assert verdict.version is not None
    assert verdict.version.fields == {"pages": 3}


def test_what_was_frozen_at_the_signature_stays() -> None:
    person = {FROZEN: {"name": {"phone": "+84912345678"}}}
    verdict = judge(BOOK, version(), change("action", {}, person, action="sign"))
    assert verdict.version is not None
    forged = {FROZEN: {"name": {"phone": "+84987654321"}}}
    assert refused(verdict.version, change("edit", person, forged))


def test_a_voided_record_keeps_its_number_and_awaits_none() -> None:
    numbered = structs.replace(version(note="7"), number="7")
    verdict = judge(BOOK, numbered, change("void", to_state="void", reason="nhập nhầm"))
    assert verdict.version is not None
    assert verdict.version.number == "7"
    awaiting = version(**{AWAITING: "2026-11-22T01:00:00Z"})
    voided = judge(BOOK, awaiting, change("void", to_state="void", reason="nhập nhầm")).version
    assert voided is not None
    assert AWAITING not in voided.fields
    assert replay(BOOK, awaiting, [change("void", to_state="void", reason="nhập nhầm")]).fields == voided.fields
    assert refused(version(), change("void", to_state="void", reason="nhập nhầm", number="8"))


@pytest.mark.parametrize("mark", [VOID, SAME_NUMBER])
def test_what_the_city_marked_no_device_rubs_out(mark: str) -> None:
    marked = version(**{mark: ["x"]})
    assert refused(marked, change("edit", {mark: ["x"]}, {mark: None}))
    assert refused(marked, change("action", {mark: ["x"]}, {mark: None}, action="sign"))
    begun = judge(BOOK, None, change("create", after={SAME_NUMBER: ["x"], "name": "An"})).version
    assert begun is not None
    assert begun.fields == {"name": "An"}


def test_who_voids_is_named_by_the_actions_into_a_void_state_else_the_heads() -> None:
    assert void_roles(BOOK) == HEADS
    undo = structs.replace(CLOSE, id="undo", to="void", roles=())
    assert void_roles(structs.replace(BOOK, actions=(SIGN, undo))) == HEADS
    strike = structs.replace(undo, id="strike", roles=("clerk", "chair"))
    assert void_roles(structs.replace(BOOK, actions=(SIGN, undo, strike))) == {"clerk", "chair"}

"""Calls to military service and who signs them, what a day's deadline waits for, ranks of every kind of officer, notices of
events, and lists that are begun for a whole register."""

from __future__ import annotations

from typing import Any

import pytest

from forms.batches import Batch
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import OFFICE, VICE_CHAIR, Counter, Person

REGISTRANT, OFFICER, EMULATION = "military.nvqs_person", "hr.officer", "hr.emulation"
EVENT, FAMILY, SURVEY = (f"education_culture.{name}" for name in ("culture_event", "culture_family", "pcgd_person"))
COMMANDER = Person("o-command", "Phùng Văn Quyết", ("military_commander",))
CALL = {"call_at": "15/12/2026 07:30", "call_place": "Trạm Y tế"}


@pytest.fixture
def ward(counter: Counter) -> Counter:
    counter.records |= {
        "man": {"full_name": "Lê Văn An", "dob": "2006-05-01", "gender": "1"},
        "boy": {"full_name": "Lê Văn Cường", "dob": "2009-12-31", "gender": "1"},
    }
    return counter


def registrant(ward: Counter, state: str, **more: Any) -> RecordEntry:
    fields = {"citizen_ref": "man", "reg_mode": "none", "education": "12/12", "status_class": "eligible"}
    fields |= {"list_year": 2023}
    entry = ward.entry(REGISTRANT, COMMANDER, fields=fields | more, state=state, number=more.get("reg_no"))
    entry.recalculate()
    return entry


def test_a_request_is_due_until_it_is_confirmed_and_the_call_is_over(ward: Counter) -> None:
    entry = registrant(ward, "called", call_at="2026-11-17T01:00:00Z", call_place="Phòng họp", call_no="12/L-UBND")
    entry.set("requested_at", "17/11/2026 16:00")
    assert entry.get("due_at") == "2026-11-18T10:00:00Z"
    entry.perform("register", COMMANDER, {"reg_mode": "direct", "education": "12/12"})
    assert [entry.get(name) for name in ("due_at", "call_at", "call_place", "call_no")] == [None] * 4
    entry.set("requested_at", "18/11/2026 09:30")  # a second request: now he asks to be absent
    assert entry.get("due_at") == "2026-11-19T10:00:00Z"
    ward.set_clock(18, 14)
    entry.perform("confirm_absence", COMMANDER, {"absence": "Bắc Ninh", "absence_from": "01/12/2026"})
    assert (entry.state, entry.get("due_at")) == ("registered", None)


def test_the_registered_are_called_with_a_time_and_place_of_their_own(ward: Counter) -> None:
    entry = registrant(ward, "registered", reg_mode="direct", reg_date="2024-04-10", reg_no="3/2024")
    entry.perform("call_to_exam", COMMANDER, CALL)
    assert (entry.state, entry.get("call_issued")) == ("registered", "2026-11-18")
    failed = registrant(ward, "screened", reg_mode="direct", reg_date="2024-04-10", screen_result="fail")
    with pytest.raises(RuleError):
        failed.perform("call_to_exam", COMMANDER, CALL)


def test_the_chair_calls_up_and_the_commander_does_not(ward: Counter) -> None:
    fit = {"reg_mode": "direct", "reg_date": "2024-04-10", "health_class": "1"}
    with pytest.raises(RuleError):
        registrant(ward, "examined", **fit).perform("call_up", COMMANDER, CALL)
    registrant(ward, "examined", **fit).perform("call_up", VICE_CHAIR, CALL)


def test_a_deferral_is_extended_by_who_decided_it(ward: Counter) -> None:
    deferred = {"status_class": "deferred", "defer_ground": "d_school", "defer_until": "2026-06-30"}
    longer = {"defer_ground": "d_university", "defer_reason": "Sinh viên năm 1", "defer_until": "30/06/2030"}
    entry = registrant(ward, "deferred", reg_mode="direct", reg_date="2024-04-10", **deferred)
    with pytest.raises(RuleError):
        entry.perform("extend_deferral", COMMANDER, longer)
    with pytest.raises(RuleError):
        entry.perform("extend_deferral", VICE_CHAIR, longer | {"defer_until": "01/11/2026"})
    entry.perform("extend_deferral", VICE_CHAIR, longer)
    assert (entry.state, entry.get("study_deferred"), entry.get("service_until")) == ("deferred", True, "2034-04-30")


def test_nobody_becomes_deferred_by_typing(ward: Counter) -> None:
    typed = registrant(ward, "registered", reg_mode="direct", status_class="deferred")
    decided = registrant(ward, "deferred", reg_mode="direct", status_class="deferred")
    assert ["quyết định" in " ".join(p.message.vi for p in each.problems()) for each in (typed, decided)] == [
        True,
        False,
    ]


@pytest.mark.parametrize(("year", "people"), [(2026, ["boy"]), (2023, ["man"]), (2027, [])])
def test_januarys_list_takes_in_the_men_of_the_year(ward: Counter, year: int, people: list[str]) -> None:
    (flow,) = (flow for flow in ward.catalog.flows if flow.id == "seventeen_list")
    batch = Batch(flow, {"list_year": year}, ward.catalog, ward.entry(REGISTRANT, COMMANDER).context)
    woman = {"full_name": "Lê Thị Dung", "dob": "2009-02-01", "gender": "2"}
    citizens = {"man": ward.records["man"], "boy": ward.records["boy"], "woman": woman}
    begun = {who: batch.begin(who, "active", None, fields) for who, fields in citizens.items()}
    assert [who for who, made in begun.items() if made is not None] == people
    assert all(made.entry.get("list_year") == year for made in begun.values() if made)


@pytest.mark.parametrize(
    ("code", "right"),
    [("01.003", True), ("01a.003", True), ("V.08.01.03", True), ("1.003", False), ("V08.01.03", False)],
)
def test_ranks_of_civil_servants_and_of_public_employees(ward: Counter, code: str, right: bool) -> None:
    entry = ward.begin(OFFICER, OFFICE, category="public_employee", rank_code=code)
    assert (entry.problem("rank_code") is None) is right
    assert not ward.begin(OFFICER, OFFICE, category="cadre").is_required("rank_code")
    assert ward.begin(OFFICER, OFFICE, category="civil_servant").is_required("rank_code")


@pytest.mark.parametrize(("on", "money"), [("2025-03-01", 351000), ("2026-03-01", 702000)])
def test_the_reward_is_that_of_the_day(ward: Counter, on: str, money: int) -> None:
    fields = {"subject_kind": "individual", "subject_name": "A", "title": "commendation", "issued_date": on}
    entry = ward.entry(EMULATION, OFFICE, fields=fields | {"_overridden": ["subject_name"]}, state="reviewed")
    entry.recalculate()
    assert entry.get("money") == money


@pytest.mark.parametrize(
    ("kind", "notice", "late"),
    [
        ("performance", "2026-11-11", False),  # the 12th, 13th, 16th, 17th and 18th are working days
        ("performance", "2026-11-12", True),  # six days, but four of them worked
        ("festival", "2026-10-29", False),
        ("festival", "2026-10-30", True),
    ],
)
def test_performances_are_announced_working_days_before(ward: Counter, kind: str, notice: str, late: bool) -> None:
    entry = ward.begin(EVENT, OFFICE, kind=kind, from_date="2026-11-18", to_date="2026-11-18", notice_date=notice)
    assert ("notice_date" in {p.path for p in entry.problems("notified")}) is late


def test_who_moved_away_says_where(ward: Counter) -> None:
    entry = ward.begin(SURVEY, OFFICE, citizen_ref="boy", move_kind="away")
    assert entry.is_required("residence_move", "checked")
    assert not ward.begin(SURVEY, OFFICE, citizen_ref="boy").is_required("residence_move", "checked")


def test_households_of_a_neighbourhood_are_registered_at_once(ward: Counter) -> None:
    (flow,) = (flow for flow in ward.catalog.flows if flow.id == "register_households")
    given = {"group_ref": "tdp-5", "year": 2026}
    batch = Batch(flow, given, ward.catalog, ward.entry(FAMILY, OFFICE).context)
    made = batch.begin("house", "active", None, {"group_ref": "tdp-5"})
    assert made is not None
    assert [made.entry.get(name) for name in ("household_ref", "year", "group_ref")] == ["house", 2026, "tdp-5"]
    assert batch.begin("other", "active", None, {"group_ref": "tdp-6"}) is None

"""Child-protection cases that know no name yet or come back, visits of the health campaign, what a health sheet says of consent."""

from __future__ import annotations

from typing import Any

import pytest

from forms.entry import RecordEntry, RuleError
from forms.printing import PrintContext, render
from tests.forms.catalog.conftest import OFFICE, WARD, Counter, Person

TEAM = Person("o-team", "Lý Thị Bảo Châu", ("child_case_team",))
SOCIAL = Person("o-social", "Lý Thị Bảo Châu", ("social_officer",))
CASE, CHILD = "children.child_case", "children.child"
VISIT, PROFILE = "health.campaign_visit", "health.health_profile"
TOLD = {
    "source": "hotline",
    "child_told": "Bé sơ sinh trước cổng chùa",
    "case_kind": "abandonment",
    "happened": "Bị bỏ",
}
RISK = ("harm_level", "access_level", "weakness_level", "care_level")


def taken_in(counter: Counter) -> RecordEntry:
    case = counter.begin(CASE, TEAM, **TOLD)
    case.perform("take_in", TEAM)
    for name in RISK:
        case.set(name, "medium")
    return case


def test_the_risk_of_a_child_nobody_can_name_yet_is_assessed(counter: Counter) -> None:
    case = taken_in(counter)
    case.perform("assess", TEAM)
    assert (case.state, case.get("child_ref")) == ("assessed", None)
    case.perform("begin_plan", TEAM)
    assert "child_ref" in {problem.path for problem in case.problems("intervening") if problem.blocks}


def test_an_assessment_written_down_later_keeps_its_true_time(counter: Counter) -> None:
    case = taken_in(counter)
    counter.set_clock(19, 8)  # twenty-three hours after the information
    case.set("assessed_at", "2026-11-18T10:00:00Z")
    case.perform("assess", TEAM)
    assert case.get("assessed_at") == "2026-11-18T10:00:00Z"
    assert not [problem for problem in case.problems() if problem.path == "assessed_at"]


def test_a_late_assessment_is_said_to_be_late(counter: Counter) -> None:
    case = taken_in(counter)
    counter.set_clock(19, 8)
    case.perform("assess", TEAM)
    assert [problem.blocks for problem in case.problems() if problem.path == "assessed_at"] == [False]


@pytest.mark.parametrize("ended", ["closed", "transferred"])
def test_a_case_that_ended_without_a_plan_can_come_back(counter: Counter, ended: str) -> None:
    case = taken_in(counter)
    case.perform("assess", TEAM)
    if ended == "closed":
        case.perform("close", TEAM, {"close_reason": "Tin không đúng"})
    else:
        case.perform("hand_on", TEAM, {"transferred_to": "Trung tâm Công tác xã hội", "transfer_reason": "Ở tỉnh khác"})
    with pytest.raises(RuleError):
        case.perform("reopen", TEAM, {"next_review": "2026-12-01", "reopen_reason": "Tin mới"})
    counter.set_clock(25, 9)
    case.perform("begin_again", TEAM, {"reopen_reason": "Tin mới"})
    assert (case.state, case.get("assessed_at"), case.get("closed_at")) == ("received", None, None)
    assert case.get("due_at") == "2026-11-25T14:00:00Z"  # twelve hours from the new information


def test_a_case_with_a_plan_comes_back_into_review(counter: Counter) -> None:
    counter.records["child"] = {"citizen_ref": "mother"}
    fields: dict[str, Any] = TOLD | dict.fromkeys(RISK, "medium") | {
        "received_at": "2026-10-01T02:00:00Z", "assessed_at": "2026-10-01T03:00:00Z", "child_ref": "child", "needs": "An toàn",
        "case_manager_ref": "o-team", "initial_risk": "medium", "plan": [{"_id": "1", "activity": "Tư vấn", "responsible": "Trường", "due_date": "2026-11-01"}],
        "plan_signer_ref": "o-huy", "plan_decision_no": "1/QĐ-UBND", "plan_decision_date": "2026-10-05",
        "closed_at": "2026-11-10", "close_reason": "An toàn",
    }  # fmt: skip
    case = counter.entry(CASE, TEAM, fields=fields, state="closed", number="TE-2026-001")
    with pytest.raises(RuleError):
        case.perform("begin_again", TEAM, {"reopen_reason": "Tin mới"})
    case.perform("reopen", TEAM, {"next_review": "2026-12-01", "reopen_reason": "Tin mới"})
    assert (case.state, case.get("closed_at")) == ("review", None)


def test_an_abandoned_child_needs_neither_household_nor_carer(counter: Counter) -> None:
    counter.records["kid"] = {"full_name": "Chưa đặt tên", "dob": "2026-11-01"}
    child = counter.begin(CHILD, SOCIAL, citizen_ref="kid")
    missing = {problem.path for problem in child.problems() if problem.blocks}
    assert {"household_ref", "caregiver_ref"} <= missing
    child.set("special_groups", ["abandoned"])
    assert not [problem for problem in child.problems() if problem.blocks]


@pytest.mark.parametrize(
    ("dob", "refused"), [("2010", False), ("2009", True), ("2010-11-18", True), ("2010-11-19", False)]
)
def test_only_with_a_whole_date_is_somebody_sure_to_be_sixteen(counter: Counter, dob: str, refused: bool) -> None:
    counter.records["kid"] = {"full_name": "Đỗ Tiến Phát", "dob": dob}
    child = counter.begin(CHILD, SOCIAL, citizen_ref="kid")
    assert ("citizen_ref" in {problem.path for problem in child.problems() if problem.blocks}) is refused


def visit(counter: Counter) -> RecordEntry:
    counter.records["household"] = {"member_count": 2, "members": [], "head_ref": "mother"}
    values = {
        "campaign": "90 ngày",
        "campaign_from": "2026-10-01",
        "household_ref": "household",
        "visitor_ref": "o-social",
    }
    entry = counter.begin(VISIT, SOCIAL, **values)
    entry.set("people_done", 0)
    return entry


def test_a_household_taken_off_the_plan_needs_no_invented_visit(counter: Counter) -> None:
    entry = visit(counter)
    entry.perform("drop", SOCIAL, {"note": "Lập trùng"})
    assert (entry.state, entry.get("visited_at")) == ("dropped", None)


def test_nobody_home_is_come_back_to_until_the_campaign_ends(counter: Counter) -> None:
    entry = visit(counter)
    with pytest.raises(RuleError):
        entry.perform("visited", SOCIAL, {"visited_at": "2026-11-18T01:00:00Z", "result": "absent"})
    counter.set_clock(29, 19, month=12)
    entry.perform("visited", SOCIAL, {"visited_at": "2026-12-29T11:00:00Z", "result": "absent"})
    entry.perform("close", SOCIAL)  # without a date that cannot come
    assert entry.state == "closed"


def test_who_was_done_is_not_come_back_to(counter: Counter) -> None:
    entry = visit(counter)
    answers = {"visited_at": "2026-11-18T01:00:00Z", "next_visit": "2026-11-20"}
    with pytest.raises(RuleError):
        entry.perform("again", SOCIAL, answers | {"result": "completed"})
    entry.perform("again", SOCIAL, answers | {"result": "refused"})
    assert entry.state == "followup"


@pytest.mark.parametrize(
    ("written", "told"), [("120/80", []), ("80/120", [True]), ("60/95", [True]), ("300/80", [False])]
)
def test_blood_pressure_is_higher_before_lower(counter: Counter, written: str, told: list[bool]) -> None:
    profile = counter.begin(PROFILE, SOCIAL, citizen_ref="mother", consent=True, blood_pressure=written)
    assert [problem.blocks for problem in profile.problems() if problem.path == "blood_pressure"] == told


@pytest.mark.parametrize(
    ("consent", "said"),
    [(True, "Tôi đồng ý cung cấp"), (False, "Tôi không đồng ý cung cấp"), (None, "☐ Không đồng ý")],
)
def test_the_sheet_says_what_the_person_agreed_to(counter: Counter, consent: bool | None, said: str) -> None:
    profile = counter.begin(PROFILE, SOCIAL, citizen_ref="mother", consent=consent)
    context = PrintContext(
        ward=WARD, officer=OFFICE, now=counter.now(), resolve=counter.records.get, related=lambda *_: []
    )
    record = {"id": "p", "fields": profile.fields, "state": "new", "number": None}
    page = render(counter.catalog.record_type(PROFILE), "sheet", counter.catalog, [record], context=context)
    assert said in page
    assert ("Tôi đồng ý" in page) is (consent is True)


def test_health_is_written_down_after_the_consent_alone(counter: Counter) -> None:
    profile = counter.begin(PROFILE, SOCIAL, citizen_ref="mother")
    assert not profile.is_relevant("height_cm")
    profile.set("consent", True)
    assert profile.is_relevant("height_cm")

"""Meritorious persons, children and their protection, the health data campaign: what their rules promise."""

from __future__ import annotations

from typing import Any

import pytest

from forms.definition import Catalog
from forms.entry import RuleError
from forms.summary import describe
from tests.forms.catalog.conftest import Counter, Person, examples_of

TEAM = Person("o-team", "Lý Thị Bảo Châu", ("child_case_team",))
SOCIAL = Person("o-social", "Lý Thị Bảo Châu", ("social_officer",))
VICE_CHAIR = Person("o-social", "Lý Thị Bảo Châu", ("vice_chair",))  # who made the list and would approve it
CASE = "children.child_case"
TOLD = {"source": "hotline", "child_told": "Bé trai 6 tuổi", "case_kind": "violence", "happened": "Bị đánh"}


@pytest.mark.parametrize(
    ("group", "rate", "monthly", "extra"),
    [
        ("heroic_mother", None, 8_367_000, 2_337_000),
        ("wounded", 81, 7_240_000, 1_436_000),
        ("imprisoned", None, 1_673_000, None),
        ("martyr", None, 0, None),
    ],
)
def test_allowances_follow_the_level_table(
    counter: Counter, group: str, rate: int | None, monthly: int, extra: int | None
) -> None:
    person = counter.begin("merit.merit_person", SOCIAL, citizen_ref="father", group=group)
    if rate is not None:
        person.set("injury_rate", rate)
    assert (person.get("monthly_amount"), person.get("allowance_amount")) == (monthly, extra)


def test_an_allowance_of_an_earlier_year_has_the_level_of_then(counter: Counter) -> None:
    person = counter.begin("merit.merit_person", SOCIAL, citizen_ref="mother", group="heroic_mother")
    person.set("level_date", "2023-08-01")
    assert person.get("monthly_amount") == 6_165_000  # 3 × 2,055,000


def test_whoever_lists_a_payment_does_not_approve_it(counter: Counter) -> None:
    counter.records["file"] = {"citizen_ref": "mother", "monthly_amount": 2_789_000, "pay_method": "cash"}
    payment = counter.begin("merit.merit_payment", SOCIAL, period="2026-11", kind="monthly", person_ref="file")
    assert (payment.get("amount"), payment.get("period_date")) == (2_789_000, "2026-11-01")
    with pytest.raises(RuleError):
        payment.perform("approve", VICE_CHAIR)
    payment.perform("approve", Person("o-huy", "Đỗ Quang Huy", ("vice_chair",)))
    with pytest.raises(RuleError):
        payment.perform("pay", SOCIAL, {"paid_at": "2026-11-18"})  # cash, and nobody has signed for it
    payment.set("sign", True)
    payment.set("receiver", "Nguyễn Thị Ánh Tuyết")
    payment.perform("pay", SOCIAL, {"paid_at": "2026-11-18"})
    assert payment.state == "paid"


def test_risk_is_assessed_within_twelve_hours_day_and_night(counter: Counter) -> None:
    counter.set_clock(20, 21, 40)  # a Friday evening
    case = counter.begin(CASE, TEAM, **TOLD)
    assert case.get("due_at") == "2026-11-21T02:40:00Z"  # 09:40 on Saturday


def test_high_risk_needs_emergency_measures_and_another_officer_approves_the_plan(counter: Counter) -> None:
    counter.records["child"] = {"citizen_ref": "mother"}
    case = counter.begin(CASE, TEAM, **TOLD)
    case.perform("take_in", TEAM)
    case.set("child_ref", "child")
    for name in ("harm_level", "access_level", "weakness_level", "care_level"):
        case.set(name, "high")
    with pytest.raises(RuleError):
        case.perform("assess", TEAM)
    case.set("emergency_measures", "Đưa trẻ đến nơi an toàn")
    case.perform("assess", TEAM)
    case.perform("begin_plan", TEAM)
    case.set("needs", "An toàn")
    row = case.add_row("plan")
    for name, value in {"activity": "Tư vấn", "responsible": "Trung tâm", "due_date": "2026-12-01"}.items():
        case.set(f"plan/{row}/{name}", value)
    decision = {"plan_decision_no": "15/QĐ-UBND", "plan_decision_date": "2026-11-18"}
    with pytest.raises(RuleError):
        case.perform("approve_plan", TEAM, decision | {"plan_signer_ref": "o-team"})
    case.perform("approve_plan", TEAM, decision | {"plan_signer_ref": "o-huy"})
    assert case.state == "intervening"


def test_neither_lists_nor_search_say_which_child_a_case_is_about(catalog: Catalog) -> None:
    kind = catalog.record_type(CASE)
    scope = next(scope for scope in catalog.scopes if scope.id == kind.scope)
    assert scope.restricted
    assert not kind.deliveries
    people: dict[str, dict[str, Any]] = {
        "mau-tre-em-1": {"citizen_ref": "kid", "name": "Nguyễn Phạm Bảo An"},
        "mau-tre-em-2": {"citizen_ref": "kid", "name": "Nguyễn Phạm Bảo An"},
        "kid": {"full_name": "Nguyễn Phạm Bảo An"},
    }
    for example in examples_of(catalog, kind):
        summary = describe(kind, catalog, example["fields"], state=example["state"], number=None, resolve=people.get)
        assert "bao an" not in f"{summary.title} {summary.subtitle} {summary.search_text}".casefold()
        assert "Bảo An" not in f"{summary.title} {summary.subtitle} {summary.search_text} {summary.sort}"


def test_what_must_stay_confidential_is_not_offered_in_the_open_file_of_a_child(counter: Counter) -> None:
    child = counter.begin("children.child", SOCIAL)
    case = counter.begin(CASE, TEAM)
    open_groups = {choice.code for choice in child.choices("special_groups")}
    secret = {choice.code for choice in case.choices("protected_groups")}
    assert {"hiv", "abused", "trafficked"} <= secret
    assert not open_groups & secret
    assert len(open_groups | secret) == 14


def test_completeness_counts_answers_of_none_too(counter: Counter) -> None:
    counter.records["kid"] = {"full_name": "Nguyễn Phạm Bảo An", "dob": "2019-03-12"}
    profile = counter.begin("health.health_profile", SOCIAL, citizen_ref="kid")
    assert profile.get("completeness") == "0"
    answers = {
        "consent": True, "consent_how": "paper", "consent_by": "Mẹ", "insurance_no": "0131900016",
        "primary_care": "01004", "height_cm": "121", "weight_kg": "22.5", "last_exam": "2026-10-01",
    }  # fmt: skip
    for name, value in answers.items():
        profile.set(name, value)
    profile.perform("collect", SOCIAL)
    assert profile.get("completeness") == "60"
    with pytest.raises(RuleError):
        profile.perform("complete", SOCIAL)
    profile.set("asked_none", ["chronic", "allergies", "disability", "medications"])
    profile.perform("complete", SOCIAL)
    assert (profile.state, profile.get("completeness")) == ("complete", "100")


def test_a_campaign_lasts_ninety_days(counter: Counter) -> None:
    visit = counter.begin("health.campaign_visit", SOCIAL, campaign_from="2026-10-01")
    assert visit.get("campaign_to") == "2026-12-29"
    assert visit.get("due_at") == "2026-12-29T10:00:00Z"


@pytest.mark.parametrize(("group", "due"), [("a", "2026-11-19T02:00:00Z"), ("b", "2026-11-20T02:00:00Z")])
def test_a_disease_is_reported_by_its_group(counter: Counter, group: str, due: str) -> None:
    event = counter.begin("health.health_event", SOCIAL, kind="disease", disease_group=group)
    assert event.get("report_due") == due

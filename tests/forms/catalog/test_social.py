"""Social protection and poverty: a benefit takes the level of its month, the coefficient of its line, and only the highest is
paid; a household is poor by two scores and the standard of its year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from forms.calendar import WorkCalendar
from forms.entry import EntryContext, RecordEntry, RuleError
from tests.forms.catalog.conftest import VICE_CHAIR, WARD, Counter, Person

BENEFIT, PAYMENT = "social_protection.beneficiary", "social_protection.payment_line"
ONE_OFF, DISABILITY = "social_protection.one_off_support", "social_protection.disability"
SURVEY, RECOGNITION = "poverty.poverty_survey", "poverty.poverty_recognition"
SOCIAL = Person("o-chau", "Lý Thị Bảo Châu", ("social_officer",))
QUICK = ("car", "aircon", "appliances", "rent", "electricity", "space", "salary", "pension", "business")


@pytest.fixture
def ward(counter: Counter) -> Counter:
    people = {"baby": "2023-06-10", "pupil": "2016-06-10", "adult": "1985", "old": "1962-01-01", "ancient": "1940"}
    counter.records |= {name: {"full_name": name, "dob": dob, "life_state": "alive"} for name, dob in people.items()}
    counter.records |= {
        "turning": {"full_name": "turning", "dob": "1951-11-18"},  # 75 today
        "late": {"full_name": "late", "dob": "1951-11-19"},  # 75 tomorrow
        "seventy": {"full_name": "seventy", "dob": "1955-01-01"},
        "poor_house": {"poverty_class": "near_poor"},
        "house": {"poverty_class": "none"},
    }
    return counter


def benefit(ward: Counter, **more: object) -> RecordEntry:
    values = {"scheme": "monthly", "category": "severe", "citizen_ref": "adult", "start_month": "2026-11"} | more
    values = {"circumstances": "Đã xác minh", "overlap_state": "clear", "pay_method": "cash"} | values
    return ward.begin(BENEFIT, SOCIAL, **values)


def sign(entry: RecordEntry) -> RecordEntry:
    entry.perform("verify", SOCIAL)
    entry.perform("approve", VICE_CHAIR)
    return entry


@pytest.mark.parametrize(
    ("month", "level"),
    [("2024-06", 360000), ("2024-07", 500000), ("2025-12", 500000), ("2026-01", 650000), ("2026-11", 650000)],
)
def test_the_level_is_that_of_the_month_and_the_higher_of_state_and_city(ward: Counter, month: str, level: int) -> None:
    entry = benefit(ward, start_month=month)
    assert entry.get("base_level") == level
    assert entry.get("monthly_amount") == level * 3 // 2


def test_a_grown_up_is_no_child_without_support(ward: Counter) -> None:
    """Decree 20/2021, Article 5: under 16; from then on to 22 only who is at school, which is another group."""
    entry = benefit(ward, category="orphan", citizen_ref="adult")
    assert [p.blocks for p in entry.rule_problems if "16 tuổi" in p.message.vi] == [False]
    with pytest.raises(RuleError, match="16 tuổi"):
        entry.perform("verify", SOCIAL)
    child = benefit(ward, category="orphan", citizen_ref="pupil")
    child.perform("verify", SOCIAL)
    child.put("citizen_ref", "adult")  # found out while it is verified
    with pytest.raises(RuleError, match="16 tuổi"):
        child.perform("approve", VICE_CHAIR)


@pytest.mark.parametrize(("month", "level"), [("2025-07", 500000), ("2025-12", 500000), ("2026-01", 650000)])
def test_the_social_pension_has_its_own_level(ward: Counter, month: str, level: int) -> None:
    entry = benefit(ward, scheme="pension", category="pension", citizen_ref="ancient", start_month=month)
    assert entry.get("monthly_amount") == level
    assert not entry.is_relevant("coefficient")


@pytest.mark.parametrize(
    ("category", "person", "line", "amount"),
    [
        ("orphan", "baby", "orphan_under_4", 1625000),
        ("orphan", "pupil", "orphan_from_4", 975000),
        ("hiv", "baby", "hiv_under_4", 1625000),
        ("hiv", "pupil", "hiv_4_to_16", 1300000),
        ("hiv", "adult", "hiv_adult", 975000),
        ("lonely_elderly", "old", "elderly_60_80", 975000),
        ("lonely_elderly", "ancient", "elderly_80", 1300000),
        ("extreme", "adult", "extreme", 1300000),
        ("extreme", "pupil", "extreme_child_elderly", 1625000),
        ("severe", "adult", "severe", 975000),
        ("severe", "old", "severe_child_elderly", 1300000),
    ],
)
def test_the_line_of_the_table_follows_group_and_age(
    ward: Counter, category: str, person: str, line: str, amount: int
) -> None:
    entry = benefit(ward, category=category, citizen_ref=person)
    assert entry.get("rate_group") == line
    assert entry.get("monthly_amount") == amount


def test_a_single_parent_receives_for_each_child(ward: Counter) -> None:
    assert benefit(ward, category="single_parent", child_count=3).get("monthly_amount") == 3 * 650000


@pytest.mark.parametrize(
    ("category", "person", "allowed"),
    [
        ("pension", "turning", True),
        ("pension", "late", False),
        ("pension_poor", "seventy", True),
        ("pension_poor", "adult", False),
    ],
)
def test_the_social_pension_begins_at_75_or_at_70_for_the_poor(
    ward: Counter, category: str, person: str, allowed: bool
) -> None:
    entry = benefit(ward, scheme="pension", category=category, citizen_ref=person, household_ref="poor_house")
    assert (not [p for p in entry.problems("approved") if p.blocks and "tuổi" in p.message.vi]) is allowed


def test_under_75_the_household_must_be_on_the_list(ward: Counter) -> None:
    values = {"scheme": "pension", "category": "pension_poor", "citizen_ref": "seventy"}
    with pytest.raises(RuleError, match="danh sách nghèo"):
        sign(benefit(ward, **values, household_ref="house"))
    assert sign(benefit(ward, **values, household_ref="poor_house")).state == "approved"


def test_a_pension_as_high_as_the_social_pension_excludes_it(ward: Counter) -> None:
    values = {"scheme": "pension", "category": "pension", "citizen_ref": "ancient"}
    assert sign(benefit(ward, **values, pension_income=499999)).state == "approved"
    with pytest.raises(RuleError, match="lương hưu"):
        sign(benefit(ward, **values, pension_income=500000))


def test_without_a_month_the_benefit_begins_in_that_of_the_signature(ward: Counter) -> None:
    entry = sign(benefit(ward, scheme="pension", category="pension", citizen_ref="ancient", start_month=None))
    assert (entry.get("start_month"), entry.get("monthly_amount")) == ("2026-11", 650000)


def test_who_verified_does_not_sign(ward: Counter) -> None:
    both = Person("o-both", "Một Người", ("social_officer", "vice_chair"))
    entry = benefit(ward, scheme="pension", category="pension", citizen_ref="ancient")
    entry.perform("verify", both)
    with pytest.raises(RuleError):
        entry.perform("approve", both)


def with_others(ward: Counter, found: Sequence[Mapping[str, Any]], **values: object) -> RecordEntry:
    ward.records |= {str(each["_id"]): each for each in found}

    def find(type_id: str, field: str, value: Any) -> Sequence[Mapping[str, Any]]:
        return [each for each in found if type_id == BENEFIT and each.get(field) == value]

    context = EntryContext(ward.now, WARD, SOCIAL, ward.records.get, WorkCalendar(), find=find)
    entry = RecordEntry(ward.catalog.record_type(BENEFIT), ward.catalog, context)
    for name, value in values.items():
        entry.set(name, value)
    return entry


@pytest.mark.parametrize(("other", "allowed"), [(975000, True), (1300000, False), (1625000, False)])
def test_one_person_has_one_benefit_the_highest(ward: Counter, other: int, allowed: bool) -> None:
    running = {"_id": "b1", "_state": "paying", "_number": "1", "citizen_ref": "adult", "monthly_amount": other}
    values = {"citizen_ref": "adult", "scheme": "monthly", "category": "extreme", "circumstances": "…"}
    values |= {"start_month": "2026-11", "pay_method": "cash", "overlap_state": "highest", "disability_ref": "d1"}
    entry = with_others(ward, [running], **values)
    assert (entry.get("other_benefit_ref"), entry.get("other_amount")) == ("b1", other)
    if not allowed:
        with pytest.raises(RuleError, match="cao nhất"):
            sign(entry)
        return
    with pytest.raises(RuleError, match="Thôi hưởng"):  # and the lower one ends before this one is paid
        sign(entry).perform("pay", SOCIAL, {"decision_no": "45/QĐ-UBND"})


def test_adjusting_keeps_what_was_paid_before(ward: Counter) -> None:
    entry = sign(benefit(ward, disability_ref="d1", start_month="2025-10"))
    entry.perform("pay", SOCIAL, {"decision_no": "45/QĐ-UBND"})
    assert entry.get("monthly_amount") == 750000
    entry.perform("adjust", SOCIAL, {"adjust_reason": "Nâng mức chuẩn"})
    with pytest.raises(RuleError, match="tháng áp dụng"):
        entry.perform("decide_adjustment", VICE_CHAIR, {})
    entry.perform("decide_adjustment", VICE_CHAIR, {"rate_month": "2026-01"})
    assert entry.get("monthly_amount") == 975000
    row = {"from_month": "2025-10", "coefficient": "1.5", "base_level": 500000, "amount": 750000}
    assert [{name: kept[name] for name in row} for kept in entry.fields["amounts"]] == [row]
    assert entry.get("decision_date") == "2026-11-18"


@pytest.mark.parametrize(
    ("period", "amount"), [("2025-11", 500000), ("2025-12", 500000), ("2026-01", 650000), ("2026-03", 975000)]
)
def test_an_old_month_is_paid_by_its_own_level_and_coefficient(ward: Counter, period: str, amount: int) -> None:
    rows = [{"from_month": "2025-10", "coefficient": "1.0", "base_level": 500000, "amount": 500000}]
    ward.records["b1"] = {
        "citizen_ref": "adult",
        "scheme": "monthly",
        "category": "severe",
        "coefficient": "1.5",
        "start_month": "2025-10",
        "rate_month": "2026-02",
        "amounts": rows,
        "pay_method": "bank",
    }
    entry = ward.begin(PAYMENT, SOCIAL, beneficiary_ref="b1", period=period)
    assert (entry.get("amount"), entry.get("pay_method")) == (amount, "bank")


def test_a_payment_counts_arrears_and_is_never_below_nothing(ward: Counter) -> None:
    ward.records["b1"] = {"citizen_ref": "ancient", "scheme": "pension", "category": "pension", "pay_method": "home"}
    entry = ward.begin(PAYMENT, SOCIAL, beneficiary_ref="b1", period="2026-11", arrears=1300000, money_note="…")
    assert (entry.get("amount"), entry.get("net_amount")) == (650000, 1950000)
    entry.set("deduction", 2000000)
    assert entry.problem("net_amount") is not None
    entry.set("deduction", None)
    with pytest.raises(RuleError, match="đối chiếu"):
        entry.perform("approve", VICE_CHAIR, {"life_checked": False})


def test_nothing_is_paid_before_the_benefit_begins_or_after_it_ends(ward: Counter) -> None:
    ward.records["b1"] = {
        "citizen_ref": "ancient",
        "scheme": "pension",
        "start_month": "2026-03",
        "end_month": "2026-09",
    }
    told = {
        period: [p.message.vi for p in ward.begin(PAYMENT, SOCIAL, beneficiary_ref="b1", period=period).problems()]
        for period in ("2026-02", "2026-03", "2026-09", "2026-10")
    }
    assert "Kỳ chi trả trước tháng bắt đầu hưởng." in told["2026-02"]
    assert "Kỳ chi trả sau tháng thôi hưởng." in told["2026-10"]
    assert not [text for month in ("2026-03", "2026-09") for text in told[month] if "Kỳ chi trả" in text]


@pytest.mark.parametrize(
    ("scheme", "day", "amount"),
    [
        ("monthly", "2024-06-30", 7200000),
        ("monthly", "2025-12-31", 10000000),
        ("monthly", "2026-01-01", 13000000),
        ("pension", "2026-01-01", 10000000),
    ],
)
def test_funeral_costs_follow_the_day_of_death(ward: Counter, scheme: str, day: str, amount: int) -> None:
    ward.records["b1"] = {"scheme": scheme}
    values = {"kind": "funeral", "citizen_ref": "ancient", "claimant_ref": "adult", "beneficiary_ref": "b1"}
    assert ward.begin(ONE_OFF, SOCIAL, **values, event_date=day).get("amount") == amount


def test_rice_is_fifteen_kilograms_a_person_a_month(ward: Counter) -> None:
    entry = ward.begin(ONE_OFF, SOCIAL, kind="food", event_date="2026-11-10", people_count=4, months=2)
    assert entry.get("quantity_kg") == "120"
    assert entry.get("amount") == 0


@pytest.mark.parametrize(
    ("points", "severity"), [((0,) * 8, "extreme"), ((1,) * 4 + (0,) * 4, "extreme"), ((1,) * 5 + (0,) * 3, "severe")]
)
def test_the_score_gives_the_severity(ward: Counter, points: tuple[int, ...], severity: str) -> None:
    entry = ward.begin(DISABILITY, SOCIAL, citizen_ref="adult", council_date="2026-11-25")
    for row, value in zip(entry.rows("functions"), points, strict=True):
        entry.set(f"functions/{row}/points", value)
    assert (entry.get("score"), entry.get("severity")) == (sum(points), severity)


def test_a_lost_certificate_is_issued_anew_without_a_council_and_by_another(ward: Counter) -> None:
    entry = ward.begin(DISABILITY, SOCIAL, citizen_ref="adult", request_kind="duplicate", types=["sight"])
    with pytest.raises(RuleError, match="không phải họp"):
        entry.perform("schedule", SOCIAL, {"file_no": "14/2026", "council_date": "2026-11-25"})
    entry.perform(
        "submit_again", SOCIAL, {"file_no": "14/2026", "old_cert_no": "01/00070/000012", "severity": "severe"}
    )
    with pytest.raises(RuleError):
        entry.perform("certify", Person("o-chau", "Lý Thị Bảo Châu", ("vice_chair",)))
    entry.perform("certify", VICE_CHAIR)
    assert (entry.state, entry.get("severity")) == ("certified", "severe")


def test_a_new_determination_is_posted_before_the_certificate(ward: Counter) -> None:
    entry = ward.begin(DISABILITY, SOCIAL, citizen_ref="adult", types=["sight"], method="medical")
    entry.perform("schedule", SOCIAL, {"file_no": "15/2026", "council_date": "2026-11-20"})
    entry.set("medical_no", "12/GĐYK")
    entry.perform("determine", SOCIAL, {"severity": "severe"})
    with pytest.raises(RuleError, match="phải niêm yết"):
        entry.perform("certify", VICE_CHAIR)


def test_an_empty_month_does_not_keep_the_chair_from_signing(ward: Counter) -> None:
    entry = benefit(ward, start_month=None, category="orphan", citizen_ref="pupil")
    entry.perform("verify", SOCIAL)
    assert entry.get("monthly_amount") == 975000  # what it would be this month
    offer = next(o for o in entry.actions(VICE_CHAIR) if o.action.id == "approve")
    assert [p for p in offer.problems if p.blocks] == []


def survey(ward: Counter, **more: object) -> RecordEntry:
    values = {"household_ref": "house", "review_kind": "regular", "review_year": 2026, "score_b1": 175} | more
    return ward.begin(SURVEY, SOCIAL, **values)


@pytest.mark.parametrize(
    ("area", "b1", "lacking", "result"),
    [
        ("urban", 175, 3, "poor"),
        ("urban", 175, 2, "near_poor"),
        ("urban", 176, 12, "none"),
        ("rural", 140, 3, "poor"),
        ("rural", 140, 0, "near_poor"),
        ("rural", 141, 3, "none"),
    ],
)
def test_two_scores_decide(ward: Counter, area: str, b1: int, lacking: int, result: str) -> None:
    entry = survey(ward, area=area, score_b1=b1)
    for name in [f.name for f in entry.record_type.fields if f.name.startswith("dep_")][:lacking]:
        entry.set(name, True)
    assert (entry.get("score_b2"), entry.get("result_class")) == (10 * lacking, result)


def test_three_features_of_sheet_a_leave_sheet_b_out(ward: Counter) -> None:
    entry = survey(ward)
    assert tuple(entry.get(f"quick_check/{row}/item") for row in entry.rows("quick_check")) == QUICK
    told = []
    for row in entry.rows("quick_check")[:3]:
        entry.set(f"quick_check/{row}/present", True)
        told.append((entry.get("needs_b"), entry.is_relevant("score_b1")))
    assert told == [(True, True), (True, True), (False, False)]
    assert entry.get("result_class") == "none"


@pytest.mark.parametrize(
    ("kind", "year", "area", "line"),
    [
        ("regular", 2026, "urban", 2000000),
        ("regular", 2026, "rural", 1500000),
        ("yearly", 2026, "urban", 2800000),
        ("yearly", 2026, "rural", 2200000),
        ("yearly", 2025, "urban", 2000000),
    ],
)
def test_the_income_line_is_that_of_the_year_the_list_is_for(
    ward: Counter, kind: str, year: int, area: str, line: int
) -> None:
    assert survey(ward, review_kind=kind, review_year=year, area=area).get("income_line") == line


def test_only_a_poor_household_leaves_poverty(ward: Counter) -> None:
    values = {"household_ref": "house", "year": 2026, "survey_ref": "s1", "class_after": "out_poor"}
    told = [p.message.vi for p in ward.begin(RECOGNITION, SOCIAL, **values, class_before="none").problems()]
    assert "Chỉ hộ đang nghèo mới thoát nghèo." in told
    entry = ward.begin(RECOGNITION, SOCIAL, **values, class_before="poor")
    entry.perform("decide", VICE_CHAIR)
    assert entry.get("valid_to") == "2026-12-31"
    with pytest.raises(RuleError, match="được cấp giấy"):
        entry.perform("certify", VICE_CHAIR)


def test_a_request_is_answered_in_fifteen_working_days_and_the_campaign_ends_in_december(ward: Counter) -> None:
    regular, yearly = survey(ward), survey(ward, review_kind="yearly", requested_on="2026-09-15")
    assert regular.get("due_at")[:10] == "2026-12-10"  # 24 November is a holiday
    assert datetime.fromisoformat(yearly.get("due_at")).astimezone(UTC).date().isoformat() == "2026-12-14"

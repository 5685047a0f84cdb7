"""Administrative violations: who may fine how much, and what is due when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from forms.entry import RecordEntry, RuleError
from forms.vietnamese import VIETNAM
from tests.forms.catalog.conftest import VICE_CHAIR, Counter, Person

CASE = "construction.violation"
INSPECTOR = Person("o-site", "Bùi Thế Anh", ("cadastral_officer",))
CHAIR = Person("o-chair", "Nguyễn Văn Hải", ("chair",))


def recorded(counter: Counter, *, violator: str = "mother", **fields: Any) -> RecordEntry:
    """A case whose minutes were signed on 18 November 2026."""
    entry = counter.entry(CASE, INSPECTOR)
    said = {
        "place": "12 Hàng Bài",
        "violator_ref": violator,
        "field": "construction",
        "legal_article": "khoản 7 Điều 16",
        "behaviour": "Xây tum không phép",
        "representative": "Ông Phúc, Giám đốc",
    }
    for name, value in (said | fields).items():
        entry.set(name, value)
    entry.perform("record", INSPECTOR)
    return entry


def fined(entry: RecordEntry, top: int, amount: int) -> RecordEntry:
    for name, value in {"bracket_min": amount, "bracket_max": top, "fine_amount": amount}.items():
        entry.set(name, value)
    return entry


@pytest.mark.parametrize(("violator", "limit"), [("mother", 250_000_000), ("office", 500_000_000)])
def test_the_chair_fines_up_to_half_of_the_maximum_and_organisations_twice(
    counter: Counter, violator: str, limit: int
) -> None:
    assert recorded(counter, violator=violator).fields["fine_limit"] == limit


def test_the_top_of_the_bracket_decides_who_is_competent(counter: Counter) -> None:
    within = fined(recorded(counter), 250_000_000, 200_000_000)
    beyond = fined(recorded(counter), 250_000_001, 200_000_000)
    within.perform("decide", CHAIR, {"decision_no": "15/QĐ-XPHC"})
    assert within.state == "decided"
    with pytest.raises(RuleError, match="chuyển vụ việc"):
        beyond.perform("decide", CHAIR, {"decision_no": "15/QĐ-XPHC"})


def test_a_fine_above_the_power_cannot_stand(counter: Counter) -> None:
    entry = fined(recorded(counter), 400_000_000, 300_000_000)
    problem = entry.problem("fine_amount")
    assert problem is not None
    assert problem.blocks


def test_a_vice_chair_fines_under_a_delegation_only(counter: Counter) -> None:
    entry = fined(recorded(counter), 40_000_000, 35_000_000)
    with pytest.raises(RuleError, match="giao quyền"):
        entry.perform("decide", VICE_CHAIR, {"decision_no": "15/QĐ-XPHC"})
    entry.set("delegation_no", "12/QĐ-UBND")
    entry.perform("decide", VICE_CHAIR, {"decision_no": "15/QĐ-XPHC"})
    assert entry.fields["decider_role"] == "vice_chair"


@pytest.mark.parametrize(
    ("fields", "due"),
    [
        ({}, "2026-11-30"),  # seven working days; 24 November is a holiday
        ({"explain_right": "written"}, "2026-12-18"),
        ({"complexity": "very_complex"}, "2027-01-18"),
    ],
)
def test_the_decision_is_due_by_what_the_case_needs(counter: Counter, fields: dict[str, Any], due: str) -> None:
    assert recorded(counter, **fields).fields["decision_due"] == due


def test_a_fine_is_executed_when_it_is_paid_with_what_came_late(counter: Counter) -> None:
    entry = fined(recorded(counter), 40_000_000, 35_000_000)
    entry.perform("decide", CHAIR, {"decision_no": "15/QĐ-XPHC"})
    entry.perform("deliver", INSPECTOR, {"delivered_at": "2026-11-18", "delivered_to": "Nguyễn Thị Ánh Tuyết"})
    assert entry.fields["execute_due"] == "2026-11-28"
    with pytest.raises(RuleError, match="Chưa hết hạn"):
        entry.perform("enforce", CHAIR, {"enforce_no": "03/QĐ-CC", "enforce_measure": "deduct"})
    counter.at = datetime(2026, 12, 9, 9, 0, tzinfo=VIETNAM)
    for name, value in {"paid_amount": 20_000_000, "paid_on": "2026-12-08", "receipt_no": "KB-1"}.items():
        entry.set(name, value)
    assert entry.fields["late_amount"] == 175_000  # ten days at 0.05 %
    with pytest.raises(RuleError, match="chưa nộp đủ"):
        entry.perform("execute", INSPECTOR)
    entry.set("paid_amount", 35_175_000)
    entry.perform("execute", INSPECTOR)
    assert entry.state == "executed"


def test_what_the_day_of_delivery_gives_is_not_in_the_way_of_delivering(counter: Counter) -> None:
    entry = fined(recorded(counter), 40_000_000, 35_000_000)
    entry.perform("decide", CHAIR, {"decision_no": "15/QĐ-XPHC"})
    offer = next(o for o in entry.actions(INSPECTOR) if o.action.id == "deliver")
    assert [p for p in offer.problems if p.blocks] == []


def test_who_does_not_sign_needs_a_witness(counter: Counter) -> None:
    with pytest.raises(RuleError, match="người chứng kiến"):
        recorded(counter, refuses_to_sign=True)

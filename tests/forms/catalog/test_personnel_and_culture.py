"""Personnel, military service, culture families: leave counts working days and grows with service, nobody approves his own;
call-up has its ages and health; a culture family needs its votes and its ten days."""

from __future__ import annotations

import pytest

from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import CLERK, OFFICE, VICE_CHAIR, Counter, Person

LEAVE, EMULATION = "hr.leave", "hr.emulation"
REGISTRANT, FAMILY = "military.nvqs_person", "education_culture.culture_family"
COMMANDER = Person("o-command", "Phùng Văn Quyết", ("military_commander",))


@pytest.fixture
def ward(counter: Counter) -> Counter:
    officer = {"full_name": "Vũ Đức Nam", "unit_ref": "office", "roles": ["clerk"], "recruit_date": "2011-06-01"}
    counter.records |= {
        "o-old": officer,
        "o-new": officer | {"recruit_date": "2026-07-01"},
        "o-point": officer | {"unit_ref": "service_point"},
        VICE_CHAIR.id: officer | {"roles": ["vice_chair"]},
        CLERK.id: officer,
        "man20": {"full_name": "Lê Văn An", "dob": "2006-05-01", "gender": "1"},
        "man26": {"full_name": "Lê Văn Bình", "dob": "2000-05-01", "gender": "1"},
        "boy": {"full_name": "Lê Văn Cường", "dob": "2010-12-31", "gender": "1"},
    }
    return counter


def leave(ward: Counter, start: str, end: str, **more: str) -> RecordEntry:
    values = {"officer_ref": "o-old", "kind": "annual", "reason": "Việc nhà", "approver_ref": VICE_CHAIR.id} | more
    return ward.begin(LEAVE, CLERK, **values, from_at=start, to_at=end)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("16/11/2026 08:00", "20/11/2026 17:00", "5"),
        ("16/11/2026 13:30", "19/11/2026 12:00", "3"),
        ("19/11/2026 08:00", "25/11/2026 17:00", "4"),  # a weekend and Vietnam Culture Day
        ("21/11/2026 13:30", "23/11/2026 17:00", "1"),  # half a Saturday is nothing
        ("01/01/2026 08:00", "12/01/2026 17:00", "7"),  # Saturday the 10th was worked for Friday the 2nd
    ],
)
def test_leave_is_counted_in_working_days(ward: Counter, start: str, end: str, days: str) -> None:
    assert float(leave(ward, start, end).get("days")) == float(days)


@pytest.mark.parametrize(("officer", "days"), [("o-old", 15.0), ("o-new", 6.0)])
def test_annual_leave_grows_with_service(ward: Counter, officer: str, days: float) -> None:
    entry = leave(ward, "16/11/2026 08:00", "17/11/2026 17:00", officer_ref=officer)
    assert float(entry.get("entitlement")) == days
    assert float(entry.get("balance_after")) == days - 2


def test_nobody_approves_his_own_leave(ward: Counter) -> None:
    own = leave(ward, "16/11/2026 08:00", "16/11/2026 17:00", officer_ref=VICE_CHAIR.id, approver_ref="o-old")
    with pytest.raises(RuleError):
        own.perform("approve", VICE_CHAIR)
    other = leave(ward, "16/11/2026 08:00", "16/11/2026 17:00")
    other.perform("approve", VICE_CHAIR)
    assert (other.state, other.get("approver_ref")) == ("approved", VICE_CHAIR.id)


def test_more_than_the_balance_is_not_approved(ward: Counter) -> None:
    entry = leave(ward, "16/11/2026 08:00", "10/12/2026 17:00")
    with pytest.raises(RuleError):
        entry.perform("approve", VICE_CHAIR)
    entry.set("carried_over", "5")
    entry.perform("approve", VICE_CHAIR)
    assert entry.state == "approved"


def test_the_service_point_needs_a_substitute(ward: Counter) -> None:
    entry = leave(ward, "16/11/2026 08:00", "16/11/2026 17:00", officer_ref="o-point")
    assert entry.is_required("substitute_ref")
    assert not leave(ward, "16/11/2026 08:00", "16/11/2026 17:00").is_required("substitute_ref")


@pytest.mark.parametrize(("kind", "amount"), [("individual", 702000), ("collective", 1404000)])
def test_the_reward_is_a_part_of_the_base_salary(ward: Counter, kind: str, amount: int) -> None:
    entry = ward.begin(EMULATION, OFFICE, subject_kind=kind, subject_name="Phòng", title="commendation")
    assert entry.get("money") == amount


def examined(ward: Counter, man: str, health: str, *, studied: bool = False) -> RecordEntry:
    fields = {"citizen_ref": man, "reg_mode": "direct", "reg_date": "2024-04-10", "education": "12/12"}
    fields |= {"status_class": "eligible", "health_class": health, "list_year": 2022, "study_deferred": studied}
    entry = ward.entry(REGISTRANT, COMMANDER, fields=fields, state="examined", number="3/2024")
    entry.recalculate()
    return entry


@pytest.mark.parametrize(
    ("man", "health", "studied", "called"),
    [
        ("man20", "3", False, True),
        ("man20", "4", False, False),
        ("man20", "none", False, False),
        ("man26", "1", False, False),
        ("man26", "1", True, True),
    ],
)
def test_who_may_be_called_up(ward: Counter, man: str, health: str, studied: bool, called: bool) -> None:
    entry = examined(ward, man, health, studied=studied)
    order = {"call_at": "25/02/2027 07:00", "call_place": "Sân vận động"}
    if called:
        entry.perform("call_up", VICE_CHAIR, order)
        assert entry.state == "called_up"
    else:
        with pytest.raises(RuleError):
            entry.perform("call_up", VICE_CHAIR, order)


def test_registered_in_the_year_of_seventeen_and_not_before(ward: Counter) -> None:
    entry = ward.begin(REGISTRANT, COMMANDER, citizen_ref="boy", education="10/12")
    assert entry.get("list_year") == 2027
    with pytest.raises(RuleError):
        entry.perform("register", COMMANDER, {"reg_mode": "direct", "education": "10/12"})


def test_a_ground_belongs_to_its_class(ward: Counter) -> None:
    entry = examined(ward, "man20", "2")
    reason = {"defer_reason": "Bằng Tổ quốc ghi công", "defer_until": "30/06/2028"}
    with pytest.raises(RuleError):
        entry.perform("defer", VICE_CHAIR, {"defer_ground": "e_martyr_child", **reason})
    entry.perform("defer", VICE_CHAIR, {"defer_ground": "d_university", **reason})
    assert (entry.state, entry.get("study_deferred")) == ("deferred", True)
    assert entry.get("service_until") == "2034-04-30"


def family(ward: Counter, **more: int | str) -> RecordEntry:
    fields: dict[str, int | str] = {"household_ref": "house", "year": 2026, "group1": 30, "group2": 18, "group3": 40}
    fields |= {"self_score": 88, "meeting_date": "2026-11-02", "invited": 100, "attended": 80, "agreed": 60}
    fields |= {"posted_from": "2026-11-03"}
    entry = ward.entry(FAMILY, OFFICE, fields=fields | more, state="posted")
    entry.recalculate()
    return entry


@pytest.mark.parametrize(
    ("more", "submitted"),
    [
        ({}, True),
        ({"agreed": 48}, True),  # 60 per cent is enough
        ({"agreed": 47}, False),
        ({"attended": 59, "agreed": 59}, False),  # too few came
        ({"posted_from": "2026-11-08"}, False),  # the tenth day is today
        ({"posted_from": "2026-11-07"}, True),
        ({"excluded_case": "tax", "excluded_reason": "Thông báo thuế"}, False),
    ],
)
def test_a_culture_family_needs_its_votes_and_its_days(
    ward: Counter, more: dict[str, int | str], submitted: bool
) -> None:
    entry = family(ward, **more)
    if submitted:
        entry.perform("submit", OFFICE)
        assert entry.state == "submitted"
    else:
        with pytest.raises(RuleError):
            entry.perform("submit", OFFICE)

"""Feedback and its clocks, assets and their wear, vouchers and the budget: what the office may not get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from forms.entry import RuleError
from tests.forms.catalog.conftest import ACCOUNTANT, CASHIER, CLERK, OFFICE, VICE_CHAIR, Counter, Person
from tests.forms.catalog.money import ASSET, BOOK, BUDGET, MOVE, PAYMENT, RECEIPT, asset, knowing, lines, payment

FEEDBACK, RATING = "feedback.feedback_item", "feedback.service_rating"
MORNING = "2026-11-18T02:00:00Z"  # a Wednesday, 9:00
ARRIVED = {
    "ihanoi_id": "HN-1",
    "source": "ihanoi",
    "created_at": MORNING,
    "category": "roads",
    "kind": "scene",
    "content": "Ổ gà",
}


def test_feedback_is_received_in_eight_working_hours(counter: Counter) -> None:
    entry = counter.entry(FEEDBACK, CLERK, fields=ARRIVED | {"level": "urgent"}, state="new")
    entry.recalculate()
    assert entry.get("due_at") == "2026-11-19T02:00:00Z"
    counter.set_clock(19, 10)
    entry.perform("receive", CLERK)
    assert [p.path for p in entry.problems() if not p.blocks] == ["received_at"]  # late, and said so


@pytest.mark.parametrize(
    ("level", "due"),
    [("urgent", "2026-11-18T07:30:00Z"), ("normal", "2026-11-26T10:00:00Z"), ("complex", "2026-12-10T10:00:00Z")],
)
def test_the_answer_is_due_by_level_from_the_reception(counter: Counter, level: str, due: str) -> None:
    entry = counter.entry(FEEDBACK, CLERK, fields=ARRIVED | {"level": level}, state="new")
    entry.perform("receive", CLERK)
    assert entry.get("due_at") == due


def test_nobody_publishes_his_own_answer(counter: Counter) -> None:
    fields = ARRIVED | {"level": "normal", "received_at": MORNING, "in_jurisdiction": True, "assignee_ref": OFFICE.id}
    entry = counter.entry(FEEDBACK, OFFICE, fields=fields, state="processing")
    entry.recalculate()
    answer = {"answer": "Đã vá ổ gà trước số nhà 12 trong sáng 18/11/2026."}
    with pytest.raises(RuleError):
        entry.perform("publish", OFFICE, answer)
    entry.perform("publish", VICE_CHAIR, answer)
    assert (entry.state, entry.get("answer_by_ref")) == ("answered", VICE_CHAIR.id)
    first = entry.get("due_at")
    counter.set_clock(20, 9)
    entry.perform("reopen", VICE_CHAIR, {"reopen_reason": "Lại sụt"})
    assert (entry.get("reopened"), entry.get("due_at") > first) == (1, True)


def test_an_unhappy_citizen_is_called_before_the_rating_is_closed(counter: Counter) -> None:
    fields = {"channel": "tablet", "rated_at": MORNING, "overall": "very_dissatisfied", "followup": "not_yet"}
    entry = counter.entry(RATING, CLERK, fields=fields, state="new")
    entry.recalculate()
    assert entry.get("due_at") == "2026-11-19T02:00:00Z"
    with pytest.raises(RuleError):
        entry.perform("close", CLERK)
    entry.perform("follow_up", CLERK, {"followup_note": "Đã gọi xin lỗi"})
    assert entry.get("followup") == "contacted"


@pytest.mark.parametrize(
    ("last_year", "more", "worn"),
    [
        (2025, {}, 8000000),  # two whole years of 20 %
        (2040, {}, 20000000),  # never above the cost
        (2025, {"source": "merger", "opening_year": 2024, "opening_accum": 15000000}, 19000000),
        (2025, {"group": "land"}, 0),
        (2025, {"group": "house", "grade": "4"}, 2668000),
    ],
)
def test_wear_is_counted_in_whole_years_at_the_rate_of_the_group(
    counter: Counter, last_year: int, more: dict[str, Any], worn: int
) -> None:
    entry = knowing(counter, {}, ASSET, ACCOUNTANT, fields=asset(dep_year=last_year, **more), state="in_use")
    assert (entry.get("dep_accum"), entry.get("residual")) == (worn, 20000000 - worn)


def test_this_years_wear_waits_for_december(counter: Counter) -> None:
    entry = knowing(counter, {}, ASSET, ACCOUNTANT, fields=asset(dep_year=2025), state="in_use")
    with pytest.raises(RuleError):
        entry.perform("depreciate", ACCOUNTANT)
    counter.set_clock(3, 9, month=12)
    entry.perform("depreciate", ACCOUNTANT)
    assert (entry.get("dep_year"), entry.get("dep_accum")) == (2026, 12000000)


def test_an_asset_follows_its_movements(counter: Counter) -> None:
    moves = [
        {"_id": "m1", "_state": "posted", "asset_ref": "a", "kind": "upgrade", "amount_change": 5000000},
        {"_id": "m2", "_state": "draft", "asset_ref": "a", "kind": "revaluation", "amount_change": 1000000},
    ]
    entry = knowing(counter, {MOVE: moves}, ASSET, ACCOUNTANT, fields=asset(), state="in_use", id="a")
    assert entry.get("original_cost") == 25000000
    with pytest.raises(RuleError):  # nothing was decided
        entry.perform("dispose", ACCOUNTANT, {"end_note": "Hỏng"})


def test_more_than_the_budget_needs_a_reason(counter: Counter) -> None:
    entry = payment(counter, 4000001)
    with pytest.raises(RuleError):
        entry.perform("approve", VICE_CHAIR)
    entry.set("over_budget_reason", "Quyết định bổ sung chờ nhập")
    entry.perform("approve", VICE_CHAIR)
    within = payment(counter, 4000000)
    within.perform("approve", VICE_CHAIR)
    assert (within.state, within.get("amount_words")) == ("approved", "Bốn triệu đồng chẵn")


def test_who_makes_a_voucher_does_not_approve_it(counter: Counter) -> None:
    entry = payment(counter, 1000, accountant_ref=VICE_CHAIR.id, approver_ref=OFFICE.id)
    with pytest.raises(RuleError):
        entry.perform("approve", VICE_CHAIR)
    same = payment(counter, 1000, ACCOUNTANT)
    assert "approver_ref" in {p.path for p in same.problems() if p.blocks}


def test_a_budget_line_knows_what_was_used(counter: Counter) -> None:
    vouchers = [
        {"_id": "v1", "_state": "approved", "lines": lines(3000)},
        {"_id": "v2", "_state": "cancelled", "lines": lines(9000)},
        {"_id": "v3", "_state": "paid", "lines": [*lines(400), {"_id": "l2", "budget_ref": "other", "amount": 70}]},
    ]
    fields = {"year": 2026, "side": "expenditure", "approved_amount": 10000}
    entry = knowing(counter, {PAYMENT: vouchers}, BUDGET, ACCOUNTANT, fields=fields, state="approved", id="b")
    assert (entry.get("used_amount"), entry.get("remaining")) == (3400, 6600)


def test_accounts_come_to_the_amount_and_the_maker_does_not_post(counter: Counter) -> None:
    entry = counter.begin(RECEIPT, CASHIER, payer="Trần Thu Hà", content="Phí", amount=30000, revenue_item="2716")
    row = entry.rows("accounts")[0]
    assert [entry.get(f"accounts/{row}/{name}") for name in ("debit", "credit", "amount")] == ["111", "719", 30000]
    with pytest.raises(RuleError):
        entry.perform("post", Person(CASHIER.id, CASHIER.name, ("accountant",)))
    entry.set(f"accounts/{row}/amount", 20000)
    with pytest.raises(RuleError):
        entry.perform("post", ACCOUNTANT)
    entry.set(f"accounts/{row}/amount", 30000)
    entry.perform("post", ACCOUNTANT)
    assert entry.state == "posted"


def test_the_cash_book_takes_in_what_moved_in_the_month(counter: Counter) -> None:
    october = {
        "_id": "r0",
        "_state": "remitted",
        "month": "2026-10",
        "date": "2026-10-30",
        "method": "cash",
        "amount": 700,
    }
    october |= {
        "voucher_no": "2026-0001",
        "payer": "A",
        "content": "Phí",
        "remitted_on": "2026-11-02",
        "treasury_slip_no": "G1",
    }
    posted = {
        "_id": "r1",
        "_state": "posted",
        "month": "2026-11",
        "date": "2026-11-05",
        "method": "cash",
        "amount": 900,
    }
    posted |= {"voucher_no": "2026-0002", "payer": "B", "content": "Phí"}
    bank = posted | {"_id": "r2", "method": "transfer"}
    cancelled = posted | {"_id": "r3", "_state": "cancelled"}
    paid = {"_id": "p1", "_state": "paid", "month": "2026-11", "kind": "cash", "paid_on": "2026-11-06", "amount": 300}
    paid |= {"voucher_no": "2026-0001", "payee": "C", "content": "Nước"}
    known = {
        RECEIPT: [october, posted, bank, cancelled],
        PAYMENT: [paid],
        BOOK: [{"_id": "k", "_state": "closed", "month": "2026-10", "closing": 1000}],
    }
    entry = knowing(counter, known, BOOK, ACCOUNTANT, fields={"month": "2026-11"}, state="open", id="now")
    assert [entry.get(name) for name in ("opening", "total_in", "total_out", "closing")] == [1000, 900, 1000, 900]


def test_an_advance_is_settled_by_the_voucher_that_takes_its_place(counter: Counter) -> None:
    advance: dict[str, Any] = {
        "date": "2026-11-02",
        "kind": "advance",
        "payee": "A",
        "content": "Hội nghị",
        "lines": lines(5000000),
    }
    advance |= {"accountant_ref": ACCOUNTANT.id, "approver_ref": VICE_CHAIR.id, "paid_on": "2026-11-03"}
    advance |= {"amount": 5000000, "voucher_no": "2026-0001"}
    follower = {"_id": "w", "_state": "approved", "advance_ref": "mine"}
    early = knowing(counter, {PAYMENT: [follower]}, PAYMENT, ACCOUNTANT, fields=advance, state="paid", id="mine")
    with pytest.raises(RuleError):
        early.perform("settle", ACCOUNTANT)
    paid = follower | {"_state": "paid"}
    entry = knowing(counter, {PAYMENT: [paid]}, PAYMENT, ACCOUNTANT, fields=advance, state="paid", id="mine")
    entry.perform("settle", ACCOUNTANT)
    assert entry.state == "settled"
    mine: dict[str, Any] = advance | {"_id": "adv", "_state": "paid"}
    line = {"_id": "b", "_state": "approved", "side": "expenditure", "year": 2026, "approved_amount": 6000000}
    fields = {"date": "2026-11-18", "kind": "withdrawal", "lines": lines(5000000), "advance_ref": "adv"}
    settling = knowing(counter, {PAYMENT: [mine], BUDGET: [line]}, PAYMENT, ACCOUNTANT, fields=fields, state="draft")
    assert settling.get("lines/l1/left") == 6000000  # its own advance takes nothing away from it

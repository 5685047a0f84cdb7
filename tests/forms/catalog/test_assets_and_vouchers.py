"""What a specialist tries first: wear after an upgrade, a stock-take with more than the book has, last year's budget in January,
advances that are settled, cash drawn for the till."""

from __future__ import annotations

import pytest

from forms.entry import RuleError
from tests.forms.catalog.conftest import ACCOUNTANT, CASHIER, OFFICE, VICE_CHAIR, Counter, Person
from tests.forms.catalog.money import (
    ASSET,
    BOOK,
    BUDGET,
    MOVE,
    PAYMENT,
    RECEIPT,
    asset,
    knowing,
    lines,
    opened,
    payment,
)


def test_an_upgrade_wears_from_its_own_year_on(counter: Counter) -> None:
    posted = {"_state": "posted", "asset_ref": "a"}
    moves = [posted | {"_id": "m1", "date": "2026-05-10", "kind": "upgrade", "amount_change": 10000000}]
    counted = {
        2025: 8000000,
        2026: 14000000,
        2040: 30000000,
    }  # two years of 4 million; a third with 2 more; never above
    for year, worn in counted.items():
        fields = asset(dep_year=year)
        entry = knowing(counter, {MOVE: moves}, ASSET, ACCOUNTANT, fields=fields, state="in_use", id="a")
        assert (entry.get("original_cost"), entry.get("dep_accum")) == (30000000, worn)
    moves.append(posted | {"_id": "m2", "date": "2026-06-01", "kind": "revaluation", "amount_change": -30000000})
    entry = knowing(counter, {MOVE: moves}, ASSET, ACCOUNTANT, fields=asset(dep_year=2040), state="in_use", id="a")
    assert (entry.get("original_cost"), entry.get("dep_accum"), entry.get("residual")) == (0, 0, 0)


def test_what_is_not_in_the_book_is_not_taken_off_it(counter: Counter) -> None:
    moves = [{"_id": "m1", "_state": "posted", "asset_ref": "a", "kind": "disposal", "date": "2026-11-01"}]
    for code in (None, "2026-0001"):
        fields = asset(asset_code=code, group_mark="MVP")
        entry = knowing(counter, {MOVE: moves}, ASSET, ACCOUNTANT, fields=fields, state="idle", id="a")
        if code:
            entry.perform("dispose", ACCOUNTANT, {"end_note": "Hỏng"})
            assert entry.state == "disposed"
        else:
            with pytest.raises(RuleError):
                entry.perform("dispose", ACCOUNTANT, {"end_note": "Hỏng"})


def test_a_stock_take_finds_what_the_book_does_not_have(counter: Counter) -> None:
    entry = counter.begin(
        "assets.inventory", ACCOUNTANT, extra_name="Máy hút ẩm", team_names="Đỗ Quang Huy", real_qty=1
    )
    assert (entry.get("book_qty"), entry.get("difference"), entry.is_required("asset_ref")) == (0, 1, False)
    with pytest.raises(RuleError):  # a difference is explained
        entry.perform("close", ACCOUNTANT)
    entry.set("proposal", "Ghi tăng")
    entry.perform("close", ACCOUNTANT)
    with pytest.raises(RuleError):
        entry.perform("reopen", ACCOUNTANT, {"reopen_reason": "Đếm nhầm"})
    entry.perform("reopen", OFFICE, {"reopen_reason": "Đếm nhầm"})
    assert entry.state == "open"


def test_a_line_of_the_stock_list_waits_for_its_count(counter: Counter) -> None:
    counter.records["pc"] = asset(original_cost=20000000)
    entry = counter.begin("assets.inventory", ACCOUNTANT, asset_ref="pc", team_names="Đỗ Quang Huy")
    assert not [p for p in entry.problems() if p.blocks]  # prepared from the book, before anybody counted
    with pytest.raises(RuleError):
        entry.perform("close", ACCOUNTANT)


@pytest.mark.parametrize(
    ("date", "year", "allowed"),
    [("2026-11-18", 2026, True), ("2026-01-30", 2025, True), ("2026-02-02", 2025, False), ("2026-01-30", 2024, False)],
)
def test_last_years_budget_is_charged_until_the_end_of_january(
    counter: Counter, date: str, year: int, allowed: bool
) -> None:
    entry = payment(counter, 1000, date=date)
    counter.records["b"] = counter.records["b"] | {"year": year}
    entry.recalculate()
    blocked = {p.path for p in entry.problems() if p.blocks}
    assert ("lines/l1/budget_ref" not in blocked) is allowed


def test_vouchers_of_each_mark_are_a_series_of_their_own(counter: Counter) -> None:
    series = {kind: payment(counter, 1000, kind=kind).get("series") for kind in ("cash", "advance", "pay", "order")}
    assert series == {"cash": "PC", "advance": "RDT", "pay": "RDT", "order": "UNC"}


def test_money_to_a_supplier_goes_to_an_account(counter: Counter) -> None:
    entry = payment(counter, 1000, payee_account=None)
    with pytest.raises(RuleError):
        entry.perform("approve", VICE_CHAIR)
    payment(counter, 1000, payee_account=None, kind="cash").perform("approve", VICE_CHAIR)


def test_who_keeps_the_accounts_does_not_keep_the_till(counter: Counter) -> None:
    both = Person(ACCOUNTANT.id, ACCOUNTANT.name, ("accountant", "cashier"))
    entry = payment(counter, 1000, kind="cash")
    entry.perform("approve", VICE_CHAIR)
    for officer in (ACCOUNTANT, both):
        with pytest.raises(RuleError):
            entry.perform("pay_cash", officer)
    counter.set_clock(3, 9, month=12)
    entry.perform("pay_cash", CASHIER)
    assert (entry.state, entry.get("month")) == ("paid", "2026-12")


def test_settling_an_advance_moves_no_money_and_counts_once(counter: Counter) -> None:
    advance = {"_id": "adv", "_state": "paid", "kind": "advance", "amount": 5000, "lines": lines(5000)}
    settling = {"_id": "w", "_state": "approved", "kind": "withdrawal", "advance_ref": "adv", "lines": lines(4500)}
    fields = {"year": 2026, "side": "expenditure", "approved_amount": 10000}
    stages = [("paid", "approved", 5000), ("settled", "paid", 4500)]
    for before, after, used in stages:
        vouchers = [advance | {"_state": before}, settling | {"_state": after}]
        line = knowing(counter, {PAYMENT: vouchers}, BUDGET, ACCOUNTANT, fields=fields, state="approved", id="b")
        assert line.get("used_amount") == used
    entry = payment(counter, 1000, advance_ref="adv", payee_account=None, payee_bank=None)
    row = entry.rows("accounts")[0]
    assert [entry.get(f"accounts/{row}/{name}") for name in ("debit", "credit")] == ["814", "141"]
    assert not entry.is_required("payee_account")


def test_cash_drawn_for_the_till_is_no_revenue(counter: Counter) -> None:
    values = {"payer": "Trần Thu Hà", "content": "Rút dự toán về nhập quỹ", "amount": 9000, "purpose": "till"}
    entry = counter.begin(RECEIPT, CASHIER, **values)
    row = entry.rows("accounts")[0]
    assert [entry.get(f"accounts/{row}/{name}") for name in ("debit", "credit")] == ["111", "112"]
    assert (entry.get("own_amount"), entry.get("due_at"), entry.is_required("revenue_item")) == (0, None, False)
    entry.perform("post", ACCOUNTANT)
    with pytest.raises(RuleError):
        entry.perform("remit", ACCOUNTANT, {"treasury_slip_no": "G1"})
    voucher = entry.fields | {"_id": "r1", "_state": "posted", "voucher_no": "2026-0001"}
    book = knowing(counter, {RECEIPT: [voucher]}, BOOK, ACCOUNTANT, fields={"month": "2026-11"}, state="open", id="now")
    assert book.get("total_in") == 9000


def test_a_budget_the_council_decided_is_adjusted_and_not_rewritten(counter: Counter) -> None:
    fields = {"year": 2026, "side": "expenditure", "approved_amount": 10000, "made_by": ACCOUNTANT.id, "item": "6551"}
    entry = knowing(counter, {}, BUDGET, ACCOUNTANT, fields=fields, state="approved", id="b")
    for name, value in {"item": "6001", "adjusted_amount": 5, "year": 2025}.items():
        with pytest.raises(RuleError):
            entry.set(name, value)
    fields |= {
        "chapter": "805",
        "category": "341",
        "fund_nature": "13",
        "unit_code": "1127805",
        "decision_text": "NQ 08",
    }
    whole = knowing(counter, {}, BUDGET, VICE_CHAIR, fields=fields, state="approved", id="b")
    whole.perform("adjust", VICE_CHAIR, {"adjusted_amount": 500, "adjust_note": "QĐ 210"})
    assert (whole.state, whole.get("remaining")) == ("adjusted", 10500)


@pytest.mark.parametrize("state", ["approved", "sent"])
def test_what_follows_from_the_payment_is_kept_though_the_voucher_is_locked(counter: Counter, state: str) -> None:
    entry = counter.entry(PAYMENT, ACCOUNTANT, fields={"kind": "advance"}, state=state)
    assert (entry.is_closed("month"), entry.is_closed("amount")) == (False, True)


def test_counting_again_takes_in_what_other_records_say_now(counter: Counter) -> None:
    """A saved record opens with what it said when it was saved; the action counts anew."""
    voucher = {"_id": "v", "_state": "paid", "lines": lines(3000)}
    saved = {"year": 2026, "side": "expenditure", "unit_code": "1127805", "approved_amount": 10000, "used_amount": 0}
    saved |= {"chapter": "805", "category": "341", "item": "6551", "fund_nature": "13", "decision_text": "NQ 08"}
    line = opened(counter, {PAYMENT: [voucher]}, BUDGET, saved | {"remaining": 10000}, "approved")
    assert line.get("used_amount") == 0
    line.perform("refresh", ACCOUNTANT)
    assert (line.get("used_amount"), line.get("remaining")) == (3000, 7000)

    counter.records["office"] = {"name": "Sở Tư pháp"}
    move = {
        "_id": "m",
        "_state": "posted",
        "asset_ref": "a",
        "kind": "upgrade",
        "amount_change": 5,
        "date": "2026-11-01",
    }
    worn = asset(original_cost=20000000, dep_accum=0, residual=20000000, dep_rate="20", asset_code="2024-0001")
    machine = opened(counter, {MOVE: [move]}, ASSET, worn, "in_use")
    machine.perform("recount", ACCOUNTANT)
    assert machine.get("original_cost") == 20000005

    received = {
        "_id": "r",
        "_state": "posted",
        "month": "2026-11",
        "date": "2026-11-05",
        "method": "cash",
        "amount": 900,
    }
    received |= {"voucher_no": "2026-0002", "payer": "B", "content": "Phí"}
    book = opened(counter, {RECEIPT: [received]}, BOOK, {"month": "2026-11", "opening": 0, "closing": 0}, "open")
    book.perform("refresh", ACCOUNTANT)
    assert book.get("total_in") == 900

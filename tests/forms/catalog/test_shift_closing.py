"""The end of a shift counts the cashier's receipts itself; cash and two signatures are people's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import ACCOUNTANT, CASHIER, Counter, Person

CLOSING = "onestop.shift_closing"
MORNING, NOON, EVENING = "2026-11-18T01:30:00Z", "2026-11-18T04:45:00Z", "2026-11-18T09:00:00Z"


def receipt(amount: int, paid_at: str = MORNING, **more: Any) -> dict[str, Any]:
    fields = {"_id": f"r{amount}{paid_at}", "_state": "issued", "collector_ref": CASHIER.id, "method": "cash"}
    return fields | {"amount": amount, "paid_at": paid_at} | more


def shift(
    counter: Counter, receipts: list[dict[str, Any]], *closings: dict[str, Any], by: Person = CASHIER
) -> RecordEntry:
    """The cashier's evening, where these receipts and earlier closings are known."""
    counter.set_clock(18, 17)
    kinds = {"onestop.fee_receipt": receipts, CLOSING: list(closings)}

    def find(type_id: str, field: str, value: Any) -> list[dict[str, Any]]:
        return [{"_number": None, **r} for r in kinds.get(type_id, []) if r.get(field) == value]

    context = msgspec.structs.replace(counter.entry(CLOSING, by).context, find=find)
    return RecordEntry(counter.catalog.record_type(CLOSING), counter.catalog, context)


def test_only_the_cashiers_own_receipts_of_the_day_count(counter: Counter) -> None:
    entry = shift(
        counter,
        [
            receipt(10000), receipt(20000, EVENING), receipt(5000, method="online"), receipt(7000, _state="cancelled"),
            receipt(9000, _state="draft"), receipt(1000, "2026-11-17T03:00:00Z"), receipt(2000, collector_ref="o-other"),
        ],
    )  # fmt: skip
    totals = {name: entry.get(name) for name in ("receipt_count", "receipt_total", "cash_total", "online_total")}
    assert totals == {"receipt_count": 3, "receipt_total": 35000, "cash_total": 30000, "online_total": 5000}
    assert (entry.get("cancelled_count"), entry.get("no_e_receipt"), entry.get("open_receipts")) == (1, 3, 1)
    assert entry.get("shift") == "evening"


def test_the_evening_begins_where_lunch_was_closed(counter: Counter) -> None:
    lunch = {
        "_id": "c1",
        "_state": "closed",
        "cashier_ref": CASHIER.id,
        "day": "2026-11-18",
        "shift": "lunch",
        "until_at": NOON,
    }
    entry = shift(counter, [receipt(10000), receipt(20000, EVENING)], lunch)
    assert (entry.get("from_at"), entry.get("cash_total")) == (NOON, 20000)


def test_a_shift_is_closed_once(counter: Counter) -> None:
    closed = {
        "_id": "c1",
        "_state": "counted",
        "cashier_ref": CASHIER.id,
        "day": "2026-11-18",
        "shift": "evening",
        "until_at": NOON,
    }
    entry = shift(counter, [], closed)
    entry.set("counted_cash", 0)
    with pytest.raises(RuleError):
        entry.perform("count", CASHIER)


def test_what_is_missing_needs_a_reason_and_two_people_sign(counter: Counter) -> None:
    entry = shift(counter, [receipt(30000)])
    entry.add_row("notes", {"value": "20000", "count": 1})
    entry.add_row("notes", {"value": "5000", "count": 1})
    assert (entry.get("counted_cash"), entry.get("difference")) == (25000, -5000)
    with pytest.raises(RuleError):
        entry.perform("count", CASHIER)
    entry.set("difference_reason", "Trả thừa")
    entry.set("handed_cash", 25000)
    with pytest.raises(RuleError):
        entry.perform("count", ACCOUNTANT)  # somebody else's drawer
    entry.perform("count", CASHIER)
    with pytest.raises(RuleError):
        entry.perform("close", CASHIER)
    entry.perform("close", ACCOUNTANT)
    assert (entry.get("giver_signed")["officer"], entry.get("receiver_signed")["officer"]) == (
        CASHIER.id,
        ACCOUNTANT.id,
    )


def test_a_receipt_written_later_does_not_change_what_was_signed(counter: Counter) -> None:
    receipts = [receipt(30000)]
    entry = shift(counter, receipts)
    entry.set("counted_cash", 30000)
    entry.perform("count", CASHIER)
    receipts.append(receipt(40000))
    entry.recalculate()
    assert entry.get("cash_total") == 30000

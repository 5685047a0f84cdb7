"""Assets, budget lines and vouchers as a PC holds them, for the tests of money."""

from __future__ import annotations

from typing import Any

import msgspec

from forms.entry import RecordEntry
from tests.forms.catalog.conftest import ACCOUNTANT, VICE_CHAIR, Counter, Person

ASSET, MOVE = "assets.asset", "assets.asset_move"
BUDGET, RECEIPT, PAYMENT, BOOK = (
    "finance.budget_line",
    "finance.receipt_voucher",
    "finance.payment_voucher",
    "finance.cash_book",
)
ID = {BUDGET: "b", ASSET: "a", BOOK: "now"}
"""By which the records of ``lines`` and of movements call them."""


def knowing(
    counter: Counter, known: dict[str, list[dict[str, Any]]], type_id: str, by: Person, **opened: Any
) -> RecordEntry:
    """A form on a PC that holds these records too; references resolve to them."""
    for records in known.values():
        counter.records |= {record["_id"]: record for record in records}

    def find(kind: str, field: str, value: Any) -> list[dict[str, Any]]:
        group, _, column = field.rpartition("/")
        return [
            {"_number": None, **r}
            for r in known.get(kind, [])
            if (any(row.get(column) == value for row in r.get(group) or []) if group else r.get(field) == value)
        ]

    context = msgspec.structs.replace(counter.entry(type_id, by).context, find=find)
    entry = RecordEntry(counter.catalog.record_type(type_id), counter.catalog, context, **opened)
    entry.recalculate()
    return entry


def asset(**more: Any) -> dict[str, Any]:
    fields = {
        "name": "Máy tính",
        "group": "office_machine",
        "quantity": 1,
        "source": "budget",
        "acquired_date": "2024-03-12",
    }
    return (
        fields
        | {"in_use_year": 2024, "first_cost": 20000000, "location": "Quầy 3", "user_ref": "office", "condition": "good"}
        | more
    )


def lines(amount: int) -> list[dict[str, Any]]:
    row = {"_id": "l1", "budget_ref": "b", "amount": amount}
    return [row | {"chapter": "805", "category": "341", "item": "6551", "fund": "13"}]


def payment(counter: Counter, amount: int, approver: Person = VICE_CHAIR, **more: Any) -> RecordEntry:
    """A submitted voucher on a line of 10,000,000 đ of which 6,000,000 are used."""
    line = {"_id": "b", "_state": "approved", "side": "expenditure", "year": 2026, "approved_amount": 10000000}
    line |= {"chapter": "805", "category": "341", "item": "6551", "fund_nature": "13"}
    used = {"_id": "v", "_state": "paid", "kind": "withdrawal", "lines": lines(6000000)}
    fields = {
        "date": "2026-11-18",
        "kind": "withdrawal",
        "payee": "Công ty A",
        "content": "Giấy",
        "lines": lines(amount),
    }
    fields |= {"payee_account": "1903456789012", "payee_bank": "Ngân hàng A"}
    fields |= {"accountant_ref": ACCOUNTANT.id, "approver_ref": approver.id} | more
    known: dict[str, list[dict[str, Any]]] = {BUDGET: [line], PAYMENT: [used]}
    return knowing(counter, known, PAYMENT, ACCOUNTANT, fields=fields, state="submitted", id="mine")


def opened(
    counter: Counter, known: dict[str, list[dict[str, Any]]], type_id: str, fields: dict[str, Any], state: str
) -> RecordEntry:
    """A record as it was saved, nothing counted since, on a PC that holds these records."""
    context = knowing(counter, known, type_id, ACCOUNTANT, fields={}, state=state).context
    record_type = counter.catalog.record_type(type_id)
    return RecordEntry(record_type, counter.catalog, context, fields=fields, state=state, id=ID[type_id])

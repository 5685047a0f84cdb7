"""The rule functions that look at other records and into lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry
from forms.field_definition import Choice, Field, Message
from forms.label import Label
from forms.office_definition import Delegations
from forms.record_functions import holds

L = Label("x", "x")
REGISTER = Delegations(
    record="lending.loan", officer="to", what="powers", from_="from", to="until", states=("in_force",)
)


class Asked:
    """Other records, and how often they were asked for."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.records = records
        self.count = 0

    def __call__(self, type_id: str, field: str, value: Any) -> Sequence[dict[str, Any]]:
        self.count += 1
        return [record for record in self.records if record.get(field) == value]


def other(record_id: str, state: str, **fields: Any) -> dict[str, Any]:
    return {**fields, "_id": record_id, "_state": state, "_number": None}


def with_rule(catalog: Catalog, rule: str, *fields: Field) -> RecordType:
    loan = catalog.record_type("lending.loan")
    first, *sections = loan.sections
    sections = [msgspec.structs.replace(first, fields=(*first.fields, *fields)), *sections]
    return msgspec.structs.replace(loan, sections=tuple(sections), rules=(Message(rule, L),))


def is_broken(catalog: Catalog, context: EntryContext, rule: str, *fields: Field, **known: Any) -> bool:
    entry = RecordEntry(with_rule(catalog, rule, *fields), catalog, context, **known)
    return entry.problem("") is not None


ONE_EACH = 'records("lending.loan", "borrower", borrower).filter(r, r._state == "lent").size() == 0'


@pytest.mark.parametrize(
    ("found", "own", "broken"),
    [
        ([other("b", "lent", borrower="old")], "a", True),
        ([other("b", "lent", borrower="old")], "b", False),  # the record itself
        ([other("b", "returned", borrower="old")], "a", False),
        ([other("b", "lent", borrower="child")], "a", False),
        ([], None, False),
    ],
)
def test_a_rule_sees_the_other_records(
    catalog: Catalog, context: EntryContext, found: list[dict[str, Any]], own: str | None, broken: bool
) -> None:
    around = msgspec.structs.replace(context, find=Asked(*found))
    assert is_broken(catalog, around, ONE_EACH, fields={"borrower": "old"}, id=own) is broken


def test_a_field_the_other_record_does_not_have_is_null(catalog: Catalog, context: EntryContext) -> None:
    around = msgspec.structs.replace(context, find=Asked(other("b", "lent", borrower="old")))
    rule = 'records("lending.loan", "borrower", borrower).all(r, r.code != null)'
    assert is_broken(catalog, around, rule, fields={"borrower": "old"})


@pytest.mark.parametrize("size", ["== 0", "> 0"])
def test_where_nothing_can_be_asked_no_rule_blocks(catalog: Catalog, context: EntryContext, size: str) -> None:
    rule = f'records("lending.loan", "borrower", borrower).size() {size}'
    assert not is_broken(catalog, context, rule, fields={"borrower": "old"})


def test_the_store_is_asked_once_and_again_after_recalculating(catalog: Catalog, context: EntryContext) -> None:
    asked = Asked()
    around = msgspec.structs.replace(context, find=asked)
    entry = RecordEntry(with_rule(catalog, ONE_EACH), catalog, around, fields={"borrower": "old"})
    entry.problems()
    assert asked.count == 1
    asked.records = (other("b", "lent", borrower="old"),)
    entry.recalculate()
    assert asked.count == 2
    assert entry.problem("") is not None


def test_id_is_the_records_own(catalog: Catalog, context: EntryContext) -> None:
    assert is_broken(catalog, context, 'id != "a"', fields={}, id="a")
    assert not is_broken(catalog, context, "id == null", fields={})


def test_chosen_reads_the_choice_in_the_field(catalog: Catalog, context: EntryContext) -> None:
    size = Field(
        name="size",
        type="one_of",
        label=L,
        choices=(Choice("s", L, {"most": 2}), Choice("l", L, {"most": 9}), Choice("none", L)),
    )
    most = Field(name="most", type="int", label=L, calculate='chosen("size", "most")')
    entry = RecordEntry(with_rule(catalog, "true", size, most), catalog, context)
    seen = []
    for code in ("s", "l", "none", None):
        entry.set("size", code)
        seen.append(entry.get("most"))
    assert seen == [2, 9, None, None]


DAYS = st.dates().map(lambda day: day.isoformat())


@given(st.sampled_from(["draft", "in_force", "ended"]), st.sets(st.sampled_from("abc")), DAYS, DAYS, DAYS)
def test_a_delegation_holds_in_its_states_for_its_powers_within_its_days(
    state: str, powers: set[str], first: str, last: str, day: str
) -> None:
    found = {"_state": state, "powers": sorted(powers), "from": first, "until": last}
    assert holds(REGISTER, found, "a", day) == (state == "in_force" and "a" in powers and first <= day <= last)


def test_delegated_asks_for_the_acting_officer(catalog: Catalog, context: EntryContext) -> None:
    given = other("d", "in_force", to="o-clerk", powers=["books"], **{"from": "2026-01-01", "until": "2026-12-31"})
    around = msgspec.structs.replace(context, find=Asked(given))
    delegating = msgspec.structs.replace(catalog, delegations=REGISTER)
    assert not is_broken(delegating, around, 'delegated("books")')
    assert is_broken(delegating, around, 'delegated("keys")')
    assert not is_broken(catalog, around, 'delegated("keys")')  # no such register in the catalogue

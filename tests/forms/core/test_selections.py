"""Choosing other records beside the rule engine says what the engine says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forms.definition import Catalog
from forms.expressions import Expression, Variables
from forms.functions import RuleSurroundings, rule_functions
from forms.record_functions import OtherRecords
from forms.selections import NAMES, taken_out

ASKED = 'records("lending.loan", "borrower", borrower)'
RULES = (
    f'{ASKED}.filter(r, r._state == "lent").size() == 0',
    f"{ASKED}.filter(r, r.fee > fee).size()",  # no answer of a record without a fee
    f'state == "void" || {ASKED}.filter(r, r.fee > fee).size() == 0',
    f'{ASKED}.filter(r, r.fee > fee).size() == 0 || state == "void"',
    f"{ASKED}.filter(r, r.kind == kind && r._id != id).map(r, r.fee)",
    f"sum({ASKED}.filter(loan, loan.kind == kind).map(loan, coalesce(loan.fee, 0)))",
    f'{ASKED}.filter(r, r.kind in ["book", "01"])[0].fee',
    f"{ASKED}.filter(r, r.fee > fee && r.kind == kind).map(r, r._id)",
    f"{ASKED}.filter(r, r.fee == fee - 1 && r.kind == kind)[0]._id",
    f"{ASKED}.filter(r, r.kind == fee).size()",
    f"{ASKED}.filter(r, r.kind).size()",  # neither true nor false
    f"{ASKED}.filter(r, r.nothing == 1).size()",  # a field they have not
    f'{ASKED}.filter(r, r.kind == "a.filter(r, r.kind)").size() + {ASKED}.filter(r, r.fee != null).size()',
    f"{ASKED}.filter(r, lines != null && lines.exists(l, l.amount == r.fee)).size()",
    f"lines.filter(l, {ASKED}.filter(r, r.fee == l.amount).size() > 0).size()",  # it reads what is bound outside
    f"{ASKED} == null ? 0 : {ASKED}.filter(r, [1, 2].exists(n, n == r.fee)).size()",
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "fee": st.none() | st.integers(0, 3) | st.just(True),
    "kind": st.sampled_from([None, "book", "01"]),
    "_state": st.sampled_from(["lent", "returned"]),
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), max_size=5)


@example(
    rule=RULES[1],
    rows=[{"fee": 0, "kind": None, "_state": "lent"}],
    asking=[{"fee": 1, "kind": None}, {"fee": True, "kind": None}],
    state="lent",
    lines=None,
)
@given(
    rule=st.sampled_from(RULES),
    rows=ROWS,
    asking=st.lists(st.fixed_dictionaries({"fee": VALUES["fee"], "kind": VALUES["kind"]}), min_size=1, max_size=3),
    state=st.sampled_from(["lent", "void"]),
    lines=st.none() | st.lists(st.fixed_dictionaries({"amount": st.integers(0, 3)}), max_size=2),
)
def test_it_says_what_the_engine_says(
    catalog: Catalog, rule: str, rows: list[dict[str, Any]], asking: list[dict[str, Any]], state: str, lines: Any
) -> None:
    records = [{**row, "_id": str(place), "_number": None} for place, row in enumerate(rows)]
    others = OtherRecords(lambda *_: records, catalog, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    others.wanted = frozenset({"fee", "kind"})
    functions = rule_functions(RuleSurroundings(others=others.functions()))
    names = ("borrower", "fee", "kind", "id", "state", "lines")
    ours, engines = (Variables({}, functions=functions, names=names) for _ in range(2))
    others.variables, engines.selects = ours, False
    expression = Expression(rule)
    for values in asking:  # one after the other, as an officer types
        for name, value in {**values, "borrower": "old", "id": "1", "state": state, "lines": lines}.items():
            ours.set(name, value)
            engines.set(name, value)
        assert ours.selects
        assert expression.evaluate(ours) == expression.evaluate(engines)


def test_what_changed_in_the_store_is_seen_once_it_is_asked_anew(catalog: Catalog) -> None:
    records: list[dict[str, Any]] = []
    others = OtherRecords(lambda *_: list(records), catalog, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    functions = rule_functions(RuleSurroundings(others=others.functions()))
    others.variables = Variables({"borrower": "old"}, functions=functions, names=("borrower",))
    rule = Expression(f'{ASKED}.filter(r, r._state == "lent").size()')
    assert rule.evaluate(others.variables) == 0
    records.append({"_id": "1", "_state": "lent", "_number": None})
    assert rule.evaluate(others.variables) == 0  # remembered
    others.forget()
    assert rule.evaluate(others.variables) == 1


@pytest.mark.parametrize("rule", RULES)
def test_a_selection_is_taken_out_where_it_can_stand_alone(rule: str) -> None:
    assert any(f"{name}(" in taken_out(rule, lambda _: True) for name in NAMES)


@pytest.mark.parametrize(
    "rule",
    [
        ASKED,
        f"{ASKED}.exists(r, r.fee == 1)",
        f"{ASKED}.filter(r, has(r.fee)).size()",
        f"{ASKED}.filter(r, r in lines).size()",
        f"{ASKED}.filter(r, r.kind == 'x'",
        f'"{ASKED!r}.filter(r, true)" == kind',
        f"my_{ASKED}.filter(r, true)",
    ],
)
def test_what_is_more_than_fields_of_a_record_stays_as_it_is(rule: str) -> None:
    assert taken_out(rule, lambda _: True) == rule

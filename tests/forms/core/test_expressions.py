from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.calendar import WorkCalendar
from forms.expressions import Expression, ExpressionError, Variables
from forms.functions import RULE_FUNCTIONS, RuleSurroundings, rule_functions
from forms.office_definition import DatedValue

AROUND = RuleSurroundings(
    now=lambda: datetime(2026, 11, 22, 18, 30, tzinfo=UTC),  # the 23rd in Hanoi
    calendar=WorkCalendar(),
    resolve={"p": {"name": "An", "home": {"unit": "00070"}}}.get,
    dated_values=(DatedValue("fee", 1, "2020-01-01", "2025-12-31"), DatedValue("fee", 2, "2026-01-01")),
    label={"kind": "Sách"}.get,
)


def value(text: str, **values: Any) -> Any:
    return Expression(text).evaluate(Variables(values, functions=rule_functions(AROUND)))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("a + b", 3), ("a > null", None), ("n == null", True), ("n > 1", None), ("n + 1", None), ("nowhere", None),
        ("1 / 0", None), ("items.map(r, r.x)", [1, 2]), ("sum(items.map(r, r.x))", 3), ("n.x", None),
        ("today()", "2026-11-23"), ("now()", "2026-11-22T18:30:00Z"), ("local_date(now())", "2026-11-23"),
        ("local_time(now())", "01:30"), ("days_between('2026-01-01', '2026-03-01')", 59),
        ("days_between(n, '2026-03-01')", None), ("add_days('2026-02-28', 1)", "2026-03-01"),
        ("add_months('2026-01-31', 1)", "2026-02-28"), ("add_years('2024-02-29', 1)", "2025-02-28"),
        ("year('1950-03')", 1950), ("age('2012-02-29', '2026-02-28')", 13), ("age('1950', '2026-01-01')", 76),
        ("age('1950-12', '2026-11-30')", 75), ("is_working_day('2026-11-22')", False),
        ("add_working_days('2026-11-20', 1)", "2026-11-23"), ("due('2026-11-20', 1, 'working_day')", "2026-11-23T10:00:00Z"),
        ("due('2026-11-20', 1, 'moon')", None), ("look('p', 'home.unit')", "00070"), ("look('q', 'name')", None),
        ("look(n, 'name')", None), ("dated('fee', '2025-12-31')", 1), ("dated('fee', '2026-06-01')", 2),
        ("dated('fee', '2019-01-01')", None), ("dated('nothing', '2026-01-01')", None), ("least(3, 2)", 2),
        ("greatest('a', 'b')", "b"), ("least(3, n)", None), ("coalesce(n, 'x')", "x"), ("length('Đặng')", 4),
        ("fold('Đặng')", "dang"), ("upper('đặng')", "ĐẶNG"), ("text(5)", "5"), ("text(true)", "true"),
        ("words(1015)", "Một nghìn không trăm mười lăm đồng"), ("show_money(8000)", "8.000 đồng"),
        ("show_date('2026-11-22')", "22/11/2026"), ("label('kind')", "Sách"), ("sum(['1.5', 2])", "3.5"),
        ("sum([])", 0), ("words(n)", None), ("length(5)", None), ("least()", None), ("upper('a', 'b')", None),
    ],
)  # fmt: skip
def test_rules(text: str, result: Any) -> None:
    assert value(text, a=1, b=2, n=None, items=[{"x": 1}, {"x": 2}]) == result


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


@given(st.sampled_from(sorted(RULE_FUNCTIONS)), st.lists(ANYTHING, max_size=4))
def test_functions_never_raise(name: str, arguments: list[Any]) -> None:
    rule_functions(AROUND)[name](*arguments)


def test_every_function_of_the_table_is_there_and_no_other() -> None:
    assert rule_functions(AROUND).keys() == RULE_FUNCTIONS.keys()


def test_setting_a_variable_is_seen_by_the_next_evaluation() -> None:
    variables = Variables({"a": 1, "rows": [{"x": 1}]}, functions={})
    total, count = Expression("a + 1"), Expression("rows == null ? 0 : size(rows)")
    assert (total.evaluate(variables), count.evaluate(variables)) == (2, 1)
    variables.set("a", None)
    variables.set("rows", None)
    assert (total.evaluate(variables), count.evaluate(variables)) == (None, 0)
    variables.set("rows", [{"x": 1}, {"x": 2}])
    assert count.evaluate(variables) == 2


def test_what_a_rule_reads() -> None:
    rule = Expression("row.price > 0 && kinds.exists(k, k == row.kind) && label('sort') == 'row.x' && length(name) > 1")
    assert rule.unbound == {"row__price", "row__kind", "kinds", "name"}
    assert "sort" in rule.reads
    assert "length" in rule.functions


@pytest.mark.parametrize("text", ["a +", "", "a b", "'open", "due(a,"])
def test_a_mistake_in_a_rule_names_its_place(text: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        Expression(text)
    assert wrong.value.reason[0].isdigit()

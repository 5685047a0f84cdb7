"""Rules of a report say what the rule engine says of each record, in whatever order they are asked, and no record is read twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.expressions import Expression, Variables
from forms.report_rules import hold
from forms.report_scan import Scan
from forms.report_windows import window_of
from forms.reports import ReportContext, Trace, compute, compute_windows
from forms.rule_text import parts_of

from .conftest import PEOPLE
from .test_reports import RECORDS, TODAY, Row

MOMENTS = st.sampled_from([None, "2026-10-20T02:00:00Z", "2026-11-14T17:00:00Z", "2026-11-14T16:59:00Z", "soon"])
RULES = (
    'state == "lent"',
    'state in ["lent", "returned"] && local_date(begun_at) >= from_date && fee > 3',
    "fee > 3 || local_date(coalesce(begun_at, returned_at, now())) <= to_date",
    "local_date(coalesce(begun_at, now())) <= to_date && !(kind == null)",
    'fee > 3 ? local_date(begun_at) < today() : kind == "01 && 02"',
    'coalesce(look(borrower, "dob"), "x") == "1950" && coalesce(fee, 0) >= 0',
    "lines.exists(kind, kind.amount > 0) && add_days(from_date, 3) < to_date",
    "lines != null && size(lines) > 1",
    'label("kind") != null',
    "fee",
    "coalesce(fee, 1.5)",
    "text(coalesce(fee, 0)) + part(kind, 0, 1)",
)
RECORD = st.builds(
    Row,
    st.just("r"),
    st.sampled_from(["lent", "returned", "void"]),
    st.fixed_dictionaries(
        {
            "begun_at": MOMENTS,
            "returned_at": MOMENTS,
            "kind": st.sampled_from([None, "book", "01"]),
            "fee": st.sampled_from([None, 0, 1, True, 5, 5.0]),
            "borrower": st.sampled_from([None, "old", "child", "gone"]),
            "lines": st.none() | st.lists(st.fixed_dictionaries({"amount": st.integers(0, 2)}), max_size=2),
        }
    ),
)


def context(records: Any = lambda *_: RECORDS) -> ReportContext:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return ReportContext(records=records, resolve=PEOPLE.get, calendar=WorkCalendar(), now=lambda: now)


@given(records=st.lists(RECORD, min_size=1, max_size=6), rules=st.permutations(RULES))
def test_every_rule_says_what_the_engine_says(catalog: Catalog, records: list[Row], rules: list[str]) -> None:
    scan = Scan(catalog.record_type("lending.loan"), catalog, context())
    windows = [window_of(catalog.tool_of("lending.loan").reports[0], key, TODAY) for key in ("2026-11", "2026-10")]
    made = [(text, scan.rule(text), scan.all_of(text)) for text in rules]
    for record in records:
        scan.show(record)
        for window in windows:
            scan.enter(window)
            known = {"from_date": window.from_date, "to_date": window.to_date, "state": record.state, **record.fields}
            variables = Variables(known, functions=scan.functions)
            for text, rule, parts in made:
                expected = Expression(text).evaluate(variables)
                assert rule.value() == expected and type(rule.value()) is type(expected)
                assert hold(parts) is (expected is True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", 1),
        ("a && b && (c && d)", 3),
        ("a && b || c", 1),
        ("a ? b && c : d", 1),
        ('a == "x && y" && b', 2),
        ("[a && b][0] && {1: c || d}[1]", 2),
    ],
)
def test_a_row_of_conditions_is_parted(text: str, parts: int) -> None:
    assert len(parts_of(text)) == parts
    assert "&&".join(parts_of(text)) == text


def test_two_windows_at_once_are_the_two_alone(catalog: Catalog) -> None:
    report = catalog.tool_of("lending.loan").reports[0]
    windows = [window_of(report, key, TODAY) for key in ("2026-12", "2026-11")]
    together: list[Trace] = [{}, {}]
    both = compute_windows("lending", report, catalog, windows, context(), traces=together)
    for found, trace, one in zip(both, together, windows, strict=True):
        alone: Trace = {}
        assert found == compute("lending", report, catalog, one, context(), trace=alone)
        assert trace == alone


def test_each_type_is_gone_through_once(catalog: Catalog) -> None:
    asked: Counter[str] = Counter()

    def records(type_id: str, *_: Any) -> tuple[Row, ...]:
        asked[type_id] += 1
        return RECORDS

    report = catalog.tool_of("lending.loan").reports[0]
    assert len(report.tables) > 1
    compute("lending", report, catalog, window_of(report, "2026-11", TODAY), context(records))
    assert asked == {"lending.loan": 1}

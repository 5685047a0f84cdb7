"""Titles that run as plain Python say exactly what CEL would."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.expressions import Expression, Variables
from forms.functions import RuleSurroundings, rule_functions
from forms.loader import load_catalog
from forms.titles import evaluated, plain_texts
from forms.vietnamese import fold, fold_words

FUNCTIONS = rule_functions(
    RuleSurroundings(resolve=lambda key: {"full_name": "Nguyễn", "name": "Tổ", "code": 3} if key == "id1" else None)
)
CATALOG = load_catalog()
TITLES = sorted({text for t in CATALOG.record_types for text in (t.title, t.subtitle) if text})
VALUES = st.sampled_from(
    [None, "", "A  b", "Đỗ", "2026-11-22", "2026-11-22T01:00:00Z", 3, 2.5, True, {"detail": "x y"}, {}, ["a"], "id1"]
)


@pytest.mark.parametrize("text", TITLES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_plain_and_cel_agree(text: str, data: Any) -> None:
    agree(text, data)


def agree(text: str, data: Any) -> None:
    expression = Expression(text)
    each = st.fixed_dictionaries(dict.fromkeys(sorted(expression.reads), VALUES))
    rows = data.draw(st.lists(each, min_size=1, max_size=3))
    plain = plain_texts(text, expression.reads, FUNCTIONS)
    assert plain is not None, "a title this slow should be made simpler"
    assert plain(rows) == [by_cel(expression, values) for values in rows]


def by_cel(expression: Expression, values: dict[str, Any]) -> str:
    variables = Variables({}, functions=FUNCTIONS, names=expression.reads)
    for name, value in values.items():
        variables.set(name, value)
    return evaluated(expression, variables)


@settings(deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    "text",
    [
        'a == null || b == a ? "" : text(a) + "–" + b',
        'a == null || b != 3 || a == b ? a : "x"',
        "\"'\" + a + '\"' + b",
        'a + ("(" + b + ")")',
        'a - 1 == b ? "{a}" : "{b}"',
        "a.detail + b",
    ],
)
def test_what_is_written_as_python_says_the_same(text: str, data: Any) -> None:
    agree(text, data)


@pytest.mark.parametrize("text", ["(" * 300 + '"a"' + ")" * 300, 'a.b == 1 || true ? "x" : "y"', '"a" in b'])
def test_what_cannot_be_written_as_python_is_left_to_cel(text: str) -> None:
    assert plain_texts(text, {"a", "b"}, FUNCTIONS) is None


@given(st.text("aĐđ ấẤ1-.,\tz\u0301ẞ·", max_size=30))
def test_folding_by_words_is_folding(text: str) -> None:
    assert [word for word in fold_words(text) if word] == fold(text).split()

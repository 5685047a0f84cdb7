"""XPath as survey authors write it means the same in CEL, or is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.expressions import Expression, Variables
from forms.functions import RuleSurroundings, rule_functions
from forms.xlsform_rules import Ref, Surroundings, translated
from forms.xlsform_words import NotCarried

QUESTIONS = {
    "n": Ref("n", "int"), "k": Ref("k", "int"), "w": Ref("w", "decimal"), "s": Ref("s", "one_of"), "m": Ref("m", "many_of"),
    "t": Ref("t", "str"), "d": Ref("d", "date"), "b": Ref("b", "bool"), "c": Ref("c", "int", "g"), "g": Ref("g", "group"),
}  # fmt: skip
VALUES: dict[str, Any] = {
    "n": 20, "k": 3, "w": "2.5", "s": "1", "m": ["a", "b"], "t": "Đường", "d": "2026-01-31", "b": True,
    "g": [{"_id": "1", "c": 4}, {"_id": "2", "c": None}],
}  # fmt: skip
AROUND = Surroundings(QUESTIONS, QUESTIONS["n"])


def evaluated(text: str, *, condition: bool, **changes: Any) -> Any:
    values = {**VALUES, **changes}
    cel = translated(text, AROUND, condition=condition).text
    return Expression(cel).evaluate(Variables(values, functions=rule_functions(RuleSurroundings())))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (". > 18 and . < 30", True),
        ("${n} = 20", True),
        ("${n} = '20'", True),
        ("${w} > 2", True),
        ("${w} = 2.5", True),
        ("${w} * 2 = 5", True),
        ("${s} = 1", True),
        ("${s} != '1'", False),
        ("selected(${m}, 'a') and not(selected(${m}, 'c'))", True),
        ("count-selected(${m}) = 2", True),
        ("${t} = 'Đường' or false()", True),
        ("string-length(${t}) = 5", True),
        ("regex(${t}, 'Đ.*')", True),
        ("regex(${t}, 'Đ')", False),
        ("${d} < '2026-02-01'", True),
        ("${d} + 1 = date('2026-02-01')", True),
        ("${d} - date('2026-01-01') = 30", True),
        ("${b} = 'OK'", True),
        ("${n} mod ${k} = 2", True),
        ("${n} div 8 = 2.5", True),
        ("int(${n} div 8) = 2", True),
        ("round(2.5) = 3", True),
        ("round(${w} div 3, 2) = 0.83", True),
        ("sum(${c}) = 4 and count(${g}) = 2", True),
        ("coalesce(${t}, 'x') = 'Đường'", True),
        ("concat(${t}, '-', ${n}) = 'Đường-20'", True),
        ("if(${n} > 18, 'a', 'b') = 'a'", True),
        ("contains(${t}, 'ườ') and starts-with(${t}, 'Đ')", True),
        ("max(${n}, ${k}) = 20 and min(${n}, ${k}) = 3", True),
        ("substr(${t}, 0, 1) = 'Đ'", True),
        ("format-date(${d}, '%d/%m/%Y') = '31/01/2026'", True),
        ("1 + 2 * 3 = 7 and (1 + 2) * 3 = 9 and 7 - 2 - 1 = 4 and -1 < 0", True),
        ("../n = 20 and /data/part/k = 3", True),
    ],
)
def test_an_expression_means_the_same(text: str, expected: bool) -> None:
    assert evaluated(text, condition=True) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${n} > 18", False),
        ("not(${n} > 18)", True),
        ("${n} = ''", True),
        ("${n} != ''", False),
        ("${n} = 20", False),
        ("${s} = '1'", False),
        ("${m} = ''", True),
        ("selected(${m}, 'a')", False),
        ("not(selected(${m}, 'a'))", True),
        ("count-selected(${m}) = 0", True),
        ("count(${g}) = 0 and sum(${c}) = 0", True),
        ("string-length(${t}) = 0", True),
        ("${d} > '2026-01-01' or ${k} = 3", True),
        ("concat(${t}, 'x') = 'x'", True),
        ("coalesce(${t}, 'x') = 'x'", True),
    ],
)
def test_an_empty_answer_is_empty_text_and_no_number(text: str, expected: bool) -> None:
    nothing = dict.fromkeys(("n", "w", "s", "m", "t", "d", "b", "g"))
    assert evaluated(text, condition=True, **nothing) is expected


@pytest.mark.parametrize(
    "text",
    ["pulldata('a', 'b')", "${nobody} = 1", "position(..) = 1", "${n} >", "'open", "max(${c})", "regex(., '(?=x)y')", "sin(1)",
     "", "if(${n})", "${n} = 'abc'", "${m} = ${t}"],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(NotCarried) as refused:
        translated(text, AROUND)
    assert refused.value.label.vi
    assert refused.value.label.en


WORDS = ["${n}", "${w}", "${s}", "${m}", "${t}", "${d}", "${b}", "${c}", "${g}", ".", "..", "'a'", "1", "2.5", "(", ")", ",", "+",
         "-", "*", "div", "mod", "=", "!=", "<", ">=", "and", "or", "not(", "if(", "selected(", "sum(", "today()", "round(",
         "concat(", "coalesce(", "regex(", "int(", "string-length(", "max(", "date(", "/", "name", "\\", '"', "Đ"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_any_text_is_a_rule_or_refused_and_never_something_else(words: list[str]) -> None:
    try:
        cel = translated(" ".join(words), AROUND)
    except NotCarried:
        return
    Expression(cel.text)

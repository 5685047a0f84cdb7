"""What a record is called: its type's ``title`` and ``subtitle``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from forms.expressions import Expression, Functions, Variables
from forms.plan import FormPlan

Values = Mapping[str, Any]
Part = Callable[[Values], Any]
_TEXTS = frozenset({"text", "longtext", "code"})
_LONGEST = 120  # characters of a text that stands in for a title
_NAME = r"[A-Za-z_]\w*"
_TOKEN = re.compile(rf"\s*(?:(\"[^\"\\]*\"|'[^'\\]*')|({_NAME}(?:\.{_NAME})*)|(\d+)(?![\w.])|(==|!=|[(),+?:<>-](?!=)))")
_CONSTANTS = {"null": None, "true": True, "false": False}
_RESERVED = frozenset({"in"})


def name_record(plan: FormPlan, variables: Variables, fields: Values) -> tuple[str, str]:
    """(title, subtitle). Without a usable title the first text that the search box finds it by, then the type's name."""
    title = evaluated(plan.title, variables) or fallback(plan, fields)
    return title, evaluated(plan.subtitle, variables) if plan.subtitle else ""


def evaluated(expression: Expression, variables: Variables) -> str:
    """The text an expression gives, on one line; "" when it gives none."""
    return _line(expression.evaluate(variables))


def fallback(plan: FormPlan, fields: Values) -> str:
    """What stands for a title that came out empty."""
    for field in plan.record_type.fields:
        value = fields.get(field.name) if field.search and field.type in _TEXTS else None
        if isinstance(value, str) and value:
            return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return plan.record_type.label.vi


def plain_text(text: str, names: Collection[str], functions: Functions) -> Callable[[Values], str] | None:
    """A title expression as plain Python, which costs a tenth of what CEL does; None for one that is more than names,
    texts, whole numbers, calls, ``+``, one comparison and choices by it. ``names``: those that have a value; every other one is null."""
    try:
        part = _Reader(text, names, functions).whole()
    except _NotPlainError:
        return None

    def evaluate(values: Values) -> str:
        try:
            return _line(part(values))
        except (KeyError, TypeError):  # where CEL finds no such member, or adds a null
            return ""

    return evaluate


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


class _NotPlainError(Exception):
    """The expression needs CEL."""


class _Reader:
    """Reads an expression that CEL has compiled before: what is not well formed never comes here."""

    def __init__(self, text: str, names: Collection[str], functions: Functions) -> None:
        self._names = names
        self._functions = functions
        self._tokens: list[tuple[str, str, str, str]] = []
        place, text = 0, text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _NotPlainError(text)
            self._tokens.append((found[1] or "", found[2] or "", found[3] or "", found[4] or ""))
            place = found.end()
        self._tokens.reverse()  # the next one is at the end

    def whole(self) -> Part:
        part = self._choice()
        if self._tokens:
            raise _NotPlainError(str(self._tokens[-1]))
        return part

    def _choice(self) -> Part:
        """``condition ? a : b``; only the chosen side is looked at."""
        condition = self._comparison()
        if not self._take("?"):
            return condition
        yes = self._choice()
        self._mark(":")
        no = self._choice()

        def choose(values: Values) -> Any:
            met = condition(values)
            if met is not True and met is not False:
                raise TypeError(met)
            return yes(values) if met else no(values)

        return choose

    def _comparison(self) -> Part:
        left = self._sum()
        for mark, compare in _COMPARISONS.items():
            if self._take(mark):
                right = self._sum()
                return lambda values: compare(left(values), right(values))
        return left

    def _sum(self) -> Part:
        first = self._term()
        if self._take("-"):
            less = self._term()
            return lambda values: _added([first(values), -_whole(less(values))])
        parts = [first]
        while self._take("+"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda values: _added([part(values) for part in parts])

    def _term(self) -> Part:
        if self._take("("):
            inner = self._choice()
            self._mark(")")
            return inner
        literal, name, number, _ = self._tokens.pop() if self._tokens else ("", "", "", "")
        if literal:
            text = literal[1:-1]
            return lambda values: text
        if number:
            amount = int(number)
            return lambda values: amount
        if name in _CONSTANTS:
            constant = _CONSTANTS[name]
            return lambda values: constant
        if not name or name in _RESERVED:
            raise _NotPlainError(name)
        if self._tokens and self._tokens[-1][3] == "(":
            return self._call(name)
        return self._value(name)

    def _value(self, name: str) -> Part:
        first, *members = name.split(".")
        known = first in self._names
        if not members:
            return (lambda values: values.get(first)) if known else (lambda values: None)

        def member(values: Values) -> Any:
            value = values.get(first) if known else None
            for step in members:
                value = value[step]  # type: ignore[index]
            return value

        return member

    def _call(self, name: str) -> Part:
        function = self._functions.get(name)
        if function is None:
            raise _NotPlainError(name)
        self._mark("(")
        parts = [self._choice()]
        while self._take(","):
            parts.append(self._choice())
        self._mark(")")
        return lambda values: function(*[part(values) for part in parts])

    def _take(self, mark: str) -> bool:
        if self._tokens and self._tokens[-1][3] == mark:
            self._tokens.pop()
            return True
        return False

    def _mark(self, mark: str) -> None:
        if not self._take(mark):
            raise _NotPlainError(mark)


def _added(values: list[Any]) -> Any:
    """Texts are joined and whole numbers added; anything else CEL refuses."""
    if all(isinstance(value, str) for value in values):
        return "".join(values)
    if all(type(value) is int for value in values) or all(type(value) is float for value in values):
        return sum(values)
    raise TypeError(values)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def _more(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        raise TypeError(left)
    return bool(left > right)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    ">": _more,
    "<": lambda left, right: _more(right, left),
}

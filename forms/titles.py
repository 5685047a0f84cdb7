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
_TOKEN = re.compile(rf"\s*(?:(\"[^\"\\]*\"|'[^'\\]*')|({_NAME}(?:\.{_NAME})*)|([(),+]))")
_RESERVED = frozenset({"true", "false", "null", "in"})


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
    texts, calls and ``+``. ``names``: those that have a value; every other one is null."""
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
        self._tokens: list[tuple[str, str, str]] = []
        place, text = 0, text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _NotPlainError(text)
            self._tokens.append((found[1] or "", found[2] or "", found[3] or ""))
            place = found.end()
        self._tokens.reverse()  # the next one is at the end

    def whole(self) -> Part:
        """One term, or texts that are joined. Only here: inside a call ``+`` may add numbers."""
        parts = [self._term()]
        while self._tokens:
            self._mark("+")
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else lambda values: "".join([part(values) for part in parts])

    def _term(self) -> Part:
        literal, name, _ = self._tokens.pop() if self._tokens else ("", "", "")
        if literal:
            text = literal[1:-1]
            return lambda values: text
        if not name or name in _RESERVED:
            raise _NotPlainError(name)
        if self._tokens and self._tokens[-1][2] == "(":
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
        parts: list[Part] = []
        while not parts or self._tokens[-1:] == [("", "", ",")]:
            if parts:
                self._mark(",")
            parts.append(self._term())
        self._mark(")")
        return lambda values: function(*[part(values) for part in parts])

    def _mark(self, mark: str) -> None:
        if not self._tokens or self._tokens.pop()[2] != mark:
            raise _NotPlainError(mark)

"""What a record is called: its type's ``title`` and ``subtitle``."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from forms.expressions import Expression, Functions, Variables
from forms.plan import FormPlan

Values = Mapping[str, Any]
Texts = Callable[[Sequence[Values]], list[str]]
"""What an expression gives, of many."""
_Parts = Callable[..., list[Any]]
_TEXTS = frozenset({"text", "longtext", "code"})
_LONGEST = 120  # characters of a text that stands in for a title
_NAME = r"[A-Za-z_]\w*"
_TOKEN = re.compile(
    rf"\s*(?:(\"[^\"\\]*\"|'[^'\\]*')|({_NAME}(?:\.{_NAME})*)|(\d+)(?![\w.])|(==|!=|\|\||[(),+?:<>-](?!=)))"
)
_CONSTANTS = {"null": None, "true": True, "false": False}
_RESERVED = frozenset({"in"})
_FAILING = ("[", "called_", "join(", "added(", "met(", "more(", "less(")


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


def plain_texts(text: str, names: Collection[str], functions: Functions) -> Texts | None:
    """A title expression as one Python expression, which costs a twentieth of what CEL does; None for one that is more than
    names, texts, whole numbers, calls, ``+``, comparisons and choices by them. ``names``: those that have a value; every
    other one is null."""
    try:
        reader = _Reader(text, names, functions)
        part = reader.whole()
        columns = ", ".join(f"column_{place}" for place in range(len(reader.columns)))
        values = ", ".join(f"value_{place}" for place in range(len(reader.columns)))
        each = f"for {values}, in zip({columns})" if values else "for _ in range(count)"
        source = f"lambda count, {columns}: [{part} {each}]"
        # made of this module's own words: what the expression brings stands in it as quoted texts and digits alone
        parts: _Parts = eval(source, {"__builtins__": {}, **_WORDS, **reader.called})  # noqa: S307
    except (_NotPlainError, SyntaxError, RecursionError, MemoryError):  # the others: nested too deeply
        return None
    columns_of = list(reader.columns)

    def evaluate(rows: Sequence[Values]) -> list[str]:
        try:
            return _lines(parts(len(rows), *[[values.get(name) for values in rows] for name in columns_of]))
        except (KeyError, TypeError):  # where CEL finds no such member, or adds a null
            return [""] if len(rows) == 1 else [evaluate([values])[0] for values in rows]

    return evaluate


def _line(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _lines(values: list[Any]) -> list[str]:
    """``_line`` of each; nearly always all are one already."""
    if set(map(type, values)) == {str}:
        whole = f"|{'|'.join(values)}|"
        # white space but the plain space is not printable
        if whole.isprintable() and "  " not in whole and "| " not in whole and " |" not in whole:
            return values
    return [_line(value) for value in values]


class _NotPlainError(Exception):
    """The expression needs CEL."""


class _Reader:
    """Writes an expression that CEL has compiled before as a Python one: what is not well formed never comes here.
    ``called``: the functions in it, by the names they have there; ``columns``: what stands there for the value of a name, by the
    name."""

    def __init__(self, text: str, names: Collection[str], functions: Functions) -> None:
        self._names = names
        self._functions = functions
        self.columns: dict[str, str] = {}
        self.called: dict[str, Callable[..., Any]] = {}
        self._tokens: list[tuple[str, str, str, str]] = []
        place, text = 0, text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _NotPlainError(text)
            self._tokens.append((found[1] or "", found[2] or "", found[3] or "", found[4] or ""))
            place = found.end()
        self._tokens.reverse()  # the next one is at the end

    def whole(self) -> str:
        part = self._choice()
        if self._tokens:
            raise _NotPlainError(str(self._tokens[-1]))
        return part

    def _choice(self) -> str:
        """``condition ? a : b``; only the chosen side is looked at."""
        condition = self._either()
        if not self._take("?"):
            return condition
        yes = self._choice()
        self._mark(":")
        no = self._choice()
        return f"({yes} if met({condition}) else {no})"

    def _either(self) -> str:
        """Comparisons of which one has to hold: those alone that cannot fail, since CEL forgives a failing one."""
        parts = [self._comparison()]
        while self._take("||"):
            parts.append(self._comparison())
        if len(parts) > 1 and not all(map(_cannot_fail, parts)):
            raise _NotPlainError("||")
        return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"

    def _comparison(self) -> str:
        left = self._sum()
        for mark, compare in _COMPARISONS.items():
            if self._take(mark):
                return f"{compare}({left}, {self._sum()})"
        return left

    def _sum(self) -> str:
        first = self._term()
        if self._take("-"):
            return f"added(({first}, -whole({self._term()})))"
        parts = [first]
        while self._take("+"):
            parts.append(self._term())
        if len(parts) == 1:
            return first
        texts = any(part[0] in "\"'" for part in parts)  # then all have to be, and joining refuses what is none
        return f"{'join' if texts else 'added'}(({', '.join(parts)}))"

    def _term(self) -> str:
        if self._take("("):
            inner = self._choice()
            self._mark(")")
            return f"({inner})"
        literal, name, number, _ = self._tokens.pop() if self._tokens else ("", "", "", "")
        if literal:
            return repr(literal[1:-1])
        if number:
            return repr(int(number))
        if name in _CONSTANTS:
            return repr(_CONSTANTS[name])
        if not name or name in _RESERVED:
            raise _NotPlainError(name)
        if self._tokens and self._tokens[-1][3] == "(":
            return self._call(name)
        return self._value(name)

    def _value(self, name: str) -> str:
        first, *members = name.split(".")
        value = self.columns.setdefault(first, f"value_{len(self.columns)}") if first in self._names else "nothing"
        return value + "".join(f"[{member!r}]" for member in members)

    def _call(self, name: str) -> str:
        function = self._functions.get(name)
        if function is None:
            raise _NotPlainError(name)
        self._mark("(")
        parts = [self._choice()]
        while self._take(","):
            parts.append(self._choice())
        self._mark(")")
        called = f"called_{len(self.called)}"
        self.called[called] = function
        return f"{called}({', '.join(parts)})"

    def _take(self, mark: str) -> bool:
        if self._tokens and self._tokens[-1][3] == mark:
            self._tokens.pop()
            return True
        return False

    def _mark(self, mark: str) -> None:
        if not self._take(mark):
            raise _NotPlainError(mark)


def _cannot_fail(comparison: str) -> bool:
    return comparison.startswith(("same(", "other(")) and not any(word in comparison for word in _FAILING)


def _met(value: Any) -> bool:
    if value is not True and value is not False:
        raise TypeError(value)
    return bool(value)


def _added(values: tuple[Any, ...]) -> Any:
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


_COMPARISONS = {"==": "same", "!=": "other", ">": "more", "<": "less"}
_WORDS: dict[str, Any] = {
    "nothing": None,
    "zip": zip,
    "range": range,
    "join": "".join,
    "added": _added,
    "whole": _whole,
    "met": _met,
    "same": _same,
    "other": lambda left, right: not _same(left, right),
    "more": _more,
    "less": lambda left, right: _more(right, left),
}
"""What a plain title is written with, besides its values and functions."""

"""Rules in CEL (Common Expression Language), compiled once.

The rule language is docs/architecture.md, "Rules". ``row.name`` and ``choice.name`` become variables of their own before
compiling: turning a whole row into CEL's values costs fifty times what one value costs, and a column's rule then says
exactly which columns it reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import ref

from forms.cel_engine import engine
from forms.selections import ROWS, Selection, taken_out

Functions = Mapping[str, Callable[..., Any]]
_STRING = r"r?\"(?:\\.|[^\"\\])*\"|r?'(?:\\.|[^'\\])*'"
_MEMBER = re.compile(rf"{_STRING}|(?<![\w.])(row|choice)\.([A-Za-z_]\w*)")
_LABEL = re.compile(r"\b(?:label\(\s*[\"'](\w+)[\"']\s*\)|chosen\(\s*[\"'](row\.)?(\w+)[\"']\s*,)")
_BOUND = re.compile(r"\.\s*(?:map|filter|all|exists|exists_one)\(\s*([A-Za-z_]\w*)\s*,")
_NAME = re.compile(r"[A-Za-z]\w*")
_TELLS_TIME = frozenset({"today", "now"})
_CLOCK = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getHours", "getMinutes", "getSeconds")
_CONVERSIONS = ("string", "int", "uint", "double", "bool", "bytes", "dyn", "type", "timestamp", "duration")
_TEXTS = ("size", "contains", "startsWith", "endsWith", "matches")
LONGEST_RULE = 2000
"""Characters: the engine goes one call deeper for each term, and a full stack ends the whole program."""
STANDARD_FUNCTIONS = frozenset({*_CLOCK, *_CONVERSIONS, *_TEXTS})
"""What CEL itself brings."""


class ExpressionError(ValueError):
    """The text is no CEL expression; ``reason`` is the compiler's first complaint, with its place."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text}: {reason}")
        self.text = text
        self.reason = reason


def member(owner: str, name: str) -> str:
    """The variable that stands for ``row.name`` or ``choice.name``."""
    return f"{owner}__{name}"


def _shown(labelled: str, of_row: str, chosen: str) -> str:
    return labelled or (member("row", chosen) if of_row else chosen)


def _flat(text: str) -> str:
    return _MEMBER.sub(lambda found: member(found[1], found[2]) if found[1] else found[0], text)


def _compile(text: str) -> Any:
    if len(text) > LONGEST_RULE:
        raise ExpressionError(text[:80] + "…", f"longer than {LONGEST_RULE} characters")
    try:
        return engine.compile(_flat(text))
    except ValueError as error:
        lines = [line for line in str(error).splitlines() if "Syntax error" in line or "ERROR" in line]
        place = re.search(r"<input>:(\d+:\d+): (.*)", lines[0] if lines else str(error))
        raise ExpressionError(text, f"{place[1]} {place[2]}" if place else str(error)) from None


def _quick(text: str) -> Callable[[Any], Any] | None:
    """The rule with its selections of other records taken out (``forms.selections``); None when it has none."""
    bound = frozenset(_BOUND.findall(text))

    def stands_alone(selection: Selection) -> bool:
        try:
            rule = Expression(selection.condition)
        except ExpressionError:
            return False
        return rule.unbound.isdisjoint(bound) and "records" not in rule.functions

    flat = _flat(text)
    quick = taken_out(flat, stands_alone)
    return _compile(quick).execute if quick != flat and len(quick) <= LONGEST_RULE else None


class Expression:
    """A compiled rule. ``reads``: every name it depends on, the field of ``label("field")`` and ``chosen("field", …)`` too; ``unbound``: names that
    must be variables; ``functions``: functions it calls, operators left out."""

    __slots__ = ("_execute", "_quick", "functions", "reads", "text", "unbound")

    def __init__(self, text: str) -> None:
        program = _compile(text)
        names = frozenset(program.variables())
        self.text = text
        self.unbound = names - set(_BOUND.findall(text))
        self.reads = names | frozenset(_shown(*found) for found in _LABEL.findall(text))
        self.functions = frozenset(name for name in program.functions() if _NAME.fullmatch(name))
        self._execute = program.execute
        self._quick = _quick(text) if "records" in self.functions else None

    def evaluate(self, variables: Variables) -> Any:
        """The value, or None when it cannot be evaluated (a null where a value is needed, an unknown name)."""
        if self._quick is not None and variables.selects:
            variables.is_spoiled = False
            try:
                value = self._quick(variables.context)
            except Exception:
                value = None
            if not variables.is_spoiled:
                return value
        try:
            return self._execute(variables.context)
        except Exception:
            return None

    @property
    def tells_time(self) -> bool:
        """Whether its value changes with the clock alone."""
        return not self.functions.isdisjoint(_TELLS_TIME)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _of(variables: ref[Variables], name: str) -> Callable[..., Any]:
    """A function for the engine, which Python's collector cannot look into: what it held itself, with the whole record that
    the functions know, would never be given back."""

    def call(*arguments: Any) -> Any:
        held = variables()
        return None if held is None else held.functions[name](*arguments)

    return call


class Variables:
    """What expressions see; one per record being worked on, by one thread.

    Plain values are looked up when an expression asks for them, so that setting one costs nothing; lists of rows are
    handed over once, since converting them is dear.
    """

    __slots__ = ("__weakref__", "_known", "_lists", "_values", "context", "functions", "is_spoiled", "selects")

    def __init__(self, values: Mapping[str, Any], *, functions: Functions, names: Iterable[str] = ()) -> None:
        """``names``: further variables, null until set."""
        self._known = {*values, *names}
        self._lists: dict[str, Any] = {}
        self.functions = functions
        self.selects = ROWS in functions  # whether records can be chosen without the engine
        self.is_spoiled = False  # a selection could not be made so
        self._values: dict[str, Any] = {}
        own = ref(self)
        self.context = engine.Context(
            variables=dict.fromkeys(self._known), functions={name: _of(own, name) for name in functions}
        )
        self.context.set_variable_resolver(self._values.get)
        for name, value in values.items():
            if value is not None:
                self.set(name, value)

    def get(self, name: str) -> Any:
        """A value as it was set."""
        return self._lists[name] if name in self._lists else self._values.get(name)

    def set(self, name: str, value: Any) -> None:
        if name not in self._known:
            self._known.add(name)
            self.context.add_variable(name, None)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            self._values.pop(name, None)
            self._lists[name] = value
            self.context.add_variable(name, value)
            return
        if name in self._lists:
            del self._lists[name]
            self.context.add_variable(name, None)
        self._values[name] = value

    @property
    def plain(self) -> dict[str, Any]:
        """The plain values themselves, for whoever sets many at once. Names in it were given as ``names`` or set before."""
        return self._values

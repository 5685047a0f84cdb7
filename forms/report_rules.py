"""The rules of a report, each worked out once for the record at hand, however many tables and columns ask.

What follows from few different values (a state, a kind) is kept for all records that hold the same. Calls of functions
stand beside the rules they are in (``local_date(received_at) >= from_date``): many rules share them, and plain Python
does them faster than the rule engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from forms.definition import RecordType
from forms.expressions import Expression, Functions, Variables
from forms.rule_text import STRING

WINDOW = frozenset({"from_date", "to_date"})
LISTS = frozenset({"group", "files", "file", "refs", "many_of", "address", "signature"})
_NO_KEYS = LISTS | {"int", "money"}  # 1 and true are one key of a dictionary, and two values of a rule
_TRIED, _MOST = 512, 20_000  # answers after which keeping them must have paid, and the most that are kept
_PLACE = re.compile(rf"{STRING}|(?<![\w.])([A-Za-z]\w*)\s*\(")
_ARGUMENT = re.compile(r"\s*(?:\"([^\"\\]*)\"|'([^'\\]*)'|([A-Za-z_]\w*)(\s*\()?|(-?\d+)(?![\w.]))\s*")
_MACRO = re.compile(r"\.\s*(?:map|filter|all|exists|exists_one)\s*\(")
_CONSTANTS = {"null": None, "true": True, "false": False}
_OF_A_FIELD = frozenset({"label", "chosen"})  # they look at the record themselves


class AtHand(Protocol):
    """The record that rules are about. A turn is another number for each record, and for each window of it."""

    kind: RecordType
    record_turn: int
    window_turn: int
    variables: Variables

    def show_lists(self, names: Iterable[str]) -> None:
        """Hands lists of rows over to the rules; dear, so only when one of them is asked."""


class Call:
    """A function over values of the record, texts, whole numbers and other such calls."""

    __slots__ = ("_arguments", "_at_hand", "_function", "_turn", "_value", "reads")

    def __init__(
        self, function: Callable[..., Any], arguments: list[Callable[[], Any]], reads: frozenset[str], at_hand: AtHand
    ) -> None:
        self._function, self._arguments, self._at_hand = function, arguments, at_hand
        self.reads = reads
        self._turn, self._value = -1, None

    def value(self) -> Any:
        turn = self._at_hand.record_turn if self.reads.isdisjoint(WINDOW) else self._at_hand.window_turn
        if turn != self._turn:
            self._turn = turn
            self._value = self._function(*[argument() for argument in self._arguments])
        return self._value


class Calls:
    """Finds the calls in rules; the same call in two rules is one. ``names``: what a call may read."""

    def __init__(self, functions: Functions, names: Collection[str], at_hand: AtHand) -> None:
        self._functions, self._names, self._at_hand = functions, names, at_hand
        self._found: dict[str, tuple[str, Call]] = {}

    def taken_out(self, text: str) -> tuple[str, dict[str, Call]]:
        """The rule with names in place of its calls, and what they stand for."""
        if _MACRO.search(text):  # its variable may be called as a field is
            return text, {}
        parts, calls, done, at = [], {}, 0, 0
        while (place := _PLACE.search(text, at)) is not None:
            at = place.end()
            if place[1] is None or (read := self._read(text, place.start())) is None:
                continue
            (name, call), at = read
            calls[name] = call
            parts += [text[done : place.start()], name]
            done = at
        return "".join([*parts, text[done:]]), calls

    def _read(self, text: str, at: int) -> tuple[tuple[str, Call], int] | None:
        """The call that begins at a place, and where it ends; None for anything else that has brackets."""
        head = _PLACE.match(text, at)
        if head is None or head[1] not in self._functions or head[1] in _OF_A_FIELD:
            return None
        arguments: list[Callable[[], Any]] = []
        reads: set[str] = set()
        end = head.end()
        while text[end : end + 1] != ")":
            token = _ARGUMENT.match(text, end)
            if token is None:
                return None
            word, number = token[3], token[5]
            if word and token[4]:
                inner = self._read(text, token.start(3))
                if inner is None:
                    return None
                (_, call), end = inner
                end += len(text[end:]) - len(text[end:].lstrip())
                arguments.append(call.value)
                reads |= call.reads
            else:
                end = token.end()
                if word in _CONSTANTS or not word:
                    known = _CONSTANTS[word] if word else int(number) if number else token[1] or token[2] or ""
                    arguments.append(lambda known=known: known)  # type: ignore[misc]
                elif word in self._names:
                    get = self._at_hand.variables.plain.get
                    arguments.append(lambda name=word, get=get: get(name))  # type: ignore[misc]
                    reads.add(word)
                else:
                    return None
            if text[end : end + 1] == ",":
                end += 1
            elif text[end : end + 1] != ")":
                return None
        end += 1
        said = text[at:end]
        if said not in self._found:
            call = Call(self._functions[head[1]], arguments, frozenset(reads), self._at_hand)
            self._found[said] = f"_call_{len(self._found)}", call
        return self._found[said], end


class Rule:
    """A rule's value for the record at hand, worked out when it is first asked for."""

    __slots__ = (
        "_asked", "_at_hand", "_calls", "_expression", "_known", "_lists", "_names", "_turn", "_value", "_windowed",
    )  # fmt: skip

    def __init__(self, expression: Expression, calls: dict[str, Call], at_hand: AtHand) -> None:
        self._expression, self._at_hand = expression, at_hand
        self._calls = tuple(calls.items())
        self._names = tuple(sorted(expression.reads))
        reads = expression.reads.union(*(call.reads for call in calls.values()))
        self._windowed = not reads.isdisjoint(WINDOW)
        fields = [field for name in self._names if (field := at_hand.kind.field_map.get(name)) is not None]
        self._lists = tuple(field.name for field in fields if field.type in LISTS)
        keyed = all(field.type not in _NO_KEYS for field in fields)
        self._known: dict[tuple[Any, ...], Any] | None = {} if keyed else None
        self._asked = 0
        self._turn = -1
        self._value: Any = None

    @property
    def is_dear(self) -> bool:
        return bool(self._calls)

    def value(self) -> Any:
        turn = self._at_hand.window_turn if self._windowed else self._at_hand.record_turn
        if turn != self._turn:
            self._turn = turn
            self._value = self._found()
        return self._value

    def _found(self) -> Any:
        variables, known = self._at_hand.variables, self._known
        plain = variables.plain
        exact = known is not None
        for name, call in self._calls:
            value = plain[name] = call.value()
            exact = exact and (value is None or value.__class__ is str)
        if self._lists:
            self._at_hand.show_lists(self._lists)
        if known is None or not exact:
            return self._expression.evaluate(variables)
        key = tuple([plain.get(name) for name in self._names])
        self._asked += 1
        try:
            if key in known:
                return known[key]
        except TypeError:  # a list has no place in a dictionary
            self._known = None
            return self._expression.evaluate(variables)
        found = known[key] = self._expression.evaluate(variables)
        if len(known) > _MOST or (len(known) > _TRIED and 2 * len(known) > self._asked):
            self._known = None  # nearly every record is different here
        return found


def hold(rules: Iterable[Rule]) -> bool:
    for rule in rules:  # noqa: SIM110 (half the time of ``all`` with a generator)
        if rule.value() is not True:
            return False
    return True

"""``records(…).filter(r, …)`` without handing every record over to the rule engine.

The engine takes ten microseconds for each record it is given and copies the whole list for each one that it keeps, so that a
thousand records of one person held every keystroke up. Here such a part of a rule becomes a call of a function of ours
that asks the condition of each record in turn and hands over only what is left, or only their number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any

from msgspec import Struct

from forms.rule_text import STRING, parts_of

ROWS, COUNT, FIELD = "_chosen_rows", "_chosen_count", "_chosen_field"
NAMES = frozenset({ROWS, COUNT, FIELD})
_BEGINS = re.compile(rf"{STRING}|(?<![\w.])records\s*\(")
_FILTER = re.compile(r"\s*\.\s*filter\s*\(\s*([A-Za-z_]\w*)\s*,")
_SIZE = re.compile(r"\s*\.\s*size\(\s*\)")
_MAP = re.compile(r"\s*\.\s*map\(\s*(\w+)\s*,\s*(\w+)\.([A-Za-z_]\w*)\s*\)")
_EQUAL = r"\s*{}__([A-Za-z_]\w*)\s*==\s*([A-Za-z_]\w*(?:\s*[-+]\s*\d+)?)\s*"
_SIGN = re.compile(rf"{STRING}|[()\[\]{{}}]")


class Selection(Struct, frozen=True):
    """Which of some records are meant: a rule in which ``<variable>__<field>`` stands for a field of the record."""

    condition: str
    variable: str
    fields: tuple[str, ...]
    equal: tuple[str, str] | None = None  # a field that must equal what this short rule gives

    def named(self, field: str) -> str:
        return f"{self.variable}__{field}"


KNOWN: list[Selection] = []
"""Every selection of the rules of this program, by number."""
_numbers: dict[Selection, int] = {}
_lock = Lock()


def taken_out(text: str, admit: Callable[[Selection], bool]) -> str:
    """The rule with calls of ``NAMES`` where it can be so; ``admit`` says whether a condition can stand alone."""
    parts: list[str] = []
    done = at = 0
    while (begins := _BEGINS.search(text, at)) is not None:
        at = begins.end()
        if not begins[0].startswith("records"):
            continue
        closed = _closing(text, at)
        chain = _FILTER.match(text, closed + 1) if closed is not None else None
        ends = _closing(text, chain.end()) if chain is not None else None
        if closed is None or chain is None or ends is None:
            continue
        selection = _selection(text[chain.end() : ends], chain[1])
        if selection is None or not admit(selection):
            continue
        arguments = f"{_number(selection)}, {text[begins.end() : closed]}"
        call, at = _call(text, arguments, ends + 1)
        parts += [text[done : begins.start()], call]
        done = at
    return "".join([*parts, text[done:]])


def _call(text: str, arguments: str, end: int) -> tuple[str, int]:
    """What stands for a selection and what follows it, and where that ends."""
    if (size := _SIZE.match(text, end)) is not None:
        return f"{COUNT}({arguments})", size.end()
    mapped = _MAP.match(text, end)
    if mapped is not None and mapped[1] == mapped[2]:
        return f'{FIELD}({arguments}, "{mapped[3]}")', mapped.end()
    return f"{ROWS}({arguments})", end


def _closing(text: str, at: int) -> int | None:
    """Where the bracket that is open at a place is closed."""
    depth = 1
    for sign in _SIGN.finditer(text, at):
        depth += (sign[0] in "([{") - (sign[0] in ")]}")
        if depth == 0:
            return sign.start()
    return None


def _selection(condition: str, variable: str) -> Selection | None:
    """None where the record is more than its fields, or may lack one."""
    fields: set[str] = set()
    member = re.compile(rf"{STRING}|(?<![\w.]){variable}\.([A-Za-z_]\w*)(?!\s*\()")

    def flat(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        fields.add(found[1])
        return f"{variable}__{found[1]}"

    text = member.sub(flat, condition).strip()
    left = re.sub(STRING, "", text)
    if re.search(rf"(?<![\w.]){variable}\b(?!__)", left) or re.search(r"\bhas\s*\(", left):
        return None
    equals = re.compile(_EQUAL.format(variable))
    equal = next(((it[1], it[2]) for part in parts_of(text) if (it := equals.fullmatch(part)) is not None), None)
    if equal is not None and equal[1].startswith(f"{variable}__"):
        equal = None
    return Selection(text, variable, tuple(sorted(fields)), equal)


def _number(selection: Selection) -> int:
    with _lock:
        if selection not in _numbers:
            KNOWN.append(selection)
            _numbers[selection] = len(KNOWN) - 1
        return _numbers[selection]


class Spoiled(Exception):
    """A condition could not be judged: the rule is worked out as it is written."""


def chosen(
    selection: Selection,
    records: Sequence[Mapping[str, Any]],
    holds: Callable[[Mapping[str, Any]], Any],
) -> Iterator[Mapping[str, Any]]:
    """The records for which the condition holds. Raises Spoiled where it is neither true nor false of one of them."""
    named = [(selection.named(field), field) for field in selection.fields]
    for record in records:
        try:
            verdict = holds({name: record[field] for name, field in named})
        except KeyError:
            raise Spoiled from None
        if verdict is True:
            yield record
        elif verdict is not False:
            raise Spoiled

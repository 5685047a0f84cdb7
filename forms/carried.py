"""What an action carries along: the calculated fields that move when it sets its own.

A due day that follows from the day an appeal was reopened changes with the action that reopens it, also where the state it
starts from locks the record; without it the record would say one thing in two ways. Both sides ask this: the PC for what
belongs to the action's change, the city for what an action may write past a lock.
"""

from __future__ import annotations

import re

from forms.definition import Action, RecordType
from forms.field_definition import Field

_NAME = re.compile(r"[A-Za-z_]\w*")


def carried(record_type: RecordType, action: Action, state: str) -> frozenset[str]:
    """Names of fields, and ``group/column`` for columns of rows, whose calculation follows from what the action asks for, sets
    or numbers, or from the state it leads to. Without those whose calculation ended before ``state``, where the action
    starts (``locked_from``)."""
    known: dict[str, frozenset[str]] = record_type.__dict__.setdefault("_carried", {})
    names = known.get(action.id)
    if names is None:
        names = known[action.id] = _following(record_type, action)
    return frozenset(name for name in names if not _ended(record_type, name, state))


def _following(record_type: RecordType, action: Action) -> frozenset[str]:
    register = record_type.register
    moved = {*action.asks, *action.sets}
    if action.to != "=":
        moved.add("state")
    if action.takes_number and register is not None:
        moved |= {"number", register.field, register.book_field or register.field}
    reads = {name: set(_NAME.findall(f.calculate or "")) for name, f in _calculated(record_type)}
    found: set[str] = set()
    while new := {name for name, read in reads.items() if name not in found and read & moved}:
        found |= new
        moved |= {name.partition("/")[0] for name in new} | {name.partition("/")[2] for name in new}
    return frozenset(found)


def _calculated(record_type: RecordType) -> list[tuple[str, Field]]:
    fields = [(f.name, f) for f in record_type.fields if f.calculate is not None]
    return fields + [(f"{g.name}/{f.name}", f) for g in record_type.fields for f in g.fields if f.calculate is not None]


def _ended(record_type: RecordType, name: str, state: str) -> bool:
    f = record_type.field_map[name.partition("/")[0]]
    return f.locked_from is not None and record_type.reached(state, f.locked_from)


def belongs(key: str, names: frozenset[str]) -> bool:
    """Whether the key of a change (``field``, ``group/<row id>/column``) is one of the names."""
    name, _, rest = key.partition("/")
    return name in names or f"{name}/{rest.partition('/')[2]}" in names

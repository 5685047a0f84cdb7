"""An act said twice: two PCs without a line took the same step on the same record.

The second one is not about a record that has moved on; it says what the city has heard already. Refusing it would park
everything behind it, and with it perhaps a signed, numbered paper that is in a citizen's hands. So it is taken as done,
writes nothing, and the chain after it goes on. What gives a number or signs is never the same act twice, but where the
record has that very number already.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from forms.carried import belongs
from forms.definition import Action, RecordType
from sync.difference import get_path
from sync.locked_fields import NUMBERED
from sync.protocol import Change, RecordVersion

Since = Callable[[], Iterable[Change]]
"""What the record went through after the revision a change was made at, oldest first: what was taken and written, without
what was refused or was said twice itself."""
_NAME = re.compile(r"[A-Za-z_]\w*")


def said_twice(record_type: RecordType, action: Action, current: RecordVersion, change: Change, since: Since) -> bool:
    """Whether the record has been through this very act since ``change`` was made, by nothing that gave a number or signed,
    and was not sent back from it. What an officer was asked for must be as he said; of what the engine notes (who, when)
    the first word stands."""
    if action.to == "=" or change.to_state not in (None, action.to):
        return False
    if change.number:
        return _stands_already(record_type, action, current, change)
    if _signs(record_type, action) or (change.state and change.state not in action.from_):
        return False
    noted = _only_noted(record_type, action)
    if any(get_path(current.fields, k) != v and not belongs(k, noted) for k, v in change.after.items()):
        return False
    return _went_through(record_type, action, change.device, since())


def _stands_already(record_type: RecordType, action: Action, current: RecordVersion, change: Change) -> bool:
    """Whether the very number stands on the record, with all that came with it: somebody else brought a copy to a city that had
    lost it, and now its maker is here; or the copy of a first try came late, and here is the second, with the same number."""
    if current.state != action.to or current.number != change.number:
        return False
    noted = _only_noted(record_type, action)
    return all(
        get_path(current.fields, k) == v
        or belongs(k, noted)
        or (k == NUMBERED and _same_place(current.fields.get(k), v))
        for k, v in change.after.items()
    )


def _same_place(known: Any, mark: Any) -> bool:
    """Of two marks of who numbered and when: whether both mean the same place of the same device's book."""
    return all(isinstance(m, dict) for m in (known, mark)) and all(known.get(k) == mark.get(k) for k in ("n", "device"))


def nothing_since() -> Iterable[Change]:
    return ()


def _went_through(record_type: RecordType, action: Action, device: str, since: Iterable[Change]) -> bool:
    signing = {a.id for a in record_type.actions if _signs(record_type, a)}
    done = False
    for step in since:
        if step.kind == "void" or (step.kind == "action" and step.action in signing):
            return False
        if step.kind != "action":
            continue
        if done and step.to_state in action.from_:
            return False  # somebody sent it back: what was meant then is not what is meant now
        # of its own earlier step a PC knew: taking it again meant something else
        done = done or (step.action == action.id and step.to_state in (None, action.to) and step.device != device)
    return done


def _signs(record_type: RecordType, action: Action) -> bool:
    if action.takes_number or action.freezes:
        return True
    known = record_type.field_map
    return any(known[name].type == "signature" for name in (*action.asks, *action.sets) if name in known)


def _only_noted(record_type: RecordType, action: Action) -> frozenset[str]:
    """The fields the action sets from the officer, the clock and constants alone, and what is calculated from these alone. What
    is made of other fields says something of its own when it differs; so does what an officer was asked for."""
    known: dict[str, frozenset[str]] = record_type.__dict__.setdefault("_only_noted", {})
    if action.id not in known:
        known[action.id] = _noted(record_type, action)
    return known[action.id]


def _noted(record_type: RecordType, action: Action) -> frozenset[str]:
    if set(action.asks) & set(action.sets):
        return (
            frozenset()
        )  # what was asked for is taken over and emptied: nothing tells any more whether it was the same
    names = record_type.field_map.keys()

    def reads(rule: str) -> set[str]:
        return set(_NAME.findall(rule)) & names

    noted = {name for name, rule in action.sets.items() if reads(rule) <= {name}}
    rules = {f.name: reads(f.calculate) for f in record_type.fields if f.calculate is not None}
    while new := {name for name, read in rules.items() if read and read <= noted and name not in noted}:
        noted |= new
    return frozenset(noted)

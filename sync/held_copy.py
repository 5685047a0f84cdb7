"""A newer version that a PC held of a record, told to a city that was restored to an older one.

Whoever made the newer version is gone. The PC says what it held, at which revision and in which of the city's epochs (``HELD_IN``
in ``before`` of an edit; ``to_state`` and ``number`` are those of what it held). Revisions are given once, so what the city took
at a higher one it took since its backup. Where nothing of that touches a field, the newer version has the word; a value the
field has had since then was changed on purpose, and is not brought back; any other that met waits for a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from forms.carried import carried
from forms.definition import RecordType
from forms.label import Label
from sync.begun_anew import Newer, leads_onward
from sync.conflicts import with_candidate, with_merge_groups
from sync.difference import get_path, put_path, split_path
from sync.locked_fields import FROZEN, HELD_IN, SAME_NUMBER, VOID, is_owned, is_shut, register_fields
from sync.protocol import Change, ChangeResult, RecordVersion

HEARD_FOR = timedelta(days=90)
"""So long after a restore the city hears PCs that tell what they held before it."""
STATES_MET = Label(
    "Bản ghi đã đi tiếp theo cách khác từ khi thành phố khôi phục; bản máy này giữ chỉ còn để đối chiếu.",
    "The record has gone another way since the city was restored; what this PC held is for comparison alone.",
)


def is_held(change: Change) -> bool:
    return change.kind == "edit" and HELD_IN in change.before


def says_nothing(change: Change, result: ChangeResult) -> bool:
    """Whether the city had heard all of it: then neither side keeps it as history, where it would read as something done."""
    return is_held(change) and result.already and not result.problems


def is_untrue(change: Change, ended: Mapping[str, int]) -> bool:
    """Whether it says a version that nobody can have held: of none of the city's former epochs, or at a revision that was not
    given in it. Nothing is taken of it. ``ended``: of each epoch the least revision given after it."""
    return is_held(change) and not 0 < change.base_revision < ended.get(str(change.before[HELD_IN]), 0)


def is_only_heard(change: Change, before: RecordVersion | None, after: RecordVersion) -> bool:
    """Whether the record says after it what it said before: services need not hear of that."""
    return is_held(change) and before is not None and _said(before) == _said(after)


def _said(version: RecordVersion) -> tuple[Any, ...]:
    return version.state, version.number, version.fields, version.conflicts


def met(
    record_type: RecordType, current: RecordVersion, change: Change, steps: Sequence[Change]
) -> tuple[Newer | None, bool]:
    """What the record becomes (None: nothing is said that it has not heard), and whether its state has gone another way.
    ``steps``: what was taken at higher revisions than the PC held."""
    copies = [step for step in steps if _is_copy(step, change)]
    if any(step.base_revision >= change.base_revision for step in copies):
        return None, False  # another PC said all of it, or more
    since = [step for step in steps if step not in copies]
    unknown = not steps and current.revision > change.base_revision  # too much to look through
    state, apart = _state(record_type, current, change, since, unknown=unknown)
    apart = apart or (change.number is not None and current.number not in (None, change.number))
    number = current.number if apart else change.number or current.number
    acted = _of_actions(record_type) if state != current.state else frozenset((VOID,))
    if number != current.number:
        acted |= register_fields(record_type)
    fields, conflicts = dict(current.fields), dict(current.conflicts)
    heard: list[str] = []
    clashing: set[str] = set()
    for key, value in change.after.items():
        now = get_path(current.fields, key)
        if value == now or key == SAME_NUMBER or is_owned(record_type, current, key):
            continue
        touched = unknown or any(_touches(step, key) for step in since)
        passed = touched and any(value in _values(step, key) for step in steps if _touches(step, key))
        if passed or any(c.value == value for c in current.conflicts.get(key, ())):
            continue
        heard.append(key)
        shut = is_shut(record_type, current, key) and not (now is None and key.partition("/")[0] in acted)
        if apart or touched or shut:
            clashing.add(key)
    clashing = with_merge_groups(record_type, clashing, heard)
    for key in heard:
        if key not in clashing:
            put_path(fields, key, change.after[key])
        elif not key.startswith("_"):  # of the engine's own marks the city's stand
            conflicts[key] = with_candidate(conflicts.get(key, ()), key, change, current.updated_at)
    names = tuple(sorted(k for k in clashing if not k.startswith("_")))
    return Newer(fields, conflicts, number, current.state if apart else state, names), apart


def _is_copy(step: Change, change: Change) -> bool:
    """Whether the step is what some PC held of the same line of versions."""
    if is_held(step):
        return bool(step.before[HELD_IN] == change.before[HELD_IN])
    return step.kind == "create" and step.base_revision > 0


def _state(
    record_type: RecordType, current: RecordVersion, change: Change, since: Sequence[Change], *, unknown: bool
) -> tuple[str, bool]:
    """The state that follows, and whether two have met. It goes onward alone."""
    wanted = change.to_state or current.state
    moves = [step for step in since if step.kind in ("create", "action", "void") or is_held(step)]
    if wanted == current.state or any(wanted in (step.state, step.to_state) for step in moves):
        return current.state, False
    if leads_onward(record_type, current, change, wanted) and not moves and not unknown:
        return wanted, False
    return current.state, True


def _of_actions(record_type: RecordType) -> frozenset[str]:
    """What actions write where nobody else may: a step that was lost filled it."""
    names = {FROZEN, VOID}
    for action in record_type.actions:
        names |= {*action.asks, *action.sets}
        for state in action.from_:
            names |= carried(record_type, action, state)
    return frozenset(names)


def _touches(step: Change, key: str) -> bool:
    group, row_id, _ = split_path(key)
    row = f"{group}/{row_id}"
    return key in step.after or group in step.after or (bool(row_id) and any(_is_of(k, row) for k in step.after))


def _is_of(key: str, row: str) -> bool:
    return key == row or key.startswith(f"{row}/")


def _values(step: Change, key: str) -> list[Any]:
    """What the field was, and became, by the step, as far as that says it."""
    return [value_of(said, key) for said in (step.before, step.after) if says(said, key)]


def says(said: Mapping[str, Any], key: str) -> bool:
    """Whether a change's ``before`` or ``after`` tells the value at the path."""
    group, row_id, column = split_path(key)
    return key in said or group in said or bool(column and f"{group}/{row_id}" in said)


def value_of(said: Mapping[str, Any], key: str) -> Any:
    """The value it tells, also as part of a whole row or group."""
    if key in said:
        return said[key]
    group, row_id, column = split_path(key)
    row = said.get(f"{group}/{row_id}")
    if column and isinstance(row, dict):
        return row.get(column)
    return get_path(said, key) if isinstance(said.get(group), list) else None


__all__ = ["STATES_MET", "is_held", "is_only_heard", "is_untrue", "met", "says", "says_nothing", "value_of"]

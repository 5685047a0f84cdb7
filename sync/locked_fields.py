"""Which fields no officer's change may write: locked by the state, a service's own, and the marks of the engine."""

from __future__ import annotations

from forms.definition import RecordType
from forms.field_definition import Field
from forms.label import Label
from sync.difference import get_path, split_path
from sync.protocol import RecordVersion

FROZEN = "_frozen"
"""What was printed of each referenced person when the record was signed."""
AWAITING = "_awaiting"
"""Since when the record waits for its number: the PC that holds the book sees it there and gives one. Where the series is one PC's own,
its name follows after a space."""
NUMBERED = "_numbered"
"""Who gave a record its number, when and on which PC: travels with the record, so that the book can be inspected anywhere."""
VOID = "_void"
"""Why, when and by whom the record was voided."""
SEEN = "_candidates"
"""In ``before`` of a resolution: the changes whose values the officer chose among. An older program does not say it."""
HELD_IN = "_held_in"
"""In ``before`` of an edit that says a newer version to a restored city (``held_copy``): the epoch in which it was held."""
SAME_NUMBER = "_same_number"
"""Ids of other records that carry the same number of the same book; the city writes it on all of them."""
CITYS_OWN = frozenset({VOID, SAME_NUMBER})
"""Marks that no edit or action writes."""


def is_shut(record_type: RecordType, current: RecordVersion, key: str) -> bool:
    """Whether no officer's change may write the key in the present state."""
    name = key.partition("/")[0]
    if name in CITYS_OWN or (name == FROZEN and _is_signed(record_type, current.state)):
        return True
    return is_locked(record_type, current.state, key)


def _is_signed(record_type: RecordType, state_id: str) -> bool:
    """Whether an action that freezes persons as they were printed has been taken: from its state on they stay."""
    return any(a.freezes and a.to != "=" and record_type.reached(state_id, a.to) for a in record_type.actions)


def register_fields(record_type: RecordType) -> frozenset[str]:
    """The fields a number is written to; one that is given late reaches them in a state that locks them."""
    register = record_type.register
    return frozenset((register.field, register.book_field or register.field)) if register else frozenset()


def locked_now(record_type: RecordType, state: str) -> Label:
    """Why a locked field cannot be edited; both sides say it with the same words."""
    label = record_type.state(state).label
    return Label(
        f"Bản ghi đã “{label.vi}” nên mục này không sửa được nữa.",
        f"The record is “{label.en}”, so this field cannot be edited any more.",
    )


def is_owned(record_type: RecordType, current: RecordVersion, key: str) -> bool:
    """Whether an authoritative service has given this field's value, which then wins over an officer's."""
    f = field_at(record_type, key)
    return f is not None and f.owner not in ("officer", "engine") and get_path(current.fields, key) is not None


def is_locked(record_type: RecordType, state_id: str, key: str) -> bool:
    """Whether the state no longer lets an officer edit the field (rows: the group)."""
    state = record_type.state(state_id)
    name = key.partition("/")[0]
    if name.startswith("_"):
        return False
    if state.locked and name not in state.allows:
        return True
    f = record_type.field_map.get(name)
    return f is not None and f.locked_from is not None and record_type.reached(state_id, f.locked_from)


def field_at(record_type: RecordType, key: str) -> Field | None:
    group, _, column = split_path(key)
    f = record_type.field_map.get(group)
    if f is None or not column:
        return f
    return next((c for c in f.fields if c.name == column), None)

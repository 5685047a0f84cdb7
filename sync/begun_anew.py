"""A record that a restored city had lost, and that several PCs begin anew from what each of them holds.

Each says the revision at which it held the record. The newer copy stands, whoever comes first: an older one that comes
later says nothing, a newer one that comes later moves the record on, as long as nobody has acted on it in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from sync.conflicts import with_candidate
from sync.difference import put_path
from sync.locked_fields import SAME_NUMBER, VOID, is_shut, register_fields
from sync.protocol import Candidate, Change, Fields, RecordVersion
from sync.said_twice import Since


class Newer(Struct, frozen=True):
    """What a newer copy makes of the record: those parts of it, of which the fields in ``clashing`` wait for a person. ``state``
    is the record's own where that has moved since."""

    fields: Fields
    conflicts: Mapping[str, tuple[Candidate, ...]]
    number: str | None
    state: str
    clashing: tuple[str, ...]

    @property
    def parts(self) -> dict[str, Any]:
        return {"fields": self.fields, "conflicts": self.conflicts, "number": self.number, "state": self.state}


def begun_from(change: Change, since: Since) -> tuple[Change, Sequence[Change]] | None:
    """The newest copy the record was begun from, and what came after; None where it is not such a record or change."""
    if not change.base_revision:
        return None
    steps = list(since())
    places = [n for n, step in enumerate(steps) if step.kind == "create" and step.base_revision]
    if not places:
        return None
    place = max(places, key=lambda n: steps[n].base_revision)
    return steps[place], steps[place + 1 :]


def newer_copy(
    record_type: RecordType, current: RecordVersion, change: Change, copy: Change, later: Sequence[Change]
) -> Newer | None:
    """What the copy says over the older one that the record was begun from; None where it is the older: it says nothing."""
    if change.base_revision <= copy.base_revision:
        return None
    fields, conflicts, clashing = dict(current.fields), dict(current.conflicts), []
    numbered = register_fields(record_type) if change.number and current.number is None else frozenset[str]()
    for key in {**copy.after, **change.after}:
        before, after, now = copy.after.get(key), change.after.get(key), fields.get(key)
        if after in (now, before) or key == SAME_NUMBER:  # the newer copy says nothing of its own there
            continue
        free = key in numbered or key == VOID or not is_shut(record_type, current, key)
        if free and (now == before or key.startswith("_")):
            put_path(fields, key, after)
            continue
        clashing.append(key)
        conflicts[key] = with_candidate(conflicts.get(key, ()), key, change, current.updated_at)
    state = _state_of(record_type, current, change, later)
    return Newer(fields, conflicts, change.number or current.number, state, tuple(clashing))


def _state_of(record_type: RecordType, current: RecordVersion, change: Change, later: Sequence[Change]) -> str:
    wanted = change.to_state or current.state
    moved = any(step.kind in ("action", "void") for step in later)
    return wanted if not moved and leads_onward(record_type, current, change, wanted) else current.state


def leads_onward(record_type: RecordType, current: RecordVersion, change: Change, wanted: str) -> bool:
    """Whether a state that another copy has lies further on than the record's: nobody's word unlocks what was signed."""
    is_void = VOID in change.after and record_type.state(wanted).kind == "void"
    return is_void or record_type.reached(wanted, current.state)

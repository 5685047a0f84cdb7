"""A record that a restored city had lost, and that several PCs begin anew from what each of them holds.

Each says the revision at which it held the record. The newer copy stands, whoever comes first: an older one that comes
later says nothing, a newer one that comes later moves the record on, as long as nobody has acted on it in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from sync.locked_fields import VOID
from sync.protocol import Change, Fields, RecordVersion
from sync.said_twice import Since


class Newer(Struct, frozen=True):
    """What a newer copy says over the older one that the record was begun from; None where an older one came: it says
    nothing. ``state`` is the record's own where that has moved since."""

    before: Fields
    after: Fields
    state: str


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
    if change.base_revision <= copy.base_revision:
        return None
    keys = {**copy.after, **change.after}
    before: dict[str, Any] = {k: copy.after.get(k) for k in keys}
    after: dict[str, Any] = {k: change.after.get(k) for k in keys}
    wanted = change.to_state or current.state
    is_void = VOID in change.after and any(s.id == wanted and s.kind == "void" for s in record_type.states)
    moved = any(step.kind in ("action", "void") for step in later)
    onward = not moved and (is_void or record_type.reached(wanted, current.state))
    return Newer(before, after, wanted if onward else current.state)

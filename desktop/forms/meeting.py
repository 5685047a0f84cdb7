"""What to do when the record under an open form changes: pure, no Qt.

What the officer has not touched takes the new value; what he has touched keeps his (promise 4: nobody is overwritten in
silence, in either direction). A save afterwards compares with what the officer saw, so a clash becomes a conflict that
a person resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from forms.entry_values import TYPED


class Meeting(Struct, frozen=True):
    """``fields``: what the form shows from now on. ``opened``: what a save compares with from now on. ``taken``: fields
    whose new value came in; ``clashes``: fields both sides changed, to different values."""

    fields: dict[str, Any]
    opened: dict[str, Any]
    taken: tuple[str, ...]
    clashes: tuple[str, ...]


def meet(
    record_type: RecordType, opened: Mapping[str, Any], mine: Mapping[str, Any], fresh: Mapping[str, Any]
) -> Meeting:
    """Compares the record as opened, as it stands in the form, and as it is now. Calculated fields follow by rule, so
    they never clash."""
    fields = dict(fresh)
    before = dict(fresh)
    taken: list[str] = []
    clashes: list[str] = []
    unread = mine.get(TYPED) or {}  # text that could not be read yet is typed too, though no value tells of it
    touched = {path.partition("/")[0] for path in unread}
    if unread:
        fields[TYPED] = unread
    for field in record_type.fields:
        name = field.name
        old, own, new = opened.get(name), mine.get(name), fresh.get(name)
        if own == old and name not in touched:
            if new != old:
                taken.append(name)
            continue
        if field.calculate is not None and not field.overridable:
            continue
        fields[name] = own
        if new not in (old, own):
            clashes.append(name)
            before[name] = old
    return Meeting(fields, before, tuple(taken), tuple(clashes))

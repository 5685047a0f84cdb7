"""Steps that leave the state as it is and only put who signed, or when something was handed over: whether one still stands.

A signature stands for a text. So that a correction is seen however long after, ``_signed`` keeps for each such step what
officers had said when it was taken, as a digest. A signature that came another way (the field's own button, a file, an
earlier version) has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from forms.definition import Action
from forms.entry_context import OfficerLike

if TYPE_CHECKING:
    from forms.entry import RecordEntry

SIGNED = "_signed"  # {action id: digest of what its signature stands for, with the signature itself}


def is_taken(entry: RecordEntry, action: Action, officer: OfficerLike) -> bool:
    """Whether the step needs nobody any more. A moment of handing over stands by itself. A signature stands while the text is the
    one it was put under; where nothing says which that was, it has to be this officer's own, as his role's, with all answered that
    the step asks for and nothing changed since the record was opened: of a colleague's nobody here knows what he read."""
    marks = _standing(entry, action)
    if not marks:
        return False
    signatures = [name for name, kind in marks.items() if kind == "signature"]
    if not signatures:
        return True
    if not _covers(entry, action):
        return False
    if _kept(entry, action) is not None:
        return True
    held = not action.roles or bool(set(action.roles) & set(officer.roles))
    own = all(_signer(entry.get(name)) == officer.id for name in signatures)
    return held and own and all(entry.get(name) is not None for name in action.asks)


def is_overtaken(entry: RecordEntry, ticks: Collection[str]) -> bool:
    """Whether one of the fields was answered with a signature under another text than the one that stands now."""
    return any(
        not _covers(entry, step)
        for step in entry.record_type.actions
        if not set(ticks).isdisjoint(step.asks) and "signature" in _standing(entry, step).values()
    )


def note(entry: RecordEntry, action: Action) -> None:
    """Keeps what the signature of a step just taken stands for."""
    if "signature" in _marks(entry, action).values():
        kept = entry.values.values.get(SIGNED)
        entry.values.values[SIGNED] = {**(kept if isinstance(kept, dict) else {}), action.id: _digest(entry)}


def _marks(entry: RecordEntry, action: Action) -> dict[str, str]:
    """The fields of such a step with their types; none of an action that moves the record or writes anything else."""
    fields = entry.record_type.field_map
    marks: dict[str, str] = {n: fields[n].type for n in action.sets if n in fields}
    marks = {name: kind for name, kind in marks.items() if kind in ("signature", "datetime")}
    return marks if action.to == "=" and len(marks) == len(action.sets) else {}


def _standing(entry: RecordEntry, action: Action) -> dict[str, str]:
    """The step's marks where all of them are filled; else none."""
    marks = _marks(entry, action)
    return marks if all(entry.get(name) is not None for name in marks) else {}


def _kept(entry: RecordEntry, action: Action) -> object:
    kept = entry.values.values.get(SIGNED)
    return kept.get(action.id) if isinstance(kept, dict) else None


def _covers(entry: RecordEntry, action: Action) -> bool:
    """Whether the text is still the one of the step's signature; where that is not known, the one the record was opened with."""
    kept = _kept(entry, action)
    return _digest(entry) == (_digest(entry, opened=True) if kept is None else kept)


def _signer(value: object) -> object:
    return value.get("officer") if isinstance(value, dict) else None


def _digest(entry: RecordEntry, *, opened: bool = False) -> str:
    """Of what officers say in the record. Left out: what is calculated or another office's, and what may still be written on the
    closed paper (notes, the handing over), which nobody signs here."""
    later = {name for state in entry.record_type.states for name in state.allows}
    overridden = {path.partition("/")[0] for path in entry.values.overridden}
    said = {}
    for field in entry.record_type.fields:
        name = field.name
        if field.owner != "officer" or name in later or (field.calculate is not None and name not in overridden):
            continue
        value = entry.values.opened_with(name) if opened else entry.get(name)
        if value not in (None, []):
            said[name] = value
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

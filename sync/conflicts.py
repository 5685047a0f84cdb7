"""Values that met: which of them wait for a person to choose, and what a choice closes."""

from __future__ import annotations

from collections.abc import Container, Mapping

from forms.definition import RecordType
from sync.locked_fields import SEEN, field_at
from sync.protocol import Candidate, Change


def candidate(key: str, change: Change, over: str = "") -> Candidate:
    """The value that ``change`` wants for ``key``, as it waits beside the one that stands, since ``over``."""
    return Candidate(
        change.after.get(key),
        change.before.get(key),
        change.change_id,
        change.officer.name,
        change.device,
        change.at,
        over,
    )


def with_candidate(
    candidates: tuple[Candidate, ...], key: str, change: Change, stands_since: str
) -> tuple[Candidate, ...]:
    """The candidates with this one; the same device's earlier candidate is replaced when it was edited."""
    kept = tuple(c for c in candidates if not (c.device == change.device and c.value == change.before.get(key)))
    over = candidates[0].over if candidates else stands_since
    return (*kept, candidate(key, change, over))


def settled(
    conflicts: Mapping[str, tuple[Candidate, ...]], change: Change, clashing: Container[str] = ()
) -> dict[str, tuple[Candidate, ...]]:
    """The conflicts that a resolution leaves. Whoever picked has answered the candidates he saw; one that came meanwhile, with
    yet another value, goes on waiting for a person."""
    seen = change.before.get(SEEN)
    kept = dict(conflicts)
    for key, picked in change.after.items():
        if key in clashing or key not in kept:
            continue
        left = tuple(
            c for c in kept.pop(key) if isinstance(seen, list) and c.change_id not in seen and c.value != picked
        )
        if left:
            kept[key] = left
    return kept


def with_merge_groups(record_type: RecordType, clashing: set[str], keys: list[str]) -> set[str]:
    """Fields that mean one thing clash together."""
    groups = {f.merge_group for k in clashing if (f := field_at(record_type, k)) and f.merge_group}
    if not groups:
        return clashing
    return clashing | {k for k in keys if (f := field_at(record_type, k)) and f.merge_group in groups}

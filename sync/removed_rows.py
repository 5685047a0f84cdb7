"""A row that one officer removed while another wrote into it, or while its cells were in conflict.

A single cell of such a row is nothing that could be picked: the row would come back with that cell alone. What is kept for
a person to choose is the whole row as the other one meant it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from sync.difference import get_path, put_path, split_path
from sync.protocol import Candidate, Change, Fields, RecordVersion
from sync.said_twice import Since

Conflicts = Mapping[str, tuple[Candidate, ...]]


def on_whole_rows(current: RecordVersion, change: Change, since: Since) -> Change:
    """The change with its cells of rows that are gone as whole rows: as they were when they were removed, with these cells."""
    wanted: dict[str, list[str]] = {}
    for key, value in change.after.items():
        row_key, column = _row_of(key)
        if not column or value is None or row_key in change.after or key in current.conflicts:
            continue
        if get_path(current.fields, row_key) is None:
            wanted.setdefault(row_key, []).append(key)
    if not wanted:
        return change
    steps = list(since())
    before, after = dict(change.before), dict(change.after)
    for row_key, keys in wanted.items():
        row = _as_it_was(current, change, row_key, steps)
        if row is None:
            continue  # it never was at the city, or nobody remembers it
        meant = dict(row)
        for key in keys:
            put_path(meant, _row_of(key)[1], after.pop(key))
            before.pop(key, None)
        before[row_key], after[row_key] = row, meant
    return structs.replace(change, before=before, after=after)


def _as_it_was(current: RecordVersion, change: Change, row_key: str, steps: Iterable[Change]) -> Fields | None:
    """The row as this device meant it last, else as it was removed."""
    for candidate in current.conflicts.get(row_key, ()):
        if candidate.device == change.device and isinstance(candidate.value, dict):
            return candidate.value
    removed = [s.before.get(row_key) for s in steps if row_key in s.after and s.after[row_key] is None]
    return next((row for row in reversed(removed) if isinstance(row, dict)), None)


def without_cells_of(
    removed: Iterable[str], fields: Mapping[str, Any], conflicts: Conflicts
) -> dict[str, tuple[Candidate, ...]]:
    """The conflicts, where those about cells of rows that are being removed are about the rows now. ``removed``: keys of rows;
    ``fields``: before they go."""
    gone = set(removed)
    kept: dict[str, tuple[Candidate, ...]] = {}
    for key, candidates in conflicts.items():
        row_key, column = _row_of(key)
        row = get_path(fields, row_key) if column and row_key in gone else None
        if row is None:
            kept[key] = (*kept.get(key, ()), *candidates)
        else:
            whole = [structs.replace(c, value={**row, column: c.value}, before=row) for c in candidates]
            kept[row_key] = (*kept.get(row_key, ()), *whole)
    return kept


def _row_of(key: str) -> tuple[str, str]:
    """The key of the row, and the column ("" where the key is not of a cell)."""
    group, row_id, column = split_path(key)
    return f"{group}/{row_id}", column

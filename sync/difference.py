"""Fields by their paths, and what differs between two versions of them. Pure; both sides use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.definition import RecordType
from sync.protocol import Fields


def get_path(fields: Mapping[str, Any], key: str) -> Any:
    """The value at ``field``, ``group/<row id>`` or ``group/<row id>/<column>``; None when it is not there."""
    if "/" not in key:
        return fields.get(key)
    group, row_id, column = split_path(key)
    for row in fields.get(group) or ():
        if row.get("_id") == row_id:
            return row.get(column) if column else row
    return None


def put_path(fields: Fields, key: str, value: Any) -> None:
    """Set the value in place; null removes. Rows are copied before they are changed."""
    if "/" not in key:
        if value is None:
            fields.pop(key, None)
        else:
            fields[key] = value
        return
    group, row_id, column = split_path(key)
    rows = list(fields.get(group) or ())
    at = next((i for i, row in enumerate(rows) if row.get("_id") == row_id), None)
    if column:
        row = dict(rows[at]) if at is not None else {"_id": row_id}
        put_path(row, column, value)
        if at is None:
            rows.append(row)
        else:
            rows[at] = row
    elif value is None:
        rows = [row for row in rows if row.get("_id") != row_id]
    elif at is None:
        rows.append(value)
    else:
        rows[at] = value
    put_path(fields, group, rows or None)


def split_path(key: str) -> tuple[str, str, str]:
    """(field, row id, column) of a path; "" for what it does not have."""
    group, _, rest = key.partition("/")
    row_id, _, column = rest.partition("/")
    return group, row_id, column


def difference(record_type: RecordType, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Fields, Fields]:
    """What changed, as ``before`` and ``after`` of a change; rows of groups by their ids."""
    before: Fields = {}
    after: Fields = {}
    for name in {**old, **new}:
        was, now = old.get(name), new.get(name)
        if was == now or (not was and not now and was in (None, [], "") and now in (None, [], "")):
            continue
        f = record_type.field_map.get(name)
        if f is not None and f.type == "group":
            _row_difference(name, was or [], now or [], before, after)
        else:
            before[name], after[name] = was, now
    return before, after


def _row_difference(group: str, was: list[Fields], now: list[Fields], before: Fields, after: Fields) -> None:
    old = {row["_id"]: row for row in was}
    new = {row["_id"]: row for row in now}
    for row_id in {**old, **new}:
        key = f"{group}/{row_id}"
        if row_id not in old or row_id not in new:
            before[key], after[key] = old.get(row_id), new.get(row_id)
            continue
        for column in {**old[row_id], **new[row_id]}:
            a, b = old[row_id].get(column), new[row_id].get(column)
            if a != b:
                before[f"{key}/{column}"], after[f"{key}/{column}"] = a, b

"""Reading what was typed, pasted or imported into an entry's values."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from forms.entry_values import EntryValues
from forms.field_types import FieldError, parse
from forms.messages import message
from forms.plan import FieldPlan


def read(values: EntryValues, path: str, value: Any) -> set[str]:
    """Parses and puts; what cannot be read is kept as typed and counts as null. Returns the paths that changed."""
    plan = values.plan_at(path)
    if plan.field.type == "group":
        return _read_rows(values, plan, value)
    try:
        canonical = parse(plan.field, value, plan.choices)
        changed = values.accept(path)
    except FieldError as error:
        canonical, text = None, as_typed(value)
        changed = values.typed.get(path) != text
        values.reject(path, text, error.label)
    if values.get(path) != canonical:
        values.put(path, canonical)
        changed = True
    return {path} if changed else set()


def _read_rows(values: EntryValues, plan: FieldPlan, value: Any) -> set[str]:
    """A whole group at once: rows keep their ids, cells are read one by one so that a bad one spoils no other."""
    group, changed = plan.field.name, {plan.field.name}
    rows = [] if value in (None, "") else value
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        values.reject(group, as_typed(value), message("rows"))
        return changed
    values.accept(group)
    ids = _row_ids(rows)
    values.replace_rows(group, [{"_id": row_id} for row_id in ids])
    for row, row_id in zip(rows, ids, strict=True):
        for column in plan.columns:
            path = f"{group}/{row_id}/{column.field.name}"
            read(values, path, row.get(column.field.name))
            changed.add(path)
    return changed


def _row_ids(rows: list[Mapping[str, Any]]) -> list[str]:
    """The rows' ids; a new one where there is none or one that another row has."""
    ids: list[str] = []
    for row in rows:
        given = row.get("_id")
        usable = isinstance(given, str) and given and "/" not in given and given not in ids
        ids.append(str(given) if usable else new_row_id())
    return ids


def new_row_id() -> str:
    return secrets.token_hex(4)


def as_typed(value: Any) -> str:
    """What an officer sees of a value that is none of its field's. One of several parts (an address) as its type reads it back:
    it comes again from a draft."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str) else repr(value)

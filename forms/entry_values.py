"""The values of a record being edited, by path, with what was typed and could not be read.

A path is "name" or "group/<row id>/name".
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from forms.expressions import Functions, Variables, member
from forms.field_definition import Choice
from forms.label import Label
from forms.plan import FieldPlan, FormPlan

TYPED, OVERRIDDEN = "_typed", "_overridden"
_ADDRESS = dict.fromkeys(("unit", "detail", "original"))


class EntryValues:
    """Canonical values, unread texts and overridden calculations; keeps the rules' variables in step."""

    def __init__(self, plan: FormPlan, fields: Mapping[str, Any], functions: Functions) -> None:
        self.plan = plan
        self._opened = fields
        self.values: dict[str, Any] = {k: copy.deepcopy(v) for k, v in fields.items() if v is not None and k != TYPED}
        self.typed: dict[str, str] = {}
        self.errors: dict[str, Label] = {}  # path → why the typed text could not be read
        names = {name for name in plan.fields if "/" not in name}
        self.variables = Variables(dict.fromkeys(names), functions=functions, names=plan.names)
        self._row: tuple[str, str] | None = None
        for name in names & self.values.keys():
            self.publish(name)

    def plan_at(self, path: str) -> FieldPlan:
        """The field or column a path leads to; raises KeyError."""
        group, _, rest = path.partition("/")
        return self.plan.fields[f"{group}/{rest.partition('/')[2]}" if rest else group]

    def has(self, path: str) -> bool:
        """Whether the path leads to a field, or to a column of a row that is there."""
        group, _, rest = path.partition("/")
        row_id, _, column = rest.partition("/")
        if not rest:
            return group in self.plan.fields
        return f"{group}/{column}" in self.plan.fields and self.row(group, row_id) is not None

    def rows(self, group: str) -> list[dict[str, Any]]:
        rows = self.values.get(group)
        return rows if isinstance(rows, list) else []

    def row(self, group: str, row_id: str) -> dict[str, Any] | None:
        return next((row for row in self.rows(group) if row.get("_id") == row_id), None)

    def get(self, path: str) -> Any:
        group, _, rest = path.partition("/")
        if not rest:
            return self.values.get(group)
        row_id, _, column = rest.partition("/")
        row = self.row(group, row_id)
        return row.get(column) if row else None

    def opened_with(self, path: str) -> Any:
        """What stood at a path when the record was opened."""
        name, _, rest = path.partition("/")
        value = self._opened.get(name)
        if not rest:
            return value
        row_id, _, column = rest.partition("/")
        rows = value if isinstance(value, list) else []
        return next((row.get(column) for row in rows if isinstance(row, dict) and row.get("_id") == row_id), None)

    def put(self, path: str, value: Any) -> None:
        """Puts a canonical value; a group's variable follows when ``publish`` is called for it."""
        group, _, rest = path.partition("/")
        holder, key = self.values, group
        if rest:
            row_id, _, key = rest.partition("/")
            row = self.row(group, row_id)
            if row is None:
                raise KeyError(path)
            holder = row
            self._row = None
        if value is None:
            holder.pop(key, None)
        else:
            holder[key] = value
        if not rest:
            self.publish(group)

    def publish(self, name: str, *, asked: bool = False) -> None:
        """Lets the rules see the present value of a top-level field, if one of them reads it or it is ``asked`` for."""
        if name not in self.plan.names and not asked:
            return
        field, value = self.plan.fields[name].field, self.values.get(name)
        if field.type == "group" and value:
            value = value if isinstance(value, list) and all(isinstance(row, dict) for row in value) else []
            empty = dict.fromkeys(column.name for column in field.fields)
            value = [{**empty, **row} for row in value]
        elif field.type == "address" and isinstance(value, dict):
            value = {**_ADDRESS, **value}
        self.variables.set(name, value)

    def replace_rows(self, group: str, rows: list[dict[str, Any]]) -> None:
        """Puts other rows in place of a group's; texts and overrides of rows that are gone go with them."""
        gone = {row["_id"] for row in self.rows(group)} - {row["_id"] for row in rows}
        if rows:
            self.values[group] = rows
        else:
            self.values.pop(group, None)
        self._row = None
        for row_id in gone:
            self._forget_under(f"{group}/{row_id}/")

    def enter_row(self, group: str, row_id: str) -> None:
        """Lets column rules see one row."""
        if self._row == (group, row_id):
            return
        self._row = (group, row_id)
        row = self.row(group, row_id) or {}
        for column in self.plan.fields[group].columns:
            self.variables.set(member("row", column.field.name), row.get(column.field.name))
        if "row" in self.plan.names:
            self.variables.set("row", {c.field.name: row.get(c.field.name) for c in self.plan.fields[group].columns})

    def choice_of_row(self, column: str) -> tuple[tuple[Choice, ...], Any]:
        """The choices of a column and what the row at hand holds there."""
        if self._row is None:
            return (), None
        group, row_id = self._row
        return self.plan.fields[f"{group}/{column}"].choices, (self.row(group, row_id) or {}).get(column)

    def paths(self, key: str) -> Iterator[str]:
        """The paths of a field, or of a column in every row."""
        group, _, column = key.partition("/")
        if not column:
            yield key
        else:
            yield from (f"{group}/{row['_id']}/{column}" for row in self.rows(group))

    def reject(self, path: str, text: str, why: Label) -> None:
        self.typed[path], self.errors[path] = text, why

    def accept(self, path: str) -> bool:
        """Forgets text that could not be read; whether there was any."""
        self.errors.pop(path, None)
        return self.typed.pop(path, None) is not None

    def _forget_under(self, prefix: str) -> None:
        """Forgets unread texts and overrides of rows that are gone."""
        for path in [path for path in self.typed if path.startswith(prefix)]:
            self.accept(path)
        self._set_overridden({path for path in self.overridden if not path.startswith(prefix)})

    @property
    def overridden(self) -> frozenset[str]:
        return frozenset(self.values.get(OVERRIDDEN) or ())

    def override(self, path: str, on: bool) -> None:
        self._set_overridden(self.overridden | {path} if on else self.overridden - {path})

    def _set_overridden(self, paths: set[str] | frozenset[str]) -> None:
        if paths:
            self.values[OVERRIDDEN] = sorted(paths)
        else:
            self.values.pop(OVERRIDDEN, None)

    def snapshot(self) -> tuple[Any, ...]:
        return copy.deepcopy(self.values), dict(self.typed), dict(self.errors)

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        self.values, self.typed, self.errors = snapshot
        self._row = None
        for name in self.plan.fields:
            if "/" not in name:
                self.publish(name)

    def saved(self) -> dict[str, Any]:
        """A copy of the canonical values, nulls and empty lists left out."""
        return {name: copy.deepcopy(value) for name, value in self.values.items() if value not in (None, [])}

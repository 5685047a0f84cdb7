"""Repeating rows. Each row keeps an id so that two officers' rows merge by row."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldError, FieldKind, Showing, wrong

_ROW_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
ParseColumn = Callable[[Field, Any], Any]
ShowColumn = Callable[[Field, Any, Showing], str]


def place_id(place: int) -> str:
    """The id of a row that brings none, as calculated ones: its place, counted from 1."""
    return f"{place:08x}"


class Group(FieldKind):
    """Columns are read and shown by their own types, reached through the functions given (the table of types)."""

    def __init__(self, parse: ParseColumn, show: ShowColumn) -> None:
        self._parse = parse
        self._show = show

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        """Rows in canonical form. A row without an id gets its place as one, so that reading a file twice gives the
        same rows; null columns are left out."""
        if value in ("", []):
            return None
        if not isinstance(value, list | tuple) or not all(isinstance(row, dict) for row in value):
            raise wrong("rows")
        taken = {row["_id"] for row in value if isinstance(row.get("_id"), str)}
        if len(taken) != sum("_id" in row for row in value):
            raise wrong("rows")
        rows: list[dict[str, Any]] = []
        for place, row in enumerate(value, 1):
            row_id = row.get("_id") or self._free_id(place, taken)
            if not _ROW_ID.fullmatch(row_id):
                raise wrong("rows")
            rows.append({"_id": row_id, **self._row(field, row, row_id)})
        return rows or None

    def _free_id(self, place: int, taken: set[str]) -> str:
        while place_id(place) in taken:
            place += 0x1000000
        taken.add(row_id := place_id(place))
        return row_id

    def _row(self, field: Field, row: dict[str, Any], row_id: str) -> dict[str, Any]:
        columns = {column.name: column for column in field.fields}
        found: dict[str, Any] = {}
        for name, value in row.items():
            if name.startswith("_"):
                continue
            if name not in columns:
                raise FieldError(wrong("unknown_column", text=name).label, row_id)
            try:
                parsed = self._parse(columns[name], value)
            except FieldError as error:
                raise FieldError(error.label, f"{row_id}/{name}") from None
            if parsed is not None:
                found[name] = parsed
        return found

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        columns = {column.name: column for column in field.fields}
        rows = (
            " · ".join(self._show(columns[n], v, showing) for n, v in row.items() if n in columns and v is not None)
            for row in value
        )
        return "; ".join(rows)

    def sort(self, field: Field, value: Any) -> int:
        return len(value)

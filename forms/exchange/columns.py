"""Columns of a table and what they mean: a field, a part of an address, or one of a record's own keys.

A cell that begins like a formula is written with an apostrophe in front, so that a spreadsheet program shows it and
does not run it (CWE-1236); reading takes the apostrophe away again.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from forms.exchange.lines import HEAD, ExchangeError, Line, LineProblem
from forms.field_definition import Field
from forms.label import Label

ADDRESS_PARTS = ("unit", "detail", "original")
JSON_TYPES = ("group", "file", "files", "signature")
LIST_TYPES = ("many_of", "refs")
BOUNDARY = "; "
NUMBER_TYPES = ("int", "money")
_HANOI = timezone(timedelta(hours=7))
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class TableColumn(Struct, frozen=True):
    """``part`` is the address part, when the field is an address; ``field`` is None for a key of HEAD."""

    name: str
    field: Field | None = None
    part: str = ""

    @property
    def header(self) -> str:
        return f"{self.name}.{self.part}" if self.part else self.name


def table_columns(record_type: RecordType) -> list[TableColumn]:
    """Every column an export writes, in the order of the form."""
    columns = [TableColumn(name) for name in HEAD]
    for field in record_type.fields:
        if field.type == "address":
            columns += [TableColumn(field.name, field, part) for part in ADDRESS_PARTS]
        else:
            columns.append(TableColumn(field.name, field))
    return columns


def guard(text: str) -> str:
    """The text with an apostrophe in front when a spreadsheet could take it for a formula."""
    return "'" + text if text.startswith(_RISKY) else text


def unguard(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_RISKY) else text


class ColumnPlan(Struct, frozen=True):
    """What each column of one file means."""

    columns: tuple[TableColumn | None, ...]

    def line(self, number: int, cells: list[Any], *, guarded: bool = False) -> Line:
        """One row as a line. An empty cell is null: it clears the field of a known record, and says nothing of a new
        one."""
        if any(cell not in ("", None) for cell in cells[len(self.columns) :]):
            text = Label("Dòng có nhiều ô hơn dòng tiêu đề.", "The row has more cells than the header.")
            return Line(number=number, problem=LineProblem("", text))
        head: dict[str, Any] = {}
        values: dict[str, Any] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if column is None:
                continue
            value = unguard(cell) if guarded and isinstance(cell, str) else cell
            value = _plain(value, column.field)
            if column.field is None:
                if value is not None:
                    head[column.name] = _head_value(column.name, value)
            elif column.part:
                address = values.get(column.name) or {}
                if value is not None:
                    address = {**address, column.part: str(value)}
                values[column.name] = address or None
            else:
                try:
                    values[column.name] = _unpacked(column.field, value)
                except ValueError:
                    text = Label("Ô này phải là JSON như khi xuất ra.", "This cell must be JSON as exported.")
                    return Line(number=number, problem=LineProblem(column.name, text))
        return Line(number=number, head=head, values=values)


def plan_columns(record_type: RecordType, header: list[str], file: str) -> ColumnPlan:
    """Columns by name, or by label in either language. Raises ExchangeError for unknown and repeated ones."""
    known = _known_headers(record_type)
    plan: list[TableColumn | None] = []
    unknown = []
    for cell in header:
        text = cell.strip()
        column = known.get(text) or known.get(text.casefold())
        if text and column is None:
            unknown.append(text)
        plan.append(column)
    if unknown or not any(plan):
        names = ", ".join(f"“{name[:40]}”" for name in unknown) or "—"
        raise ExchangeError(
            f"{file}: dòng tiêu đề có cột không thuộc sổ này: {names}. Dùng tên mục như khi xuất ra.",
            f"{file}: the header has columns this register does not know: {names}. Use the names an export writes.",
        )
    given = [column.header for column in plan if column]
    if repeated := sorted({name for name in given if given.count(name) > 1}):
        raise ExchangeError(
            f"{file}: cột lặp lại: {', '.join(repeated)}.", f"{file}: repeated columns: {', '.join(repeated)}."
        )
    return ColumnPlan(tuple(plan))


def _known_headers(record_type: RecordType) -> dict[str, TableColumn]:
    columns = table_columns(record_type)
    by_label: dict[str, TableColumn] = {}
    for column in columns:
        if column.field is not None:
            suffix = f".{column.part}" if column.part else ""
            for label in (column.field.label.vi, column.field.label.en):
                by_label.setdefault((label + suffix).casefold(), column)
    addresses = {c.name: TableColumn(c.name, c.field) for c in columns if c.part}
    return {**by_label, **addresses, **{c.header: c for c in columns}}


def _plain(cell: Any, field: Field | None) -> Any:
    """A cell as JSON has it: spreadsheets bring numbers, days and moments of their own."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, float):
        whole = cell.is_integer() and (field is None or field.type not in ("decimal", "percent"))
        return int(cell) if whole else repr(cell).removesuffix(".0")
    if isinstance(cell, date | time):
        return _moment(cell, field)
    return cell if isinstance(cell, bool | str | int) else str(cell)


def _moment(cell: date | time, field: Field | None) -> str:
    if isinstance(cell, time):
        return cell.isoformat("minutes")
    if isinstance(cell, datetime):
        if field is not None and field.type in ("date", "date_partial"):
            return cell.date().isoformat()
        return cell.replace(tzinfo=_HANOI).isoformat()
    return cell.isoformat()


def _head_value(name: str, value: Any) -> Any:
    if name == "revision":
        return int(value) if str(value).isdigit() else value
    return str(value)


def _unpacked(field: Field, value: Any) -> Any:
    """The JSON value in a cell that holds more than one thing. Raises ValueError."""
    if not isinstance(value, str):
        if value is not None and field.type not in (*NUMBER_TYPES, "bool"):
            return str(value)  # an id number that a spreadsheet took for a number
        return value
    if field.type in JSON_TYPES:
        return json.loads(value)
    if field.type in LIST_TYPES:
        return [part.strip() for part in value.split(BOUNDARY.strip()) if part.strip()]
    return value

"""Records to files. What is written here and read again changes nothing."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from forms.definition import RecordType
from forms.exchange.columns import BOUNDARY, JSON_TYPES, LIST_TYPES, NUMBER_TYPES, TableColumn, guard, table_columns
from forms.exchange.lines import HEAD, ExchangeError

_HANOI = timezone(timedelta(hours=7))
_FIRST_SHEET_YEAR = 1901  # spreadsheets count days from 1900, with a leap day that never was
_LONGEST_CELL = 32_767  # characters; the limit of the format
Row = Mapping[str, Any]
"""A record: HEAD keys and ``fields``, as in a line of NDJSON."""


def write_records(path: Path, record_type: RecordType, records: Iterable[Row]) -> int:
    """Write all records to ``path``, its kind told by the extension; how many there were.

    The file appears whole or not at all. Raises ExchangeError for an unknown extension or a value the kind of file
    cannot hold, OSError when it cannot be written.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise ExchangeError(
            f"Không biết ghi tệp {path.name}: cần .ndjson, .csv hoặc .xlsx.",
            f"Cannot write {path.name}: it must be .ndjson, .csv or .xlsx.",
        )
    with whole_file(path) as beside:
        return write(beside, record_type, records)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its name only when it is complete."""
    if path.is_dir():
        raise IsADirectoryError(21, "is a directory", str(path))
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(2, "no such folder", str(path.parent)) from error
    finally:
        beside.unlink(missing_ok=True)


def as_line(record_type: RecordType, record: Row) -> dict[str, Any]:
    """A record in the order NDJSON has it; nulls and keys it lacks are left out of ``fields``."""
    line = {key: record[key] for key in HEAD if key in record}
    line.setdefault("type", record_type.id)
    return {**line, "fields": {k: v for k, v in record["fields"].items() if v is not None}}


def _write_json(path: Path, record_type: RecordType, records: Iterable[Row]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(as_line(record_type, record), ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    return count


def _write_table(path: Path, record_type: RecordType, records: Iterable[Row]) -> int:
    columns = table_columns(record_type)
    count = 0
    # the mark in front tells spreadsheet programs that this is UTF-8
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.header for column in columns])
        for record in records:
            writer.writerow([_table_cell(column, record) for column in columns])
            count += 1
    return count


def _table_cell(column: TableColumn, record: Row) -> str:
    value = _packed(column, record)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guard(value) if isinstance(value, str) else str(value)


def _packed(column: TableColumn, record: Row) -> Any:
    """What one cell holds; several things as a list with semicolons or as JSON."""
    field = column.field
    if field is None:
        return record.get(column.name)
    value = record["fields"].get(column.name)
    if value is None:
        return None
    if column.part:
        return value.get(column.part)
    if field.type in JSON_TYPES:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if field.type in LIST_TYPES:
        return BOUNDARY.join(value)
    return value


def _write_sheet(path: Path, record_type: RecordType, records: Iterable[Row]) -> int:
    import xlsxwriter

    columns = table_columns(record_type)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(path), options)
    count = 0
    try:
        sheet = book.add_worksheet("records")
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column.header, bold)
        for record in records:
            count += 1
            for at, column in enumerate(columns):
                _write_cell(sheet, (count, at), column, _packed(column, record), (day, moment))
        _write_key(book, columns, bold)
    finally:
        book.close()
    return count


def _write_cell(sheet: Any, place: tuple[int, int], column: TableColumn, value: Any, formats: tuple[Any, Any]) -> None:
    row, at = place
    kind = column.field.type if column.field else "text"
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, int) and (kind in NUMBER_TYPES or column.name == "revision"):
        # a double holds whole numbers exactly up to 2^53; more goes in as text
        if abs(value) < 2**53:
            sheet.write_number(row, at, value)
        else:
            sheet.write_string(row, at, str(value))
    elif kind == "date" and value[:4].isdigit() and int(value[:4]) >= _FIRST_SHEET_YEAR:
        sheet.write_datetime(row, at, date.fromisoformat(value), formats[0])
    elif kind == "datetime" and value[:4].isdigit() and int(value[:4]) >= _FIRST_SHEET_YEAR:
        local = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(_HANOI)
        sheet.write_datetime(row, at, local.replace(tzinfo=None), formats[1])
    else:
        _write_text(sheet, row, at, str(value))


def _write_text(sheet: Any, row: int, at: int, text: str) -> None:
    if len(text) > _LONGEST_CELL:
        raise ExchangeError(
            "Có mục dài hơn 32.767 ký tự, .xlsx không chứa được: hãy xuất .ndjson hoặc .csv.",
            "A field is longer than the 32,767 characters .xlsx can hold: export .ndjson or .csv.",
        )
    sheet.write_string(row, at, text)


def _write_key(book: Any, columns: list[TableColumn], bold: Any) -> None:
    """A second sheet that says what each column is."""
    sheet = book.add_worksheet("columns")
    for at, title in enumerate(("name", "vi", "en", "type")):
        sheet.write_string(0, at, title, bold)
    for row, column in enumerate(columns, start=1):
        sheet.write_string(row, 0, column.header)
        if column.field is not None:
            for at, text in enumerate((column.field.label.vi, column.field.label.en, column.field.type), start=1):
                sheet.write_string(row, at, text)


_WRITERS: dict[str, Callable[[Path, RecordType, Iterable[Row]], int]] = {
    ".ndjson": _write_json,
    ".jsonl": _write_json,
    ".csv": _write_table,
    ".xlsx": _write_sheet,
}

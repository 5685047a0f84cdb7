"""Figures of a report as a spreadsheet: a sheet for each table, numbers as numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forms.exchange import whole_file
from forms.reports import Figures, TableFigures, Value

_NAME_LENGTH = 31  # of a sheet, in the format
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_FORMATS = {"money": "#,##0", "number": "#,##0", "percent": '0.0" %"', "decimal": "#,##0.##"}


def write_sheets(
    path: Path, figures: Figures, title: str, *, before: Figures | None = None, language: str = "vi"
) -> None:
    """One .xlsx, whole or not at all. ``before``: the period before, as a second line under each total.
    Raises OSError."""
    import xlsxwriter

    earlier = {table.id: table for table in before.tables} if before else {}
    with whole_file(path) as beside:
        book = xlsxwriter.Workbook(str(beside), {"strings_to_formulas": False, "strings_to_urls": False})
        try:
            formats = _Formats(book)
            for number, table in enumerate(figures.tables, start=1):
                name = f"{number} {table.label.get(language)}".translate(_FORBIDDEN)[:_NAME_LENGTH].strip()
                sheet = book.add_worksheet(name)
                sheet.write_string(0, 0, title, formats.bold)
                sheet.write_string(1, 0, figures.window.label.get(language))
                _write_table(sheet, table, earlier.get(table.id), formats, language)
        finally:
            book.close()


class _Formats:
    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True})
        self.head = book.add_format(
            {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
        )
        self.text = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        self.numbers = {show: book.add_format({"border": 1, "num_format": form}) for show, form in _FORMATS.items()}


def _write_table(
    sheet: Any, table: TableFigures, before: TableFigures | None, formats: _Formats, language: str
) -> None:
    left = len(table.breakdown)
    for at, label in enumerate((*table.breakdown, *(column.label for column in table.columns))):
        sheet.write_string(3, at, label.get(language), formats.head)
        sheet.set_column(at, at, 28 if at < left or table.columns[at - left].show == "text" else 14)
    sheet.freeze_panes(4, left)
    row = 4
    for line in table.lines:
        _write_line((sheet, row), line.names, line.values, table, formats)
        row += 1
    total = {"vi": "Tổng", "en": "Total"}.get(language, "Tổng")
    period = {"vi": "Kỳ trước", "en": "Period before"}.get(language, "Kỳ trước")
    for name, values in ((total, table.total), (period, before.total if before else None)):
        if values is not None:
            _write_line((sheet, row), (name, *[""] * (left - 1))[:left], values, table, formats)
            row += 1


def _write_line(
    place: tuple[Any, int],
    names: tuple[str, ...],
    values: tuple[Value, ...],
    table: TableFigures,
    formats: _Formats,
) -> None:
    sheet, row = place
    for at, name in enumerate(names):
        sheet.write_string(row, at, name, formats.text)
    for at, value in enumerate(values, start=len(names)):
        show = table.columns[at - len(names)].show
        if value is None:
            sheet.write_blank(row, at, None, formats.text)
        elif isinstance(value, str):
            sheet.write_string(row, at, value, formats.text)
        else:
            sheet.write_number(row, at, value, formats.numbers.get(show, formats.numbers["decimal"]))

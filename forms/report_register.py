"""A counted report as a record of the register of reports: its figures are then kept, signed and sent like anything else,
and no longer change when the records they were counted from do."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from forms.definition import Catalog
from forms.report_definition import Report, ReportRegister
from forms.reports import Figures, TableFigures, Value, shown_figure


def register_for(report: Report, catalog: Catalog) -> ReportRegister | None:
    """Where a report is kept: one that counts records of a restricted scope, in a register of that scope, so that its
    figures are seen by nobody whom the records are not. None: nowhere (no register of all the scopes it counts in)."""
    register = catalog.report_register
    hidden = {scope.id for scope in catalog.scopes if scope.restricted}
    counted = {catalog.record_type(table.over).scope for table in report.tables} & hidden
    if register is None or not counted:
        return register
    record = register.restricted.get(next(iter(counted))) if len(counted) == 1 else None
    return replace(register, record=record) if record else None


def register_values(
    register: ReportRegister, report: Report, figures: Figures, before: Figures | None, due: str | None
) -> dict[str, Any]:
    """The fields a new record of the register begins with. ``due``: the day it must be sent (ISO); sent by 17:00."""
    window = figures.window
    values = {
        register.code: figures.report,
        register.title: report.label.vi,
        register.kind: window.period,
        register.period: window.key,
        register.from_: window.from_date,
        register.to: window.to_date,
        register.due: f"{due}T10:00:00Z" if due else None,
        register.rows: indicator_rows(figures, before),
    }
    if register.receiver is not None and report.to is not None:
        values[register.receiver] = report.to.vi
    return {name: value for name, value in values.items() if value is not None}


def indicator_rows(figures: Figures, before: Figures | None) -> list[dict[str, Any]]:
    """One row a figure: ``code`` (table/line/column), ``name``, ``value`` (decimal text), ``last`` (the period before). A
    table of records is one figure: how many lines it has."""
    earlier = {table.id: table for table in before.tables} if before else {}
    rows = [row for table in figures.tables for row in _rows(table, earlier.get(table.id))]
    return [{"_id": str(number), **row} for number, row in enumerate(rows, start=1)]


def _rows(table: TableFigures, before: TableFigures | None) -> list[dict[str, Any]]:
    by_record = any(line.record for line in table.lines) or (not table.lines and not table.breakdown)
    if by_record:
        count, last = len(table.lines), len(before.lines) if before else None
        return [_row(table.id, table.label.vi, count, last)]
    then = {line.keys: line.values for line in before.lines} if before else {}
    rows = []
    for line in table.lines:
        rows += _line(table, line.keys, line.names, line.values, then.get(line.keys))
    if table.total and table.breakdown:
        rows += _line(table, ("*",), ("Tổng",), table.total, before.total if before else None)
    return rows


def _line(
    table: TableFigures,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    values: tuple[Value, ...],
    last: tuple[Value, ...] | None,
) -> list[dict[str, Any]]:
    rows = []
    for place, column in enumerate(table.columns):
        code = "/".join((table.id, *keys, column.id))
        name = " – ".join(part for part in (*names, column.label.vi) if part)
        rows.append(_row(code, name, values[place], last[place] if last else None))
    return rows


def _row(code: str, name: str, value: Value, last: Value) -> dict[str, Any]:
    row = {"code": code, "name": name, "value": _decimal(value), "last": _decimal(last)}
    return {key: text for key, text in row.items() if text is not None}


def _decimal(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return shown_figure(value, "decimal", "en").replace(",", "")

"""What a report is counted from and what comes out of it: tables of figures, and how one figure is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from forms.functions import Calendar
from forms.label import Label
from forms.report_windows import Window

Number = int | float
Value = int | float | str | None


class RecordLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...


class ReportContext(Struct, frozen=True, kw_only=True):
    """``records(type, field, first, last)``: the records of a type; with a field named, at least those whose date in it lies
    between the two days (ISO)."""

    records: Callable[[str, str | None, str, str], Iterable[RecordLike]]
    resolve: Callable[[str], Mapping[str, Any] | None]
    calendar: Calendar
    now: Callable[[], Any]
    language: str = "vi"


class Heading(Struct, frozen=True):
    id: str
    label: Label
    show: str  # number, money, percent, decimal, date, text


class Line(Struct, frozen=True):
    """``keys``: the value of each breakdown, "" for none; ``names``: how an officer reads them. ``record``: its id, in a
    table of records."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[Value, ...]
    record: str | None = None


class TableFigures(Struct, frozen=True):
    id: str
    label: Label
    breakdown: tuple[Label, ...]
    columns: tuple[Heading, ...]
    lines: tuple[Line, ...]
    total: tuple[Value, ...] | None = None


class Figures(Struct, frozen=True):
    """A report as counted, ready to be kept: it does not change when the records do."""

    report: str  # tool.report
    window: Window
    tables: tuple[TableFigures, ...]
    counted_at: str  # moment


_VIETNAMESE_POINTS = str.maketrans(",.", ".,")
Trace = dict[tuple[str, tuple[str, ...], str], list[str]]
"""(table, keys of the line, column) → ids of the records behind the figure. The total's keys are ()."""


def shown_figure(value: Value, show: str, language: str = "vi") -> str:
    """A figure as it is read: "1.250", "12,5 %", "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if show == "percent":
        decimals = f"{value:,.1f}"
    elif show == "money" or isinstance(value, int):
        decimals = f"{round(value):,}"
    else:
        decimals = f"{value:,.2f}".rstrip("0").rstrip(".")
    if language != "en":
        decimals = decimals.translate(_VIETNAMESE_POINTS)
    return f"{decimals} %" if show == "percent" else decimals

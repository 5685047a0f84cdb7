"""Reports: definitions and records become tables of figures. No store and no screen here.

Every figure can be traced: with a ``Trace`` it is kept which records stand behind each line and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from forms.definition import Catalog
from forms.report_definition import Report, ReportTable
from forms.report_figures import (
    Figures,
    Heading,
    Line,
    RecordLike,
    ReportContext,
    TableFigures,
    Trace,
    Value,
    shown_figure,
)
from forms.report_scan import Scan
from forms.report_tables import Tally
from forms.report_windows import Window
from forms.vietnamese_dates import moment_text

__all__ = [
    "Figures", "Heading", "Line", "RecordLike", "ReportContext", "TableFigures", "Trace", "Value", "compute",
    "compute_windows", "shown_figure",
]  # fmt: skip


def compute(
    tool_id: str,
    report: Report,
    catalog: Catalog,
    window: Window,
    context: ReportContext,
    *,
    trace: Trace | None = None,
) -> Figures:
    """The report over a window. A rule that cannot be evaluated for a record counts that record as not meant."""
    return compute_windows(tool_id, report, catalog, [window], context, traces=[trace])[0]


def compute_windows(
    tool_id: str,
    report: Report,
    catalog: Catalog,
    windows: Sequence[Window],
    context: ReportContext,
    *,
    traces: Sequence[Trace | None] = (),
) -> tuple[Figures, ...]:
    """``compute`` over several windows at once: each record is read once for all of them, and for all tables."""
    moment = context.now()
    context = replace(context, now=lambda: moment)
    places: dict[int, list[TableFigures]] = {}
    tables = report.tables
    for group in _passes(tables):
        found = _one_pass([tables[place] for place in group], catalog, windows, context, traces)
        places |= dict(zip(group, found, strict=True))
    counted_at = moment_text(moment)
    return tuple(
        Figures(f"{tool_id}.{report.id}", window, tuple(places[place][n] for place in range(len(tables))), counted_at)
        for n, window in enumerate(windows)
    )


def _passes(tables: Sequence[ReportTable]) -> Iterator[list[int]]:
    """Places of the tables that go through the same records: those of one type, and where none of them needs every record
    those by the same date, since a store finds few records by their date faster than it reads them all."""
    needs_all = {table.over for table in tables if table.when is None}
    groups: dict[tuple[str, str | None], list[int]] = {}
    for place, table in enumerate(tables):
        groups.setdefault((table.over, None if table.over in needs_all else table.when), []).append(place)
    yield from groups.values()


def _one_pass(
    tables: Sequence[ReportTable],
    catalog: Catalog,
    windows: Sequence[Window],
    context: ReportContext,
    traces: Sequence[Trace | None],
) -> list[list[TableFigures]]:
    """Each table's figures by window."""
    scan = Scan(catalog.record_type(tables[0].over), catalog, context)
    kept = [*traces, *[None] * (len(windows) - len(traces))]
    tallies = [
        (window, [Tally(table, window, scan, trace) for table in tables])
        for window, trace in zip(windows, kept, strict=True)
    ]
    by_date = {table.when for table in tables}
    when = by_date.pop() if len(by_date) == 1 else None
    first, last = min(window.from_date for window in windows), max(window.to_date for window in windows)
    for record in context.records(scan.kind.id, when, first, last):
        scan.show(record)
        for window, of_window in tallies:
            scan.enter(window)
            for tally in of_window:
                tally.take(record)
    return [[of_window[place].figures() for _, of_window in tallies] for place in range(len(tables))]

"""Reports of this PC's records, for the window and the command line. No Qt."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from msgspec import Struct, structs

from forms.calendar import calendar_of
from forms.definition import Catalog, Tool
from forms.report_definition import Period, Report, ReportTable
from forms.report_register import register_for
from forms.report_windows import Window, current, due_on, previous, window_of
from forms.reports import Figures, ReportContext, Trace, compute_windows
from forms.vietnamese_dates import to_local
from sync.clock import Clock
from sync.store import Store
from sync.store.model import Record

_WINDOW = re.compile(r"\b(?:from_date|to_date)\b")  # the names under which rules know the window
SOON_DAYS = 5  # a report due within so many days is work of today


class Counted(Struct):
    """A report with the period before it, and which records stand behind each of its figures."""

    tool: Tool
    report: Report
    figures: Figures
    before: Figures | None
    trace: Trace


class Coming(Struct, frozen=True):
    """A report that is to be made: its latest whole window and the last day for sending it."""

    tool: Tool
    report: Report
    window: Window
    due: str | None  # ISO date
    days_left: int | None  # negative: late by so many days

    @property
    def id(self) -> str:
        return f"{self.tool.id}.{self.report.id}"

    @property
    def key(self) -> tuple[str, str]:
        """How its record is found in the register of reports."""
        return (self.id, self.window.key)


def find_report(catalog: Catalog, report_id: str) -> tuple[Tool, Report]:
    """The report called ``tool.report``; raises KeyError."""
    tool_id, _, name = report_id.partition(".")
    for tool in catalog.tools:
        for report in tool.reports if tool.id == tool_id else ():
            if report.id == name:
                return tool, report
    raise KeyError(report_id)


def count_report(
    store: Store,
    catalog: Catalog,
    clock: Clock,
    report_id: str,
    period: str,
    *,
    language: str = "vi",
    within: Collection[str] | None = None,
) -> Counted:
    """Counts a report over a written period ("2026-Q3"). Takes seconds on a large register: not for the window's thread.
    ``within``: the types whose records references may be followed to; None: all. Raises KeyError, WindowError."""
    tool, report = find_report(catalog, report_id)
    today = to_local(clock.now()).date()
    window = window_of(report, period, today)
    context = ReportContext(
        records=store.records.each_counted,
        resolve=lambda record_id: store.records.resolve(record_id, within),
        calendar=calendar_of(catalog),
        now=clock.now,
        language=language,
    )
    trace: Trace = {}
    earlier = previous(report, window, today)
    windows = [window, earlier] if earlier else [window]
    figures, *before = compute_windows(tool.id, report, catalog, windows, context, traces=[trace])
    return Counted(tool, report, figures, _of_its_time(before[0], report) if before else None, trace)


def _of_its_time(before: Figures, report: Report) -> Figures:
    """Without the tables that count what is there now, whatever the window: today's figures under “the period before” would say
    that nothing has changed."""
    dated = {table.id for table in report.tables if table.when is not None or _WINDOW.search(_rules_of(table))}
    return structs.replace(before, tables=tuple(table for table in before.tables if table.id in dated))


def _rules_of(table: ReportTable) -> str:
    rules = [table.where, *(row.by for row in table.rows)]
    rules += [rule for column in table.columns for rule in (column.count, column.sum, column.calc, column.value)]
    return " ".join(rule for rule in rules if rule)


def latest_window(report: Report, period: Period, clock: Clock) -> Window:
    """The last window that is over; of today, an occasion or now the one that runs."""
    today = to_local(clock.now()).date()
    window = current(report, period, today)
    if period in ("now", "occasion", "day"):
        return window
    return window if window.to_date < today.isoformat() else previous(report, window, today) or window


def coming_reports(catalog: Catalog, clock: Clock) -> tuple[Coming, ...]:
    """Every report with its latest whole window, the shortest of its periods, soonest due first."""
    today, calendar = to_local(clock.now()).date(), calendar_of(catalog)
    found = []
    for tool in catalog.tools:
        for report in tool.reports:
            window = latest_window(report, report.periods[0], clock)
            due = due_on(report, window, calendar) if report.periods[0] not in ("now", "occasion") else None
            left = (to_local(f"{due}T00:00:00+07:00").date() - today).days if due else None
            found.append(Coming(tool, report, window, due, left))
    return tuple(sorted(found, key=lambda each: (each.due is None, each.due or "", each.id)))


def kept_report(store: Store, catalog: Catalog, coming: Coming) -> Record | None:
    """The record of a report's window in the register of reports: one that stands rather than a void one, the newest of
    several. Void means that somebody said why it is not made. By index: a tenth of a millisecond."""
    register = register_for(coming.report, catalog)
    if register is None or not catalog.knows(register.record):
        return None
    record_type = catalog.record_type(register.record)
    found = store.records.find(record_type.id, **{register.code: coming.id, register.period: coming.window.key})
    standing = [record for record in found if record_type.state(record.state).kind != "void"]
    return next(iter(reversed(standing or list(found))), None)


def write_report(counted: Counted, path: Path, html: str, *, language: str) -> None:
    """The report as .xlsx, .pdf, .odt or .json, told by the extension. Raises OSError, PrintFailed, ValueError."""
    kind = path.suffix.lower()
    if kind == ".xlsx":
        from forms.report_sheets import write_sheets

        title = counted.report.label.get(language)
        write_sheets(path, counted.figures, title, before=counted.before, language=language)
    elif kind == ".json":
        import msgspec

        from forms.exchange import whole_file

        with whole_file(path) as beside:
            beside.write_bytes(msgspec.json.encode(counted.figures))
    elif kind in (".pdf", ".odt"):
        from desktop.forms.printing_qt import write_odt, write_pdf
        from forms.definition import Printout

        paper = Printout(
            id=counted.report.id, label=counted.report.label, template="", landscape=counted.report.landscape
        )
        (write_pdf if kind == ".pdf" else write_odt)(html, path, paper)
    else:
        raise ValueError(kind)

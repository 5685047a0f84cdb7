from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.label import Label
from forms.loader import check
from forms.report_definition import Report
from forms.report_windows import WindowError, current, due_on, next_window, previous, window_of
from forms.reports import Figures, ReportContext, Trace, compute, shown_figure

from .conftest import CATALOGUE, PEOPLE

TODAY = date(2026, 11, 22)


class Row(Struct, frozen=True):
    id: str
    state: str
    fields: dict[str, Any]
    number: str | None = None


def row(name: str, state: str, begun: str, **fields: Any) -> Row:
    return Row(name, state, {"begun_at": begun, **fields})


RECORDS = (
    row("1", "lent", "2026-10-20T02:00:00Z", kind="book", fee=5000, borrower="old"),
    row("2", "returned", "2026-11-01T02:00:00Z", kind="book", fee=7000, borrower="child"),
    row("3", "returned", "2026-11-14T16:59:00Z", kind="01", fee=None, borrower="child"),  # 23:59 in Hanoi on the 14th
    row("4", "lent", "2026-11-14T17:00:00Z", kind="01", fee=9000, borrower="child"),  # the 15th
    row("5", "void", "2026-11-02T02:00:00Z", kind="book", fee=1),
    row("6", "lent", "2026-11-03T02:00:00Z", fee=2000, borrower="child"),  # no kind
)


@pytest.fixture
def report(catalog: Catalog) -> Report:
    return catalog.tool_of("lending.loan").reports[0]


def counted(catalog: Catalog, report: Report, key: str, trace: Trace | None = None) -> Figures:
    context = ReportContext(
        records=lambda *_: RECORDS,
        resolve=PEOPLE.get,
        calendar=WorkCalendar(),
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
    )
    return compute("lending", report, catalog, window_of(report, key, TODAY), context, trace=trace)


def test_figures_of_a_month_run_from_the_15th_to_the_14th(catalog: Catalog, report: Report) -> None:
    figures = counted(catalog, report, "2026-11")
    by_kind = figures.tables[0]
    lines = {line.keys: line.values for line in by_kind.lines}
    assert lines[("book",)] == (2, 1, 12000, 50)
    assert lines[("01",)] == (1, 1, 0, 100)
    assert lines[("",)] == (1, 0, 2000, 0)  # what has no kind is counted too, so that the total holds
    assert by_kind.total == (4, 2, 14000, 50)
    assert by_kind.lines[-1].names == ("–",)


def test_every_figure_is_traced_to_its_records(catalog: Catalog, report: Report) -> None:
    trace: Trace = {}
    figures = counted(catalog, report, "2026-11", trace)
    for line in figures.tables[0].lines:
        for heading, value in list(zip(figures.tables[0].columns, line.values, strict=True))[:2]:
            assert len(trace.get(("by_kind", line.keys, heading.id), [])) == value
    assert sorted(trace["by_kind", (), "back"]) == ["2", "3"]


def test_a_table_of_records_is_sorted_and_summed(catalog: Catalog, report: Report) -> None:
    out = counted(catalog, report, "2026-11").tables[1]
    assert [line.record for line in out.lines] == ["1", "6"]  # Ánh before Bé; 4 came after the window
    assert out.lines[0].values == ("Nguyễn Thị Ánh", 5000)
    assert out.total == (None, 7000)


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-11-22", "2026-11-22", "2026-11-22"),
        ("2026-W47", "2026-11-16", "2026-11-22"),
        ("2026-01", "2025-12-15", "2026-01-14"),
        ("2026-Q4", "2026-09-15", "2026-12-14"),
        ("2026-H1", "2025-12-15", "2026-06-14"),
        ("2026-H2", "2026-06-15", "2026-12-14"),
        ("2026-9M", "2025-12-15", "2026-09-14"),
        ("2026", "2025-12-15", "2026-12-14"),
        ("2026-07-20..2026-07-27", "2026-07-20", "2026-07-27"),
        ("now", "1900-01-01", "2026-11-22"),
    ],
)
def test_windows_of_decree_09_2019(report: Report, key: str, first: str, last: str) -> None:
    window = window_of(report, key, TODAY)
    assert (window.from_date, window.to_date) == (first, last)


@pytest.mark.parametrize(
    "key", ["", "2026-13", "2026-Q5", "2026-W60", "tháng 11", "2026-07-27..2026-07-20", "2026-02-30"]
)
def test_what_is_no_period_is_told(report: Report, key: str) -> None:
    with pytest.raises(WindowError, match="kỳ báo cáo"):
        window_of(report, key, TODAY)


@given(
    day=st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    period=st.sampled_from(["day", "week", "month", "quarter", "half_year", "year"]),
)
def test_windows_follow_each_other_without_gap_or_overlap(day: date, period: Any) -> None:
    report = Report(id="any", label=Label("", ""), periods=(period,), tables=())
    window = current(report, period, day)
    assert window.from_date <= day.isoformat() <= window.to_date
    later = next_window(report, window, day)
    assert date.fromisoformat(later.from_date) == date.fromisoformat(window.to_date) + timedelta(days=1)
    assert previous(report, later, day) == window


def test_due_after_the_window_in_working_days(report: Report) -> None:
    window = window_of(report, "2026-11", TODAY)  # ends on Saturday the 14th
    assert due_on(report, window, WorkCalendar()) == "2026-11-17"


def test_mistakes_in_reports_are_told_with_their_lines(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(CATALOGUE, folder)
    path = folder / "lending" / "reports.yaml"
    text = path.read_text(encoding="utf-8")
    for good, bad in (
        ("over: lending.loan\n        when: begun_at", "over: lending.lone\n        when: begun_at"),
        ("calc: back * 100.0 / loans", "calc: backs * 100.0"),
        ("when: begun_at", "when: kind"),
        ("where: state ==", "where: stat =="),
        ("value: borrower", "count: borrower"),
        ("sort: who", "sort: whom"),
        ("periods: [day,", "periods: [daily,"),
    ):
        assert good in text
        path.write_text(text.replace(good, bad, 1), encoding="utf-8")
        found = [p for p in check(folder) if p.file.endswith("reports.yaml")]
        wrong = bad.splitlines()[0]
        line = next(number for number, written in enumerate(path.read_text().splitlines(), 1) if wrong in written)
        assert any(abs(problem.line - line) <= 1 for problem in found), (bad, found)


@pytest.mark.parametrize(
    ("value", "show", "vi", "en"),
    [
        (1250000, "money", "1.250.000", "1,250,000"),
        (12.5, "percent", "12,5 %", "12.5 %"),
        (100, "percent", "100,0 %", "100.0 %"),
        (0.333, "decimal", "0,33", "0.33"),
        (2, "decimal", "2", "2"),
        (None, "number", "–", "–"),
        ("Tư pháp", "text", "Tư pháp", "Tư pháp"),
    ],
)
def test_figures_are_written_as_the_country_writes_them(value: Any, show: str, vi: str, en: str) -> None:
    assert (shown_figure(value, show, "vi"), shown_figure(value, show, "en")) == (vi, en)

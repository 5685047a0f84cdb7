"""The windows of reports: which days a report of a month, a quarter or a year counts.

Decree 09/2019/NĐ-CP, Art. 12: data run from the 15th of the month before the period to the 14th of its last month; half a
year, nine months and a year begin on 15 December of the year before. Days, weeks (Monday to Sunday) and reports whose
definition says ``window: calendar`` go by natural days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from msgspec import Struct

from forms.functions import Calendar, add_months
from forms.label import Label
from forms.report_definition import Period, Report
from forms.vietnamese_dates import show_date

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "nine_months": 9, "year": 12}
_TEXT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)|(?P<week>\d{4}-W\d\d)|(?P<quarter>\d{4}-Q[1-4])|(?P<half_year>\d{4}-H[12])"
    r"|(?P<nine_months>\d{4}-9M)|(?P<month>\d{4}-\d\d)|(?P<year>\d{4})|(?P<occasion>\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d)|(?P<now>now)",
    re.ASCII,
)

_FIRST_YEAR, _LAST_YEAR = "1800", "2999"  # so that the windows beside it are dates too


class WindowError(ValueError):
    """The text names no period; ``label`` says so to an officer."""

    def __init__(self, text: str) -> None:
        self.label = Label(
            f"“{text}” không phải kỳ báo cáo. Viết như 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026-H1, 2026-9M, 2026, "
            "2026-07-20..2026-07-27 hoặc now.",
            f"“{text}” is no period. Write 2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026-H1, 2026-9M, 2026, "
            "2026-07-20..2026-07-27 or now.",
        )
        super().__init__(self.label.vi)


class Window(Struct, frozen=True):
    """The days counted, both included (ISO dates). ``key`` is how the period is written: "2026-Q3"."""

    period: Period
    key: str
    from_date: str
    to_date: str
    label: Label


def window_of(report: Report, key: str, today: date) -> Window:
    """The window of a written period. Raises WindowError for text that is none, or a period the report does not have."""
    found = _TEXT.fullmatch(key.strip())
    period = found.lastgroup if found else None
    if period is None or period not in report.periods:
        raise WindowError(key)
    try:
        window = _window(report, period, key.strip(), today)
    except (ValueError, OverflowError):
        raise WindowError(key) from None
    if not _FIRST_YEAR <= window.from_date[:4] <= window.to_date[:4] <= _LAST_YEAR:
        raise WindowError(key)
    return window


def current(report: Report, period: Period, today: date) -> Window:
    """The window that holds today."""
    if period == "occasion":
        return window_of(report, f"{today.replace(day=1)}..{today}", today)
    if period == "nine_months":  # made once a year
        return window_of(report, f"{today.year}-9M", today)
    window = window_of(report, _key(period, today), today)
    # days after the 14th belong to the next month, quarter or year
    return next_window(report, window, today) if window.to_date < today.isoformat() else window


def previous(report: Report, window: Window, today: date) -> Window | None:
    """The window to compare with; None where there is none (an occasion, now)."""
    try:
        return _beside(report, window, -1, today)
    except WindowError:  # the first there can be
        return None


def next_window(report: Report, window: Window, today: date) -> Window:
    return _beside(report, window, 1, today) or window


def due_on(report: Report, window: Window, calendar: Calendar) -> str | None:
    """The last day for sending it; None when the report names none."""
    if report.due is None:
        return None
    end = date.fromisoformat(window.to_date)
    if report.due.unit == "day":
        return (end + timedelta(days=report.due.days)).isoformat()
    return calendar.add_working_days(end, report.due.days).isoformat()


def _key(period: Period, day: date) -> str:
    quarter = (day.month + 2) // 3
    week = day.isocalendar()
    return {
        "day": day.isoformat(),
        "week": f"{week.year}-W{week.week:02d}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{quarter}",
        "half_year": f"{day.year}-H{1 if day.month < 7 else 2}",
        "year": str(day.year),
        "now": "now",
    }[period]


def _window(report: Report, period: Period, key: str, today: date) -> Window:
    first, last = _natural(period, key, today)
    if period in _MONTHS and report.window == "report":
        first, last = add_months(first, -1).replace(day=15), last.replace(day=14)
    return Window(period, key, first.isoformat(), last.isoformat(), _label(period, key, first, last))


def _natural(period: Period, key: str, today: date) -> tuple[date, date]:
    if period == "now":
        return date(1900, 1, 1), today
    if period == "day":
        return date.fromisoformat(key), date.fromisoformat(key)
    if period == "occasion":
        start, end = (date.fromisoformat(part) for part in key.split(".."))
        if end < start:
            raise ValueError(key)
        return start, end
    year = int(key[:4])
    if period == "week":
        start = date.fromisocalendar(year, int(key[6:]), 1)
        return start, start + timedelta(days=6)
    months = _MONTHS[period]
    place = 1 if period in ("year", "nine_months") else int(key[5:].lstrip("QH"))
    first = date(year, (place - 1) * months + 1, 1)
    end_month = first.month + months - 1
    return first, date(year, end_month, monthrange(year, end_month)[1])


def _beside(report: Report, window: Window, step: int, today: date) -> Window | None:
    period, key = window.period, window.key
    if period in ("now", "occasion"):
        return None
    if period in ("nine_months", "year"):
        return window_of(report, f"{int(key[:4]) + step}{key[4:]}", today)
    first, last = _natural(period, key, today)
    day = first - timedelta(days=1) if step < 0 else last + timedelta(days=1)
    return window_of(report, _key(period, day), today)


def _label(period: Period, key: str, first: date, last: date) -> Label:
    year, part = key[:4], key[5:].lstrip("QHW")
    days = f"{show_date(first.isoformat())} – {show_date(last.isoformat())}"
    texts = {
        "day": (f"ngày {show_date(first.isoformat())}", show_date(first.isoformat())),
        "week": (f"tuần {part} năm {year} ({days})", f"week {part}, {year} ({days})"),
        "month": (f"tháng {part}/{year} ({days})", f"{part}/{year} ({days})"),
        "quarter": (f"quý {part} năm {year} ({days})", f"quarter {part}, {year} ({days})"),
        "nine_months": (f"9 tháng năm {year} ({days})", f"nine months of {year} ({days})"),
        "year": (f"năm {year} ({days})", f"{year} ({days})"),
        "occasion": (days, days),
        "now": (f"đến {show_date(last.isoformat())}", f"as of {show_date(last.isoformat())}"),
    }
    if period == "half_year":
        vi, en = (f"6 tháng đầu năm {year}", f"first half of {year}")
        if part == "2":
            vi, en = f"6 tháng cuối năm {year}", f"second half of {year}"
        return Label(f"{vi} ({days})", f"{en} ({days})")
    return Label(*texts[period])

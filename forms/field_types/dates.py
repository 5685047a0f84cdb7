"""Dates, partial dates, times, moments: typed day first, stored as ISO text, shown as dd/MM/yyyy at +07:00."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, Showing, wrong
from forms.vietnamese import clean
from forms.vietnamese_dates import VIETNAM, moment_text, show_date, to_local

_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-\s](\d{1,2})[/.\-\s](\d{4}|\d{2})", re.ASCII)
_DIGITS = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_MONTH = re.compile(r"(\d{1,2})[/.\-\s](\d{4})", re.ASCII)
_ISO_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:[:hg.]|\s*giờ\s*)(\d{1,2})?(?::(\d{2}))?\s*(?:phút|p)?", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{2})(\d{2})", re.ASCII)
_YEARS = range(1800, 2201)
_PIVOT = 50  # "49" is 2049, "50" is 1950: birth years are written in full, two digits are dates of the day's work


def _year(text: str) -> int:
    if len(text) == 2:
        return int(text) + (2000 if int(text) < _PIVOT else 1900)
    return int(text)


def _parts(text: str) -> tuple[int, int, int] | None:
    """(year, month, day) as written, zeros kept ("00/00/1950"); None when it is no date."""
    if found := _DAY_FIRST.fullmatch(text) or _DIGITS.fullmatch(text):
        return _year(found[3]), int(found[2]), int(found[1])
    if found := _ISO.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    return None


def _checked(year: int, month: int, day: int, key: str) -> date:
    if year not in _YEARS:
        raise wrong("year_range")
    if month > 12:
        raise wrong("no_such_month", month=month)
    if month and day > (last := monthrange(year, month)[1]):
        raise wrong("no_such_day", day=day, month=f"{month:02d}/{year}", last=last)
    try:
        return date(year, month, day)
    except ValueError:
        raise wrong(key) from None


def read_date(value: Any, key: str = "date") -> date | None:
    """The day that text, a spreadsheet's date or a moment at midnight means; None for empty text."""
    if isinstance(value, datetime):
        return (value.astimezone(VIETNAM) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise wrong(key)
    text = re.sub(r"\s*([/.\-])\s*", r"\1", clean(value))
    text = re.sub(r"[T ]00:00(:00)?$", "", text)
    if not text:
        return None
    parts = _parts(text)
    if parts is None:
        raise wrong(key)
    return _checked(*parts, key)


class Date(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        day = read_date(value)
        return day and day.isoformat()

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return shown(show_date, value)


class PartialDate(FieldKind):
    """What old papers give: a day, a month or only a year; "00/00/1950" is the year."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            day = read_date(value, "date_partial")
            return day and day.isoformat()
        text = clean(value)
        if _YEAR.fullmatch(text):
            return f"{_checked(int(text), 1, 1, 'date_partial').year:04d}"
        if found := _MONTH.fullmatch(text):
            return self._month(int(found[2]), int(found[1]))
        if found := _ISO_MONTH.fullmatch(text):
            return self._month(int(found[1]), int(found[2]))
        parts = _parts(text)
        if parts and parts[2] == 0:
            return self._month(parts[0], parts[1])
        day = read_date(text, "date_partial")
        return day and day.isoformat()

    def _month(self, year: int, month: int) -> str:
        first = _checked(year, month or 1, 1, "date_partial").isoformat()
        return first[:7] if month else first[:4]

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return shown(show_date, value)


def read_time(text: str) -> time | None:
    """ "14:30", "14h30", "14h", "1430", "9:05"; None when it is no time of day."""
    found = _TIME.fullmatch(text) or _CLOCK.fullmatch(text)
    if not found:
        return None
    hour, minute, second = (*(int(part or 0) for part in found.groups()), 0)[:3]
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


class Time(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, time):
            return value.strftime("%H:%M")
        if not isinstance(value, str):
            raise wrong("time")
        text = clean(value)
        if not text:
            return None
        moment = read_time(text)
        if moment is None:
            raise wrong("time")
        return moment.strftime("%H:%M")


class Moment(FieldKind):
    """Date and time. Text without a zone is the wall clock of Viet Nam; a date alone is its midnight."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, datetime):
            return moment_text(value if value.tzinfo else value.replace(tzinfo=VIETNAM))
        if isinstance(value, date):
            return moment_text(datetime.combine(value, time(), VIETNAM))
        if not isinstance(value, str):
            raise wrong("datetime")
        text = clean(value)
        if not text:
            return None
        moment = self._iso(text) or self._typed(text)
        if moment is None:
            raise wrong("datetime")
        if moment.year not in _YEARS:
            raise wrong("year_range")
        return moment_text(moment)

    def _iso(self, text: str) -> datetime | None:
        if not re.match(r"\d{4}-\d{2}-\d{2}[T ]", text, re.ASCII):
            return None
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _typed(self, text: str) -> datetime | None:
        for day_text, time_text in ((text, "00:00"), text.partition(" ")[::2], text.rpartition(" ")[::-2]):
            parts, clock = _parts(day_text.strip(" ,")), read_time(time_text.strip(" ,"))
            if parts and clock:
                return datetime.combine(_checked(*parts, "datetime"), clock, VIETNAM)
        return None

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return shown(show_with_seconds, value)


def show_with_seconds(value: str) -> str:
    """dd/MM/yyyy HH:MM of Viet Nam, with seconds when there are any, so that reading it back gives the same moment."""
    local = to_local(value)
    return local.strftime("%d/%m/%Y %H:%M:%S" if local.second else "%d/%m/%Y %H:%M")


def shown(show: Callable[[str], str], value: Any) -> str:
    """A stored value that is no date (made by another program) is shown as it is."""
    try:
        return show(value)
    except (ValueError, TypeError):
        return str(value)

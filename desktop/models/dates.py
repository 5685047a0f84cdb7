"""Dates and times as an officer reads them: Hanoi time, day before month, in the language in use."""

from __future__ import annotations

from datetime import date, datetime

from desktop.language import language, tr
from sync.clock import HANOI, parse_moment

_DAYS_VI = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def weekday(day: date) -> str:
    return (_DAYS_EN if language() == "en" else _DAYS_VI)[day.weekday()]


def long_day(day: date) -> str:
    """ "Thứ hai, 23 tháng 11", "Monday, 23 November"."""
    month = _MONTHS_EN[day.month - 1] if language() == "en" else f"tháng {day.month}"
    return f"{weekday(day)}, {day.day} {month}"


def in_sentence(day: str) -> str:
    """A day after other words: Vietnamese writes "thứ hai" small there."""
    return day if language() == "en" else day[:1].lower() + day[1:]


def short_day(day: date, today: date) -> str:
    """ "23/11", with the year when it is another one."""
    return f"{day:%d/%m}" if day.year == today.year else f"{day:%d/%m/%Y}"


def local(moment: str | datetime) -> datetime:
    """A stored moment on the clock of the counter."""
    return (parse_moment(moment) if isinstance(moment, str) else moment).astimezone(HANOI)


def clock_time(moment: str | datetime) -> str:
    """ "09:41"."""
    return f"{local(moment):%H:%M}"


def when(moment: str | datetime, now: datetime) -> str:
    """ "09:41" today, "hôm qua 17:05", "20/11 16:52", with the year when it is another one."""
    at, today = local(moment), local(now).date()
    if at.date() == today:
        return f"{at:%H:%M}"
    if (today - at.date()).days == 1:
        return tr("frame.yesterday_at", time=f"{at:%H:%M}")
    return f"{short_day(at.date(), today)} {at:%H:%M}"

"""Dates and moments as officers and the law write them.

Dates are ISO text and may be partial ("1950", "1950-03": normal for elderly people). Moments are UTC text or aware
datetimes and are shown at +07:00; Viet Nam keeps no daylight saving time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from forms.vietnamese_numbers import number_in_words

VIETNAM = timezone(timedelta(hours=7), "+07:00")
_WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def to_local(moment: str | datetime) -> datetime:
    """The moment on the wall clock of Viet Nam; text without a zone is UTC. Raises ValueError."""
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(VIETNAM)


def moment_text(moment: datetime) -> str:
    """The canonical text of an aware datetime: UTC, whole seconds, "Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parts(value: str | date | datetime) -> list[int]:
    """[year], [year, month] or [year, month, day]; a moment gives its day in Viet Nam. Raises ValueError."""
    if isinstance(value, datetime) or (isinstance(value, str) and "T" in value):
        value = to_local(value).date()
    parts = [int(part) for part in str(value).split("-")]
    try:
        date(*[*parts, 1, 1][:3])  # raises on a day that does not exist
    except OverflowError as error:
        raise ValueError(f"no such day: {str(value)[:40]}") from error
    return parts


def show_date(value: str | date | datetime) -> str:
    """ "2026-11-22" → "22/11/2026", "1950-03" → "03/1950", "1950" → "1950"."""
    return _shown(value) if isinstance(value, str) else _show(value)


def _show(value: str | date | datetime) -> str:
    parts = _parts(value)
    return "/".join(f"{part:02d}" for part in reversed(parts[1:])) + ("/" if parts[1:] else "") + f"{parts[0]:04d}"


_shown: Callable[[str], str] = lru_cache(8192)(_show)  # days come again: every list and every pulled record shows some


def show_moment(moment: str | datetime) -> str:
    """ "2026-11-22T07:30:00Z" → "22/11/2026 14:30"."""
    return to_local(moment).strftime("%d/%m/%Y %H:%M")


def long_date(value: str | date | datetime) -> str:
    """ "ngày 05 tháng 01 năm 2026": days under 10 and months 1 and 2 take a leading zero (Decree 30/2020, Annex I)."""
    parts = _parts(value)
    text = f"năm {parts[0]}"
    if len(parts) > 1:
        text = f"tháng {parts[1]:02d} {text}" if parts[1] < 3 else f"tháng {parts[1]} {text}"
    return f"ngày {parts[2]:02d} {text}" if len(parts) > 2 else text


def date_in_words(value: str | date | datetime) -> str:
    """ "2021-03-05" → "Ngày năm tháng ba năm hai nghìn không trăm hai mươi mốt"; partial dates say what is known."""
    parts = _parts(value)
    words = [f"năm {number_in_words(parts[0])}"]
    if len(parts) > 1:
        words.insert(0, "tháng " + ("tư" if parts[1] == 4 else number_in_words(parts[1])))
    if len(parts) > 2:
        words.insert(0, "ngày " + number_in_words(parts[2]))
    text = " ".join(words)
    return text[0].upper() + text[1:]


def weekday(value: str | date | datetime, language: str = "vi") -> str:
    """ "Chủ nhật" of a whole date. Raises ValueError for a partial one."""
    year, month, day = _parts(value)
    return (_WEEKDAYS_EN if language == "en" else _WEEKDAYS)[date(year, month, day).weekday()]

"""Checks of a pack's own working days and office hours."""

from __future__ import annotations

import re
from itertools import pairwise

from forms.definition_source import Place, Source
from forms.office_definition import DayOverride, OfficeHours

_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


def check_workdays(source: Source, days: tuple[DayOverride, ...]) -> None:
    """No day twice, and each with the document it comes from."""
    seen: dict[object, int] = {}
    for number, day in enumerate(days):
        place: Place = ("days", number)
        first = seen.setdefault(day.date, number)
        if first != number:
            source.mistake((*place, "date"), f"ngày {day.date} đã ghi ở trên", f"{day.date} is written above already")
        if not day.source.strip():
            vi, en = "cần ghi văn bản quy định ngày này", "the document that says so is needed"
            source.mistake((*place, "source"), vi, en, "source: …")


def check_hours(source: Source, seasons: tuple[OfficeHours, ...]) -> None:
    """Stretches in order, within a day; the hours at which terms end within them."""
    if source.data is not None and not seasons:
        source.mistake(("hours",), "chưa có giờ làm việc nào", "no office hours", "hours: [ … ]")
    if any(problem.file == str(source.path) for problem in source.problems):
        return  # values that could not be read would be told twice
    begins: set[str] = set()
    for number, season in enumerate(seasons):
        place: Place = ("hours", number)
        if not _DAY_OF_YEAR.fullmatch(season.begins):
            vi, en = f"“{season.begins}” không phải ngày trong năm", f"“{season.begins}” is no day of the year"
            source.mistake((*place, "begins"), vi, en, "04-15")
        elif season.begins in begins:
            vi, en = "hai mùa bắt đầu cùng ngày", "two seasons begin on one day"
            source.mistake((*place, "begins"), vi, en)
        begins.add(season.begins)
        _check_season(source, place, season)


def _check_season(source: Source, place: Place, season: OfficeHours) -> None:
    hours = [hour for period in season.periods for hour in period]
    if not hours or any(len(period) != 2 for period in season.periods):
        vi, en = "mỗi buổi cần giờ đầu và giờ cuối", "each stretch has its first and last hour"
        source.mistake((*place, "periods"), vi, en, '[["08:00", "12:00"], ["13:30", "17:30"]]')
        return
    if any(late <= early for early, late in pairwise(hours)):
        vi, en = "các buổi phải nối tiếp nhau, không chồng lên nhau", "stretches follow each other and do not overlap"
        source.mistake((*place, "periods"), vi, en)
        return
    for key, hour in (("due_at", season.due_at), ("same_day_before", season.same_day_before)):
        if not hours[0] < hour <= hours[-1]:
            source.mistake((*place, key), f"{hour:%H:%M} ngoài giờ làm việc", f"{hour:%H:%M} is outside office hours")

"""``calendar [YEAR]``: the days off, the days worked in exchange and the office hours, and where each comes from."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.errors import usage_error
from desktop.commands.parser import Parser

if TYPE_CHECKING:
    from forms.calendar import WorkCalendar
    from forms.definition import Catalog
    from forms.office_definition import DayOverride

FIRST, LAST = 2000, 2099  # what the lunar calendar is reckoned for
_ORIGINS = {
    "pack": ("gói mẫu biểu của Thành phố", "the city's pack"),
    "program": ("bảng kèm chương trình", "the program's table"),
    "law": ("tính theo luật, chờ văn bản từng năm", "reckoned from the law until the year's decision"),
}
_WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("year", nargs="?", type=int, metavar=parser.say("NĂM", "YEAR"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    from forms.calendar import calendar_of
    from forms.vietnamese_dates import to_local

    year = given.year or to_local(desk.clock.now()).year
    if not FIRST <= year <= LAST:
        raise usage_error(f"Năm từ {FIRST} đến {LAST}.", f"A year from {FIRST} to {LAST}.")
    calendar = calendar_of(desk.catalog)
    days = [_day(day, desk.catalog) for day in calendar.of_year(year)]
    if desk.as_json:
        desk.put_json({"year": year, "days": days, "office_hours": _hours(calendar, desk.catalog)})
        return 0
    for day in days:
        at: Any = day["date"]
        name = day["vi"] if desk.language == "vi" else day["en"]
        mark = _word(desk, "làm việc", "worked") if day["worked"] else _word(desk, "nghỉ", "off")
        origin = day["source"] or _word(desk, *_ORIGINS[day["origin"]])
        desk.line(f"{at:%d/%m/%Y} {_WEEKDAYS[at.weekday()]}  {mark:<9} {name}  [{origin}]")
    for season in _hours(calendar, desk.catalog):
        periods = ", ".join(f"{a:%H:%M}–{b:%H:%M}" for a, b in season["periods"])
        origin = season["source"] or _word(desk, *_ORIGINS[season["origin"]])
        begins = "/".join(reversed(season["begins"].split("-")))
        desk.say(
            f"Giờ làm việc từ {begins}: {periods}; hạn tính theo ngày hết lúc {season['due_at']:%H:%M}  [{origin}]",
            f"Office hours from {begins}: {periods}; terms in days end at {season['due_at']:%H:%M}  [{origin}]",
        )
    return 0


def _word(desk: Desk, vi: str, en: str) -> str:
    return vi if desk.language == "vi" else en


def _day(day: DayOverride, catalog: Catalog) -> dict[str, Any]:
    origin = "pack" if any(own.date == day.date for own in catalog.workdays) else "program" if day.source else "law"
    return {
        "date": day.date,
        "worked": day.worked,
        "vi": day.vi,
        "en": day.en,
        "source": day.source,
        "origin": origin,
    }


def _hours(calendar: WorkCalendar, catalog: Catalog) -> list[dict[str, Any]]:
    origin = "pack" if catalog.office_hours else "program"
    return [
        {
            "begins": season.begins,
            "periods": season.periods,
            "due_at": season.due_at,
            "same_day_before": season.same_day_before,
            "source": season.source,
            "origin": origin,
        }
        for season in calendar.seasons
    ]

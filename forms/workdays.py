"""Which days are worked: public holidays of Viet Nam, plus the swaps that the government decides each year.

The library computes Tết by the Vietnamese lunar calendar and knows many swaps, though not all: an entry of the override
table wins. Years ahead are estimates until the government has spoken.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from forms.label import Label
from forms.office_definition import DayOverride
from forms.tables import compiled_holidays, library_holidays, read_table

_ENGLISH = {
    "Tết Dương lịch": "New Year's Day",
    "29 Tết": "Tết, day 29",
    "Giao thừa Tết Nguyên Đán": "Lunar New Year's Eve",
    "Tết Nguyên Đán": "Lunar New Year",
    "Mùng hai Tết Nguyên Đán": "Second day of Lunar New Year",
    "Mùng ba Tết Nguyên Đán": "Third day of Lunar New Year",
    "Mùng bốn Tết Nguyên Đán": "Fourth day of Lunar New Year",
    "Mùng năm Tết Nguyên Đán": "Fifth day of Lunar New Year",
    "Mùng sáu Tết Nguyên Đán": "Sixth day of Lunar New Year",
    "Ngày Giỗ Tổ Hùng Vương": "Hung Kings' Commemoration Day",
    "Ngày Chiến thắng": "Reunification Day",
    "Ngày Quốc tế Lao động": "International Labour Day",
    "Quốc khánh": "National Day",
    "Ngày Văn hóa Việt Nam": "Vietnam Culture Day",
}


class _OverrideFile(msgspec.Struct):
    days: tuple[DayOverride, ...]


def shipped_overrides() -> tuple[DayOverride, ...]:
    """The table that comes with the program."""
    return read_table("workdays.yaml", _OverrideFile).days


class Workdays:
    """Answers per day, computed per year when first asked: importing the holiday library costs a start-up dearly."""

    def __init__(self, overrides: Iterable[DayOverride]) -> None:
        self._overrides = {override.date: override for override in overrides}
        self._years: dict[int, tuple[dict[date, Label], frozenset[date]]] = {}

    def is_working_day(self, day: date) -> bool:
        override = self._overrides.get(day)
        if override is not None:
            return override.worked
        names, worked_weekends = self._year(day.year)
        return day in worked_weekends if day.weekday() >= 5 else day not in names

    def holiday(self, day: date) -> Label | None:
        """Why the day is off, when law or a decision makes it so; None on plain weekends and working days."""
        override = self._overrides.get(day)
        if override is not None:
            return Label(override.vi, override.en) if not override.worked else None
        return self._year(day.year)[0].get(day)

    def of_year(self, year: int) -> tuple[DayOverride, ...]:
        """Every day of a year that is off by law or decision, or worked on a weekend, in order. ``source`` is empty where
        the program reckons it from the law."""
        names, worked = self._year(year)
        found = {day: DayOverride(date=day, worked=False, vi=n.vi, en=n.en, source="") for day, n in names.items()}
        for day in worked:
            found[day] = DayOverride(date=day, worked=True, vi="Ngày làm bù", en="Working day in exchange", source="")
        found |= {day: override for day, override in self._overrides.items() if day.year == year}
        return tuple(found[day] for day in sorted(found))

    def next_working_day(self, day: date) -> date:
        """The first working day from ``day`` on, itself included."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def _year(self, year: int) -> tuple[dict[date, Label], frozenset[date]]:
        """(holidays by date, weekend days worked in exchange) of one year."""
        if year not in self._years:
            of_year = compiled_holidays(year) or library_holidays(year)
            names = {day: _label(name) for day, name in of_year.off.items()}
            self._years[year] = names, frozenset(of_year.worked)
        return self._years[year]


def _label(vietnamese: str) -> Label:
    english: list[str] = []
    for name in vietnamese.split("; "):
        plain = name.removesuffix(" (nghỉ bù)")
        translated = _ENGLISH.get(plain, "Day off by exchange" if plain.startswith("Ngày nghỉ") else plain)
        english.append(translated + (" (day off in lieu)" if plain != name else ""))
    return Label(vietnamese, "; ".join(english))

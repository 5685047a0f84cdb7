"""Deadlines as an office counts them: working days, office hours, and how late something is.

The day of receipt is never counted. Dates and hours are those of Viet Nam (+07:00, no daylight saving).

What is late: a promise binds to its minute, as it stands on the applicant's slip, also where the office is open a while
longer (promises end at 17:00, the office at 17:30); counts, colours and outcomes all go by that minute. How late is told
in what an office counts: working days, and within a day whole hours of office time. Under one hour no amount is told:
minutes of office time are no minutes of the clock (they stand still at noon, in the evening and over a weekend), so it
is "just past the time promised" until an office hour has gone by, and a day late from the next working day on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Literal, get_args

import msgspec

from forms.definition import Catalog
from forms.label import Label
from forms.office_definition import DayOverride, OfficeHours
from forms.tables import read_table
from forms.vietnamese import VIETNAM, to_local
from forms.workdays import Workdays, shipped_overrides

DueUnit = Literal["working_hour", "working_day", "day", "same_day"]
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_JUST_LATE = Label("Vừa quá giờ hẹn", "Just past the time promised")
_ABOUT_DUE = Label("Đến giờ hẹn", "Due now")


class _HoursFile(msgspec.Struct):
    hours: tuple[OfficeHours, ...]


class Lateness(msgspec.Struct, frozen=True):
    """Where a deadline stands. ``days`` are working days; ``time`` is working time, used when under one day."""

    late: bool
    days: int
    time: timedelta

    @property
    def label(self) -> Label:
        """ "Trễ 1 ngày làm việc", "Còn 2 giờ làm việc", "Vừa quá giờ hẹn"."""
        if not self.days and self.time < _HOUR and (self.late or self.time < _MINUTE):
            return _JUST_LATE if self.late else _ABOUT_DUE
        if self.days:
            vi, en = f"{self.days} ngày làm việc", _plural(self.days, "working day")
        elif self.time >= _HOUR:
            hours = int(self.time / _HOUR)
            vi, en = f"{hours} giờ làm việc", _plural(hours, "working hour")
        else:
            minutes = int(self.time / _MINUTE)
            vi, en = f"{minutes} phút", _plural(minutes, "minute")
        return Label(f"Trễ {vi}", f"{en} late") if self.late else Label(f"Còn {vi}", f"{en} left")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def calendar_of(catalog: Catalog) -> WorkCalendar:
    """The calendar of a pack, made once and kept with it: the program's days with the pack's over them, day by day, and
    the pack's office hours where it has some."""
    made: WorkCalendar | None = vars(catalog).get("_calendar")
    if made is None:
        days = {day.date: day for day in (*shipped_overrides(), *catalog.workdays)} if catalog.workdays else None
        made = WorkCalendar(tuple(days.values()) if days else None, catalog.office_hours or None)
        vars(catalog)["_calendar"] = made
    return made


class WorkCalendar:
    """Working days and office hours of one office. Cheap to make: tables are read at the first question."""

    def __init__(
        self, overrides: Iterable[DayOverride] | None = None, hours: Sequence[OfficeHours] | None = None
    ) -> None:
        """``None`` takes the tables that come with the program."""
        self._given_overrides = overrides
        self._given_hours = hours

    @cached_property
    def _days(self) -> Workdays:
        return Workdays(shipped_overrides() if self._given_overrides is None else self._given_overrides)

    @cached_property
    def _hours(self) -> tuple[OfficeHours, ...]:
        given = self._given_hours or read_table("office_hours.yaml", _HoursFile).hours
        return tuple(sorted(given, key=lambda season: season.begins))

    @property
    def seasons(self) -> tuple[OfficeHours, ...]:
        """Office hours by season, in order of the year."""
        return self._hours

    def of_year(self, year: int) -> tuple[DayOverride, ...]:
        """The year's days off and days worked in exchange."""
        return self._days.of_year(year)

    def hours_on(self, day: date) -> OfficeHours:
        """The office hours of the season ``day`` is in; before the first season of a year the last one still holds."""
        begun = [season for season in self._hours if season.begins <= day.strftime("%m-%d")]
        return (begun or self._hours)[-1]

    def is_working_day(self, day: date) -> bool:
        return self._days.is_working_day(day)

    def holiday(self, day: date) -> Label | None:
        """The name of a public holiday or exchanged day off; None on plain weekends."""
        return self._days.holiday(day)

    def next_working_day(self, day: date) -> date:
        """``day`` itself when it is worked, else the first one after it."""
        return self._days.next_working_day(day)

    def add_working_days(self, day: date, amount: int) -> date:
        """The ``amount``-th working day after ``day``, which is not counted; 0: the next working day from ``day`` on.
        Negative amounts count back."""
        if amount == 0:
            return self.next_working_day(day)
        step = _DAY if amount > 0 else -_DAY
        left = abs(amount)
        while left:
            day += step
            left -= self.is_working_day(day)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after ``start`` up to and with ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working_day(start + _DAY * number) for number in range(1, (end - start).days + 1))

    def due(self, moment: datetime, amount: float, unit: str) -> datetime:
        """When something received at ``moment`` is due, as an aware datetime at +07:00.

        ``working_day``: end of the last of ``amount`` days, the day of receipt not counted. ``working_hour``: office
        hours from ``moment`` on. ``day``: calendar days; an end on a day off moves to the next working day (Civil Code
        2015, Art. 148). ``same_day``: the day itself when received in time on a working day, else the next one.
        Raises ValueError for another unit or a negative amount.
        """
        if unit not in get_args(DueUnit) or amount < 0:
            raise ValueError(f"not a term: {amount} {unit}; units are {', '.join(get_args(DueUnit))}")
        local = to_local(moment)
        day = local.date()
        if unit == "working_hour":
            return self.add_working_time(local, timedelta(hours=amount))
        if unit == "day":
            return self._end_of(self.next_working_day(day + _DAY * ceil(amount)))
        if unit == "working_day":
            return self._end_of(self.add_working_days(day, ceil(amount)))
        in_time = self.is_working_day(day) and local.time() < self.hours_on(day).same_day_before
        return self._end_of(day if in_time else self.add_working_days(day, 1))

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day, self.hours_on(day).due_at, VIETNAM)

    def _periods(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of office time from ``start`` on, without end."""
        day = start.date()
        while True:
            if self.is_working_day(day):
                for begin, end in self.hours_on(day).periods:
                    closes = datetime.combine(day, end, VIETNAM)
                    if closes > start:
                        yield max(start, datetime.combine(day, begin, VIETNAM)), closes
            day += _DAY

    def add_working_time(self, moment: datetime, amount: timedelta) -> datetime:
        """``moment`` plus office time; what ends with a stretch ends there and not at the next opening."""
        local = to_local(moment)
        for begin, end in self._periods(local):
            if amount <= end - begin:
                return begin + amount
            amount -= end - begin
        raise AssertionError("office time has no end")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Office time between two moments; zero when ``end`` is not later."""
        total = timedelta()
        until = to_local(end)
        for begin, closes in self._periods(to_local(start)):
            if begin >= until:
                break
            total += min(closes, until) - begin
        return total

    def lateness(self, due: datetime, now: datetime) -> Lateness:
        """How far ``now`` is past ``due``, or before it: in working days, or in office time within a day."""
        late = now > due
        first, last = (due, now) if late else (now, due)
        days = self.working_days_between(to_local(first).date(), to_local(last).date())
        return Lateness(late, days, self.working_time(first, last))

    def extend(
        self, due: datetime, stopped_from: datetime, stopped_until: datetime, unit: str = "working_day"
    ) -> datetime:
        """``due`` after the clock stood still (a supplement, a payment was awaited): later by the office time lost. A
        term in calendar days (``unit`` "day") is later by the calendar time."""
        if stopped_until <= stopped_from:
            return to_local(due)
        if unit == "day":
            days = (to_local(stopped_until).date() - to_local(stopped_from).date()).days
            return self._end_of(self.next_working_day(to_local(due).date() + _DAY * days))
        return self.add_working_time(due, self.working_time(stopped_from, stopped_until))

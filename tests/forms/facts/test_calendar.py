from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.calendar import OfficeHours, WorkCalendar
from forms.vietnamese import VIETNAM
from forms.workdays import DayOverride

CALENDAR = WorkCalendar()
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(VIETNAM))  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def test_terms_in_working_days(vectors: dict[str, Any]) -> None:
    for vector in vectors["working_days"]:
        due = CALENDAR.add_working_days(date.fromisoformat(vector["received"]), vector["working_days"])
        assert due.isoformat() == vector["due"]


def test_the_exchange_of_january_2026() -> None:
    """12729/VPCP-KGVX: Friday 2 January off, Saturday 10 January worked; the library does not know it."""
    assert not CALENDAR.is_working_day(date(2026, 1, 2))
    assert CALENDAR.is_working_day(date(2026, 1, 10))
    assert WorkCalendar(overrides=()).is_working_day(date(2026, 1, 2))


def test_a_ward_may_decide_its_own_days() -> None:
    theirs = DayOverride(date=date(2026, 11, 23), worked=False, vi="Ngày của phường", en="Ward day", source="thử")
    calendar = WorkCalendar((theirs,))
    assert not calendar.is_working_day(date(2026, 11, 23))
    assert calendar.holiday(date(2026, 11, 23)).en == "Ward day"  # type: ignore[union-attr]


def test_holidays_have_names_in_both_languages() -> None:
    culture, observed = CALENDAR.holiday(date(2026, 11, 24)), CALENDAR.holiday(date(2026, 4, 27))
    assert culture is not None
    assert (culture.vi, culture.en) == ("Ngày Văn hóa Việt Nam", "Vietnam Culture Day")
    assert observed is not None
    assert observed.en == "Hung Kings' Commemoration Day (day off in lieu)"
    assert CALENDAR.holiday(date(2026, 11, 22)) is None  # a plain Sunday


@pytest.mark.parametrize(
    ("received", "amount", "unit", "due"),
    [
        ("2026-11-20T16:00", 3, "working_day", "2026-11-26T17:00"),  # 24 November is Culture Day
        ("2026-11-20T16:00", 0.5, "working_day", "2026-11-23T17:00"),
        ("2026-11-20T16:00", 8, "working_hour", "2026-11-23T16:00"),
        ("2026-11-20T08:00", 4, "working_hour", "2026-11-20T12:00"),  # ends with the morning, not at 13:30
        ("2026-11-20T19:00", 1, "working_hour", "2026-11-23T09:00"),
        ("2026-11-20T16:00", 1, "day", "2026-11-23T17:00"),  # Saturday moves to Monday
        ("2026-11-20T16:00", 4, "day", "2026-11-25T17:00"),  # Culture Day moves on
        ("2026-11-20T14:59", 0, "same_day", "2026-11-20T17:00"),
        ("2026-11-20T15:00", 0, "same_day", "2026-11-23T17:00"),
        ("2026-11-21T09:00", 0, "same_day", "2026-11-23T17:00"),  # received on a Saturday
        ("2026-02-13T10:00", 1, "working_day", "2026-02-23T17:00"),  # over Tết
    ],
)
def test_when_it_is_due(received: str, amount: float, unit: str, due: str) -> None:
    assert CALENDAR.due(at(received), amount, unit) == at(due)


def test_a_term_that_is_none_is_refused() -> None:
    for amount, unit in ((1, "week"), (-1, "day")):
        with pytest.raises(ValueError, match="working_hour"):
            CALENDAR.due(at("2026-11-20T16:00"), amount, unit)


def test_office_hours_by_season() -> None:
    morning = (time(7, 30), time(11, 30))
    summer = OfficeHours(periods=(morning,), due_at=time(11, 30), same_day_before=time(10), begins="04-16")
    winter = OfficeHours(periods=((time(8), time(12)),), due_at=time(12), same_day_before=time(10), begins="10-16")
    calendar = WorkCalendar(hours=(winter, summer))
    assert calendar.due(at("2026-07-01T09:00"), 1, "working_day") == at("2026-07-02T11:30")
    assert calendar.due(at("2026-11-19T09:00"), 1, "working_day") == at("2026-11-20T12:00")
    assert calendar.due(at("2026-01-05T09:00"), 1, "working_day") == at("2026-01-06T12:00")  # last year's winter


@pytest.mark.parametrize(
    ("due", "now", "vi", "en"),
    [
        ("2026-11-26T17:00", "2026-11-27T08:05", "Trễ 1 ngày làm việc", "1 working day late"),
        ("2026-11-26T17:00", "2026-11-26T17:10", "Vừa quá giờ hẹn", "Just past the time promised"),  # still open
        ("2026-11-26T17:00", "2026-11-26T20:00", "Vừa quá giờ hẹn", "Just past the time promised"),  # closed
        (
            "2026-11-20T17:00",
            "2026-11-22T10:00",
            "Vừa quá giờ hẹn",
            "Just past the time promised",
        ),  # no day worked since
        ("2026-11-20T17:00", "2026-11-23T08:00", "Trễ 1 ngày làm việc", "1 working day late"),
        (
            "2026-11-20T11:30",
            "2026-11-20T13:59",
            "Vừa quá giờ hẹn",
            "Just past the time promised",
        ),  # noon counts nothing
        ("2026-11-20T11:30", "2026-11-20T14:00", "Trễ 1 giờ làm việc", "1 working hour late"),
        ("2026-11-20T13:30", "2026-11-20T12:30", "Đến giờ hẹn", "Due now"),
        ("2026-11-20T11:30", "2026-11-20T11:20", "Còn 10 phút", "10 minutes left"),
        ("2026-11-20T10:00", "2026-11-20T14:30", "Trễ 3 giờ làm việc", "3 working hours late"),
        ("2026-11-26T17:00", "2026-11-23T09:00", "Còn 2 ngày làm việc", "2 working days left"),
        ("2026-11-23T17:00", "2026-11-23T16:00", "Còn 1 giờ làm việc", "1 working hour left"),
    ],
)
def test_how_late(due: str, now: str, vi: str, en: str) -> None:
    label = CALENDAR.lateness(at(due), at(now)).label
    assert (label.vi, label.en) == (vi, en)


def test_the_clock_stands_still_while_a_supplement_is_awaited() -> None:
    due = at("2026-11-20T17:00")
    two_days_later = at("2026-11-25T17:00")  # Tuesday 24 is Culture Day
    assert CALENDAR.extend(due, at("2026-11-16T09:00"), at("2026-11-18T09:00")) == two_days_later
    assert CALENDAR.extend(due, at("2026-11-21T09:00"), at("2026-11-22T09:00")) == due  # a weekend costs nothing
    assert CALENDAR.extend(due, at("2026-11-18T09:00"), at("2026-11-16T09:00")) == due
    assert CALENDAR.extend(due, at("2026-11-16T09:00"), at("2026-11-19T10:00"), "day") == at("2026-11-23T17:00")


@given(DAYS, st.integers(min_value=1, max_value=60))
def test_adding_and_counting_working_days_agree(day: date, amount: int) -> None:
    end = CALENDAR.add_working_days(day, amount)
    assert CALENDAR.is_working_day(end)
    assert CALENDAR.working_days_between(day, end) == amount
    assert CALENDAR.working_days_between(end, day) == -amount


@settings(max_examples=50)
@given(MOMENTS, st.integers(min_value=1, max_value=4000))
def test_adding_and_measuring_office_time_agree(moment: datetime, minutes: int) -> None:
    end = CALENDAR.add_working_time(moment, timedelta(minutes=minutes))
    assert CALENDAR.working_time(moment, end) == timedelta(minutes=minutes)


def test_the_holiday_library_is_imported_when_a_day_is_asked_for() -> None:
    code = "import sys, forms.calendar as c; c.WorkCalendar(); assert not {'holidays', 'yaml'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

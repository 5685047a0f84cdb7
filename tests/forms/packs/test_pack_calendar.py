"""A pack brings the city's working days and office hours: they win, are checked, and are told of."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from forms.calendar import WorkCalendar, calendar_of
from forms.definition import Catalog
from forms.loader import check, load_catalog
from forms.pack import trusted
from forms.pack_changes import changes
from forms.pack_keys import new_keys
from forms.pack_making import make_pack

SMALL = Path(__file__).parent.parent.parent / "features" / "a_small_catalogue"
HANOI = timezone(timedelta(hours=7))
DAYS = """\
days:
  - {date: 2026-11-23, worked: false, vi: Nghỉ bão số 9, en: Storm, source: Công điện 12/CĐ-UBND}
  - {date: 2026-11-28, worked: true, vi: Làm bù, en: Worked in exchange, source: Công điện 12/CĐ-UBND}
"""
HOURS = """\
hours:
  - begins: 01-01
    periods: [["07:30", "11:30"], ["13:00", "17:00"]]
    due_at: "16:30"
    same_day_before: "14:30"
    source: Quyết định 3/QĐ-UBND
"""


def catalogue(place: Path, **files: str) -> Path:
    folder = place / "catalogue"
    shutil.copytree(SMALL, folder)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def plain(tmp_path: Path) -> Catalog:
    return load_catalog(SMALL, cache=tmp_path / "plain")


def test_the_pack_s_days_and_hours_win_and_the_others_stay(tmp_path: Path, plain: Catalog) -> None:
    folder = catalogue(tmp_path, workdays=DAYS, office_hours=HOURS)
    assert check(folder) == []
    for _again in range(2):  # read from YAML, then from its compiled form
        calendar = calendar_of(load_catalog(folder, cache=tmp_path / "cache"))
        assert not calendar.is_working_day(date(2026, 11, 23))
        assert calendar.is_working_day(date(2026, 11, 28)), "a Saturday"
        assert not calendar.is_working_day(date(2026, 1, 2)), "the program's own table still holds"
        received = datetime(2026, 11, 20, 9, 0, tzinfo=HANOI)
        assert calendar.due(received, 1, "working_day") == datetime(2026, 11, 25, 16, 30, tzinfo=HANOI)
    shipped = calendar_of(plain)
    assert shipped is calendar_of(plain)
    assert shipped.is_working_day(date(2026, 11, 23))
    assert shipped.seasons == WorkCalendar().seasons


def test_a_year_s_days_say_where_they_come_from(tmp_path: Path) -> None:
    calendar = calendar_of(load_catalog(catalogue(tmp_path, workdays=DAYS), cache=tmp_path / "cache"))
    found = {day.date: day for day in calendar.of_year(2026)}
    assert list(found) == sorted(found)
    assert found[date(2026, 11, 23)].source == "Công điện 12/CĐ-UBND"
    assert found[date(2026, 1, 2)].source.startswith("Văn bản")
    assert found[date(2026, 9, 2)].source == ""
    assert all(calendar.is_working_day(day) == one.worked for day, one in found.items())


def test_what_changed_is_told(tmp_path: Path, plain: Catalog) -> None:
    new = load_catalog(catalogue(tmp_path, workdays=DAYS, office_hours=HOURS), cache=tmp_path / "cache")
    assert [(one.kind, one.of, one.key) for one in changes(plain, new)] == [
        ("added", "workday", "2026-11-23"),
        ("added", "workday", "2026-11-28"),
        ("added", "hours", "office_hours"),
    ]
    assert changes(plain, new)[0].sentence.vi == (
        "Ngày nghỉ, ngày làm bù “23/11/2026”: mới: nghỉ, Nghỉ bão số 9 (Công điện 12/CĐ-UBND)"
    )
    assert [one.kind for one in changes(new, plain)] == ["removed"] * 3
    assert changes(new, new) == []


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("workdays", DAYS.replace("2026-11-28", "2026-11-23"), "days.2.date"),
        ("workdays", DAYS.replace("2026-11-28", "28/11/2026"), "days.2.date"),
        ("workdays", DAYS.replace("source: Công điện 12/CĐ-UBND}", 'source: ""}', 1), "days.1.source"),
        ("workdays", "ngày: []", "ngày"),
        ("office_hours", HOURS.replace("01-01", "31-12"), "hours.1.begins"),
        ("office_hours", HOURS.replace('"11:30"', '"14:00"'), "hours.1.periods"),
        ("office_hours", HOURS.replace('"07:30", "11:30"', '"07:30"'), "hours.1.periods"),
        ("office_hours", HOURS.replace("16:30", "19:00"), "hours.1.due_at"),
        ("office_hours", HOURS.replace("16:30", "chiều"), "hours.1.due_at"),
        ("office_hours", "hours: []", "hours"),
    ],
)
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, name: str, text: str, key: str) -> None:
    problems = check(catalogue(tmp_path, **{name: text}))
    assert problems and all(problem.file.endswith(f"{name}.yaml") and problem.line for problem in problems)
    assert key in [problem.key for problem in problems]


def test_a_pack_of_a_calendar_alone_is_laid_over_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    (tmp_path / "days" / "workdays.yaml").write_text(DAYS, "utf-8")
    key, _public = new_keys(tmp_path / "city")
    content = make_pack(tmp_path / "days", key, onto=SMALL, made_at=datetime(2026, 11, 22, tzinfo=UTC))
    trusted(content).unpack(tmp_path / "unpacked")
    assert (tmp_path / "unpacked" / "workdays.yaml").read_text("utf-8") == DAYS

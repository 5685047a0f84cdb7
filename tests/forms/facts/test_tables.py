"""The compiled working-day tables say what their sources say."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from forms import tables
from forms.calendar import WorkCalendar
from forms.workdays import shipped_overrides
from resources import data_file


def test_the_shipped_file_is_up_to_date() -> None:
    assert data_file("data", tables.FILE).read_bytes() == tables.compile_tables(), "run python -m forms.tables"


def test_an_edited_table_wins_over_its_compiled_form(monkeypatch: pytest.MonkeyPatch) -> None:
    edited = "days:\n- {date: 2026-11-23, worked: false, vi: a, en: b, source: c}\n"
    monkeypatch.setattr(tables, "read_text", lambda *_parts: edited)
    assert [day.date for day in shipped_overrides()] == [date(2026, 11, 23)]


def test_a_year_that_is_not_compiled_is_computed() -> None:
    year = tables.YEARS.stop + 1
    assert tables.compiled_holidays(year) is None
    assert WorkCalendar().holiday(date(year, 9, 2)) is not None


def test_a_deadline_of_these_years_needs_neither_library() -> None:
    code = (
        "import sys; from datetime import date; from forms.calendar import WorkCalendar;"
        "WorkCalendar().working_days_between(date(2026, 1, 1), date(2026, 12, 1));"
        "print(sorted({'holidays', 'yaml'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_rules_do_not_bring_in_a_terminal_program() -> None:
    code = (
        "import sys; from forms.expressions import Expression, Variables;"
        "print(Expression('1 + 1').evaluate(Variables({}, functions={})), 'typer' in sys.modules, end=' ');"
        "import cel; print(cel.compile('2').execute(cel.Context()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["2", "False", "2"]

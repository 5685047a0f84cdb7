"""Every field type has a widget that shows a value and gives back what the officer types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit

from desktop.app import App
from desktop.forms.entries import new_entry
from desktop.forms.form_view import FormView
from desktop.forms.record_page import RecordPage
from tests.desktop.forms.catalogue import ALL_TYPES, EVERYTHING
from tests.desktop.forms.conftest import type_text

Open = Callable[..., RecordPage]


@pytest.mark.parametrize("kind", ALL_TYPES)
def test_each_type_is_drawn_and_survives_empty(open_page: Open, kind: str) -> None:
    page = open_page(EVERYTHING)
    cell = page.view.cells[f"f_{kind}"]
    assert cell.isVisible()
    assert cell.height() >= 20
    assert page.entry.get(f"f_{kind}") in (None, [], "")


TYPED: list[tuple[str, str, Any, str]] = [
    ("text", "  Nguyễn   Văn An ", "Nguyễn Văn An", "Nguyễn Văn An"),
    ("int", "12", 12, "12"),
    ("money", "150000", 150000, "150.000"),
    ("decimal", "1,5", "1.5", "1,5"),
    ("date", "5/1/1990", "1990-01-05", "05/01/1990"),
    ("date_partial", "1950", "1950", "1950"),
    ("time", "14:30", "14:30", "14:30"),
    ("datetime", "22/11/2026 14:30", "2026-11-22T07:30:00Z", "22/11/2026 14:30"),
    ("email", "an@hanoi.gov.vn", "an@hanoi.gov.vn", "an@hanoi.gov.vn"),
    ("phone", "0912345678", "+84912345678", "0912"),
]


@pytest.mark.parametrize(("kind", "typed", "value", "shown"), TYPED)
def test_typed_text_is_parsed_on_leaving(
    open_page: Open, qtbot: Any, kind: str, typed: str, value: Any, shown: str
) -> None:
    page = open_page(EVERYTHING)
    line = page.view.cells[f"f_{kind}"].input.focus_target
    assert isinstance(line, QLineEdit)
    line.setFocus()
    type_text(line, typed)
    page.view.cells["f_longtext"].input.focus_target.setFocus()
    assert page.entry.get(f"f_{kind}") == value
    assert shown in line.text()


def test_unreadable_text_is_kept_and_explained(open_page: Open, qtbot: Any) -> None:
    page = open_page(EVERYTHING)
    cell = page.view.cells["f_date"]
    line = cell.input.focus_target
    assert isinstance(line, QLineEdit)
    line.setFocus()
    type_text(line, "31/02/2026")
    page.view.cells["f_text"].input.focus_target.setFocus()
    assert line.text() == "31/02/2026"
    assert "⚠" in cell.problem_text
    assert line.property("problem") is True


def test_a_masked_number_is_shown_in_full_only_while_one_stands_in_it(open_page: Open, qtbot: Any) -> None:
    page = open_page(EVERYTHING)
    page.view.put("f_citizen_number", "001190012345")
    line = page.view.cells["f_citizen_number"].input.focus_target
    assert isinstance(line, QLineEdit)
    assert "012345" not in line.text()
    line.setFocus()
    assert line.text() == "001190012345"
    page.view.cells["f_text"].input.focus_target.setFocus()
    assert "012345" not in line.text()
    assert page.entry.get("f_citizen_number") == "001190012345"


def test_a_form_can_be_limited_to_some_fields(app: App, qtbot: Any) -> None:
    entry = new_entry(app, app.catalog.record_type(EVERYTHING))
    view = FormView(app, entry, only={"f_text", "f_int"})
    qtbot.addWidget(view)
    assert list(view.cells) == ["f_text", "f_int"]

"""A rule of the whole record that only warns is told at a field, where the officer looks; it stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.forms.short_form import ShortForm
from forms.definition import Catalog
from forms.field_definition import Message
from forms.label import Label
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, make_catalog
from tests.desktop.forms.conftest import dressed_app, settle

DOUBT = "Giới tính không khớp với số định danh."


def doubting_catalog(folder: Path) -> Catalog:
    """Persons whose number tells another gender are doubted; so is a dossier with a note and many pages."""
    made = make_catalog(folder)
    even = 'personal_id == null || gender == null || personal_id.matches("^...[02468]") == (gender == "male")'
    rules = {
        CITIZEN: (Message(even, Label(DOUBT, "The gender differs."), warn=True),),
        DOSSIER: (Message("note == null || pages < 10", Label("Nhiều trang", "Many pages"), warn=True),),
    }
    tools = tuple(
        structs.replace(
            tool,
            records=tuple(structs.replace(r, rules=(*r.rules, *rules.get(r.id, ()))) for r in tool.records),
        )
        for tool in made.tools
    )
    return structs.replace(made, tools=tools)


@pytest.fixture
def doubting(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    with dressed_app(tmp_path, doubting_catalog(tmp_path / "catalog")) as app:
        yield app


@pytest.fixture
def person(doubting: App, qtbot: Any) -> RecordPage:
    page = RecordPage(doubting, doubting.catalog.record_type(CITIZEN))
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    page.view.build_all()
    settle(doubting, qtbot)
    return page


def said(page: RecordPage) -> dict[str, str]:
    return {name: cell.problem_text for name, cell in page.view.cells.items() if DOUBT in cell.problem_text}


def test_it_stands_at_the_field_that_completed_the_disagreement_and_goes_when_mended(person: RecordPage) -> None:
    person.view.put("personal_id", "001090000011")
    assert said(person) == {}
    person.view.put("gender", "female")
    assert said(person) == {"gender": f"! {DOUBT}"}
    person.view.put("personal_id", "001190000011")
    assert said(person) == {}


def test_it_stops_no_save_and_is_there_again_when_the_record_is_opened(
    person: RecordPage, doubting: App, qtbot: Any
) -> None:
    values = {"personal_id": "001090000011", "full_name": "Nguyễn Thị Mai", "dob": "1990", "gender": "female"}
    for name, value in values.items():
        person.view.put(name, value)
    person.view.put("permanent_addr", {"unit": "00070", "detail": "12 Hàng Bài"})
    person.save()
    settle(doubting, qtbot)
    assert person.record is not None
    again = RecordPage(doubting, person.record_type, person.record.id)
    qtbot.addWidget(again)
    again.view.build_all()
    assert list(said(again)) == ["gender"]


def test_what_stands_at_the_field_itself_is_told_first(doubting: App, qtbot: Any) -> None:
    page = RecordPage(doubting, doubting.catalog.record_type(DOSSIER))
    qtbot.addWidget(page)
    page.view.build_all()
    page.view.put("pages", "20")
    page.view.put("note", "hồ sơ dày")
    told = [name for name, cell in page.view.cells.items() if "Nhiều trang" in cell.problem_text]
    assert len(told) == 1
    page.view.show_refused({told[0]: "Từ chối"})
    assert "Từ chối" in page.view.cells[told[0]].problem_text
    assert "Nhiều trang" not in page.view.cells[told[0]].problem_text


def test_a_person_begun_from_a_picker_is_doubted_there(doubting: App, qtbot: Any) -> None:
    values = {"full_name": "Nguyễn Thị Mai", "personal_id": "001090000011", "gender": "female"}
    short = ShortForm(doubting, doubting.catalog.record_type(CITIZEN), values)
    qtbot.addWidget(short)
    assert any(DOUBT in cell.problem_text for cell in short.view.cells.values())

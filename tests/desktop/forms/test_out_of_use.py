"""Who is dead, moved away or closed is said so wherever he is picked or named, and not only on his own page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication, QLabel

from desktop.app import App
from desktop.forms.people import hit_columns, out_of_use
from desktop.forms.record_page import RecordPage
from forms.definition import RecordType, State
from forms.label import Label
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, make_catalog
from tests.desktop.forms.conftest import HA, make_app

LIVING = State("active", Label("Đang quản lý", "Resident"), kind="final")
DEAD = State("dead", Label("Đã chết", "Dead"), kind="final", locked=True)
MERGED = State("merged", Label("Đã gộp", "Merged"), kind="void", locked=True)


def standing(record_type: RecordType) -> RecordType:
    return structs.replace(record_type, states=(LIVING, DEAD, MERGED)) if record_type.id == CITIZEN else record_type


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    made = make_catalog(tmp_path / "catalog")
    tools = tuple(structs.replace(t, records=tuple(map(standing, t.records))) for t in made.tools)
    app = make_app(tmp_path, structs.replace(made, tools=tools))
    app.dress()
    yield app
    app.close()


@pytest.fixture
def people(app: App) -> dict[str, Record]:
    def of(name: str, state: str) -> Record:
        fields = {"full_name": name, "dob": "1963", "gender": "male"}
        return app.store.save([Save(type=CITIZEN, fields=fields, state=state)], HA)[0]

    return {"dead": of("Lê Xuân Trung", "dead"), "living": of("Lê Xuân Trường", "active")}


def lines(page: RecordPage, path: str) -> list[str]:
    cell = page.view.cell(path)
    assert cell is not None
    return [label.text() for label in cell.input.findChildren(QLabel) if label.isVisibleTo(cell) and label.text()]


def test_picker_and_form_say_who_is_dead(
    app: App, people: dict[str, Record], open_page: Callable[..., RecordPage]
) -> None:
    page = open_page(DOSSIER)
    hits = app.store.search.find("le xuan tr", within=app.seen)
    titles = {hit_columns(app.store, app.catalog, hit, "vi")[1] for hit in hits}
    assert titles == {"Lê Xuân Trung · Đã chết", "Lê Xuân Trường"}
    page.view.put("applicant", people["dead"].id)
    assert "! Đã chết" in lines(page, "applicant")
    page.view.put("applicant", people["living"].id)
    assert not any("Đã chết" in line for line in lines(page, "applicant"))


def test_on_a_record_that_is_done_it_is_said_without_alarm(
    app: App, people: dict[str, Record], open_page: Callable[..., RecordPage]
) -> None:
    fields = {"procedure": "birth", "applicant": people["dead"].id, "pages": 2, "visit": "L1"}
    done = app.store.save([Save(type=DOSSIER, fields=fields, state="done")], HA)[0]
    page = open_page(DOSSIER, done.id)
    told = lines(page, "applicant")
    assert any(line.startswith("Đã chết") for line in told) and "! Đã chết" not in told


def test_of_a_case_only_that_it_is_void(app: App) -> None:
    case, person = app.catalog.record_type(DOSSIER), app.catalog.record_type(CITIZEN)
    assert [out_of_use(case, state.id, "vi") for state in case.states] == ["", "", "", "Từ chối"]
    assert [out_of_use(person, state.id, "en") for state in person.states] == ["", "Dead", "Merged"]

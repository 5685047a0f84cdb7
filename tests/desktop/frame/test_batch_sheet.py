"""A list for everybody from the register's page: asked, counted, made without holding the window up, stopped, told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.language import use_language
from desktop.settings import Settings
from desktop.views.batch_sheet import BatchSheet
from desktop.views.main_window import MainWindow
from forms.field_definition import Message
from forms.flow_definition import Flow
from sync.clock import FixedClock
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Save
from tests.desktop.frame import ward

PEOPLE = 230
EVERYBODY = Flow(
    id="everybody",
    label=ward.label("Hồ sơ cho mọi người", "A dossier for everybody"),
    mode="batch",
    from_="residence.citizen",
    states=("active",),
    to="onestop.dossier",
    link="applicant",
    asks=("subject", "note"),
    once=("applicant", "subject"),
    guard=(Message("dob != null", ward.label("Chưa có ngày sinh.", "No date of birth.")),),
    roles=("reception",),
)


@pytest.fixture
def app(qtbot: QtBot, store: Store, clock: FixedClock, tmp_path: Path) -> Iterator[App]:
    plain = ward.catalog()
    tools = tuple(structs.replace(t, flows=(EVERYBODY,)) if t.id == "onestop" else t for t in plain.tools)
    catalog = structs.replace(plain, tools=tools)
    people = [{"full_name": f"Nguyễn Văn Mẫu {n}", "dob": "1990"} for n in range(PEOPLE)]
    people.append({"full_name": "Trần Chưa Rõ"})
    store.save([Save(type="residence.citizen", fields=fields) for fields in people], ward.HA)
    made = App(store, catalog, clock, folder=tmp_path, settings=Settings(), officer=ward.HA)
    made.dress()
    yield made
    made.close()
    use_language("vi")


@pytest.fixture
def sheet(window: MainWindow, settle: Callable[[], None]) -> BatchSheet:
    window.pages.go("list:onestop.dossier")
    settle()
    (row,) = [row for row in window.rows() if row.id == "list.batch.everybody"]
    assert "Hồ sơ cho mọi người" in row.title
    row.run()
    (made,) = window.findChildren(BatchSheet)
    return made


def _counted(qtbot: QtBot, sheet: BatchSheet) -> None:
    qtbot.waitUntil(lambda: sheet.counted is not None)


def _made(qtbot: QtBot, sheet: BatchSheet) -> None:
    qtbot.waitUntil(lambda: sheet.outcome is not None)


def test_it_is_counted_made_and_told(qtbot: QtBot, app: App, sheet: BatchSheet) -> None:
    assert not sheet.make_button.isEnabled()  # the subject is not known yet
    sheet.make()
    assert app.store.records.count("onestop.dossier") == 0
    sheet.view.put("subject", "Rà soát")
    _counted(qtbot, sheet)
    assert str(PEOPLE) in sheet.make_button.text()
    told = [row.cells for row in sheet.table.table.rows]
    assert [(cells[0], cells[2]) for cells in told] == [("Trần Chưa Rõ", "Chưa có ngày sinh.")]

    qtbot.keyClick(sheet, Qt.Key.Key_F9)
    assert sheet.stop_button.isVisible()
    _made(qtbot, sheet)
    assert app.store.records.count("onestop.dossier") == PEOPLE
    assert str(PEOPLE) in sheet.summary.text()

    sheet.view.put("note", "Lần nữa")
    _counted(qtbot, sheet)
    assert not sheet.make_button.isEnabled()
    assert sheet.counted is not None
    assert (sheet.counted.made, sheet.counted.existing) == (0, PEOPLE)


def test_stopped_it_keeps_what_was_written_and_another_run_makes_the_rest(
    qtbot: QtBot, app: App, sheet: BatchSheet, store: Store
) -> None:
    sheet.view.put("subject", "Rà soát")
    _counted(qtbot, sheet)
    store.subscribe(lambda _touched: sheet.stop())  # as soon as the first hundred are written
    sheet.make()
    qtbot.keyClick(sheet, Qt.Key.Key_F9)  # pressed twice it makes nothing twice
    _made(qtbot, sheet)
    assert sheet.isVisible()
    assert sheet.outcome is not None
    assert sheet.outcome.stopped
    some = store.records.count("onestop.dossier")
    assert 0 < some < PEOPLE
    assert some == sheet.outcome.made

    sheet.view.put("note", "Tiếp")
    _counted(qtbot, sheet)
    assert sheet.counted is not None
    assert (sheet.counted.made, sheet.counted.existing) == (PEOPLE - some, some)


def test_it_is_offered_to_whose_work_it_is(window: MainWindow, app: App, settle: Callable[[], None]) -> None:
    def offered(officer: Officer) -> tuple[bool, bool]:
        app.sign_in(officer)
        window.pages.go("list:onestop.dossier")
        settle()
        words = [made.text() for made in window.findChildren(QPushButton) if made.isVisible()]
        return any(row.id.startswith("list.batch") for row in window.rows()), "Lập danh sách…" in words

    assert offered(ward.HA) == (True, True)
    assert offered(ward.NAM) == (False, False)

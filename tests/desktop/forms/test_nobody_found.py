"""A name that nobody has: said under the line while it is typed, and no dead end for the keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from sync.store.filling import FillProgress
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import EVERYTHING
from tests.desktop.forms.conftest import HA, NAM, type_text

Open = Callable[..., RecordPage]


def line_of(page: RecordPage, path: str) -> QLineEdit:
    line = page.view.cells[path].input.focus_target
    assert isinstance(line, QLineEdit)
    line.setFocus()
    return line


def test_it_is_said_and_enter_goes_on(open_page: Open, qtbot: QtBot) -> None:
    page = open_page(EVERYTHING)
    line, popup = line_of(page, "f_ref"), page.view.popup()
    type_text(line, "Công Tằng")
    qtbot.waitUntil(lambda: popup.is_open_for(line))
    assert popup.rows == [] and popup.note.startswith("Không thấy “Công Tằng”.")
    assert popup._note.height() >= popup._note.heightForWidth(popup._note.width()) > 0
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not popup.isVisible() and QApplication.focusWidget() is not line
    assert line.text() == "Công Tằng", "what was typed stays, to be put right"


def test_who_is_found_needs_no_words(open_page: Open, qtbot: QtBot, tuyet: Record) -> None:
    page = open_page(EVERYTHING)
    line, popup = line_of(page, "f_person"), page.view.popup()
    type_text(line, "Ánh Tuyết")
    qtbot.waitUntil(lambda: bool(popup.rows))
    assert popup.note == "" and not popup._note.isVisible()
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert page.entry.get("f_person") == tuyet.id


def test_before_a_new_person_is_made_it_is_said_that_he_may_be_coming(
    app: App, open_page: Open, qtbot: QtBot, tuyet: Record
) -> None:
    app.line.filling(FillProgress(True, 34))
    page = open_page(EVERYTHING)
    line, popup = line_of(page, "f_person"), page.view.popup()
    type_text(line, "Tuyết")
    qtbot.waitUntil(lambda: bool(popup.rows))
    assert "đang tải từ thành phố (34 %)" in popup.note and "Không thấy" not in popup.note


def test_an_officer_without_a_record_of_his_own_is_shown_by_name(app: App, open_page: Open) -> None:
    record = app.store.save([Save(type=EVERYTHING, fields={"f_ref": HA.id, "f_refs": [NAM.id, "nobody-here"]})], HA)[0]
    page = open_page(EVERYTHING, record.id)
    assert line_of(page, "f_ref").text() == HA.name
    names = [label.text() for label in page.view.cells["f_refs"].input.findChildren(QLabel)]
    assert NAM.name in names
    assert app.resolve(HA.id) is None, "rules know records alone"
    assert app.rows.resolve(NAM.id) == {"_title": NAM.name}, "lists name him too"


def test_what_is_not_on_this_pc_is_said_to_be_elsewhere(app: App, open_page: Open) -> None:
    record = app.store.save([Save(type=EVERYTHING, fields={"f_ref": "01982d3e-0000-7000-8000-000000000000"})], HA)[0]
    assert line_of(open_page(EVERYTHING, record.id), "f_ref").text() == "(chưa có trên máy này)"

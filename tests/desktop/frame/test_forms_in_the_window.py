"""The frame and the form together: begin, come back, open from a list."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from desktop.forms.record_page import RecordPage
from desktop.views.main_window import MainWindow
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]


def test_f2_begins_and_alt_left_comes_back(window: MainWindow, settle: Settle, qtbot: QtBot) -> None:
    begin = next(row for row in window.window_rows() if row.shortcut == "F2")
    begin.run()
    settle()
    assert isinstance(window.pages.page, RecordPage)
    assert window.pages.page.record_type.id == "onestop.dossier"
    window.pages.back()
    assert window.pages.key == "today"
    settle()


def test_a_record_opens_from_its_list_and_is_seen(window: MainWindow, store: Store, settle: Settle) -> None:
    record = ward.add_dossier(store, "Khai sinh")
    window.pages.go("list:onestop.dossier")
    settle()
    window.app.open_record(record.id)
    settle()
    assert isinstance(window.pages.page, RecordPage)
    window.pages.back()
    settle()
    assert window.pages.key == "tool:onestop"


def test_values_given_to_begin_are_in_the_form(window: MainWindow, settle: Settle) -> None:
    window.app.begin("residence.citizen", {"full_name": "Lê Văn Khánh", "personal_id": "001085004321"})
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    assert page.entry.get("full_name") == "Lê Văn Khánh"


def test_a_record_that_is_gone_is_told_and_nothing_opens(window: MainWindow, settle: Settle) -> None:
    window.app.open_record("01a20647-0000-7000-8000-000000000000")
    settle()
    assert window.pages.key == "today"
    assert "không còn trên máy" in window.toast._text.text()

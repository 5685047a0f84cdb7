"""The frame and the form together: begin, come back, open from a list."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
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


def test_alt_left_comes_back_to_what_was_begun_and_saved(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    """The way back leads to the record it has become, not past it; and to the draft of what was not saved yet."""
    other = ward.add_dossier(store, "Khai sinh")
    window.app.begin("residence.citizen", {"full_name": "Lê Văn Khánh", "personal_id": "001085004321"})
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.view.put("full_name", "Lê Văn Khánh Nam")
    window.app.open_record(other.id)
    settle()
    window.pages.back()
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    assert page.entry.get("full_name") == "Lê Văn Khánh Nam"
    with qtbot.waitSignal(page.saved):
        page.save()
    settle()
    assert page.record is not None
    window.app.open_record(other.id)
    settle()
    window.pages.back()
    settle()
    assert window.pages.key == f"record:{page.record.id}"


def test_what_is_only_read_is_scrolled_by_page_down(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    record = ward.add_dossier(store, "Khai sinh")
    window.resize(1024, 560)
    window.app.open_record(record.id)
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.view.build_all()
    settle()
    page.header.save_button.setFocus()
    bar = page.body.stack.currentWidget().verticalScrollBar()  # type: ignore[attr-defined]
    assert bar.maximum() > 0
    qtbot.keyClick(page.header.save_button, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    qtbot.keyClick(page.header.save_button, Qt.Key.Key_PageUp)
    assert bar.value() == 0


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

"""Another language leaves the officer where he was; another officer begins with his own day."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.views.main_window import MainWindow
from desktop.views.settings import SettingsPage
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]


def focus_text() -> str:
    widget = QApplication.focusWidget()
    assert isinstance(widget, QPushButton), widget
    return widget.text()


def test_the_chip_that_was_pressed_keeps_the_focus(window: MainWindow, app: App, settle: Settle) -> None:
    window.pages.go("settings")
    settle()
    window.activateWindow()
    page = window.pages.page
    assert isinstance(page, SettingsPage)
    chips = {chip.text(): chip for chip in page._languages.buttons()}
    chips["English"].setFocus()
    chips["English"].click()
    QApplication.processEvents()
    settle()
    assert window.pages.key == "settings" and focus_text() == "English"
    page = window.pages.page
    themes = [chip for chip in page.findChildren(QPushButton) if chip.isCheckable()]
    dark = next(chip for chip in themes if chip.text() == "Dark")
    dark.setFocus()
    dark.click()
    QApplication.processEvents()
    settle()
    assert focus_text() == "Dark", "not only the first group"


def test_a_form_stays_open_with_all_that_was_typed(window: MainWindow, app: App, store: Store, settle: Settle) -> None:
    window.activateWindow()
    app.begin("onestop.dossier", {"fee": 5000})
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.view.walk.go_to("note")
    box = page.view.cells["note"].input
    box.box.setPlainText("đã hẹn lại")  # type: ignore[attr-defined]
    app.change_settings(language="en")
    settle()
    again = window.pages.page
    assert isinstance(again, RecordPage) and again is not page
    assert (again.entry.get("note"), again.entry.get("fee")) == ("đã hẹn lại", 5000)
    assert QApplication.focusWidget() is again.view.cells["note"].input.focus_target
    assert len(store.drafts.all()) == 1


@pytest.mark.parametrize("place", ["list:onestop.dossier", "settings", "form"])
def test_another_officer_begins_with_his_day_and_drafts_stay(
    window: MainWindow, app: App, store: Store, settle: Settle, place: str
) -> None:
    if place == "form":
        app.begin("onestop.dossier", {})
        settle()
        page = window.pages.page
        assert isinstance(page, RecordPage)
        page.view.put("subject", "Đăng ký khai sinh")
    else:
        window.pages.go(place)
    settle()
    app.sign_in(ward.NAM)
    settle()
    assert window.pages.key == "today" and not window.pages.has_past
    drafts = store.drafts.all()
    assert [(draft.by_name, draft.fields.get("subject")) for draft in drafts] == (
        [(ward.HA.name, "Đăng ký khai sinh")] if place == "form" else []
    )


def test_new_roles_of_the_same_officer_leave_him_where_he_is(window: MainWindow, app: App, settle: Settle) -> None:
    window.pages.go("settings")
    settle()
    app.officer = structs.replace(ward.HA, roles=("reception", "civil_status"))
    app.officer_changed.emit()
    settle()
    assert window.pages.key == "settings"


def test_a_colleagues_draft_carries_his_name_and_is_asked_for(
    window: MainWindow, app: App, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.begin("onestop.dossier", {})
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.view.put("subject", "Đăng ký khai sinh")
    settle()
    app.sign_in(ward.NAM)
    settle()
    today = window.pages.page
    (row,) = today.table.table.rows  # type: ignore[attr-defined]
    assert ward.HA.name in str(row.cells[-1]) and "09:41" in str(row.cells[-1])
    asked: list[str] = []

    def leave_it(box: QMessageBox) -> int:
        asked.append(box.text())
        box.defaultButton().click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", leave_it)
    today._open(row.key)  # type: ignore[attr-defined]
    settle()
    assert ward.HA.name in asked[0] and window.pages.key == "today"
    monkeypatch.setattr(QMessageBox, "exec", lambda box: box.buttons()[0].click())
    today._open(row.key)  # type: ignore[attr-defined]
    settle()
    again = window.pages.page
    assert isinstance(again, RecordPage) and again.entry.get("subject") == "Đăng ký khai sinh"
    assert ward.HA.name in again.notice.text.text()
    app.sign_in(ward.HA)
    settle()
    (row,) = window.pages.page.table.table.rows  # type: ignore[attr-defined]
    assert ward.HA.name not in str(row.cells[-1]), "one's own draft needs no name"


def test_an_arrow_key_chooses_the_next_chip_and_stays_on_it(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot
) -> None:
    window.pages.go("settings")
    settle()
    window.activateWindow()
    next(chip for chip in window.pages.page.findChildren(QPushButton) if chip.text() == "100%").setFocus()
    for scale, shown in (("110%", 1.1), ("125%", 1.25), ("150%", 1.5)):
        focus = QApplication.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, Qt.Key.Key_Right)
        qtbot.waitUntil(lambda shown=shown: app.settings.scale == shown)  # type: ignore[misc]
        settle()
        assert focus_text() == scale


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_search_box_keeps_its_words_off_the_key(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot, language: str
) -> None:
    window.resize(1024, 768)
    app.change_settings(language=language, scale=1.1)
    settle()
    search = window.header.search
    (key,) = [label for label in search.findChildren(QLabel) if label.text() == "Ctrl K"]
    qtbot.waitUntil(lambda: key.isVisible() and key.x() > 0)
    left = search.iconSize().width() + 2 * app.look.px(8)
    assert left + search.fontMetrics().horizontalAdvance(search.text()) <= key.x()

"""A page whose rows come, go and come again under the hand: the focus stays where work goes on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.views.main_window import MainWindow
from desktop.views.table_page import TablePage
from desktop.views.today import Today
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]


def today(window: MainWindow) -> Today:
    page = window.pages.page
    assert isinstance(page, Today)
    return page


def test_the_first_work_of_an_empty_day_gets_the_hand(window: MainWindow, store: Store, settle: Settle) -> None:
    page = today(window)
    assert page.table.isHidden() and window.focusWidget() is page.begin, "what F2 begins, and no figure of the week"
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=4)
    settle()
    assert window.focusWidget() is page.table


def test_who_went_on_is_not_called_back(window: MainWindow, store: Store, settle: Settle, qtbot: QtBot) -> None:
    page = today(window)
    qtbot.keyClick(page.begin, Qt.Key.Key_Tab)
    stood = window.focusWidget()
    assert stood is not page.begin
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=4)
    settle()
    assert page.table.isVisible() and window.focusWidget() is stood


def test_an_empty_page_keeps_the_hand(window: MainWindow, store: Store, settle: Settle) -> None:
    window.activateWindow()
    window.pages.go("conflicts")
    settle()
    page = window.pages.page
    assert isinstance(page, TablePage) and page.table.isHidden()
    assert window.focusWidget() is page, "and not the search box of the window"
    window.pages.go("outbox")
    settle()
    window.pages.go("conflicts")
    assert QApplication.focusWidget() is page, "gone to while it is empty"
    window.pages.go("today")
    assert window.focusWidget() is today(window).begin

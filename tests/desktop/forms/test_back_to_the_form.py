"""From the rail or the status bar back to a form that is scrolled: the field that takes the keys can be seen."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.views.main_window import MainWindow
from tests.desktop.forms.catalogue import EVERYTHING
from tests.desktop.forms.conftest import settle


def test_f6_leads_to_a_field_in_sight(app: App, qtbot: QtBot) -> None:
    window = MainWindow(app)
    qtbot.addWidget(window)
    window.resize(1024, 600)
    window.show()
    window.activateWindow()
    window.pages.begin(EVERYTHING, {})
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.view.build_all()
    settle(app, qtbot)
    (area,) = (each for each in page.findChildren(QScrollArea) if each.isAncestorOf(page.view))
    first = QApplication.focusWidget()
    assert first is not None and page.view.isAncestorOf(first)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 100)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: first.visibleRegion().isEmpty())
    window.rail.view.setFocus()
    window._actions.move_focus(1)
    stands = QApplication.focusWidget()
    assert stands is not None and page.view.isAncestorOf(stands) and not stands.visibleRegion().isEmpty()

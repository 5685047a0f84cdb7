"""With the largest letters on the smallest screen a line of fields and buttons becomes two, and no word of it is cut."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QScrollArea, QWidget

from desktop.app import App
from desktop.views.doubles import Doubles
from desktop.views.main_window import MainWindow
from desktop.views.record_list import RecordList
from tests.desktop.frame.test_books_and_doubles import COPY, HEAD, app, person, window

__all__ = ["app", "window"]  # fixtures
Settle = Callable[[], None]


def squeezed(page: QWidget) -> list[str]:
    """Buttons and choices narrower than their words, though their tip may say them."""
    kinds = (*page.findChildren(QAbstractButton), *page.findChildren(QComboBox))
    shown = [w for w in kinds if w.isVisible() and (w.text() if isinstance(w, QAbstractButton) else w.currentText())]
    return [f"{w.accessibleName() or w}: {w.width()}" for w in shown if w.width() < w.minimumSizeHint().width()]


def enlarged(window: MainWindow, app: App, settle: Settle, key: str) -> QWidget:
    """The page with the largest letters, none of its buttons squeezed."""
    app.change_settings(scale=1.5)
    settle()
    window.pages.go(key)
    settle()
    page = window.pages.page
    assert squeezed(page) == []
    return page


@pytest.mark.parametrize("key", [f"list:{COPY}", f"book:{COPY}"])
def test_no_button_is_squeezed(window: MainWindow, app: App, settle: Settle, key: str) -> None:
    page = enlarged(window, app, settle, key)
    text = (page.findChild(RecordList) or page).text
    buttons = [w for w in page.findChildren(QAbstractButton) if w.isVisible() and w.text()]
    assert all(not w.geometry().intersects(text.geometry()) for w in buttons if w.parent() is text.parent())
    window.resize(1900, 900)
    settle()
    assert squeezed(page) == []
    assert any(abs(w.geometry().center().y() - text.geometry().center().y()) < 5 for w in buttons)


@pytest.mark.parametrize("key", ["today", "settings"])
def test_no_page_is_wider_than_the_window(window: MainWindow, app: App, settle: Settle, key: str) -> None:
    app.sign_in(msgspec.structs.replace(HEAD, roles=("health_staff",)))  # who begins what has long names
    page = enlarged(window, app, settle, key)
    areas = [area for area in page.findChildren(QScrollArea) if area.widget() is not None]
    assert areas
    assert [area.widget().width() for area in areas if area.widget().width() > area.viewport().width()] == []


def test_pairs_and_what_stands_beside_stay_readable(window: MainWindow, app: App, settle: Settle) -> None:
    """A pair is seen in the table, and no value is cut: what has no room is scrolled to."""
    for name in ("Công Tằng Tôn Nữ Nguyễn Thị Thử", "Cong Tang Ton Nu Nguyen Thi Thu"):
        person(app.store, name)
    page = enlarged(window, app, settle, "duplicates")
    assert isinstance(page, Doubles)
    table = page.table
    assert table.viewport().rect().contains(table.visualRect(table.model().index(0, 0)))
    values = [w for w in page._beside.findChildren(QLabel) if w.wordWrap() and w.isVisible()]
    assert values and all(w.height() >= w.heightForWidth(w.width()) for w in values)
    assert page._buttons.geometry().bottom() <= page._beside.height()

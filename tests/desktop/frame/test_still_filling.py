"""At a PC that is still being filled: what is not found may be on its way, and that is said where somebody looks for it."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.views.main_window import MainWindow
from desktop.views.record_list import RecordList
from sync.store import Store
from sync.store.filling import FillProgress
from tests.desktop.frame import ward

Settle = Callable[[], None]
COMING = "Sổ cũ còn đang tải từ thành phố (34 %): có thể chưa thấy."


def test_the_search_says_that_more_is_on_its_way(app: App, window: MainWindow, settle: Settle) -> None:
    palette = window.palette_box
    for fill, told in ((FillProgress(True, 34), True), (None, False)):
        app.line.filling(fill)
        palette.open()
        palette.text.setText("Công Tằng Tôn Nữ")
        settle()
        palette._find_records()
        settle()
        assert palette.nothing.isVisible() and (COMING in palette.nothing.text()) is told
        assert palette.nothing.height() >= palette.nothing.heightForWidth(palette.nothing.width())
        palette.close_palette()


def test_an_empty_list_says_so_too(app: App, store: Store, window: MainWindow, settle: Settle, qtbot: QtBot) -> None:
    app.line.filling(FillProgress(True, 34))
    window.pages.go("list:residence.citizen")
    settle()
    page = window.findChildren(RecordList)[0]
    assert page.empty._advice.text() == COMING, "not: begin the first one"
    ward.add(store, "residence.citizen", full_name="Lê Văn Khánh")
    page.text.setText("Thảo")
    qtbot.waitUntil(lambda: page.empty._title.text() == "Không có bản ghi nào khớp")
    assert COMING in page.empty._advice.text()

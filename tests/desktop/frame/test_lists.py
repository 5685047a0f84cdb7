"""A register's list: narrowed, filtered, sorted, leafed through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop import theme
from desktop.models.table import CellTable, Column, Row
from desktop.models.tags import Tag
from desktop.views.main_window import MainWindow
from desktop.views.record_list import PAGE_SIZE, RecordList
from desktop.views.tool_page import ToolPage
from desktop.widgets.table import TWO_LINES, RowTable
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]
OpenList = Callable[[str], RecordList]


@pytest.fixture
def open_list(window: MainWindow, settle: Settle) -> OpenList:
    def opened(type_id: str) -> RecordList:
        window.pages.go(f"list:{type_id}")
        settle()
        page = window.pages.page
        assert isinstance(page, ToolPage)
        return page.shown_list

    return opened


def titles(page: RecordList, column: int = 1) -> list[str]:
    return [str(row.cells[column]) for row in page.table.table.rows]


def test_leafing_shows_every_record_once(store: Store, open_list: OpenList, settle: Settle, qtbot: QtBot) -> None:
    for n in range(2 * PAGE_SIZE + 5):
        ward.add_dossier(store, f"Hồ sơ {n:03d}")
    page = open_list("onestop.dossier")
    seen = titles(page)
    page.table.selectRow(PAGE_SIZE - 1)
    qtbot.keyClick(page.table, Qt.Key.Key_PageDown)
    settle()
    seen += titles(page)
    page.pager._buttons["next"].click()
    settle()
    seen += titles(page)
    assert sorted(seen) == [f"Hồ sơ {n:03d}" for n in range(2 * PAGE_SIZE + 5)]
    assert not page.pager._buttons["next"].isEnabled()
    page.pager._buttons["first"].click()
    settle()
    assert titles(page) == seen[:PAGE_SIZE]


def test_filter_narrow_and_sort(store: Store, open_list: OpenList, settle: Settle) -> None:
    ward.add_dossier(store, "Đường Trần Hưng Đạo", fee=8000)
    ward.add_dossier(store, "Khai sinh", fee=0, state="returned")
    ward.add_dossier(store, "Khai tử", fee=25000)
    page = open_list("onestop.dossier")
    page.filter_by(("returned",))
    settle()
    assert titles(page) == ["Khai sinh"]
    page.filter_by(())
    page.text.setText("duong")
    page._narrow()
    settle()
    assert titles(page) == ["Đường Trần Hưng Đạo"]
    page.text.setText("không có gì như thế")
    page._narrow()
    settle()
    assert page.table.isHidden() and not page.empty.isHidden()
    page.text.clear()
    page._narrow()
    page._sort_by(4)
    settle()
    assert titles(page, 4) == ["0 đồng", "8.000 đồng", "25.000 đồng"]


def test_only_the_newest_question_is_answered(store: Store, open_list: OpenList, settle: Settle) -> None:
    ward.add_dossier(store, "Một")
    ward.add_dossier(store, "Hai")
    page = open_list("onestop.dossier")
    for text in ("mot", "hai", "mot", "hai"):
        page.text.setText(text)
        page._narrow()
    settle()
    assert titles(page) == ["Hai"]


def test_a_saved_record_shows_by_itself_and_the_row_is_kept(store: Store, open_list: OpenList, settle: Settle) -> None:
    first = ward.add(store, "residence.citizen", full_name="Nguyễn Thị Ánh", personal_id="001190012345")
    page = open_list("residence.citizen")
    assert page.table.current_key() == first.id
    ward.add(store, "residence.citizen", full_name="Bùi Văn An")
    settle()
    assert len(titles(page)) == 2
    assert page.table.current_key() == first.id
    shown = [row.cells[1] for row in page.table.table.rows if row.key == first.id]
    assert shown and "012345" not in str(shown[0]), "a masked number is not shown whole"


def test_reference_by_name_and_standing_in_words(store: Store, open_list: OpenList) -> None:
    person = ward.add(store, "residence.citizen", full_name="Phạm Minh Dũng")
    ward.add_dossier(store, "Chứng thực", applicant=person.id)
    page = open_list("onestop.dossier")
    row = page.table.table.rows[0]
    assert row.cells[2] == "Phạm Minh Dũng"
    marks = row.cells[-1]
    assert isinstance(marks, tuple) and [str(mark) for mark in marks] == ["◐ Chờ gửi"]


def test_an_empty_register_says_what_to_do(open_list: OpenList) -> None:
    page = open_list("onestop.dossier")
    assert not page.empty.isHidden() and "Ctrl+N" in page.empty._advice.text()
    other = open_list("civil_status.birth")
    assert "Ctrl+N" not in other.empty._advice.text(), "reception does not begin births"


def test_the_record_stands_beside_its_list_where_there_is_room(
    window: MainWindow, store: Store, open_list: OpenList, settle: Settle
) -> None:
    ward.add_dossier(store, "Khai sinh", note="Đến lấy buổi chiều")
    page = open_list("onestop.dossier")
    assert page.preview.isHidden()
    window.resize(1366, 768)
    settle()
    assert not page.preview.isHidden()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_what_a_row_is_about_stays_readable_and_nothing_lies_to_the_side(
    qapp: QApplication, qtbot: QtBot, scale: float
) -> None:
    columns = (
        Column("no", "Số"),
        Column("issuer", "Tác giả (cơ quan ban hành)", stretch=True),
        Column("summary", "Trích yếu nội dung", stretch=True, main=True),
        Column("due", "Hạn giải quyết"),
        Column("state", "Trạng thái"),
        Column("marks", ""),
    )
    look = theme.apply(qapp, "light", scale)
    table = RowTable(CellTable(columns), look)
    qtbot.addWidget(table)
    words = ("131", "Công ty TNHH Thương mại và Dịch vụ Hồng Hà", "Báo cáo kết quả thực hiện nhiệm vụ quý III năm 2026")
    tags = (Tag("Trễ 26 ngày làm việc", "red", "!"), Tag("Yêu cầu bổ sung giấy tờ", "amber", "◷"), ())
    for width in (560, 620, 790, 1200):
        table.resize(width, 300)
        table.show()
        table.show_rows((Row("a", (*words, *tags)),))
        header = table.horizontalHeader()
        shown = [n for n in range(len(columns)) if not table.isColumnHidden(n)]
        assert sum(header.sectionSize(n) for n in shown) <= table.viewport().width()
        assert {0, 2} <= set(shown)
        assert sum(bool(columns[n].heading) for n in shown) >= 3
        assert header.sectionSize(2) >= look.px(120)
        assert table.wordWrap() == (header.sectionSize(2) < look.px(TWO_LINES))
        assert table.wordWrap() == (table.rowHeight(0) > look.px(40))
    theme.apply(qapp, "light", 1.0)


def test_a_column_is_as_wide_as_its_widest_cell_whichever_rows_come(qapp: QApplication, qtbot: QtBot) -> None:
    columns = (Column("no", "Số"), Column("what", "Việc", stretch=True), Column("due", "Hạn"), Column("marks", ""))
    table = RowTable(CellTable(columns), theme.apply(qapp, "light", 1.0))
    qtbot.addWidget(table)
    table.resize(1600, 300)
    table.show()
    late, soon = Tag("Trễ 26 ngày làm việc", "red", "!"), Tag("Hôm nay", "amber", "◷")
    header = table.horizontalHeader()
    widths = []
    for numbers, dues, marks in (
        (("131/2026", "7/2026"), (soon, soon), ((), (late,))),
        (("7/2026", "131/UBND-VP ngày 02/11/2026"), (soon, late), ((late, soon), (late,))),
        (("iiiiiiiiiiii", "WWWWWWWWW"), (late, soon), ((soon,), ())),  # wide letters, and more of narrow ones
    ):
        rows = zip(numbers, dues, marks, strict=True)
        table.show_rows(tuple(Row(number, (number, "Việc", due, mark)) for number, due, mark in rows))
        shown = [header.sectionSize(n) for n in (0, 2, 3)]
        assert shown == [table.sizeHintForColumn(n) for n in (0, 2, 3)]
        widths.append(shown)
    assert widths[1][0] > widths[0][0] and widths[1][2] > widths[0][2]


def test_home_and_end_go_to_the_first_and_the_last_row(qapp: QApplication, qtbot: QtBot) -> None:
    """Qt's own table would go to another column of the same row, which nobody sees."""
    table = RowTable(
        CellTable((Column("title", "Việc", stretch=True), Column("who", "Ai"))), theme.apply(qapp, "light", 1.0)
    )
    qtbot.addWidget(table)
    table.show_rows(tuple(Row(f"r{n}", (f"Việc {n}", "")) for n in range(40)))
    for key, row in ((Qt.Key.Key_End, "r39"), (Qt.Key.Key_Home, "r0")):
        qtbot.keyClick(table, key)
        assert (table.current_key(), table.chosen_keys()) == (row, [row])


def test_from_the_line_that_narrows_one_goes_down_into_the_list_or_takes_all_of_it(
    store: Store, open_list: OpenList, settle: Settle, qtbot: QtBot
) -> None:
    for n in range(3):
        ward.add_dossier(store, f"Hồ sơ {n}")
    page = open_list("onestop.dossier")
    page.focus_text()
    qtbot.keyClick(page.text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(page.table.chosen_keys()) == 3 and page.table.hasFocus()
    page.drop_chosen()
    page.focus_text()
    qtbot.keyClicks(page.text, "ho so")
    settle()
    qtbot.keyClick(page.text, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert page.text.selectedText() == "ho so" and len(page.table.chosen_keys()) < 2, "there is text to take"
    qtbot.keyClick(page.text, Qt.Key.Key_Down)
    assert page.table.hasFocus()

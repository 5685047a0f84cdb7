"""The sheets and pages whose sentences wrap: none is squeezed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.models.table import CellTable, Column, Row
from desktop.theme import Look
from desktop.views.bundle_sheet import BundleSheet
from desktop.views.main_window import MainWindow
from desktop.views.sign_in import OfferEnrolment, Unlock
from desktop.widgets.broken_lines import breakable
from desktop.widgets.table import RowTable
from tests.desktop.cut_words import cut_words

_ACROSS, _TIP = Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
WORDS = ("Tiếp nhận: trực tiếp, bưu chính", "Đã giải quyết: trước hạn", "Đã giải quyết: đúng hạn", "Tỷ lệ đúng hạn")


@pytest.mark.parametrize("gate", [Unlock, OfferEnrolment])
def test_the_first_sentences_an_officer_reads(app: App, qtbot: QtBot, gate: Callable[[Look], Unlock]) -> None:
    page = gate(app.look)
    qtbot.addWidget(page)
    page.resize(1024, 768)
    page.show()
    page.refuse("Không mở được: câu mật khẩu không đúng.")
    qtbot.wait(10)
    assert cut_words(page) == []


def test_a_sheet_grows_with_its_sentences(window: MainWindow, qtbot: QtBot) -> None:
    sheet = BundleSheet(window.app, window)
    qtbot.addWidget(sheet)
    sheet.open()
    qtbot.wait(10)
    assert cut_words(sheet) == []
    sheet._say("Một câu dài. " * 40, "red")
    qtbot.waitUntil(lambda: cut_words(sheet) == [])


def test_figures_of_a_report_may_lie_to_the_side_but_are_all_there(app: App, qtbot: QtBot) -> None:
    columns = (Column("of", "Lĩnh vực", stretch=True), *(Column(w, w, right=True) for w in (*WORDS, *WORDS)))
    table = RowTable(CellTable(columns), app.look, keeps_columns=True)
    qtbot.addWidget(table)
    table.resize(500, 300)
    table.show()
    table.show_rows((Row("a", ("Bảo trợ xã hội", *["1"] * 8)),))
    assert not any(table.isColumnHidden(n) for n in range(len(columns)))
    assert table.horizontalScrollBar().maximum() > 0


def test_a_heading_that_has_no_room_stands_on_two_lines_before_it_is_shortened(app: App, qtbot: QtBot) -> None:
    columns = (Column("no", "Số chứng thực"), Column("of", "Tên giấy tờ được chứng thực", stretch=True, main=True))
    table = RowTable(CellTable((*columns, Column("who", "Họ tên người yêu cầu chứng thực"))), app.look)
    qtbot.addWidget(table)
    table.show()
    seen = set()
    for width in (900, 520, 420, 300):
        table.resize(width, 300)
        table.show_rows((Row("a", ("438", "Bằng tốt nghiệp", "Nguyễn Ngọc Nghĩa")),))
        shown = [str(table.table.headerData(n, _ACROSS)) for n in range(3)]
        told = [table.table.headerData(n, _ACROSS, _TIP) for n in range(3)]
        assert told == [column.heading for column in table.table.columns]
        for text, heading in zip(shown, told, strict=True):
            whole = " ".join(text.split()) == heading
            assert whole or "…" in text
        lines = max(text.count("\n") for text in shown) + 1
        seen.add(lines)
        assert table.horizontalHeader().height() >= lines * app.look.px(18)
    assert seen == {1, 2}


def test_long_words_may_break_behind_their_marks() -> None:
    assert breakable("Tệp đính kèm số 1") == "Tệp đính kèm số 1"
    name = "phuong-an-an-ninh,-pccc-268842.pdf"
    assert breakable(f"Tệp {name}").replace("\u200b", "") == f"Tệp {name}"
    assert max(map(len, breakable(name).split("\u200b"))) <= 7


def test_a_table_comes_to_rest_whatever_its_height(app: App, qtbot: QtBot, qapp: QApplication) -> None:
    """With the scroll bar rows fit on one line and want none, without it they stand in two and want one."""
    columns = (
        Column("c0", "Người xử lý", stretch=True, main=False, width=30),
        Column("c1", "Ghi chú", stretch=False, main=False, width=30),
        Column("c2", "Họ tên người yêu cầu chứng thực", stretch=True, main=True, width=0),
        Column("c3", "Tên giấy tờ được chứng thực", stretch=False, main=False, width=60),
        Column("c4", "Tên giấy tờ được chứng thực", stretch=False, main=False, width=20),
        Column("c5", "Hạn trả kết quả", stretch=False, main=False, width=0),
    )
    words = [
        [30, 21, 11, 19, 21, 15],
        [3, 9, 2, 5, 21, 8],
        [17, 23, 1, 28, 23, 29],
        [17, 8, 2, 1, 15, 20],
        [17, 7, 9, 22, 14, 2],
        [21, 30, 30, 28, 30, 20],
        [28, 24, 9, 4, 8, 7],
    ]
    table = RowTable(CellTable(columns), app.look)
    qtbot.addWidget(table)
    table.resize(982, 288)
    table.show()
    table.show_rows(tuple(Row(str(n), tuple("x " * k for k in row)) for n, row in enumerate(words)))
    for height in range(228, 349):
        table.resize(982, height)
        for _ in range(40):
            qapp.processEvents()
        seen = set()
        for _ in range(20):
            qapp.processEvents()
            seen.add(table.viewport().width())
        assert len(seen) == 1, height

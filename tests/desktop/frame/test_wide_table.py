"""Figures that lie to the side: what a row is about stays in sight while they go by."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.models.table import CellTable, Column, Row
from desktop.widgets.wide_table import WideTable

FIGURES = (
    "Tổng số", "Tiến sĩ", "Thạc sĩ", "Đại học", "Cao đẳng", "Trung cấp", "Cao cấp lý luận chính trị",
    "Trung cấp lý luận chính trị", "Chứng chỉ tin học", "Chứng chỉ ngoại ngữ", "Từ 51 đến 60 tuổi",
)  # fmt: skip
NAMES = ("Văn phòng HĐND và UBND phường", "Phòng Văn hóa – Xã hội", "Phòng Kinh tế, Hạ tầng và Đô thị", "Cộng")


def made(app: App, qtbot: QtBot, *names: str, width: int = 800) -> WideTable:
    """With so many columns that say what a row is about, before the figures."""
    columns = (
        *(Column(name, name, stretch=True, width=40) for name in names),
        *(Column(f, f, right=True) for f in FIGURES),
    )
    table = WideTable(CellTable(columns), app.look, kept=len(names))
    qtbot.addWidget(table)
    table.resize(width, 400)
    table.show()
    figures = [str(n) for n in range(10, 10 + len(FIGURES))]
    table.show_rows(tuple(Row(name, (*[name] * len(names), *figures)) for name in NAMES))
    assert table.horizontalScrollBar().maximum() > 0
    return table


def strip(table: WideTable, width: int, *, heading: bool = False) -> QImage:
    part = table.horizontalHeader().viewport() if heading else table.viewport()
    return part.grab(QRect(0, 0, width, part.height())).toImage()


def test_what_a_row_is_about_stays_while_figures_go_by(app: App, qtbot: QtBot) -> None:
    table = made(app, qtbot, "Đơn vị")
    width, bar = table.columnWidth(0), table.horizontalScrollBar()
    here = [strip(table, width - 1, heading=heading) for heading in (True, False)]
    whole = table.viewport().grab().toImage()
    for to in (bar.maximum() // 2, bar.maximum()):
        bar.setValue(to)
        assert [strip(table, width - 1, heading=heading) for heading in (True, False)] == here
        assert table.viewport().grab().toImage() != whole
    for place in range(len(NAMES)):
        point = QPoint(width // 2, table.rowViewportPosition(place) + 5)
        assert (table.indexAt(point).row(), table.indexAt(point).column()) == (place, 0)
    assert table.indexAt(QPoint(width + 5, 5)).column() > 1


def test_two_columns_that_name_a_row_both_stay_where_there_is_room(app: App, qtbot: QtBot) -> None:
    table = made(app, qtbot, "Vật nuôi", "Bệnh", width=900)
    table.horizontalScrollBar().setValue(table.horizontalScrollBar().maximum())
    assert [column for column, _, _ in table.kept_columns()] == [0, 1]
    table.resize(460, 400)
    table.horizontalScrollBar().setValue(table.horizontalScrollBar().maximum())
    assert [column for column, _, _ in table.kept_columns()] == [0]
    assert table.kept_width() < table.viewport().width() * 0.6


def test_the_arrows_reach_each_figure_and_none_stays_beneath(app: App, qtbot: QtBot) -> None:
    table = made(app, qtbot, "Đơn vị")
    table.setFocus()
    keys = [Qt.Key.Key_Right] * len(FIGURES) + [Qt.Key.Key_Down] + [Qt.Key.Key_Left] * (len(FIGURES) - 1)
    for key in keys:
        qtbot.keyClick(table, key)
        box = table.visualRect(table.currentIndex())
        assert box.left() >= table.kept_width()
        assert box.left() < table.viewport().width()
    assert (table.currentIndex().column(), table.horizontalScrollBar().value()) == (1, 0)
    assert table.current_key() == NAMES[1]


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_End])
def test_going_down_does_not_bring_the_table_back(app: App, qtbot: QtBot, key: Qt.Key) -> None:
    table = made(app, qtbot, "Đơn vị")
    bar = table.horizontalScrollBar()
    bar.setValue(bar.maximum())
    qtbot.keyClick(table, key)
    assert table.current_key() != NAMES[0]
    assert bar.value() == bar.maximum()

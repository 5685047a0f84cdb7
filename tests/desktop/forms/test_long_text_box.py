"""The box of a long text is as tall as what is written in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from desktop.forms.record_page import RecordPage
from tests.desktop.forms.catalogue import EVERYTHING
from tests.desktop.forms.conftest import type_text

SENTENCE = "V/v xác nhận nguồn gốc sử dụng đất của bà Công Tằng Tôn Nữ Nguyễn Thị Hoàng Phương Thảo, phố Hàng Bài. "


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_text_that_fits_has_no_scroll_bar(open_page: Callable[..., RecordPage], qtbot: QtBot, times: int) -> None:
    page = open_page(EVERYTHING)
    box = page.view.cells["f_longtext"].input.focus_target
    assert isinstance(box, QPlainTextEdit)
    box.setFocus()
    type_text(box, SENTENCE * times)
    bar = box.verticalScrollBar()
    qtbot.waitUntil(lambda: not bar.isVisible() and bar.maximum() == 0, timeout=2000)
    assert box.document().size().height() > 3 * times
    box.clear()
    qtbot.waitUntil(lambda: box.height() < 4 * box.fontMetrics().height(), timeout=2000)

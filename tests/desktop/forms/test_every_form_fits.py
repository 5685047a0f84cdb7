"""Every form of the catalogue on the office's smallest screen: no word of it is cut, with letters of 125 % either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import shiboken6
from msgspec import structs
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QWidget

from desktop import theme
from desktop.app import App
from desktop.forms.entries import new_entry
from desktop.forms.field_widgets.group import GroupField
from desktop.forms.form_view import FormView
from forms.loader import load_catalog
from tests.desktop.cut_words import cut_words
from tests.desktop.forms.conftest import make_app
from tests.forms.catalog.conftest import tool_folders

SCALE = 1.25
FORM = 422  # px of the fields then in a window of 1024, beside the rail, the cards and the edges; 514 at 100 %


@pytest.fixture(scope="module")
def shipped(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = make_app(tmp_path_factory.mktemp("ward"), load_catalog())
    made.settings = structs.replace(made.settings, scale=SCALE)
    made.dress()
    yield made
    made.close()
    theme.apply(qapp, "light", 1.0)


@pytest.mark.parametrize("tool", [folder.name for folder in tool_folders()])
def test_no_word_of_a_form_is_cut(shipped: App, tool: str) -> None:
    wrong = []
    for record_type in next(one.records for one in shipped.catalog.tools if one.id == tool):
        entry = new_entry(shipped, record_type)
        for field in record_type.fields:
            if field.type == "group" and not entry.is_locked(field.name):
                entry.add_row(field.name)
        view = FormView(shipped, entry)
        view.build_all()
        view.resize(FORM, view.heightForWidth(FORM))
        view.show()
        for group in view.findChildren(GroupField):
            group.refresh(None)
        for _ in range(3):  # a table that turns into blocks makes its rows anew
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            view.resize(FORM, view.heightForWidth(FORM))
        wrong += [f"{record_type.id}: {line}" for line in cut_words(view)]
        shiboken6.delete(view)
    assert wrong == []


def test_what_is_cut_is_seen(qapp: QApplication, qtbot: Any) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    words, box, told = (
        QLabel("Một câu dài hơn chỗ của nó", holder),
        QCheckBox("Một ô dài hơn chỗ", holder),
        QLabel("Dài quá", holder),
    )
    told.setToolTip("Dài quá")
    holder.show()
    for widget in (words, box, told):
        widget.resize(20, 20)
    assert len(cut_words(holder)) == 2
    for widget in (words, box):
        widget.resize(400, 40)
    assert cut_words(holder) == []

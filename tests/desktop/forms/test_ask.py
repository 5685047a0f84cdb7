"""What an action asks before it is taken: F9 and Enter by real keys, and words for what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.forms.dialogs import AskDialog
from desktop.forms.entries import entry_of
from forms.definition import Action, Catalog
from forms.field_definition import Message
from forms.label import Label
from sync.store.model import Save
from tests.desktop.cut_words import cut_words
from tests.desktop.forms.catalogue import DOSSIER, choices, field, make_catalog
from tests.desktop.forms.conftest import HA, dressed_app

READ_FIRST = Label("Người nộp đọc lại và ký sổ trước.", "The applicant reads it and signs the book first.")


def catalog_with_a_question(folder: Path) -> Catalog:
    """Handing over asks for a tick, and a rule says that it must be there."""
    made = make_catalog(folder)
    desk, *others = made.tools
    dossier, *rest = desk.records
    section = dossier.sections[-1]
    fields = (
        *section.fields,
        field("signed", "bool", "Người nộp đã ký sổ"),
        field("how", "one_of", "Trả bằng", choices=choices(hand="Tận tay", post="Bưu chính")),
    )
    action = Action(
        id="hand_over",
        label=Label("Trả kết quả", "Hand over"),
        from_=("received",),
        to="done",
        asks=("signed", "how"),
        guard=(Message("signed == true", READ_FIRST),),
        main=True,
    )
    changed = structs.replace(
        dossier,
        sections=(*dossier.sections[:-1], structs.replace(section, fields=fields)),
        actions=(action, *(a for a in dossier.actions if a.id != "finish")),
    )
    return structs.replace(made, tools=(structs.replace(desk, records=(changed, *rest)), *others))


@pytest.fixture
def asking(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    with dressed_app(tmp_path, catalog_with_a_question(tmp_path / "catalog")) as app:
        yield app


@pytest.fixture
def dialog(asking: App, qtbot: Any) -> AskDialog:
    values = {"procedure": "birth", "applicant": "p1", "pages": 2, "visit": "L1"}
    record = asking.store.save([Save(type=DOSSIER, fields=values, state="received")], HA)[0]
    record_type = asking.catalog.record_type(DOSSIER)
    made = AskDialog(asking, record_type.action("hand_over"), entry_of(asking, record))
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitExposed(made)
    return made


def press(qtbot: Any, key: Qt.Key) -> None:
    widget = QApplication.focusWidget()
    assert widget is not None
    qtbot.keyClick(widget, key)


@pytest.mark.parametrize("ticked_and_back", [False, True])
def test_f9_over_a_box_left_unticked_says_what_to_tick(dialog: AskDialog, qtbot: Any, ticked_and_back: bool) -> None:
    box = dialog.view.cells["signed"]
    if ticked_and_back:
        box.input.focus_target.setFocus()
        press(qtbot, Qt.Key.Key_Space)
        press(qtbot, Qt.Key.Key_Space)
    dialog.view.put("how", "hand")
    dialog.view.walk.go_to("how")
    press(qtbot, Qt.Key.Key_F9)
    assert dialog.isVisible(), "it did not close over it"
    assert READ_FIRST.vi in box.problem_text and box.input.focus_target.hasFocus()
    assert any(READ_FIRST.vi in note.text() and note.isVisible() for note in box.findChildren(type(box._problem)))
    press(qtbot, Qt.Key.Key_Space)
    assert not box.problem_text
    press(qtbot, Qt.Key.Key_F9)
    assert not dialog.isVisible() and dialog.inputs == {"signed": True, "how": "hand"}


def test_enter_goes_through_the_question_and_presses_its_button_last(dialog: AskDialog, qtbot: Any) -> None:
    dialog.view.walk.go_to("signed")
    press(qtbot, Qt.Key.Key_Space)
    press(qtbot, Qt.Key.Key_Return)
    assert dialog.view.cells["how"].isAncestorOf(QApplication.focusWidget())  # type: ignore[arg-type]
    dialog.view.put("how", "post")
    press(qtbot, Qt.Key.Key_Return)
    assert dialog.isVisible() and dialog.accept_button.hasFocus()
    press(qtbot, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_what_was_given_and_is_wanting_is_told_field_by_field(dialog: AskDialog, qtbot: Any) -> None:
    press(qtbot, Qt.Key.Key_F9)
    assert dialog.isVisible()
    assert all("⚠" in dialog.view.cells[name].problem_text for name in ("signed", "how"))


def test_it_grows_with_what_it_has_to_say(dialog: AskDialog, qtbot: Any) -> None:
    """What is told below a field must not push the last one out of sight."""
    before = dialog.height()
    dialog.resize(dialog.width(), dialog.minimumSizeHint().height())
    dialog.accept_button.click()
    qtbot.waitUntil(lambda: dialog.view.height() <= dialog.area.viewport().height())
    assert dialog.height() >= before
    assert dialog.view.height() >= dialog.view.heightForWidth(dialog.view.width())
    assert cut_words(dialog) == []


@pytest.mark.parametrize(
    ("more", "lacks"), [({}, True), ({"signed": True}, True), ({"signed": True, "how": "post"}, False)]
)
def test_it_says_that_more_is_needed_only_where_something_is(
    asking: App, qtbot: Any, more: dict[str, Any], lacks: bool
) -> None:
    values = {"procedure": "birth", "applicant": "p1", "pages": 2, "visit": "L1", **more}
    record = asking.store.save([Save(type=DOSSIER, fields=values, state="received")], HA)[0]
    made = AskDialog(asking, asking.catalog.record_type(DOSSIER).action("hand_over"), entry_of(asking, record))
    qtbot.addWidget(made)
    assert made.windowTitle() == f"Trả kết quả: {'cần thêm' if lacks else 'xem lại trước khi ghi'}"

"""F9 takes one step a press, and a paper that opens behind it takes nobody's keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPushButton

from desktop.actions import ActionRow, bind
from desktop.app import App
from desktop.forms.print_preview import PrintPreview
from desktop.forms.record_page import RecordPage
from sync.store.model import Record
from tests.desktop.forms.conftest import settle, type_text
from tests.desktop.forms.test_printing import SLIP

Open = Callable[..., RecordPage]
KEY = Qt.Key.Key_F9


@pytest.fixture
def filled(open_page: Open, tuyet: Record, qtbot: Any) -> RecordPage:
    """A dossier that lacks nothing: F9 receives it, and the next F9 would hand it over."""
    page = open_page()
    for name, value in (("procedure", "birth"), ("applicant", tuyet.id), ("pages", "2")):
        page.view.put(name, value)
    return page


def with_paper(page: RecordPage) -> None:
    """From now on receiving opens a paper."""
    actions = tuple(replace(a, prints=("receipt",)) if a.id == "receive" else a for a in page.record_type.actions)
    page.record_type = replace(page.record_type, actions=actions)


def press(page: RecordPage, *, repeat: bool = False) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None and page.isAncestorOf(focus)
    QApplication.sendEvent(
        focus, QKeyEvent(QEvent.Type.KeyPress, KEY, Qt.KeyboardModifier.NoModifier, "", autorep=repeat)
    )


def state(app: App, page: RecordPage) -> str:
    record = app.store.records.load(page.record.id) if page.record else None
    return record.state if record else ""


def test_a_key_that_is_held_takes_one_step(filled: RecordPage, app: App, qtbot: Any) -> None:
    press(filled)
    for _ in range(20):
        press(filled, repeat=True)
        QApplication.processEvents()
    settle(app, qtbot)
    for _ in range(20):
        press(filled, repeat=True)
        QApplication.processEvents()
    settle(app, qtbot)
    assert state(app, filled) == "received"


def test_a_held_key_that_comes_as_single_presses_takes_one_step(filled: RecordPage, app: App, qtbot: Any) -> None:
    """As X11 hands it out, and as an impatient hand gives it; before, while and after the step is shown."""
    for n in range(40):
        press(filled)
        QApplication.processEvents()
        if n % 10 == 9:
            settle(app, qtbot)
    assert state(app, filled) == "received"
    assert filled.notice.text.text().count("Bước tiếp theo") == 1


def test_the_second_press_says_the_next_step_and_enter_takes_it(filled: RecordPage, app: App, qtbot: Any) -> None:
    press(filled)
    settle(app, qtbot)
    assert "Bước tiếp theo" not in filled.notice.text.text()
    press(filled)
    settle(app, qtbot)
    assert state(app, filled) == "received"
    assert "0001/2026" in filled.notice.text.text()
    assert "Bước tiếp theo là “Trả kết quả”" in filled.notice.text.text()
    focus = QApplication.focusWidget()
    assert focus is filled.header.action_bar.buttons["finish"]
    qtbot.keyClick(focus, Qt.Key.Key_Return)
    settle(app, qtbot)
    assert state(app, filled) == "done"


def test_after_the_last_step_the_key_is_alive(filled: RecordPage, app: App, qtbot: Any) -> None:
    """No button stands there any more; it says so like any save without a change."""
    press(filled)
    settle(app, qtbot)
    filled.save("finish")
    settle(app, qtbot)
    assert state(app, filled) == "done"
    assert not filled.header.action_bar.buttons
    said: list[str] = []
    app.noticed.connect(lambda text, _kind: said.append(text))
    filled.take_main_action()
    assert len(said) == 1


def test_a_step_that_was_refused_is_tried_again_by_the_same_key(
    filled: RecordPage, app: App, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(app.store, "save", lambda *_a, **_k: (_ for _ in ()).throw(OSError("đĩa đầy")))
        press(filled)
        settle(app, qtbot)
    assert filled.record is None
    press(filled)
    settle(app, qtbot)
    assert state(app, filled) == "received"


def test_who_has_done_something_else_meanwhile_presses_once(filled: RecordPage, app: App, qtbot: Any) -> None:
    press(filled)
    settle(app, qtbot)
    filled.view.put("note", "đã đối chiếu")
    filled.view.changed.emit(frozenset({"note"}))
    press(filled)
    settle(app, qtbot)
    assert state(app, filled) == "done"


def test_who_stands_in_another_field_presses_once(filled: RecordPage, app: App, qtbot: Any) -> None:
    press(filled)
    settle(app, qtbot)
    filled.view.walk.go_to("note" if filled.view.walk.here != "note" else "pages")
    press(filled)
    settle(app, qtbot)
    assert state(app, filled) == "done"


def test_a_record_that_was_opened_anew_needs_one_press(open_page: Open, app: App, dossier: Record, qtbot: Any) -> None:
    page = open_page(dossier.type, dossier.id)
    press(page)
    settle(app, qtbot)
    assert state(app, page) == "done"


def test_the_windows_own_f9_is_the_same_key(filled: RecordPage, app: App, qtbot: Any) -> None:
    """With the focus outside the form the window runs the row; the palette runs it as what was chosen there."""
    (main,) = [row for row in filled.actions() if row.shortcut == "F9"]
    action = bind(main, filled)
    assert not action.autoRepeat()
    action.trigger()
    settle(app, qtbot)
    (main,) = [row for row in filled.actions() if row.shortcut == "F9"]
    bind(main, filled).trigger()
    settle(app, qtbot)
    assert state(app, filled) == "received"
    main.run()
    settle(app, qtbot)
    assert state(app, filled) == "done"
    assert bind(ActionRow(id="x", title="x", run=lambda: None, shortcut="Ctrl+B"), filled).autoRepeat()


def test_the_second_half_of_a_double_click_presses_nothing(filled: RecordPage, app: App, qtbot: Any) -> None:
    buttons = filled.header.action_bar.buttons
    qtbot.mouseClick(buttons["receive"], Qt.MouseButton.LeftButton)
    settle(app, qtbot)
    qtbot.mouseDClick(filled.header.action_bar.buttons["finish"], Qt.MouseButton.LeftButton)
    settle(app, qtbot)
    assert state(app, filled) == "received"


def test_f9_does_nothing_while_its_paper_is_made_and_one_press_goes_on_after_it(
    filled: RecordPage, app: App, qtbot: Any
) -> None:
    with_paper(filled)
    press(filled)
    qtbot.waitUntil(lambda: filled.printing.is_busy)
    press(filled)
    qtbot.waitUntil(lambda: filled.printing.preview is not None)
    assert state(app, filled) == "received"
    assert filled.printing.preview is not None
    filled.printing.preview.reject()
    filled.activateWindow()
    settle(app, qtbot)
    filled.take_main_action()
    settle(app, qtbot)
    assert state(app, filled) == "done"


def test_a_paper_does_not_open_over_somebodys_typing(filled: RecordPage, app: App, qtbot: Any) -> None:
    with_paper(filled)
    press(filled)
    qtbot.waitUntil(lambda: filled.printing.is_busy)
    focus = QApplication.focusWidget()
    assert focus is not None
    type_text(focus, "a")
    settle(app, qtbot)
    assert filled.printing.preview is None
    assert "sẵn sàng" in filled.notice.text.text() and "Ctrl+P" in filled.notice.text.text()
    assert filled.notice.do is not None
    filled.notice.do[1]()
    qtbot.waitUntil(lambda: filled.printing.preview is not None)
    assert filled.printing.preview is not None
    filled.printing.preview.reject()


def test_a_paper_does_not_open_when_the_focus_went_on(filled: RecordPage, app: App, qtbot: Any) -> None:
    with_paper(filled)
    press(filled)
    qtbot.waitUntil(lambda: filled.printing.is_busy)
    filled.view.walk.go_to("note" if filled.view.walk.here != "note" else "pages")
    settle(app, qtbot)
    assert filled.printing.preview is None


@pytest.fixture
def printing(app: App, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[PrintPreview, list[str]]:
    pressed: list[str] = []
    monkeypatch.setattr(PrintPreview, "send_to_printer", lambda _self: pressed.append("printer"))
    preview = PrintPreview(app, SLIP, "<p>Giấy hẹn</p>", 1)
    qtbot.addWidget(preview)
    return preview, pressed


def test_enter_from_before_the_preview_was_seen_prints_nothing(
    printing: tuple[PrintPreview, list[str]], qtbot: Any
) -> None:
    preview, pressed = printing
    button = next(b for b in preview.findChildren(QPushButton) if b.isDefault())
    preview.show()
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert pressed == []
    qtbot.waitUntil(lambda: preview._is_seen)
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert pressed == ["printer"]


def test_enter_at_the_end_of_typing_prints_nothing(printing: tuple[PrintPreview, list[str]], qtbot: Any) -> None:
    preview, pressed = printing
    preview.show()
    preview.activateWindow()
    qtbot.waitUntil(lambda: preview._is_seen)
    focus = preview.focusWidget()
    assert focus is not None
    type_text(focus, "Lan")
    for _ in range(2):
        focus = preview.focusWidget()
        assert focus is not None
        qtbot.keyClick(focus, Qt.Key.Key_Return)
    assert pressed == []

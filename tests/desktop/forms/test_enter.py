"""Enter in every kind of field: it goes to the next one, takes a suggestion first, never saves, never loses a letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop.app import App
from desktop.forms.record_page import RecordPage
from sync.store.model import Record
from tests.desktop.forms.catalogue import ALL_TYPES, CITIZEN, EVERYTHING
from tests.desktop.forms.conftest import settle, type_text

Open = Callable[..., RecordPage]
MOST_PRESSES = 6  # a row of a table, both halves of an address, a list that opened first
GOOD = {
    "one_of": "hai",
    "person": "anh tuyet",
    "ref": "khai sinh",
    "date": "5/1/1990",
    "date_partial": "1990",
    "time": "14:30",
    "datetime": "22/11/2026 14:30",
    "int": "12",
    "decimal": "1,5",
    "percent": "5",
    "money": "150000",
    "email": "an@hanoi.gov.vn",
    "phone": "0912345678",
    "citizen_number": "001190012345",
    "tax_code": "0100109106",
    "admin_unit": "hoan kiem",
    "code": "AB12",
}
ANY = "Khuzq"  # no list has it, no number is it


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def field_in_focus(page: RecordPage) -> str:
    return next((path for path, cell in page.view.cells.items() if cell.isAncestorOf(focused())), "")


def press_enter(page: RecordPage, app: App, qtbot: Any) -> None:
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    qtbot.wait(1)
    settle(app, qtbot)


def go_on_from(page: RecordPage, app: App, qtbot: Any, path: str) -> str:
    """Presses Enter until another field has the focus; its name."""
    for _ in range(MOST_PRESSES):
        press_enter(page, app, qtbot)
        picker = getattr(page.view.cells[path].input, "short", None)
        if picker is not None:  # the list offered to make a new person: not today
            qtbot.keyClick(picker, Qt.Key.Key_Escape)
            picker = page.view.cells[path].input
            picker.flush()
            return "short form"
        if (now := field_in_focus(page)) != path:
            return now
    return path


def typed_text(page: RecordPage, path: str) -> str:
    """All that stands in the field's lines."""
    cell = page.view.cells[path]
    return " ".join(line.text() for line in cell.findChildren(QLineEdit))


@pytest.mark.parametrize("words", ["", "good", "any"])
def test_enter_walks_through_every_kind_of_field(
    open_page: Open, app: App, tuyet: Record, dossier: Record, qtbot: Any, words: str
) -> None:
    page = open_page(EVERYTHING)
    order = list(page.view.cells)
    before = len(app.store.changes.outbox())
    for place, kind in enumerate(ALL_TYPES[:-1]):
        path = f"f_{kind}"
        page.view.walk.go_to(path)
        text = "" if not words else ANY if words == "any" else GOOD.get(kind, "")
        if text and isinstance(focused(), QLineEdit):
            type_text(focused(), text)
        if kind == "longtext":
            press_enter(page, app, qtbot)
            assert field_in_focus(page) == path and "\n" in page.view.cells[path].input.box.toPlainText()  # type: ignore[attr-defined]
            continue
        then = go_on_from(page, app, qtbot, path)
        assert then in (order[place + 1], "short form"), f"{kind}: Enter led to {then or 'nowhere'}"
        if text and isinstance(page.view.cells[path].input.focus_target, QLineEdit):
            value, shown = page.entry.get(path), typed_text(page, path)
            assert value not in (None, "") or text in shown, f"{kind}: {text} was lost"
            if words == "any" and kind != "group":
                assert text in shown, f"{kind} shows {shown!r} instead of what was typed"
    settle(app, qtbot)
    assert page.record is None and len(app.store.changes.outbox()) == before, "Enter saved something"
    if words == "good":
        assert (page.entry.get("f_person"), page.entry.get("f_ref")) == (tuyet.id, dossier.id)


def test_enter_faster_than_the_search_picks_nobody_else(open_page: Open, app: App, tuyet: Record, qtbot: Any) -> None:
    """The list still shows who was found for fewer letters."""
    from sync.store.model import Save
    from tests.desktop.forms.catalogue import CITIZEN
    from tests.desktop.forms.conftest import HA

    other = app.store.save([Save(type=CITIZEN, fields={"full_name": "Nguyễn Thị Bích", "dob": "1971"})], HA)[0]
    page = open_page(EVERYTHING)
    page.view.walk.go_to("f_person")
    type_text(focused(), "nguyen thi")
    qtbot.waitUntil(lambda: len(page.view.popup().rows) >= 2 and page.view.popup().isVisible())
    first = page.view.popup().rows[0].key
    wanted, letters = (tuyet, " anh") if first == other.id else (other, " bich")
    type_text(focused(), letters)
    press_enter(page, app, qtbot)
    assert page.entry.get("f_person") == wanted.id
    assert field_in_focus(page) == "f_household"


def test_what_was_not_picked_stays_and_keeps_the_record_from_being_saved(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page(EVERYTHING)
    page.view.walk.go_to("f_ref")
    type_text(focused(), ANY)
    page.view.cells["f_text"].input.focus_target.setFocus()
    settle(app, qtbot)
    cell = page.view.cells["f_ref"]
    assert typed_text(page, "f_ref") == ANY and "⚠" in cell.problem_text
    page.view.walk.go_to("f_refs")
    type_text(focused(), ANY)
    page.view.put("f_ref", None)
    page.save()
    settle(app, qtbot)
    assert page.record is None and field_in_focus(page) == "f_refs"
    assert ANY in typed_text(page, "f_refs") and ANY in page.view.cells["f_refs"].problem_text


def test_one_word_in_a_picker_comes_back_from_the_draft(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page(EVERYTHING)
    page.view.walk.go_to("f_person")
    type_text(focused(), ANY)
    qtbot.waitUntil(lambda: bool(app.store.drafts.all()))
    again = RecordPage(app, page.record_type, draft=app.store.drafts.all()[0])
    again.view.build_all()
    assert again.view.cells["f_person"].input.focus_target.text() == ANY  # type: ignore[attr-defined]
    assert not app.store.records.resolve(str(again.entry.get("f_person")))
    again.deleteLater()


def test_a_line_that_is_only_read_is_no_stop_of_tab(app: App, qtbot: Any) -> None:
    """An address has two lines: neither may take the key where none can be typed in; by the mouse both can be copied from."""
    page = RecordPage(app, app.catalog.record_type(CITIZEN))
    qtbot.addWidget(page)
    page.view.build_all()
    address = page.view.cells["permanent_addr"].input
    lines = address.findChildren(QLineEdit)
    assert len(lines) == 2
    for locked in (True, False):
        address.set_locked(locked)
        tabbed = [bool(line.focusPolicy() & Qt.FocusPolicy.TabFocus) for line in lines]
        assert tabbed == [not locked] * 2
        assert all(line.focusPolicy() & Qt.FocusPolicy.ClickFocus for line in lines)

"""An officer fills in a form by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from desktop.app import App
from desktop.forms import form_view
from desktop.forms.entries import new_entry
from desktop.forms.field_widgets.group import GroupField
from desktop.forms.field_widgets.reference import ReferenceField
from desktop.forms.form_view import FormView
from desktop.forms.people import columns_of, hit_columns
from desktop.forms.record_page import RecordPage
from forms.field_definition import Field
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, EVERYTHING
from tests.desktop.forms.conftest import HA, settle, type_text

Open = Callable[..., RecordPage]


def line_of(page: RecordPage, path: str) -> QLineEdit:
    cell = page.view.cell(path)
    assert cell is not None
    target = cell.input.focus_target
    assert isinstance(target, QLineEdit)
    return target


def focus_is_in(page: RecordPage, path: str) -> bool:
    cell, focus = page.view.cell(path), QApplication.focusWidget()
    return cell is not None and focus is not None and cell.isAncestorOf(focus)


def test_the_first_field_has_the_focus_and_enter_goes_on_without_saving(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    assert focus_is_in(page, "procedure")
    type_text(line_of(page, "procedure"), "khai sinh")
    assert page.view.popup().isVisible()
    qtbot.keyClick(line_of(page, "procedure"), Qt.Key.Key_Return)
    assert page.entry.get("procedure") == "birth"
    assert focus_is_in(page, "channel")
    for path in ("pages", "applicant", "phone"):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        assert focus_is_in(page, path)
    assert app.store.records.types().get("desk.dossier", 0) == 0


def test_escape_closes_only_the_list(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    line = line_of(page, "procedure")
    qtbot.keyClick(line, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert page.view.popup().isVisible()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not page.view.popup().isVisible()
    assert page.isVisible()
    assert line.hasFocus()


def test_search_in_a_list_needs_no_accents(open_page: Open) -> None:
    page = open_page()
    type_text(line_of(page, "procedure"), "dang ky ket")
    assert [row.key for row in page.view.popup().rows] == ["marriage"]


def test_enter_breaks_a_line_in_long_text(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    cell = page.view.cells["note"]
    cell.input.focus_target.setFocus()
    type_text(cell.input.focus_target, "một")
    qtbot.keyClick(cell.input.focus_target, Qt.Key.Key_Return)
    type_text(cell.input.focus_target, "hai")
    page.view.flush()
    assert page.entry.get("note") == "một\nhai"


def test_rules_run_after_a_pause_and_never_rewrite_what_is_typed(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    line = line_of(page, "pages")
    line.setFocus()
    type_text(line, "03")
    qtbot.waitUntil(lambda: page.entry.get("fee") == 6000)
    assert line.text() == "03"
    assert line_of(page, "fee").text().startswith("6.000")
    line_of(page, "phone").setFocus()
    assert line.text() == "3"


def test_a_word_being_composed_is_left_alone(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    page.view.put("channel", "post")
    line = line_of(page, "proxy")
    line.setFocus()
    type_text(line, "Nguye")
    QApplication.sendEvent(line, QInputMethodEvent("ễ", []))
    page.view.commit_typed()
    qtbot.wait(600)
    assert page.entry.get("proxy") is None
    assert line.text() == "Nguye"
    done = QInputMethodEvent("", [])
    done.setCommitString("ễn")
    QApplication.sendEvent(line, done)
    qtbot.waitUntil(lambda: page.entry.get("proxy") == "Nguyeễn")


def test_a_field_that_is_not_relevant_is_not_there(open_page: Open) -> None:
    page = open_page()
    assert page.view.cells["proxy"].isHidden()
    page.view.put("channel", "post")
    assert not page.view.cells["proxy"].isHidden()
    page.view.put("channel", "direct")
    assert page.view.cells["proxy"].isHidden()


def test_what_is_built_after_the_first_screen_is_not_there_either(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    """A layout shows, a moment later, every widget that nobody has hidden."""
    monkeypatch.setattr(form_view, "FIRST_SCREEN", 1)
    page = open_page()
    page.view.build_all()
    qtbot.waitUntil(page.view.cells["phone"].isVisible)
    QApplication.processEvents()
    assert page.view.cells["proxy"].isHidden()
    assert page.view.cells["reason"].isHidden()


def test_a_person_is_found_by_name_without_accents_and_picked(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    page = open_page()
    line = line_of(page, "applicant")
    line.setFocus()
    type_text(line, "anh tuyet")
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    assert page.view.popup().rows[0].columns[:3] == ("001190012345", "Nguyễn Thị Ánh Tuyết", "05/01/1990")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert page.entry.get("applicant") == tuyet.id
    assert "Nguyễn Thị Ánh Tuyết" in line.text()


def test_the_old_name_of_a_ward_leads_to_what_became_of_it_and_the_officer_picks(app: App, qtbot: Any) -> None:
    page = RecordPage(app, app.catalog.record_type(CITIZEN))
    qtbot.addWidget(page)
    page.view.build_all()
    page.show()
    page.view.put("permanent_addr", {"detail": "5 Hàng Bạc"})
    unit = page.view.cells["permanent_addr"].input.findChildren(QLineEdit)[1]
    unit.setFocus()
    type_text(unit, "hang bac, hoan kiem")
    (row,) = page.view.popup().rows
    assert row.columns == ("Phường Hoàn Kiếm", "có phần của Phường Hàng Bạc, Quận Hoàn Kiếm cũ")
    qtbot.keyClick(unit, Qt.Key.Key_Return)
    assert page.entry.get("permanent_addr") == {"unit": "00070", "detail": "5 Hàng Bạc"}


@pytest.mark.parametrize(("typed", "among"), [("Dịch Vọng", "Phường Nghĩa Đô"), ("Phúc Xá", "Phường Hồng Hà")])
def test_of_several_that_an_old_ward_became_none_is_taken_by_enter(
    app: App, qtbot: Any, typed: str, among: str
) -> None:
    page = RecordPage(app, app.catalog.record_type(CITIZEN))
    qtbot.addWidget(page)
    page.view.build_all()
    page.show()
    unit = page.view.cells["permanent_addr"].input.findChildren(QLineEdit)[1]
    unit.setFocus()
    type_text(unit, typed)
    assert among in [row.columns[0] for row in page.view.popup().rows]
    codes = list(dict.fromkeys(each.code for old in app.units.legacy(typed) for each in old.successors))
    assert [row.key for row in page.view.popup().rows][: len(codes)] == codes, "before what only has such words"
    qtbot.keyClick(unit, Qt.Key.Key_Return)
    taken = page.entry.get("permanent_addr")
    assert (taken or {}).get("unit") == (codes[0] if len(codes) == 1 else None)


def test_a_new_person_is_made_in_place(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    picker = page.view.cells["applicant"].input
    assert isinstance(picker, ReferenceField)
    picker.line.setFocus()
    type_text(picker.line, "Phạm Minh Dũng")
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    assert page.view.popup().rows[-1].command
    page.view.popup().accept()
    short = picker.short
    assert short is not None
    assert short.entry.get("full_name") == "Phạm Minh Dũng"
    short.save()
    assert "⚠" in short.view.cells["dob"].problem_text
    short.view.put("dob", "1988")
    short.save()
    qtbot.waitUntil(lambda: page.entry.get("applicant") is not None)
    made = app.store.records.load(page.entry.get("applicant"))
    assert made is not None
    assert (made.type, made.fields["full_name"], made.fields["dob"]) == (CITIZEN, "Phạm Minh Dũng", "1988")
    assert picker.short is None


def test_a_scanned_card_picks_whoever_has_the_number(open_page: Open, app: App, tuyet: Record, qtbot: Any) -> None:
    page = open_page()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F8)
    assert focus_is_in(page, "applicant")
    line = line_of(page, "applicant")
    type_text(line, "001190012345|011234567|Nguyễn Thị Ánh Tuyết|05011990|Nữ|12 Hàng Bài, Hà Nội|01012022")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.entry.get("applicant") == tuyet.id)


def test_a_card_of_somebody_new_fills_the_short_form(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    picker = page.view.cells["applicant"].input
    assert isinstance(picker, ReferenceField)
    picker.take_card("001088004321|011234567|Phạm Minh Dũng|07031988|Nam|3 Ngõ Trạm, Hà Nội|01012022")
    settle(app, qtbot)
    short = picker.short
    assert short is not None
    assert short.entry.get("full_name") == "Phạm Minh Dũng"
    assert short.entry.get("dob") == "1988-03-07"
    assert short.entry.get("personal_id") == "001088004321"


def test_rows_are_added_and_removed_by_keyboard(open_page: Open, qtbot: Any) -> None:
    page = open_page(EVERYTHING)
    group = page.view.cells["f_group"].input
    assert isinstance(group, GroupField)
    group.focus_target.setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    type_text(focused(), "bản vẽ")
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    type_text(focused(), "3")
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    qtbot.keyClick(focused(), Qt.Key.Key_Return)
    rows = page.entry.get("f_group")
    assert [(r.get("what"), r.get("count")) for r in rows] == [("bản vẽ", 3), (None, None)]
    assert len({r["_id"] for r in rows}) == 2
    qtbot.keyClick(focused(), Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(page.entry.get("f_group")) == 1)


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def test_every_field_can_be_reached_by_tab_in_the_order_it_is_seen(open_page: Open) -> None:
    page = open_page()
    seen = []
    for _ in range(40):
        for path, cell in page.view.cells.items():
            if cell.isAncestorOf(focused()) and path not in seen:
                seen.append(path)
        page.focusNextChild()
    usable = [p for p in page.view.cells if p in seen]
    assert seen == usable
    assert {"procedure", "channel", "pages", "applicant", "phone", "note"} <= set(seen)


def test_what_was_written_before_is_offered_and_free_typing_stays_free(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    fields = {**dossier.fields, "channel": "post", "proxy": "Công ty Bưu chính Hoàn Kiếm"}
    app.store.save([Save(type=DOSSIER, fields=fields, opened=dossier)], HA)
    page = open_page()
    page.view.put("channel", "post")
    line = line_of(page, "proxy")
    line.setFocus()
    type_text(line, "buu chinh")
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert page.entry.get("proxy") == "buu chinh"
    line.setFocus()
    line.selectAll()
    type_text(line, "hoan kiem")
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    qtbot.keyClick(line, Qt.Key.Key_Down)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert page.entry.get("proxy") == "Công ty Bưu chính Hoàn Kiếm"


def test_a_number_that_stands_there_is_typed_over(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    page.view.put("pages", 1)
    page.view.walk.go_to("pages")
    type_text(line_of(page, "pages"), "2")
    line_of(page, "pages").clearFocus()
    assert page.entry.get("pages") == 2


def test_escape_on_the_line_closes_the_short_form(open_page: Open, qtbot: Any) -> None:
    page = open_page()
    cell = page.view.cell("applicant")
    assert cell is not None and isinstance(cell.input, ReferenceField)
    cell.input.begin_new(CITIZEN, {})
    cell.input.line.setFocus()
    qtbot.keyClick(cell.input.line, Qt.Key.Key_Escape)
    assert cell.input.short is None


def test_who_has_no_right_to_a_register_sees_it_and_is_told(open_page: Open, app: App, dossier: Record) -> None:
    role = structs.replace(app.catalog.roles[0], scopes=("nothing",))
    app.catalog = structs.replace(app.catalog, roles=(role,))
    page = open_page(record_id=dossier.id)
    assert line_of(page, "pages").isReadOnly()
    assert page.header.save_button.isHidden() and not page.header.action_bar.buttons
    assert not page.notice.isHidden()


def test_a_cancelled_short_form_leaves_the_typed_name_in_the_line(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    picker = page.view.cells["applicant"].input
    assert isinstance(picker, ReferenceField)
    picker.line.setFocus()
    type_text(picker.line, "Phạm Minh Dũng")
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    page.view.popup().accept()
    assert picker.short is not None
    assert picker.line.text() == "Phạm Minh Dũng"
    qtbot.keyClick(picker.short, Qt.Key.Key_Escape)
    assert picker.short is None
    assert (picker.line.text(), picker.line.hasFocus()) == ("Phạm Minh Dũng", True)
    qtbot.keyClick(picker.line, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: page.view.popup().isVisible())
    assert page.view.popup().rows[-1].data == "Phạm Minh Dũng"


def test_a_short_form_under_half_a_line_is_as_wide_as_the_form(app: App, qtbot: Any) -> None:
    host = FormView(app, new_entry(app, app.catalog.record_type(EVERYTHING)))
    qtbot.addWidget(host)
    host.resize(820, 900)
    host.show()
    host.build_all()
    picker = next(
        c for c in host.cells.values() if isinstance(c.input, ReferenceField) and c.input.is_person and c.width() < 500
    )
    below = max(c.geometry().bottom() for c in host.cells.values() if c.y() == picker.y() and not c.isHidden())
    assert isinstance(picker.input, ReferenceField)
    picker.input.begin_new(CITIZEN, {"full_name": "Phạm Minh Dũng"})
    short = picker.input.short
    assert short is not None
    qtbot.waitUntil(lambda: short.width() == host.width())
    assert below < short.y()
    later = [c for c in host.cells.values() if c.y() > picker.y() and not c.isHidden()]
    assert all(c.y() > short.geometry().bottom() for c in later), "nothing is covered"
    end = short.geometry().bottom()
    picker.input.close_short()
    qtbot.waitUntil(lambda: later[0].y() < end)


def test_a_picker_masks_numbers_and_tells_other_records_by_their_subtitle(app: App, tuyet: Record) -> None:
    citizen = app.catalog.record_type(CITIZEN)
    masked = structs.replace(
        citizen, sections=tuple(structs.replace(s, fields=tuple(map(_masked, s.fields))) for s in citizen.sections)
    )
    shown = columns_of(masked, tuyet.fields, tuyet.title, None, "vi")
    assert shown[:2] == ("001190******", "Nguyễn Thị Ánh Tuyết")
    fields = {"procedure": "birth", "applicant": tuyet.id, "received_at": "2026-07-01T02:00:00Z", "note": "x"}
    app.store.save([Save(type=DOSSIER, fields=fields, state="received")], HA)
    (hit,) = app.store.search.find("khai sinh", types=(DOSSIER,))
    assert hit_columns(app.store, app.catalog, hit, "vi") == (hit.number or "", hit.title, hit.subtitle)


def _masked(field: Field) -> Field:
    return structs.replace(field, masked=field.type == "citizen_number")

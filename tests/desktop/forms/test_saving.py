"""Save, act, be refused, meet the city's version, take in the next paper of the visit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton

from desktop.app import App
from desktop.forms import saving
from desktop.forms.entries import entry_of
from desktop.forms.meeting import meet
from desktop.forms.record_page import RecordPage
from desktop.forms.standing import places_of, refused_at_fields
from forms.definition import Action
from forms.label import Label
from forms.office_definition import Role
from sync.protocol import DeliveryState, FieldProblem
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, make_catalog
from tests.desktop.forms.catalogue import dossier as dossier_type
from tests.desktop.forms.conftest import HA, NAM, make_app, settle
from tests.desktop.shortcuts import check_shortcuts

Open = Callable[..., RecordPage]


def test_f9_lists_what_is_missing_and_goes_to_the_first_field(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    page.view.walk.go_to("phone")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F9)
    assert page.problems.isVisible()
    assert len(page.problems.lines) == 2
    assert page.view.cells["procedure"].isAncestorOf(QApplication.focusWidget())
    assert "⚠" in page.view.cells["applicant"].problem_text
    assert app.store.records.types().get(DOSSIER, 0) == 0


def test_a_rule_of_the_whole_record_leads_to_the_field_it_reads(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    page = open_page()
    page.view.put("procedure", "birth")
    page.view.put("applicant", tuyet.id)
    page.view.put("pages", "1000")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F9)
    assert page.problems.lines == ["⚠ Quá nhiều trang"]
    assert page.view.cells["pages"].isAncestorOf(QApplication.focusWidget())
    page.view.walk.go_to("procedure")
    qtbot.mouseClick(page.problems.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert page.view.cells["pages"].isAncestorOf(QApplication.focusWidget())


def test_f9_saves_numbers_and_shows_where_the_record_stands(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    page = open_page()
    page.view.put("procedure", "birth")
    page.view.put("applicant", tuyet.id)
    page.view.put("pages", "2")
    with qtbot.waitSignal(page.saved) as saved:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F9)
    settle(app, qtbot)
    record = app.store.records.load(saved.args[0])
    assert record is not None
    assert record.state == "received"
    assert record.number == "0001/2026"
    assert record.fields["fee"] == 4000
    rows = app.store.changes.history(record.id)
    places = places_of(app.catalog, page.record_type, record, rows, ())
    assert [(p.name, p.status) for p in places] == [
        ("Máy này", "saved"),
        ("Thành phố", "waiting"),
        ("Hệ thống TTHC Hà Nội", "none"),
    ]
    assert [row.change.kind for row in page.body.history.rows] == ["action", "create"]
    assert not page.is_changed


def test_ctrl_s_saves_an_edit_of_one_field(open_page: Open, app: App, dossier: Record, qtbot: Any) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "mới")
    assert page.is_changed
    with qtbot.waitSignal(page.saved):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    newest = app.store.changes.history(dossier.id)[0].change
    assert (newest.kind, newest.before, newest.after) == ("edit", {"note": "cũ"}, {"note": "mới"})


def test_what_an_action_asks_for_is_asked_and_a_dangerous_one_not_twice(
    open_page: Open, app: App, dossier: Record, qtbot: Any, monkeypatch: Any
) -> None:
    page = open_page(DOSSIER, dossier.id)
    asked: list[str] = []

    def answer(dialog: saving.AskDialog) -> int:
        assert dialog.accept_button.property("kind") == "danger"
        dialog.accept_button.click()
        asked.append(dialog.view.cells["reason"].problem_text)
        dialog.view.put("reason", "Thiếu giấy tờ")
        dialog.accept_button.click()
        return dialog.result()

    monkeypatch.setattr(saving.AskDialog, "exec", answer)
    monkeypatch.setattr(saving, "confirm", lambda *_: pytest.fail("the reason would go with a second question"))
    with qtbot.waitSignal(page.saved):
        page.save("refuse")
    record = app.store.records.load(dossier.id)
    assert record is not None
    assert (record.state, record.fields["reason"]) == ("refused", "Thiếu giấy tờ")
    assert "⚠" in asked[0]


def test_cancelling_the_question_changes_nothing(open_page: Open, app: App, dossier: Record, monkeypatch: Any) -> None:
    page = open_page(DOSSIER, dossier.id)
    monkeypatch.setattr(saving.AskDialog, "exec", lambda _: QDialog.DialogCode.Rejected)
    page.save("refuse")
    assert page.entry.state == "received"
    assert len(app.store.changes.history(dossier.id)) == 1


def test_a_save_that_fails_leaves_the_form_as_it_was(
    open_page: Open, app: App, dossier: Record, qtbot: Any, monkeypatch: Any
) -> None:
    from sync.store.model import SaveRefused

    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "mới")

    def refuse(*_: Any, **__: Any) -> None:
        raise SaveRefused("Sổ đang khóa.", (FieldProblem("note", "Không sửa được.", "mới"),))

    monkeypatch.setattr(app.store, "save", refuse)
    page.save()
    settle(app, qtbot)
    assert page.entry.get("note") == "mới"
    assert page.is_changed
    assert "Không sửa được." in page.view.cells["note"].problem_text
    assert "Sổ đang khóa." in page.notice.text.text()


def test_another_officers_change_comes_in_where_nothing_was_touched(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "của Hà")
    app.store.save([Save(type=DOSSIER, fields={**dossier.fields, "pages": 9}, opened=dossier)], NAM)
    qtbot.waitUntil(lambda: page.entry.get("pages") == 9)
    assert page.entry.get("note") == "của Hà"
    assert "Số trang" in page.notice.text.text()
    with qtbot.waitSignal(page.saved):
        page.save()
    record = app.store.records.load(dossier.id)
    assert record is not None
    assert (record.fields["pages"], record.fields["note"]) == (9, "của Hà")


def test_meeting_keeps_what_clashes_comparable() -> None:
    record_type = dossier_type()
    met = meet(record_type, {"note": "a", "pages": 1}, {"note": "b", "pages": 1}, {"note": "c", "pages": 2})
    assert met.fields == {"note": "b", "pages": 2}
    assert met.opened == {"note": "a", "pages": 2}
    assert (met.taken, met.clashes) == (("pages",), ("note",))


def test_meeting_keeps_text_that_could_not_be_read() -> None:
    """No value tells of it, and yet it is what the officer typed last."""
    typed = {"_typed": {"pages": "hai tờ"}}
    met = meet(dossier_type(), {"note": "a"}, {"note": "a", **typed}, {"note": "b"})
    assert met.fields == {"note": "b", "pages": None, **typed} and met.taken == ("note",)
    met = meet(dossier_type(), {"pages": 1}, typed, {"pages": 2})
    assert met.fields.get("pages") is None and met.fields["_typed"] == typed["_typed"]
    assert met.clashes == ("pages",) and met.opened == {"pages": 1}


def test_a_refusal_of_a_service_is_shown_at_its_field() -> None:
    delivery = DeliveryState(
        record_id="r",
        service="city_portal",
        revision=1,
        status="refused",
        problems=(FieldProblem("phone", "Sai số điện thoại"),),
    )
    assert refused_at_fields((), (delivery,)) == {"phone": "Sai số điện thoại"}


def test_the_next_paper_of_the_visit_keeps_what_carries_over(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    page = open_page(DOSSIER, dossier.id)
    assert page.body.visit.isVisible()
    page.begin_next_of_visit()
    settle(app, qtbot)
    assert page.record is None
    assert page.entry.get("applicant") == dossier.fields["applicant"]
    assert (page.entry.get("pages"), page.entry.get("visit")) == (2, "L1")
    assert page.entry.get("note") is None
    page.view.put("procedure", "death")
    with qtbot.waitSignal(page.saved):
        page.save("receive")
    settle(app, qtbot)
    assert app.store.records.types()[DOSSIER] == 2
    assert page.body.visit.total == 4000


def test_the_page_offers_its_actions_as_rows_without_clashing_keys(open_page: Open, dossier: Record) -> None:
    page = open_page(DOSSIER, dossier.id)
    rows = page.actions()
    check_shortcuts(rows)
    assert {"act.finish", "act.refuse", "save", "print", "visit.next"} <= {row.id for row in rows}


def test_a_record_opened_twice_is_the_same(open_page: Open, dossier: Record) -> None:
    page = open_page(DOSSIER, dossier.id)
    assert not page.is_changed
    assert msgspec.to_builtins(page.record) == msgspec.to_builtins(dossier)
    assert HA.name


def test_a_number_the_city_gives_is_told_by_the_lines_real_state(app: App, dossier: Record, qtbot: Any) -> None:
    from desktop.forms.side_cards import SideCards

    book = structs.replace(app.catalog.record_type(DOSSIER).register, kind="service")  # type: ignore[type-var]
    of_city = structs.replace(app.catalog.record_type(DOSSIER), register=book)
    cards = SideCards(app, of_city)
    qtbot.addWidget(cards)
    entry = entry_of(app, dossier)
    cards.show_entry(entry, None)
    assert "sau khi lưu" in shown_text(cards)
    cards.show_entry(entry, dossier)
    assert "khi có mạng lại" in shown_text(cards)
    app.line.reached()
    assert "Đang chờ thành phố cấp mã" in shown_text(cards)
    app.line.lost(OSError("cut"))
    assert "khi có mạng lại" in shown_text(cards)


def shown_text(cards: Any) -> str:
    return " ".join(label.text() for label in cards.number.findChildren(QLabel) if not label.isHidden())


def test_a_step_that_leaves_the_state_tells_what_comes_next_and_by_whom(
    qapp: QApplication, tmp_path: Path, qtbot: Any
) -> None:
    """Else the same button stands there again, and who pressed it does not know whether he is done."""
    made = make_catalog(tmp_path / "catalog")
    desk = made.tools[0]
    kind = desk.records[0]
    sign = structs.replace(next(a for a in kind.actions if a.id == "finish"), roles=("chief",))
    enter = Action(id="enter", label=Label("Ghi sổ", "Enter"), from_=("received",), to="=", main=True)
    kind = structs.replace(kind, actions=(enter, sign))
    chief = Role("chief", Label("Chủ tịch UBND", "Chair"), ("onestop",))
    tools = (structs.replace(desk, records=(kind, *desk.records[1:])), *made.tools[1:])
    app = make_app(tmp_path, structs.replace(made, tools=tools, roles=(*made.roles, chief)))
    app.dress()
    fields = {"full_name": "Nguyễn Thị Ánh Tuyết", "dob": "1990-01-05"}
    (who,) = app.store.save([Save(type=CITIZEN, fields=fields)], HA)
    fields = {"procedure": "birth", "applicant": who.id}
    (record,) = app.store.save([Save(type=DOSSIER, fields=fields, state="received")], HA)
    page = RecordPage(app, app.catalog.record_type(DOSSIER), record.id, None)
    qtbot.addWidget(page)
    page.show()
    settle(app, qtbot)
    with qtbot.waitSignal(page.saved):
        page.take_main_action()
    settle(app, qtbot)
    assert page.notice.text.text() == "“Ghi sổ”: xong lúc 09:30. Tiếp theo: Trả kết quả (Chủ tịch UBND)."
    page.save("finish")  # not his: what went well before does not stand below what was refused
    assert page.problems.isVisible()
    assert not page.notice.isVisible()
    app.close()

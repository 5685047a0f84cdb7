"""What F9 does on a paper that two sign one after the other, and what is told whoever may not sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.action_bar import ActionBar, main_offer
from desktop.forms.dialogs import AskDialog
from desktop.forms.record_page import RecordPage
from forms.definition import Action, RecordType
from forms.field_definition import Section
from forms.label import Label
from sync.protocol import Officer
from sync.store.model import Save
from tests.desktop.forms.catalogue import DOSSIER, field, make_catalog
from tests.desktop.forms.conftest import HA, make_app, settle

CHAIR = Officer(id="o7", name="Nguyễn Quốc Khánh", roles=("chair",), organisation="ubnd")


def signed_by_two(record_type: RecordType) -> RecordType:
    """The clerk signs the book, then the chair hands over; whoever signed the book may not."""
    if record_type.id != DOSSIER:
        return record_type
    fields = (
        field("booked", "signature", "Đã ghi sổ"),
        field("read", "bool", "Người dân đã đọc"),
        field("handed", "datetime"),
    )
    enter = Action(
        id="enter",
        label=Label("Ghi sổ, ký", "Enter"),
        from_=("received",),
        to="=",
        roles=("clerk",),
        asks=("read",),
        main=True,
        sets={"booked": '{"officer": officer.id, "name": officer.name, "at": now()}'},
    )
    finish = next(a for a in record_type.actions if a.id == "finish")
    finish = structs.replace(finish, roles=("chair",), not_by="booked", asks=("read",), danger=True)
    hand = Action(
        id="hand",
        label=Label("Giao giấy", "Hand over"),
        from_=("done",),
        to="=",
        roles=("clerk",),
        main=True,
        sets={"handed": "now()"},
    )
    others = [a for a in record_type.actions if a.id != "finish"]
    states = tuple(structs.replace(s, allows=("handed",)) if s.id == "done" else s for s in record_type.states)
    sections = (*record_type.sections, Section("book", Label("Sổ", "Book"), fields))
    return structs.replace(record_type, actions=(*others, enter, finish, hand), sections=sections, states=states)


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    made = make_catalog(tmp_path / "catalog")
    tools = tuple(structs.replace(t, records=tuple(map(signed_by_two, t.records))) for t in made.tools)
    app = make_app(tmp_path, structs.replace(made, tools=tools))
    app.dress()
    yield app
    app.close()


@pytest.fixture
def opened(app: App, open_page: Callable[..., RecordPage]) -> Callable[..., RecordPage]:
    def open_(*, booked: bool, state: str = "received", **more: object) -> RecordPage:
        fields: dict[str, object] = {"procedure": "birth", "pages": 2, "visit": "L1", **more}
        if booked:
            at = datetime(2026, 11, 23, 2, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            fields |= {"booked": {"officer": HA.id, "name": HA.name, "at": at}, "read": True}
        person = app.store.save([Save(type="residence.citizen", fields={"full_name": "A", "dob": "1990"})], HA)[0]
        record = app.store.save([Save(type=DOSSIER, fields={**fields, "applicant": person.id}, state=state)], HA)
        return open_page(DOSSIER, record[0].id)

    return open_


def next_step(page: RecordPage, officer: Officer) -> str:
    offer = main_offer(page.entry.actions(officer), officer)
    assert offer is not None
    return offer.action.id


def test_each_has_his_own_step_under_f9(opened: Callable[..., RecordPage]) -> None:
    page = opened(booked=False)
    assert next_step(page, HA) == "enter" and next_step(page, CHAIR) == "finish"


def test_a_step_that_is_signed_gives_way_to_the_next(opened: Callable[..., RecordPage]) -> None:
    page = opened(booked=True)
    assert next_step(page, HA) == "finish"
    assert any(offer.action.id == "enter" for offer in page.entry.actions(HA)), "it can still be taken again"


def test_what_was_handed_over_is_not_handed_over_again(opened: Callable[..., RecordPage]) -> None:
    """A second press would write another time over the true one."""
    assert next_step(opened(booked=True, state="done"), HA) == "hand"
    page = opened(booked=True, state="done", handed="2026-11-23T02:10:00Z")
    assert main_offer(page.entry.actions(HA), HA) is None


def test_whose_work_it_is_is_told_without_calling_it_a_mistake(opened: Callable[..., RecordPage]) -> None:
    page = opened(booked=True)
    page.save("finish")
    heading = next(label.text() for label in page.problems.findChildren(QLabel) if label.objectName() == "heading")
    assert "không phải việc của anh/chị" in heading
    assert page.problems.property("kind") == "amber"
    assert not any("cần người khác" in line for line in page.problems.lines), "that is for those whose work it could be"


def test_what_is_ticked_already_is_not_asked_again(
    app: App, opened: Callable[..., RecordPage], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """The citizen has signed, which the clerk saw: the chair signs without a question."""
    page = opened(booked=True)
    monkeypatch.setattr("desktop.forms.saving.AskDialog", lambda *_: pytest.fail("it asked"))
    sure: list[str] = []
    monkeypatch.setattr("desktop.forms.saving.confirm", lambda _page, _action, about: sure.append(about) or True)
    app.sign_in(CHAIR)
    page.save("finish")
    settle(app, qtbot)
    assert page.record is not None and page.record.state == "done"
    assert sure == ["Hồ sơ · Đăng ký khai sinh"], "what is hard to take back says of which record it is"


def test_what_others_do_has_no_button_of_its_own(app: App, opened: Callable[..., RecordPage], qtbot: QtBot) -> None:
    page = opened(booked=False)
    app.officer = CHAIR
    bar = ActionBar(app)
    qtbot.addWidget(bar)
    bar.show_offers(page.entry.actions(CHAIR))
    assert list(bar.buttons) == ["refuse", "finish"]
    more = bar.findChild(QPushButton, "moreButton")
    assert more is not None and [row.text() for row in more.menu().actions()] == ["Ghi sổ, ký"]


def test_f9_signs_again_once_the_text_was_changed(
    app: App, opened: Callable[..., RecordPage], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def agree(dialog: AskDialog) -> AskDialog.DialogCode:
        asked.append(dialog.windowTitle())
        return AskDialog.DialogCode.Accepted

    monkeypatch.setattr(AskDialog, "exec", agree)
    monkeypatch.setattr(AskDialog, "inputs", {"read": True})
    page = opened(booked=False)
    qtbot.addWidget(page)

    def f9() -> str:
        return next(text for b in page.header.action_bar.buttons.values() if (text := b.text()).endswith("F9"))

    page.save("enter")
    settle(app, qtbot)
    signed = [c.kind for c in app.store.changes.pending(50) if "_signed" in c.after]
    assert signed == ["action"], "what the signature stands for goes with it or not at all"
    assert len(asked) == 1 and f9().startswith("Trả kết quả")
    page.view.put("note", "Sửa tên cháu")
    assert f9().startswith("Ghi sổ, ký"), "the bar follows while he types"
    page.save()
    settle(app, qtbot)
    assert page.record is not None and page.record.fields["note"] == "Sửa tên cháu"
    assert next_step(page, HA) == "enter", "and after it was saved"
    page.save("enter")
    settle(app, qtbot)
    assert len(asked) == 2, "the citizen has read what was corrected, too"
    assert next_step(page, HA) == "finish"
    assert not page.record.conflicts


def decided_by_the_chair(record_type: RecordType) -> RecordType:
    if record_type.id != DOSSIER:
        return record_type
    actions = (structs.replace(a, roles=("chair",)) if a.id == "receive" else a for a in record_type.actions)
    return structs.replace(record_type, actions=tuple(actions))


def test_who_asks_for_something_sends_it_and_hears_who_decides(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    """Of what is not there yet nothing can be withdrawn, and no button stands for the work of somebody else."""
    made = make_catalog(tmp_path / "catalog")
    tools = tuple(structs.replace(t, records=tuple(map(decided_by_the_chair, t.records))) for t in made.tools)
    app = make_app(tmp_path, structs.replace(made, tools=tools))
    app.dress()
    page = RecordPage(app, app.catalog.record_type(DOSSIER))
    qtbot.addWidget(page)
    page.view.build_all()
    assert not page.header.action_bar.buttons
    assert (page.header.save_button.text(), page.header.save_button.property("kind")) == ("Lưu  F9", "main")
    page.take_main_action()
    settle(app, qtbot)
    assert page.record is None and not app.store.changes.pending(1), "nothing was filled in yet"
    person = app.store.save([Save(type="residence.citizen", fields={"full_name": "A", "dob": "1990"})], HA)[0]
    for name, value in (("procedure", "birth"), ("pages", 2), ("applicant", person.id)):
        page.view.put(name, value)
    page.take_main_action()
    settle(app, qtbot)
    assert page.record is not None and page.record.state == "draft"
    assert "Tiếp theo: Tiếp nhận" in page.notice.text.text()
    assert page.header.save_button.text() == "Lưu" and page.header.action_bar.buttons["receive"].text().endswith("F9")
    app.close()


def test_after_a_step_no_field_out_of_sight_has_the_hand(
    app: App, opened: Callable[..., RecordPage], qtbot: QtBot
) -> None:
    page = opened(booked=True, state="done")
    page.resize(820, 420)
    settle(app, qtbot)
    (left,) = (cell for cell in page.view.cells.values() if page.view.is_usable(cell))
    assert left.path == "handed" and left.visibleRegion().isEmpty(), "all that is in sight is locked"
    page.focus_again("")
    stands = QApplication.focusWidget()
    assert stands is not None and not stands.visibleRegion().isEmpty() and not left.isAncestorOf(stands)

"""The card “Việc tiếp theo” on a record's page, and the same on today's page; with the catalogue as shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.change_words import describe_change
from desktop.forms.next_steps import ReasonDialog
from desktop.forms.record_page import RecordPage
from desktop.views.today import Today
from forms.flow_book import flow_book
from forms.loader import load_catalog
from sync.store.model import Record, Save
from tests.desktop.forms.conftest import HA, dressed_app, settle
from tests.desktop.shortcuts import check_shortcuts

BIRTH, DOSSIER, CHANGE = "civil_status.birth", "onestop.dossier", "residence.population_change"
SOCIAL = structs.replace(HA, roles=("social_officer",))
JUSTICE = structs.replace(HA, roles=("civil_status_officer",))


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    with dressed_app(tmp_path, load_catalog()) as made:
        yield made


@pytest.fixture
def dossier(app: App) -> Record:
    """One that lacks nothing but its result."""
    fields = {
        "procedure_ref": "p", "channel": "direct", "return_mode": "counter", "received_at": "2026-11-20T02:00:00Z",
        "due_at": "2026-11-24T10:00:00Z", "applicant_type": "person", "applicant_ref": "c", "fee_due": 0, "fee_status": "none",
        "components_received": [{"_id": "1", "component": "Tờ khai", "originals": 1}], "received_by_ref": "o9",
        "assignee_ref": "o1", "current_step": "Thẩm tra",
    }  # fmt: skip
    return app.store.save([Save(type=DOSSIER, fields=fields, state="processing")], HA)[0]


@pytest.fixture
def birth(app: App, dossier: Record) -> Record:
    fields = {"child_name": "Nguyễn An Nhiên", "child_dob": "2026-11-01", "dossier_ref": dossier.id}
    return app.store.save([Save(type=BIRTH, fields=fields, state="registered")], HA)[0]


@pytest.fixture
def shown(app: App, birth: Record, qtbot: QtBot) -> Callable[[Any], RecordPage]:
    """The birth's page as an officer sees it."""

    def open_(officer: Any) -> RecordPage:
        app.sign_in(officer)
        page = RecordPage(app, app.catalog.record_type(BIRTH), birth.id)
        qtbot.addWidget(page)
        page.show()
        settle(app, qtbot)
        return page

    return open_


def words(page: RecordPage) -> str:
    found = [*page.body.next.findChildren(QLabel), *page.body.next.findChildren(QPushButton)]
    return " · ".join(widget.text() for widget in found if widget.isVisibleTo(page))


def press(page: RecordPage, text: str, flow: str = "") -> None:
    """The first button with this text, or the one for a flow."""
    label = label_of(page.app, flow) if flow else ""
    buttons = [
        b
        for b in page.body.next.findChildren(QPushButton)
        if b.isVisibleTo(page) and text in (b.text(), b.accessibleName())
    ]
    next(b for b in buttons if label in b.accessibleName()).click()


def label_of(app: App, flow: str) -> str:
    return flow_book(app.catalog).by_key[f"{BIRTH}/{flow}"].label.vi


def test_whose_work_it_is_begins_it_with_what_is_known(
    app: App, shown: Callable[[Any], RecordPage], birth: Record
) -> None:
    page = shown(SOCIAL)
    begun: list[tuple[str, dict[str, Any]]] = []
    app.begin_requested.connect(lambda type_id, values: begun.append((type_id, values)))
    press(page, "Bắt đầu", "into_household")
    ((type_id, values),) = begun
    assert type_id == CHANGE
    assert (values["kind"], values["event_date"], values["source_ref"]) == ("birth", "2026-11-01", birth.id)


def test_the_card_has_a_key_and_its_offers_stand_in_the_palette(
    app: App, shown: Callable[[Any], RecordPage], birth: Record
) -> None:
    page = shown(SOCIAL)
    rows = {row.id: row for row in page.actions()}
    check_shortcuts(page.actions())
    assert rows["next"].shortcut == "Ctrl+4" and "Ctrl+4" in words(page)
    page.activateWindow()
    rows["next"].run()
    focus = page.focusWidget()
    assert focus is not None and page.body.next.isAncestorOf(focus)
    begun: list[str] = []
    app.begin_requested.connect(lambda type_id, _values: begun.append(type_id))
    named = [row for row in page.actions() if row.title == label_of(app, "into_household")]
    assert len(named) == 1
    named[0].run()
    assert begun == [CHANGE]


def test_a_record_without_anything_next_has_no_such_key(app: App, dossier: Record, qtbot: QtBot) -> None:
    page = RecordPage(app, app.catalog.record_type(DOSSIER))
    qtbot.addWidget(page)
    page.show()
    settle(app, qtbot)
    assert not [row for row in page.actions() if row.id.startswith("next")]


def test_others_see_whose_work_it_is(shown: Callable[[Any], RecordPage]) -> None:
    page = shown(JUSTICE)
    assert "Việc của: Công chức văn hóa – xã hội" in words(page)
    begun: list[str] = []
    page.app.begin_requested.connect(lambda type_id, _values: begun.append(type_id))
    press(page, f"+ {label_of(page.app, 'into_household')}")  # and may do it all the same
    assert begun == [CHANGE]


def test_not_needed_is_noted_and_can_be_taken_back(
    app: App, shown: Callable[[Any], RecordPage], birth: Record, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(SOCIAL)
    monkeypatch.setattr(ReasonDialog, "exec", lambda _self: QDialog.DialogCode.Accepted)
    monkeypatch.setattr(ReasonDialog, "reason", "Cháu ở phường khác")
    press(page, "Không cần", "into_household")
    qtbot.waitUntil(lambda: "Cháu ở phường khác" in words(page))
    settle(app, qtbot)
    (first, *_) = app.store.changes.history(birth.id)
    told = describe_change(page.record_type, first.change)
    assert told.startswith("Không cần làm tiếp")
    assert told.endswith("Cháu ở phường khác")
    press(page, "Vẫn cần làm")
    qtbot.waitUntil(lambda: "Cháu ở phường khác" not in words(page))


def test_a_reason_is_asked_for(app: App, qtbot: QtBot) -> None:
    dialog = ReasonDialog("Thêm cháu vào hộ của mẹ")
    qtbot.addWidget(dialog)
    assert not dialog.accept_button.isEnabled()
    dialog.line.setText("   ")
    assert not dialog.accept_button.isEnabled()
    dialog.line.setText(" ở  nơi khác ")
    assert dialog.accept_button.isEnabled()
    assert dialog.reason == "ở nơi khác"


@pytest.mark.parametrize("agreed", [True, False])
def test_an_action_elsewhere_is_shown_before_it_is_taken(
    app: App, shown: Callable[[Any], RecordPage], dossier: Record, birth: Record, qtbot: QtBot, *, agreed: bool
) -> None:
    page = shown(JUSTICE)
    told: list[str] = []

    def answer() -> None:
        box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
        told.append(box.informativeText())
        role = QMessageBox.ButtonRole.AcceptRole if agreed else QMessageBox.ButtonRole.RejectRole
        next(b for b in box.buttons() if box.buttonRole(b) == role).click()

    QTimer.singleShot(200, answer)
    press(page, "Thực hiện", "closes_dossier")
    settle(app, qtbot)
    assert "Đang xử lý" in told[0]
    assert "Đã xử lý xong" in told[0]
    after = app.store.records.load(dossier.id)
    assert after is not None
    assert (after.state, after.fields.get("result_refs")) == (("done", [birth.id]) if agreed else ("processing", None))
    assert (f"✓ {label_of(app, 'closes_dossier')}"[:10] in words(page)) == agreed


def test_today_lists_it_for_whoever_does_it(app: App, birth: Record, qtbot: QtBot) -> None:
    def rows(officer: Any) -> list[str]:
        app.sign_in(officer)
        page = Today(app)
        qtbot.addWidget(page)
        page.refresh()
        settle(app, qtbot)
        model = page.table.model()
        return [str(model.index(row, 1).data()) for row in range(model.rowCount())]

    label = label_of(app, "into_household")
    assert label in rows(SOCIAL)
    assert label not in rows(JUSTICE)


def test_the_step_a_dossier_is_at_is_read_whole_on_a_small_screen(app: App, dossier: Record, qtbot: QtBot) -> None:
    page = RecordPage(app, app.catalog.record_type(DOSSIER), dossier.id)
    qtbot.addWidget(page)
    page.resize(828, 680)  # beside the rail of a window of 1024
    page.show()
    page.view.build_all()
    settle(app, qtbot)
    line = page.view.cells["current_step"].input.focus_target
    assert line.width() > line.fontMetrics().horizontalAdvance("Chuyên môn thẩm tra, trình ký")

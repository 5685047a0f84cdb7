"""Two officers wrote different values; one of them picks, by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.conflict_page import ConflictPage
from desktop.forms.history_view import HistoryView
from sync.protocol import Candidate, PullAnswer, RecordVersion
from sync.store.model import HistoryRow, Record
from tests.desktop.forms.catalogue import DOSSIER
from tests.desktop.forms.conftest import HA, NAM, settle


@pytest.fixture
def in_conflict(app: App, tuyet: Record) -> str:
    """A record as the city hands it out, with two fields that wait for a person."""

    def waits(value: Any, before: Any) -> tuple[Candidate, ...]:
        return (Candidate(value, before, "c1", HA.name, "Q2", "2026-11-23T02:00:00Z"),)

    version = RecordVersion(
        id="01a2063d-2440-7000-8000-0000000000aa",
        type=DOSSIER,
        ward="00070",
        scope="onestop",
        revision=3,
        state="received",
        number="0008/2026",
        fields={"procedure": "birth", "applicant": tuyet.id, "phone": "+84987654312", "pages": 2, "visit": "L2"},
        conflicts={"phone": waits("+84987654321", None), "pages": waits(3, 1)},
        created_at="2026-11-23T01:00:00Z",
        updated_at="2026-11-23T01:40:00Z",
        updated_by=NAM.name,
    )
    app.store.changes.apply_pull(PullAnswer(records=(version,), cursor=1), "00070", "onestop")
    return version.id


def open_page(app: App, qtbot: QtBot, record_id: str) -> ConflictPage:
    page = ConflictPage(app, record_id)
    qtbot.addWidget(page)
    page.resize(820, 680)
    page.show()
    page.activateWindow()
    settle(app, qtbot)
    page.focus_first()
    return page


def test_picking_by_keyboard_and_saving_resolves(app: App, qtbot: QtBot, in_conflict: str) -> None:
    page = open_page(app, qtbot, in_conflict)
    assert page.table is not None
    assert page.table.left == 2
    page.save()
    assert app.store.changes.pending(9) == () or all(c.kind != "resolve" for c in app.store.changes.pending(9))
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(page.table, key)
    assert page.table.chosen == {"phone": "+84987654321", "pages": 2}
    with qtbot.waitSignal(page.saved, timeout=5000):
        qtbot.keyClick(page.table, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    record = app.store.records.load(in_conflict)
    assert record is not None
    assert (record.fields["phone"], record.fields["pages"]) == ("+84987654321", 2)
    change = app.store.changes.history(in_conflict)[0].change
    assert change.kind == "resolve"
    assert set(change.after) == {"phone", "pages"}


@pytest.mark.parametrize(("side", "values"), [(0, ("+84987654321", 3)), (1, ("+84987654312", 2))])
def test_all_of_one_side(app: App, qtbot: QtBot, in_conflict: str, side: int, values: tuple[str, int]) -> None:
    page = open_page(app, qtbot, in_conflict)
    page.pick_all(side)
    with qtbot.waitSignal(page.saved, timeout=5000):
        page.save()
    record = app.store.records.load(in_conflict)
    assert record is not None
    assert (record.fields["phone"], record.fields["pages"]) == values
    assert not record.conflicts


def test_after_the_choice_the_way_on_has_the_focus(app: App, qtbot: QtBot, in_conflict: str) -> None:
    first = app.store.records.load(in_conflict)
    assert first is not None
    waits = (Candidate(7, 1, "c9", HA.name, "Q2", "2026-11-23T02:00:00Z"),)
    other = RecordVersion(
        id="01a2063d-2440-7000-8000-0000000000bb",
        type=DOSSIER,
        ward="00070",
        scope="onestop",
        revision=4,
        state="received",
        fields={**first.fields, "procedure": "marriage"},
        conflicts={"pages": waits},
        created_at="2026-11-23T01:00:00Z",
        updated_at="2026-11-23T01:41:00Z",
        updated_by=NAM.name,
    )
    app.store.changes.apply_pull(PullAnswer(records=(other,), cursor=2), "00070", "onestop")
    page = open_page(app, qtbot, in_conflict)
    page.pick_all(1)
    page.save()
    qtbot.waitUntil(lambda: page.next_button is not None, timeout=5000)
    assert page.table is None and page.actions() == []
    assert page.next_button is not None and page.next_button.hasFocus()
    assert "kết hôn" in page.next_button.text()
    with qtbot.waitSignal(page.next_requested) as asked:
        qtbot.keyClick(page.next_button, Qt.Key.Key_Space)
    assert asked.args == [other.id]
    assert page.open_button is not None
    with qtbot.waitSignal(page.open_requested) as opened:
        page.open_button.click()
    assert opened.args == [in_conflict]


def test_after_the_last_choice_the_record_is_offered(app: App, qtbot: QtBot, in_conflict: str) -> None:
    page = open_page(app, qtbot, in_conflict)
    page.pick_all(1)
    page.save()
    qtbot.waitUntil(lambda: "Không còn" in page.notice.text.text(), timeout=5000)
    assert page.next_button is None and page.open_button is not None and page.open_button.hasFocus()


def test_the_history_says_that_the_choice_is_made_and_waits_to_be_sent(
    app: App, qtbot: QtBot, in_conflict: str
) -> None:
    page = open_page(app, qtbot, in_conflict)
    page.pick_all(0)
    with qtbot.waitSignal(page.saved, timeout=5000):
        page.save()
    chosen = app.store.changes.history(in_conflict)[0]
    change = structs.replace(chosen.change, change_id="before", kind="edit")
    before = structs.replace(chosen, change=change, status="conflict")
    view = HistoryView(app, app.catalog.record_type(DOSSIER))
    qtbot.addWidget(view)

    def tags(*rows: HistoryRow) -> list[str]:
        view.show_rows(rows, "whole", in_conflict)
        found = [label for label in view.findChildren(QLabel) if label.objectName() == "tag" and not label.isHidden()]
        return [label.text() for label in found if label.isVisibleTo(view)]

    assert tags(before) == ["≠ Chờ anh/chị chọn"]
    assert tags(chosen, before) == ["◐ Chờ gửi", "◐ Đã chọn, chờ gửi"]
    assert tags(structs.replace(before, change=structs.replace(change, change_id="later")), chosen, before) == [
        "≠ Chờ anh/chị chọn",
        "◐ Chờ gửi",
        "◐ Đã chọn, chờ gửi",
    ], "what came after the choice waits for another one"


def test_it_shows_who_wrote_what_and_what_stood_before(app: App, qtbot: QtBot, in_conflict: str) -> None:
    page = open_page(app, qtbot, in_conflict)
    assert page.table is not None
    assert page.table.sides == [HA.name, NAM.name]
    texts = {button.accessibleName() for button in page.table.options}
    assert any("0987 654 321" in text or "0987654321" in text for text in texts)
    assert "(trống)" in page.table.befores


def test_a_record_without_conflict_says_so(app: App, qtbot: QtBot, dossier: Record) -> None:
    page = open_page(app, qtbot, dossier.id)
    assert page.table is None
    assert page.actions() == []

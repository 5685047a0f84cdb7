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
from desktop.forms.conflict_sides import picks_of
from desktop.forms.history_view import HistoryView
from sync.protocol import Candidate, Change, ChangeResult, HistoryAnswer, Officer, PullAnswer, RecordVersion
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
    with qtbot.waitSignal(page.saved):
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
    with qtbot.waitSignal(page.saved):
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
    qtbot.waitUntil(lambda: page.next_button is not None)
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
    qtbot.waitUntil(lambda: "Không còn" in page.notice.text.text())
    assert page.next_button is None and page.open_button is not None and page.open_button.hasFocus()


def test_the_history_says_that_the_choice_is_made_and_waits_to_be_sent(
    app: App, qtbot: QtBot, in_conflict: str
) -> None:
    page = open_page(app, qtbot, in_conflict)
    page.pick_all(0)
    with qtbot.waitSignal(page.saved):
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
    assert [side.name for side in page.table.sides] == [HA.name, "Ở thành phố"]
    texts = {button.accessibleName() for button in page.table.options}
    assert any("0987 654 321" in text or "0987654321" in text for text in texts)
    assert "(trống)" in page.table.befores


def test_a_record_without_conflict_says_so(app: App, qtbot: QtBot, dossier: Record) -> None:
    page = open_page(app, qtbot, dossier.id)
    assert page.table is None
    assert page.actions() == []


KHANH = Officer(id="o9", name="Nguyễn Quốc Khánh", roles=("clerk",), organisation="ubnd")


def written(
    record_id: str, change_id: str, officer: Officer, at: str, device: str = "Q1", revision: int = 2, **after: Any
) -> tuple[Change, ChangeResult]:
    """An edit that the city has taken as it was."""
    change = Change(
        change_id=change_id,
        save_id=change_id,
        record_id=record_id,
        type=DOSSIER,
        ward="00070",
        kind="edit",
        after=after,
        state="received",
        officer=officer,
        device=device,
        device_seq=1,
        at=at,
        clock=f"{change_id}-0000-{device}",
    )
    return change, ChangeResult(change_id=change_id, status="accepted", revision=revision)


def told(app: App, *written: tuple[Change, ChangeResult]) -> None:
    """The city's history of the record has come."""
    changes, results = zip(*written, strict=True)
    app.store.changes.add_history(HistoryAnswer(changes=changes, results=results))


def test_the_citys_value_is_told_by_who_wrote_it_and_not_by_who_changed_the_record_last(
    app: App, qtbot: QtBot, in_conflict: str
) -> None:
    page = open_page(app, qtbot, in_conflict)
    assert page.table is not None
    assert page.table.sides[-1].who == "", "nobody is named while this PC does not know who it was"
    page.table.pick("phone", 0)
    told(
        app,
        written(in_conflict, "a1", KHANH, "2026-11-23T01:20:00Z", phone="+84987654312"),
        written(in_conflict, "a2", KHANH, "2026-11-23T01:25:00Z", pages=2),
    )
    page._read_history()
    qtbot.waitUntil(lambda: page.table is not None and KHANH.name in page.table.sides[-1].head)
    assert page.table is not None
    assert NAM.name not in page.table.sides[-1].head and "08:25" in page.table.sides[-1].who
    assert page.table.places == {"phone": 0}, "what was picked stays picked"


def test_where_two_officers_wrote_the_citys_values_each_value_says_whose_it_is(
    app: App, qtbot: QtBot, in_conflict: str
) -> None:
    told(
        app,
        written(in_conflict, "a1", KHANH, "2026-11-23T01:20:00Z", phone="+84987654312", pages=5),
        written(in_conflict, "a2", NAM, "2026-11-23T01:10:00Z", revision=3, pages=2),  # offline before, sent later
    )
    page = open_page(app, qtbot, in_conflict)
    assert page.table is not None
    assert page.table.sides[-1].who == ""
    city = {pick.path: pick.options[-1].who for pick in page.table.picks}
    assert KHANH.name in city["phone"] and NAM.name in city["pages"]


def test_a_value_the_city_changed_since_names_nobody(app: App, qtbot: QtBot, in_conflict: str) -> None:
    """What is known here is older than what the city has."""
    told(app, written(in_conflict, "a1", KHANH, "2026-11-23T01:20:00Z", phone="+84900000000", pages=9))
    page = open_page(app, qtbot, in_conflict)
    assert page.table is not None
    assert [pick.options[-1].who for pick in page.table.picks] == ["", ""] and page.table.sides[-1].who == ""


def test_only_what_was_written_on_this_pc_is_called_this_pc(app: App, qtbot: QtBot, in_conflict: str) -> None:
    record = app.store.records.load(in_conflict)
    assert record is not None
    two = tuple(
        Candidate(value, 1, f"c{value}", HA.name, device, f"2026-11-23T0{value}:00:00Z")
        for value, device in ((3, "Q1"), (4, "Q2"))
    )
    picks = picks_of(app, app.catalog.record_type(DOSSIER), structs.replace(record, conflicts={"pages": two}))
    assert [side.title for side in picks[0].sides] == ["Máy này", "Máy Q1", "Ở thành phố"]
    assert [option.value for option in picks[0].options] == [4, 3, 2]
    assert [side.name for side in picks[0].sides[:2]] == [f"{HA.name} (Máy này)", f"{HA.name} (Máy Q1)"]


def test_two_values_of_one_officer_on_one_pc_can_both_be_picked(app: App, qtbot: QtBot, in_conflict: str) -> None:
    record = app.store.records.load(in_conflict)
    assert record is not None
    two = tuple(Candidate(v, 1, f"c{v}", HA.name, "Q1", f"2026-11-23T0{v}:00:00Z") for v in (3, 4))
    picks = picks_of(app, app.catalog.record_type(DOSSIER), structs.replace(record, conflicts={"pages": two}))
    assert [(option.side, option.value) for option in picks[0].options] == [(0, 3), (1, 4), (2, 2)]

"""One action on several rows of a list: chosen by keyboard, counted, done one by one, told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.views.group_sheet import GroupSheet
from desktop.views.main_window import MainWindow
from desktop.views.record_list import RecordList
from forms.definition import Action, Catalog
from forms.field_definition import Message
from sync.store import Store
from sync.store.model import Save
from tests.desktop.frame import ward

KIND = "onestop.dossier"


@pytest.fixture
def catalog() -> Catalog:
    """Dossiers of which an action asks for a note, and one must not be started without an applicant's fee."""
    plain = ward.catalog()
    (kind,) = [t for t in plain.record_types if t.id == KIND]
    guard = Message("fee != 0", ward.label("Chưa thu lệ phí.", "The fee is not paid."))
    actions = (
        *(structs.replace(a, guard=(guard,)) if a.id == "start" else a for a in kind.actions),
        Action(id="remark", label=ward.label("Ghi chú", "Remark"), from_=("new",), to="=", asks=("note",)),
        Action(id="drop", label=ward.label("Hủy", "Drop"), from_=("new",), to="returned", danger=True),
    )
    changed = structs.replace(kind, actions=actions)
    tools = tuple(structs.replace(t, records=(changed,)) if t.id == "onestop" else t for t in plain.tools)
    return structs.replace(plain, tools=tools)


@pytest.fixture
def page(window: MainWindow, store: Store, settle: Callable[[], None]) -> RecordList:
    fields = [{"subject": f"Xác nhận {n}", "fee": 8000} for n in range(4)]
    fields += [{"subject": "Chưa thu", "fee": 0}, {"subject": "Có ghi chú", "fee": 8000, "note": "Của riêng"}]
    store.save([Save(type=KIND, fields=f) for f in fields], ward.HA)
    window.pages.go(f"list:{KIND}")
    settle()
    found = window.pages.page.findChildren(RecordList)[0]
    found.focus_table()
    return found


def _sheet(qtbot: QtBot, window: MainWindow, page: RecordList) -> GroupSheet:
    page.table.stand_on(0)
    for _ in range(page.table.table.rowCount() - 1):
        qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert page.chosen.isVisible()
    (row,) = [row for row in window.rows() if row.id == "list.group"]
    assert row.enabled is not None
    assert row.enabled()
    row.run()
    (made,) = window.findChildren(GroupSheet)
    qtbot.waitUntil(made.go_button.isEnabled)
    return made


def _pick(sheet: GroupSheet, words: str) -> None:
    sheet.pick.setCurrentIndex(next(i for i in range(sheet.pick.count()) if sheet.pick.itemText(i).startswith(words)))


def _done(qtbot: QtBot, sheet: GroupSheet) -> None:
    qtbot.waitUntil(lambda: sheet.outcome is not None)


def test_it_is_done_for_all_that_may_and_the_others_are_told(
    qtbot: QtBot, window: MainWindow, page: RecordList, store: Store
) -> None:
    sheet = _sheet(qtbot, window, page)
    offered = [sheet.pick.itemText(i).partition(" (")[0] for i in range(sheet.pick.count())]
    assert set(offered) == {"Chuyển xử lý", "Ghi chú"}  # what is refused or cancelled is not done by the dozen
    _pick(sheet, "Chuyển xử lý")
    assert [row.cells[1] for row in sheet.table.table.rows] == ["Chưa thu lệ phí."]
    qtbot.keyClick(sheet, Qt.Key.Key_F9)
    qtbot.keyClick(sheet, Qt.Key.Key_F9)  # pressed twice it is done once
    _done(qtbot, sheet)
    states = {r.fields["subject"]: r.state for r in store.records.each(KIND)}
    assert sorted(states.values()) == ["new"] + ["working"] * 5
    assert states["Chưa thu"] == "new"
    assert len(store.changes.outbox()) == 6 + 5


def test_what_an_action_asks_is_asked_once_and_overwrites_nothing(
    qtbot: QtBot, window: MainWindow, page: RecordList, store: Store
) -> None:
    sheet = _sheet(qtbot, window, page)
    _pick(sheet, "Ghi chú")
    sheet.go()
    assert sheet.outcome is None  # the note is missing
    assert sheet.view is not None
    sheet.view.put("note", "Chờ bổ sung bản gốc")
    sheet.go()
    _done(qtbot, sheet)
    notes = {r.fields["subject"]: r.fields.get("note") for r in store.records.each(KIND)}
    assert notes.pop("Có ghi chú") == "Của riêng"
    assert set(notes.values()) == {"Chờ bổ sung bản gốc"}


def test_one_that_was_changed_meanwhile_holds_up_no_other(
    qtbot: QtBot, window: MainWindow, page: RecordList, store: Store
) -> None:
    sheet = _sheet(qtbot, window, page)
    _pick(sheet, "Chuyển xử lý")
    first = next(r for r in store.records.each(KIND) if r.fields["subject"] == "Xác nhận 0")
    store.save([Save(type=KIND, fields=dict(first.fields), opened=first, action="drop")], ward.HA)
    sheet.go()
    _done(qtbot, sheet)
    assert sheet.outcome is not None
    assert (sheet.outcome.made, len(sheet.outcome.refused)) == (4, 1)
    assert [r.state for r in store.records.each(KIND)].count("working") == 4


def test_chosen_rows_stay_chosen_when_news_arrive(
    qtbot: QtBot, window: MainWindow, page: RecordList, store: Store, settle: Callable[[], None]
) -> None:
    page.table.stand_on(0)
    qtbot.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    chosen = page.table.chosen_keys()
    assert len(chosen) == 2
    ward.add(store, KIND, subject="Vừa tới")
    settle()
    assert page.table.table.rowCount() == 7
    assert sorted(page.table.chosen_keys()) == sorted(chosen)

"""Today shows what waits for the officer's own signature or decision; as many as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.language import use_language
from desktop.models.waiting_rows import MOST
from desktop.settings import Settings
from desktop.views.main_window import MainWindow
from desktop.views.today import YOURS_MS, Today
from desktop.views.yours import Yours
from forms.definition import Action, Catalog, RecordType, State
from forms.field_definition import Field
from forms.handing_over import steps_waiting_for
from sync.clock import FixedClock
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Record, Save
from tests.desktop.frame import ward

Settle = Callable[[], None]
BIRTH = "civil_status.birth"
CHAIR = Officer("o-chair", "Nguyễn Quốc Khánh", ("chair",), "H26.70")
label = ward.label


def signed_type(base: RecordType) -> RecordType:
    """Prepared by the civil-status officer, checked, signed by the chair, handed out by whoever prepared it."""
    by = Field(name="checked_by", type="text", label=label("Người kiểm tra", "Checked by"), owner="engine")
    seal = Field(name="seal", type="text", label=label("Tờ khai", "Declaration"), required=True, required_from="signed")
    states = (
        State("draft", label("Nháp", "Draft"), kind="draft"),
        State("checking", label("Đang kiểm tra", "Being checked")),
        State("signed", label("Đã ký", "Signed")),
        State("done", label("Đã giao", "Handed over"), kind="final", locked=True),
    )
    mine = ("civil_status",)
    actions = (
        Action(id="check", label=label("Kiểm tra", "Check"), from_=("draft",), to="checking", roles=mine, main=True),
        Action(
            id="sign",
            label=label("Ký giấy khai sinh", "Sign"),
            from_=("checking",),
            to="signed",
            roles=("chair", "vice_chair"),
            freezes={"checked_by": ()},
            not_by="checked_by",
            main=True,
        ),
        Action(id="back", label=label("Trả lại", "Back"), from_=("signed",), to="checking", roles=("chair",)),
        Action(id="hand", label=label("Giao", "Hand over"), from_=("signed",), to="done", roles=mine, main=True),
    )
    section = structs.replace(base.sections[0], fields=(*base.sections[0].fields, by, seal))
    return structs.replace(base, sections=(section,), states=states, actions=actions, deadline=None)


def catalog_with_signatures() -> Catalog:
    made = ward.catalog()
    tools = tuple(
        structs.replace(tool, records=tuple(signed_type(r) if r.id == BIRTH else r for r in tool.records))
        for tool in made.tools
    )
    chair = structs.replace(made.roles[0], id="chair", label=label("Chủ tịch", "Chair"))
    return structs.replace(made, tools=tools, roles=(*made.roles, chair))


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    with Store.create(tmp_path, ward.KEY, catalog_with_signatures(), clock) as made:
        made.set_enrolment(ward.enrolment(ward.HA, ward.NAM, CHAIR))
        yield made


@pytest.fixture
def app(qtbot: QtBot, store: Store, clock: FixedClock, tmp_path: Path) -> Iterator[App]:
    made = App(store, store.catalog, clock, folder=tmp_path, settings=Settings(), officer=CHAIR)
    made.dress()
    yield made
    made.close()
    use_language("vi")


def birth(store: Store, name: str, state: str = "checking", **fields: Any) -> Record:
    values = {"subject": name, "seal": "có", **fields}
    return store.save([Save(type=BIRTH, fields=values, state=state)], ward.NAM)[0]


def shown(window: MainWindow) -> tuple[list[str], str]:
    """Keys of the rows that wait for the officer, and the sentence above."""
    page = window.pages.page
    assert isinstance(page, Today)
    rows = [row for row in page.table.table.rows if "Chờ anh/chị" in str(row.cells[0])]
    assert all(str(row.cells[-1]).startswith("◆") for row in rows)
    return [row.key for row in rows], page.subtitle.text()


def test_the_signer_sees_what_is_ready_and_the_preparer_what_came_back(
    window: MainWindow, app: App, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ready = birth(store, "Nguyễn An")
    birth(store, "Lê Bình", "draft")
    lacking = birth(store, "Đỗ Chi", seal=None)
    own = birth(store, "Hà Dung", checked_by=CHAIR.id)
    signed = birth(store, "Vũ Em", "signed")
    settle()
    settle()
    keys, told = shown(window)
    assert keys == [ready.id], (lacking.id, own.id)
    assert "1 hồ sơ chờ anh/chị ký, duyệt" in told
    app.sign_in(ward.NAM)
    qtbot.waitUntil(lambda: bool(shown(window)[0]))
    assert shown(window)[0] == [signed.id], "who prepared it is not asked to sign, and hands out what was signed"
    app.sign_in(ward.HA)
    qtbot.wait(2 * YOURS_MS)  # it would be asked for by then
    settle()
    assert shown(window) == ([], shown(window)[1]) and "chờ anh/chị ký" not in shown(window)[1]


def test_the_sentence_opens_the_list_of_what_waits_and_of_nothing_else(
    window: MainWindow, app: App, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ready = [birth(store, f"Trẻ {n:02}") for n in range(MOST + 3)]
    birth(store, "Lê Bình", "draft")
    birth(store, "Hà Dung", checked_by=CHAIR.id)
    birth(store, "Vũ Em", "signed")
    settle()
    settle()
    today = window.pages.page
    assert isinstance(today, Today)
    assert "today.yours" in [row.id for row in window.rows()]
    assert '<a href="yours"' in today.subtitle.text() and today.subtitle.focusPolicy() & Qt.FocusPolicy.TabFocus
    window.activateWindow()
    today.table.setFocus()
    assert today.table.focusPreviousChild() and window.focusWidget() is today.subtitle, "Shift+Tab from the rows"
    qtbot.keyClick(today.subtitle, Qt.Key.Key_Return)
    settle()
    page = window.pages.page
    assert isinstance(page, Yours)
    rows = page.table.table.rows
    assert sorted(row.key for row in rows) == sorted(record.id for record in ready)
    assert {str(row.cells[0]) for row in rows} == {"◆ Ký giấy khai sinh"}
    assert f"{MOST + 3} hồ sơ" in page.subtitle.text()
    store.save([Save(type=BIRTH, fields=ready[0].fields, opened=ready[0], action="sign")], CHAIR)
    settle()
    assert ready[0].id not in [row.key for row in page.table.table.rows]
    window.pages.back()
    assert isinstance(window.pages.page, Today)


def test_nobodys_turn_is_no_link(window: MainWindow, settle: Settle) -> None:
    settle()
    assert "href" not in shown(window)[1]
    assert "today.yours" not in [row.id for row in window.rows()]


def test_what_is_signed_goes_from_the_page(window: MainWindow, app: App, store: Store, settle: Settle) -> None:
    record = birth(store, "Nguyễn An")
    settle()
    assert shown(window)[0] == [record.id]
    store.save([Save(type=BIRTH, fields=record.fields, opened=record, action="sign")], CHAIR)
    settle()
    settle()
    assert shown(window)[0] == []


def test_as_many_rows_as_it_says_and_never_more_than_it_may(window: MainWindow, store: Store, settle: Settle) -> None:
    for n in range(MOST + 5):
        birth(store, f"Trẻ {n:02}")
    settle()
    settle()
    keys, told = shown(window)
    assert len(keys) == MOST and f"Hơn {MOST} hồ sơ chờ" in told


def test_exactly_as_many_as_are_shown_are_not_more(window: MainWindow, store: Store, settle: Settle) -> None:
    for n in range(MOST):
        birth(store, f"Trẻ {n:02}")
    settle()
    settle()
    keys, told = shown(window)
    assert len(keys) == MOST and f"{MOST} hồ sơ chờ" in told and "Hơn" not in told


def test_a_record_that_is_late_too_stands_once_and_says_what_to_do(
    window: MainWindow, app: App, store: Store, settle: Settle
) -> None:
    waiting = birth(store, "Nguyễn An")
    window.pages.page._loaded = None  # type: ignore[attr-defined]
    settle()
    page = window.pages.page
    assert isinstance(page, Today)
    page.refresh()
    settle()
    first, rest, overview = page._loaded
    late = structs.replace(page._yours[0], cells=("! Trễ 2 ngày", *page._yours[0].cells[1:-1], "Đang kiểm tra"))
    page._show(((late, *first), rest, overview))
    settle()
    rows = [row for row in page.table.table.rows if row.key == waiting.id]
    assert [(str(row.cells[0]), str(row.cells[-1])) for row in rows] == [("! Trễ 2 ngày", "◆ Ký giấy khai sinh")]


def test_the_rule_over_the_definition() -> None:
    made = signed_type(ward.catalog().record_type(BIRTH))

    def told(*roles: str) -> dict[str, str]:
        return {state: action.id for state, action in steps_waiting_for(made, roles).items()}

    assert told("chair") == {"checking": "sign"}
    assert told("civil_status") == {"signed": "hand"}
    assert told("reception") == {} and told() == {}
    many = tuple(f"r{n}" for n in range(9))
    wide = structs.replace(
        made,
        actions=tuple(structs.replace(a, roles=many) if a.id == "hand" else a for a in made.actions),
    )
    assert steps_waiting_for(wide, many[:1]) == {}, "what so many may end is everyday work"
    asks_all = structs.replace(made, actions=tuple(structs.replace(a, roles=()) for a in made.actions))
    assert steps_waiting_for(asks_all, ("chair",)) == {}, "what everybody may do waits for nobody in particular"


def test_whoever_signs_one_after_the_other_is_shown_the_way_to_the_next(
    window: MainWindow, app: App, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    first, second = birth(store, "Trẻ Một"), birth(store, "Trẻ Hai")
    settle()
    window.pages.go("yours")
    settle()
    app.open_record(first.id)
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.save("sign")
    qtbot.waitUntil(lambda: page.notice.do is not None)
    assert page.notice.do is not None and "Alt+←" in page.notice.do[0]
    page.notice.do[1]()
    settle()
    waiting = window.pages.page
    assert isinstance(waiting, Yours)
    assert [row.key for row in waiting.table.table.rows] == [second.id]


def test_a_record_opened_elsewhere_offers_no_such_way(
    window: MainWindow, app: App, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    record = birth(store, "Trẻ Ba")
    settle()
    app.open_record(record.id)
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    page.save("sign")
    qtbot.waitUntil(page.notice.isVisible)
    settle()
    assert page.notice.do is None

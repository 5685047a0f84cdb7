"""A delivery that a service refused, walked in the window against a real city and a real service: seen, corrected, sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.forms.refused_fields import opens
from desktop.forms.standing import places_of, refused_at_fields
from desktop.settings import Settings
from forms.definition import Action, State
from forms.field_definition import Field, Section
from forms.label import Label
from sync.clock import SystemClock
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from sync.http import enrol
from sync.protocol import ChangeResult, DeliveryState, FieldProblem, PullAnswer
from sync.store import Store
from sync.store.model import Enrolment, Record, Save
from tests.desktop.forms.catalogue import DOSSIER, make_catalog
from tests.desktop.forms.catalogue import dossier as dossier_type
from tests.desktop.forms.conftest import HA, KEY, settle

Open = Callable[..., RecordPage]
WARD = "00070"


class Portal(Simulator):
    """Refuses a dossier of too many pages, and one whose note is empty."""

    def take(self, service: str, key: str, message: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fields = message["fields"]
        problems = []
        if (fields.get("pages") or 0) > 50:
            problems.append({"field": "pages", "message": "Nhiều nhất 50 trang.", "value": fields["pages"]})
        if not fields.get("note"):
            problems.append({"field": "note", "message": "Thiếu ghi chú.", "value": None})
        self.received.append((service, key, message))
        if problems:
            return 200, {"status": "refused", "message": "Chưa đủ.", "problems": problems}
        return 200, {"status": "accepted", "number": "HN-1"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[GatewayServer]:
    catalog = make_catalog(tmp_path / "catalog")
    with (
        Portal(catalog=catalog) as portal,
        GatewayServer(
            f"sqlite:///{tmp_path}/city.db", services=portal.urls, catalog=catalog, first_retry=0.05
        ) as gateway,
    ):
        yield gateway


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, city: GatewayServer) -> Iterator[App]:
    answer = enrol(city.url, city.enrolment_code(WARD, HA.name, HA.roles, "UBND"), "PC")
    store = Store.create(tmp_path / "store", KEY, make_catalog(tmp_path / "catalog"), SystemClock())
    store.set_enrolment(Enrolment.of_answer(city.url, answer))
    made = App(store, store.catalog, SystemClock(), folder=tmp_path, settings=Settings(), officer=answer.officer)
    made.dress()
    yield made
    made.close()


def sync_until(app: App, qtbot: QtBot, record_id: str, status: str) -> DeliveryState:
    """Syncs as the background does, until the service's answer is on this PC."""
    engine = app.engine()
    found: list[DeliveryState] = []

    def there() -> bool:
        engine.sync_once()
        found[:] = [d for d in app.store.records.deliveries(record_id) if d.status == status]
        return bool(found)

    qtbot.waitUntil(there)
    settle(app, qtbot)
    return found[0]


def is_in(page: RecordPage, path: str) -> bool:
    focus = QApplication.focusWidget()
    return focus is not None and page.view.cells[path].isAncestorOf(focus)


def texts(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QWidget) if hasattr(label, "text"))  # type: ignore[attr-defined]


def test_an_officer_corrects_what_a_service_refused_by_keyboard(app: App, open_page: Open, qtbot: QtBot) -> None:
    fields = {"full_name": "Nguyễn Thị Ánh Tuyết"}
    (citizen,) = app.store.save([Save(type="residence.citizen", fields=fields)], app.officer)  # type: ignore[arg-type]
    dossier = {"procedure": "birth", "applicant": citizen.id, "pages": 99, "visit": "L1"}
    (record,) = app.store.save([Save(type=DOSSIER, fields=dossier, state="received")], app.officer)  # type: ignore[arg-type]
    sync_until(app, qtbot, record.id, "refused")

    page = open_page(DOSSIER, record.id)
    settle(app, qtbot)
    standing = texts(page.body.cards.standing)
    assert "Số trang “99”: Nhiều nhất 50 trang." in standing
    assert "Ghi chú: Thiếu ghi chú." in standing
    assert "Nhiều nhất 50 trang." in page.view.cells["pages"].problem_text
    page.view.walk.go_to("phone")
    key = page_key(page)
    qtbot.keyClick(page, key)
    first = "pages" if is_in(page, "pages") else "note"
    qtbot.keyClick(page, key)
    assert is_in(page, "note" if first == "pages" else "pages")
    page.view.put("pages", 12)
    page.view.put("note", "có")
    with qtbot.waitSignal(page.saved):
        page.save()
    settle(app, qtbot)
    assert "đã sửa, sẽ gửi lại" in texts(page.body.cards.standing)
    assert page.view.cells["pages"].problem_text == ""
    assert not page.refused

    state = sync_until(app, qtbot, record.id, "accepted")
    assert state.number == "HN-1"
    qtbot.waitUntil(lambda: "đã nhận, HN-1" in texts(page.body.cards.standing))


def page_key(page: RecordPage) -> Qt.Key:
    """The key the page's row has; pages in a window have their rows as shortcuts."""
    (row,) = [row for row in page.actions() if row.id == "refused.go"]
    assert row.shortcut == "F7"
    from PySide6.QtGui import QKeySequence, QShortcut

    QShortcut(QKeySequence(row.shortcut), page, row.run)
    return Qt.Key.Key_F7


def refused(app: App, record: Record, *problems: FieldProblem) -> None:
    """As if the city had taken the record and its service refused it."""
    for row in app.store.changes.history(record.id):
        app.store.changes.acknowledge([ChangeResult(change_id=row.change.change_id, status="accepted", revision=1)])
    state = DeliveryState(record_id=record.id, service="city_portal", revision=1, status="refused", problems=problems)
    app.store.changes.apply_pull(PullAnswer(records=(), deliveries=(state,), cursor=1), WARD, "onestop")


def test_an_open_form_tells_when_the_city_has_the_record(app: App, open_page: Open, qtbot: QtBot) -> None:
    fields = {"procedure": "birth", "applicant": "x", "pages": 1, "note": "a"}
    (record,) = app.store.save([Save(type=DOSSIER, fields=fields, state="received")], app.officer)  # type: ignore[arg-type]
    page = open_page(DOSSIER, record.id)
    settle(app, qtbot)
    assert "Thành phố: chờ gửi" in texts(page.body.cards.standing)
    change = app.store.changes.pending(1)[0]
    app.store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="accepted", revision=1)])
    qtbot.waitUntil(lambda: "Thành phố: đã nhận" in texts(page.body.cards.standing))
    settle(app, qtbot)
    assert "Thành phố: đã nhận" in texts(page.body.cards.standing)


def test_a_record_sent_back_says_so_when_it_is_opened_also_where_its_field_is_locked(
    app: App, open_page: Open, qtbot: QtBot
) -> None:
    fields = {"procedure": "birth", "applicant": "x", "pages": 1, "note": "a"}
    (record,) = app.store.save([Save(type=DOSSIER, fields=fields, state="done")], app.officer)  # type: ignore[arg-type]
    refused(app, record, FieldProblem("note", "Sai ghi chú.", "a"))
    page = open_page(DOSSIER, record.id)
    settle(app, qtbot)
    assert "Sai ghi chú." in page.notice.text.text()
    assert "Ô này đang khóa" in page.notice.text.text()


def test_a_locked_field_says_what_opens_it(app: App, open_page: Open, qtbot: QtBot) -> None:
    fields = {"procedure": "birth", "applicant": "x", "pages": 1, "note": "a"}
    (record,) = app.store.save([Save(type=DOSSIER, fields=fields, state="done")], app.officer)  # type: ignore[arg-type]
    refused(app, record, FieldProblem("note", "Sai ghi chú.", "a"))
    page = open_page(DOSSIER, record.id)
    settle(app, qtbot)
    (row,) = [row for row in page.actions() if row.id == "refused.go"]
    row.run()
    assert "Ô này đang khóa" in page.notice.text.text()
    button = next(b for b in page.body.cards.standing.findChildren(QPushButton))
    page.notice.clear()
    button.click()
    assert "Sai ghi chú." in page.notice.text.text()


@pytest.mark.parametrize(
    ("to", "locked_from", "state_locked", "allowed", "wanted"),
    [
        ("draft", "received", False, False, True),
        ("received", "received", False, False, False),
        ("draft", None, True, False, False),
        ("draft", None, True, True, True),
    ],
)
def test_which_action_opens_a_field(
    to: str, locked_from: str | None, state_locked: bool, allowed: bool, wanted: bool
) -> None:
    note = Field(name="note", type="text", label=Label("x", "x"), locked_from=locked_from)
    states = (
        State("draft", Label("a", "a"), "draft", locked=state_locked, allows=("note",) if allowed else ()),
        State("received", Label("b", "b")),
    )
    kind = structs.replace(dossier_type(), sections=(Section("s", Label("s", "s"), (note,)),), states=states)
    action = Action(id="x", label=Label("x", "x"), from_=("received",), to=to)
    assert opens(kind, action, "note") is wanted


def test_what_waits_says_why_and_what_is_corrected_is_no_longer_told(app: App) -> None:
    kind = app.catalog.record_type(DOSSIER)
    fields = {"procedure": "birth", "applicant": "x", "pages": 99, "note": "a"}
    (record,) = app.store.save([Save(type=DOSSIER, fields=fields, state="received")], app.officer)  # type: ignore[arg-type]
    two = (FieldProblem("pages", "Nhiều trang.", 99), FieldProblem("note", "Sai.", "a"))
    refused(app, record, *two)
    (edited,) = app.store.save([Save(type=DOSSIER, fields={**fields, "pages": 3}, opened=app.store.records.load(record.id))], app.officer)  # type: ignore[arg-type]  # fmt: skip
    rows, told = app.store.changes.history(edited.id), app.store.records.deliveries(edited.id)
    assert refused_at_fields(rows, told) == {"note": "Sai."}
    place = places_of(app.catalog, kind, edited, rows, told)[-1]
    assert (place.status, place.reasons, place.fields) == ("refused", ("Ghi chú “a”: Sai.",), ("note",))
    waiting = structs.replace(told[0], status="waiting", problems=(), message="Chưa nối được.")
    place = places_of(app.catalog, kind, edited, (), (waiting,))[-1]
    assert (place.status, place.note) == ("waiting", "Chưa nối được.")

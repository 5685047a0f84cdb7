"""The history tab of a record that came from another PC: the city is asked when it is opened, by the window's own sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.conflict_page import ConflictPage
from desktop.forms.history_view import HistoryView
from desktop.forms.record_body import scrolled
from desktop.forms.record_page import RecordPage
from desktop.forms.standing import places_of, refused_at_fields
from desktop.settings import Settings
from sync.clock import SystemClock
from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import Change, FieldProblem, Officer, SyncError
from sync.store import Store
from sync.store.model import Enrolment, HistoryRow, Record, Save
from tests.desktop.forms.catalogue import DOSSIER, make_catalog
from tests.desktop.forms.conftest import HA, KEY, NAM, settle

Open = Callable[..., RecordPage]
WARD = "00070"
COMING, NO_LINE = "Đang lấy phần lịch sử ở thành phố…", "khi có mạng"


class OtherPc:
    """A colleague's PC, without a window."""

    def __init__(self, city: GatewayServer, folder: Path) -> None:
        self.store, self.officer = enrolled(city, folder, NAM.name, NAM.roles)
        known = self.store.enrolment
        assert known is not None
        self.device = known.device
        self.line = HttpTransport(known.url, known.token)
        self.engine = Engine(self.store, self.line)

    def save(self, record: Record | None = None, **fields: object) -> Record:
        base = dict(record.fields) if record else {}
        save = Save(type=DOSSIER, fields={**base, **fields}, opened=record)
        made = self.store.save([save], self.officer)[0]
        self.engine.sync_once()
        return self.store.records.load(made.id) or made


def enrolled(city: GatewayServer, folder: Path, name: str, roles: tuple[str, ...]) -> tuple[Store, Officer]:
    answer = enrol(city.url, city.enrolment_code(WARD, name, roles, "UBND"), folder.name)
    store = Store.create(folder, KEY, make_catalog(folder.parent / "catalog"), SystemClock())
    store.set_enrolment(Enrolment.of_answer(city.url, answer))
    return store, answer.officer


@pytest.fixture
def city(tmp_path: Path) -> Iterator[GatewayServer]:
    catalog = make_catalog(tmp_path / "catalog")
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=catalog) as gateway:
        yield gateway


@pytest.fixture
def other(city: GatewayServer, tmp_path: Path) -> Iterator[OtherPc]:
    made = OtherPc(city, tmp_path / "other")
    yield made
    made.line.close()
    made.store.close()


@pytest.fixture
def windowed(qapp: QApplication, tmp_path: Path, city: GatewayServer) -> Iterator[App]:
    """An App whose sync thread runs, and syncs when it is asked."""
    store, officer = enrolled(city, tmp_path / "store", HA.name, HA.roles)
    settings = structs.replace(Settings(), sync_seconds=3600)
    made = App(store, store.catalog, SystemClock(), folder=tmp_path, settings=settings, officer=officer)
    made.dress()
    yield made
    made.close()


def opened(app: App, qtbot: QtBot, record_id: str) -> RecordPage:
    page = RecordPage(app, app.catalog.record_type(DOSSIER), record_id)
    qtbot.addWidget(page)
    page.resize(820, 560)
    page.show()
    page.view.build_all()
    page.activateWindow()
    settle(app, qtbot)
    return page


def arrived(app: App, qtbot: QtBot, record_id: str) -> None:
    app.start_sync()
    qtbot.waitUntil(lambda: app.load(record_id) is not None)
    at_rest(app, qtbot)


def at_rest(app: App, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not app.line.busy)
    settle(app, qtbot)


def words(widget: QWidget) -> str:
    return " | ".join(w.text() for w in widget.findChildren(QLabel) if w.isVisibleTo(widget))


def test_the_tab_asks_and_shows_who_made_it_and_where(windowed: App, other: OtherPc, qtbot: QtBot) -> None:
    record = other.save(procedure="birth", pages=2, visit="L1", note="cũ")
    other.save(record, note="mới")
    arrived(windowed, qtbot, record.id)
    page = opened(windowed, qtbot, record.id)
    history = page.body.history
    assert (history.rows, history.standing) == ((), "part"), "who only opens a record asks for nothing"
    page.body.show_tab(1)
    assert COMING in words(history)
    qtbot.waitUntil(lambda: len(history.rows) == 2)
    told = words(history)
    assert history.standing == "whole"
    assert "Tạo mới" in told and "cũ → mới" in told and NAM.name in told and f"máy {other.device}" in told
    assert COMING not in told and "phần lịch sử" not in told
    assert QApplication.focusWidget() is page.body.tabs, "rows that arrive take the focus from nobody"
    at_rest(windowed, qtbot)

    other.save(other.store.records.load(record.id), pages=3)
    windowed.sync_now()
    qtbot.waitUntil(lambda: len(history.rows) == 3)
    at_rest(windowed, qtbot)
    page.hide()
    other.save(other.store.records.load(record.id), pages=4)
    windowed.sync_now()
    qtbot.waitUntil(lambda: (windowed.load(record.id) or record).fields.get("pages") == 4)
    at_rest(windowed, qtbot)
    assert len(windowed.store.changes.history(record.id)) == 3, "nobody looks any more"


def test_without_a_line_it_says_so_and_fetches_when_there_is_one(
    windowed: App, other: OtherPc, city: GatewayServer, qtbot: QtBot
) -> None:
    record = other.save(procedure="birth", pages=2, visit="L1")
    arrived(windowed, qtbot, record.id)
    city.stop()
    page = opened(windowed, qtbot, record.id)
    history = page.body.history
    page.body.show_tab(1)
    qtbot.waitUntil(lambda: NO_LINE in words(history))
    at_rest(windowed, qtbot)
    assert NO_LINE in words(history) and COMING not in words(history)
    city.start()
    windowed.sync_now()
    qtbot.waitUntil(lambda: bool(history.rows))
    assert "Tạo mới" in words(history) and NO_LINE not in words(history)


def test_the_conflict_page_shows_both_sides_of_the_past(windowed: App, other: OtherPc, qtbot: QtBot) -> None:
    record = other.save(procedure="birth", pages=2, visit="L1")
    arrived(windowed, qtbot, record.id)
    mine = windowed.load(record.id)
    assert mine is not None and windowed.officer is not None
    other.save(record, pages=3)
    windowed.store.save([Save(type=DOSSIER, fields={**mine.fields, "pages": 4}, opened=mine)], windowed.officer)
    windowed.sync_now()
    qtbot.waitUntil(lambda: bool((windowed.load(record.id) or record).conflicts))
    at_rest(windowed, qtbot)
    page = ConflictPage(windowed, record.id)
    qtbot.addWidget(page)
    page.resize(820, 680)
    page.show()
    page.activateWindow()
    page.focus_first()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is page.table)
    assert page.history is not None
    qtbot.waitUntil(lambda: len(page.history.rows) == 3)  # type: ignore[union-attr]
    told = words(page.history)
    assert "Tạo mới" in told and told.count(f"máy {other.device}") == 2
    assert QApplication.focusWidget() is page.table
    at_rest(windowed, qtbot)


def rows_of(app: App, count: int, **more: object) -> list[HistoryRow]:
    assert app.officer is not None
    return [
        HistoryRow(
            change=Change(
                change_id=f"c{n}", save_id=f"c{n}", record_id="d", type=DOSSIER, ward=WARD, kind="edit",
                before={"note": f"{n}"}, after={"note": f"{n + 1}"}, officer=app.officer, at="2026-11-23T02:00:00Z",
            ),
            status="accepted",
            revision=n,
        )
        for n in range(count, 0, -1)
    ]  # fmt: skip


@pytest.fixture
def view(app: App, qtbot: QtBot) -> tuple[HistoryView, QScrollArea]:
    made = HistoryView(app, app.catalog.record_type(DOSSIER))
    area = scrolled(made)
    qtbot.addWidget(area)
    area.resize(700, 300)
    area.show()
    return made, area


@pytest.mark.parametrize("known", [0, 3])
def test_whatever_is_missing_nothing_says_that_nothing_was_saved(
    app: App, view: tuple[HistoryView, QScrollArea], known: int
) -> None:
    history, _ = view
    app.sync = object()  # type: ignore[assignment]  # a thread that would sync
    rows = rows_of(app, known)
    app.fetch_soon = lambda: None  # type: ignore[method-assign]
    history.show_rows(rows, "part", "d")
    assert COMING in words(history)
    app.line.lost(SyncError("unreachable", "không có mạng"))
    assert NO_LINE in words(history) and COMING not in words(history)
    app.line.reached()
    assert COMING in words(history)
    history.show_rows(rows, "failed", "d")
    assert "tự lấy lại" in words(history)
    history.show_rows(rows, "only_here", "d")
    assert "cho máy này" in words(history)
    history.show_rows(rows, "cut", "d")
    assert f"{known} việc gần nhất" in words(history)
    app.sync = None
    history.show_rows(rows, "part", "d")
    assert NO_LINE in words(history), "nobody is asked here"
    assert "Chưa có gì được lưu" not in words(history)


def test_a_missing_part_is_asked_for_once_while_it_is_looked_at(
    app: App, view: tuple[HistoryView, QScrollArea]
) -> None:
    history, area = view
    asked: list[int] = []
    app.fetch_soon = lambda: asked.append(1)  # type: ignore[method-assign]
    history.show_rows((), "whole", "d")
    assert not asked
    for standing in ("part", "failed", "part"):
        history.show_rows((), standing, "d")  # type: ignore[arg-type]
    assert len(asked) == 1
    area.hide()
    assert app.store.histories.due() == []
    area.show()
    assert len(asked) == 2
    history.show_rows(rows_of(app, 2), "whole", "d")
    history.show_rows(rows_of(app, 2), "part", "d")  # a new revision came
    assert len(asked) == 3


def test_who_reads_below_stays_where_he_was_when_rows_arrive(
    app: App, view: tuple[HistoryView, QScrollArea], qtbot: QtBot
) -> None:
    history, area = view
    some = rows_of(app, 20)
    history.show_rows(some, "whole", "d")
    QApplication.processEvents()
    bar = area.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)

    def first_seen() -> tuple[str, int]:
        for name, cell in history._places.items():
            top = cell.mapTo(area.viewport(), cell.rect().topLeft()).y()
            if top + cell.height() > 0:
                return name, top
        raise AssertionError

    before = first_seen()
    assert before[0] not in (some[0].change.change_id, some[-1].change.change_id)
    newer = [structs.replace(r, change=structs.replace(r.change, change_id=f"n{r.revision}")) for r in rows_of(app, 7)]
    history.show_rows([*newer, *some], "whole", "d")
    assert first_seen() == before
    QApplication.processEvents()
    assert first_seen() == before
    bar.setValue(0)
    history.show_rows([*newer[:3], *some], "whole", "d")
    QApplication.processEvents()
    assert bar.value() == 0, "who is at the top sees what is new"


def test_large_letters_on_a_small_screen_cut_nothing_off(app: App, view: tuple[HistoryView, QScrollArea]) -> None:
    history, area = view
    (row,) = rows_of(app, 1)
    row = structs.replace(row, is_own=False, change=structs.replace(row.change, device="Q9"))
    history.show_rows([row], "whole", "d")
    for width in (800, 320, 800):
        area.resize(width, 300)
        QApplication.processEvents()
        assert history.minimumSizeHint().width() <= area.viewport().width()
        told = words(history)
        assert "Đã ở thành phố" in told and "máy Q9" in told
        assert ("Ở đâu" in told) == (width == 800)


def test_what_no_program_of_ours_would_write_is_shown_all_the_same(
    app: App, view: tuple[HistoryView, QScrollArea]
) -> None:
    history, _ = view
    (row,) = rows_of(app, 1)
    names = [field.name for field in app.catalog.record_type(DOSSIER).fields]
    for value in ({"a": []}, [[1]], [{"_id": 3}], -1.5, "x" * 5000, True, 1 << 70):
        change = structs.replace(
            row.change, at="hôm qua", after=dict.fromkeys([*names, "lạ"], value), action="không có"
        )
        for kind in ("create", "edit", "action", "resolve", "void"):
            odd = structs.replace(row, change=structs.replace(change, kind=kind), status="refused", is_settled=True)  # type: ignore[arg-type]
            history.show_rows([odd], "whole", "d")
            assert "hôm qua" in words(history)


def test_the_same_rows_again_leave_the_page_alone(app: App, view: tuple[HistoryView, QScrollArea]) -> None:
    history, _ = view
    history.show_rows(rows_of(app, 3), "part", "d")
    card = history._card
    history.show_rows(rows_of(app, 3), "whole", "d")
    assert history._card is card and COMING not in words(history)


def test_what_was_put_right_or_is_anothers_is_not_to_be_mended_here(app: App, dossier: Record) -> None:
    (row,) = app.store.changes.history(dossier.id)
    problem = FieldProblem("note", "Sai.")
    refused = structs.replace(row, status="refused", problems=(problem,))
    at_city = structs.replace(dossier, standing="city", revision=3)
    record_type = app.catalog.record_type(DOSSIER)

    def city(rows: list[HistoryRow]) -> str:
        return places_of(app.catalog, record_type, at_city, rows, ())[1].status

    assert (city([refused]), refused_at_fields([refused], ())) == ("refused", {"note": "Sai."})
    for done in (structs.replace(refused, is_settled=True), structs.replace(row, status="parked", is_settled=True)):
        assert (city([done]), refused_at_fields([done], ())) == ("accepted", {})

"""A PC that is being filled, or made ready for other definitions, says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.start import Start
from desktop.views.main_window import MainWindow
from desktop.views.preparing import Preparing
from forms.definition import Catalog
from sync.protocol import SyncError
from sync.store import Store, rebuild, vault
from sync.store.filling import FillProgress
from sync.sync_report import SyncReport
from tests.desktop.frame import ward


def test_the_status_bar_and_today_say_how_far_it_is(
    qtbot: QtBot, app: App, window: MainWindow, settle: Callable[[], None]
) -> None:
    settle()
    bar, today = window.status, window.pages.page
    said = bar._line.text
    app.line.never_read = True
    app.line.syncing()
    assert "Đang tải sổ" in today.empty._title.text()  # type: ignore[attr-defined]
    app.line.filling(FillProgress(False, 0))
    assert "việc đang làm" in said()
    assert "Đang tải sổ" in today.empty._title.text()  # type: ignore[attr-defined]
    app.line.filling(FillProgress(True, 34))
    assert said() == "Đã sẵn sàng làm việc · đang tải sổ cũ 34 %"
    assert "Không còn việc" in today.empty._title.text()  # type: ignore[attr-defined]
    app.line.lost(SyncError("no_line", "không có mạng"))
    assert "Mất mạng" in said() and "34 %" in said()
    app.line.syncing()
    app.line.reached(SyncReport())
    assert "%" not in said()


def test_the_sync_thread_tells_and_a_closing_window_does_not_wait(qtbot: QtBot, app: App) -> None:
    with qtbot.waitSignal(app.line.changed):
        app._note_progress(SyncReport(fill=FillProgress(True, 12)))
    assert app.line.fill == FillProgress(True, 12)
    app._closing = True
    with pytest.raises(SyncError):
        app._note_progress(SyncReport(fill=FillProgress(True, 13)))


def changed() -> Catalog:
    """Every title reads otherwise."""
    tools = tuple(
        structs.replace(t, records=tuple(structs.replace(r, subtitle='"mới"') for r in t.records))
        for t in ward.catalog().tools
    )
    return structs.replace(ward.catalog(), version="next", tools=tools)


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    monkeypatch.setenv("SOPHUONG_PASSPHRASE", "")
    monkeypatch.setattr(vault, "needs_passphrase", lambda folder: False)
    monkeypatch.setattr(vault, "open_key", lambda folder, passphrase: bytes(range(32)))
    with Store.create(tmp_path, bytes(range(32)), ward.catalog(), ward.clock()) as store:
        store.set_enrolment(ward.enrolment(ward.HA))
        for n in range(9):
            ward.add_dossier(store, f"Hồ sơ {n}")
    return tmp_path


def test_other_definitions_are_seen_to(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    start = Start(qapp, profile, ward.clock(), catalog=changed())
    said: list[str] = []

    def look(percent: int) -> None:
        assert start.gate is not None and start.gate.isVisible()
        page = start.gate.currentWidget()
        assert isinstance(page, Preparing)
        said.append(page.heading.text())

    start._prepared.connect(look)
    start.begin()
    assert len(said) > 2 and said[0] != said[-1] and all("Đang chuẩn bị sổ" in text for text in said)
    assert start.window is not None and start.gate is None
    start.window.close()
    start.end()


def test_a_gate_closed_meanwhile_ends_and_goes_on_next_time(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    start = Start(qapp, profile, ward.clock(), catalog=changed())
    start._prepared.connect(lambda percent: start.gate and start.gate.close())
    start.begin()
    assert start.window is None and start.app is None
    start.end()
    again: list[int] = []
    with Store.open(profile, bytes(range(32)), changed(), ward.clock(), prepared=again.append) as store:
        assert again and {r.subtitle for r in store.records.each("onestop.dossier")} == {"mới"}

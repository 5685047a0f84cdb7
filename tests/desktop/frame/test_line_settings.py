"""The line's settings of a PC: what is kept in its profile, and when a sync goes easy on the line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.line_settings import CA_FILE, is_spared, line_settings
from desktop.settings import Settings, load_settings
from desktop.sync_worker import SyncWorker
from desktop.views.settings import SettingsPage
from sync.clock import HANOI
from sync.protocol import SyncError


def test_the_citys_authority_is_used_once_it_is_kept(tmp_path: Path) -> None:
    settings = Settings(line_proxy="http://proxy:3128", line_kb_per_second=50)
    assert line_settings(tmp_path, settings).ca is None
    (tmp_path / CA_FILE).write_text("PEM")
    line = line_settings(tmp_path, settings)
    assert (line.ca, line.proxy, line.kb_per_second) == (tmp_path / CA_FILE, "http://proxy:3128", 50)


@pytest.mark.parametrize(("hour", "spared"), [(5, False), (6, True), (19, True), (20, False)])
def test_a_line_is_spared_by_day(hour: int, spared: bool) -> None:
    now = datetime(2026, 11, 22, hour, 59, tzinfo=HANOI)
    assert is_spared(Settings(spare_line=True), now) == spared
    assert not is_spared(Settings(), now)


class Engine:
    def __init__(self) -> None:
        self.sparing: list[bool] = []
        self.fails: SyncError | None = None

    def sync_once(self, *, sparing: bool = False) -> object:
        self.sparing.append(sparing)
        if self.fails:
            raise self.fails
        return "done"


def test_a_person_who_presses_sync_gets_all_of_it(qtbot: QtBot) -> None:
    engine = Engine()
    worker = SyncWorker(lambda: engine, seconds=3600, spared=lambda: True)
    worker.start()
    qtbot.waitUntil(lambda: engine.sparing == [True])
    worker.request()
    qtbot.waitUntil(lambda: engine.sparing == [True, False])
    worker.stop()


def test_after_a_failure_it_comes_back_sooner_than_the_next_turn(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.retry.wait_after", lambda failures: 0.05 * failures)
    engine = Engine()
    engine.fails = SyncError("unreachable", "mất mạng")
    worker = SyncWorker(lambda: engine, seconds=3600)
    worker.start()
    qtbot.waitUntil(lambda: len(engine.sparing) >= 3)
    engine.fails = None
    with qtbot.waitSignal(worker.finished):
        pass
    worker.stop()


def test_a_city_that_asks_for_peace_gets_it(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.retry.wait_after", lambda failures: 0.0)
    engine = Engine()
    engine.fails = SyncError("busy", "đông quá", wait=3600)
    worker = SyncWorker(lambda: engine, seconds=0)
    with qtbot.waitSignal(worker.failed):
        worker.start()
    qtbot.wait(150)
    assert len(engine.sparing) == 1
    worker.stop()


def test_another_line_is_taken_with_the_next_sync(qtbot: QtBot) -> None:
    made: list[Engine] = []

    def engine() -> Engine:
        made.append(Engine())
        return made[-1]

    worker = SyncWorker(engine, seconds=3600)
    with qtbot.waitSignal(worker.finished):
        worker.start()
    with qtbot.waitSignal(worker.finished):
        worker.request()
    assert len(made) == 1
    with qtbot.waitSignal(worker.finished):
        worker.renew()
    worker.stop()
    assert len(made) == 2


def test_the_settings_page_changes_the_line(app: App, qtbot: QtBot) -> None:
    page = SettingsPage(app)
    qtbot.addWidget(page)
    page._line_rows.spare.click()
    page._line_rows.cap.setValue(64)
    page._line_rows.proxy.setText(" http://proxy:3128 ")
    page._line_rows.proxy.editingFinished.emit()
    kept = load_settings(app.folder)
    assert (kept.spare_line, kept.line_kb_per_second, kept.line_proxy) == (True, 64, "http://proxy:3128")

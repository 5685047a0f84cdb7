"""The sync thread, and what the window learns from it."""

from __future__ import annotations

from collections.abc import Callable

from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.language import use_language
from desktop.line import Line
from desktop.models.standing import line_sentence
from desktop.sync_worker import SyncWorker
from desktop.views.main_window import MainWindow
from sync.protocol import SyncError
from sync.sync_report import SyncReport
from tests.desktop.frame import ward


class Scripted:
    """An engine that does what it is told, one thing a sync."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)

    def sync_once(self) -> object:
        outcome = self.outcomes.pop(0) if self.outcomes else "later"
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_syncs_at_the_start_and_when_asked(qtbot: QtBot) -> None:
    worker = SyncWorker(lambda: engine, seconds=3600)
    engine = Scripted("first", "second")
    reports: list[object] = []
    worker.finished.connect(reports.append)
    worker.start()
    qtbot.waitUntil(lambda: reports == ["first"])
    worker.request()
    qtbot.waitUntil(lambda: reports == ["first", "second"])
    worker.stop()
    assert not worker.running


def test_what_is_only_looked_at_is_fetched_at_once_and_carries_nothing_else(qtbot: QtBot) -> None:
    class Noting:
        def __init__(self) -> None:
            self.asked: list[bool] = []

        def sync_once(self, *, sparing: bool = False) -> object:
            self.asked.append(sparing)
            return len(self.asked)

    engine = Noting()
    worker = SyncWorker(lambda: engine, seconds=3600, spared=lambda: True)
    reports: list[object] = []
    worker.finished.connect(reports.append)
    worker.start()
    for n, asked in enumerate((False, True, False), start=1):
        qtbot.waitUntil(lambda n=n: len(reports) == n)
        worker.request(asked=asked)
    qtbot.waitUntil(lambda: len(reports) == 4)
    worker.stop()
    assert engine.asked == [True, True, False, True]


def test_a_failure_is_told_and_does_not_end_the_thread(qtbot: QtBot) -> None:
    made: list[Scripted] = []

    def engine() -> Scripted:
        made.append(Scripted(RuntimeError("broken")) if not made else Scripted("well"))
        return made[-1]

    worker = SyncWorker(engine, seconds=3600)
    with qtbot.waitSignal(worker.failed) as failed:
        worker.start()
    with qtbot.waitSignal(worker.finished) as finished:
        worker.request()
    worker.stop()
    assert str(failed.args[0]) == "broken"
    assert finished.args == ["well"]
    assert len(made) == 2, "an engine that broke is made anew"


def test_the_line_says_where_it_stands_and_since_when(qtbot: QtBot) -> None:
    use_language("vi")
    clock = ward.clock()
    line = Line(clock.now)
    said: Callable[[], str] = lambda: line_sentence(line, True, clock.now())[2]  # noqa: E731
    assert "Chưa nối" in said()
    line.reached()
    assert said() == "Đã nối thành phố từ 09:41."
    clock.advance(minutes=5)
    line.lost(SyncError("no_line", "không có mạng"))
    clock.advance(minutes=5)
    line.lost(SyncError("no_line", "không có mạng"))
    assert said() == "Mất mạng từ 09:46, vẫn làm việc bình thường."
    line.lost(SyncError("unknown_device", "máy bị thu hồi", retry=False))
    assert "không nhận máy này" in said()


def test_a_line_that_answers_is_no_lost_one_while_files_still_go(app: App, window: MainWindow, qtbot: QtBot) -> None:
    bar, line = window.status, app.line
    line.lost(SyncError("no_line", "không có mạng"))
    line.syncing()
    assert "Mất mạng" in bar._line.text(), "nobody has answered yet"
    app._note_progress(SyncReport())
    qtbot.wait(20)
    assert line.state == "down"
    app._note_progress(SyncReport(answered=True))
    assert line.state == "up" and line.busy and "Đang gửi" in bar._line.text()
    line.lost(SyncError("no_line", "không có mạng"))
    line.heard()
    assert line.state == "down", "told late, after that sync has ended"

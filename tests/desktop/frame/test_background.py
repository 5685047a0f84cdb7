"""The one door to background work."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.background import Background
from desktop.language import language, use_language


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


def test_works_elsewhere_and_answers_here(background: Background, qtbot: QtBot) -> None:
    seen: list[tuple[int, int]] = []
    background.run(threading.get_ident).then(lambda worker: seen.append((worker, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    worker, here = seen[0]
    assert worker != here == threading.get_ident()


def test_an_error_goes_to_its_handler_or_to_all(background: Background, qtbot: QtBot) -> None:
    def fail() -> None:
        raise ValueError("hỏng")

    seen: list[Exception] = []
    background.run(fail).failed(seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    with qtbot.waitSignal(background.failed) as caught:
        background.run(fail)
    assert [str(error) for error in (*seen, *caught.args)] == ["hỏng", "hỏng"]


def test_nothing_is_delivered_to_who_is_gone_or_no_longer_asks(background: Background, qtbot: QtBot) -> None:
    seen: list[str] = []
    go = threading.Event()
    owner = QObject()
    background.run(go.wait, owner).then(lambda _: seen.append("gone"))
    background.run(go.wait).then(lambda _: seen.append("cancelled")).cancel()
    import shiboken6

    shiboken6.delete(owner)
    go.set()
    background.run(lambda: None).then(lambda _: seen.append("asked"))
    qtbot.waitUntil(lambda: not background.busy)
    assert seen == ["asked"]


def test_what_was_dropped_in_a_cycle_dies_on_the_windows_thread(app: App, qtbot: QtBot) -> None:
    """Qt cannot stop a timer from another thread; the next event to it would end the program."""
    died: list[int] = []

    def page() -> QTimer:
        made = QTimer()
        made.start(10)
        made.itself = made  # type: ignore[attr-defined]  # a cycle, as pages and what they connect
        weakref.finalize(made, lambda: died.append(threading.get_ident()))
        return made

    def allocate() -> None:
        for _ in range(200_000):
            cycle: list[object] = []
            cycle.append(cycle)

    pages = [page() for _ in range(20)]
    app.background.run(allocate)
    pages.clear()
    qtbot.waitUntil(lambda: not app.background.busy)
    assert set(died) <= {threading.get_ident()}  # the window may have swept while it waited
    gc.collect()
    assert died == [threading.get_ident()] * 20


def test_rubbish_is_collected_while_the_window_lives(app: App, qtbot: QtBot) -> None:
    for _ in range(30_000):
        cycle: list[object] = []
        cycle.append(cycle)
    before = gc.get_count()[0]
    qtbot.waitUntil(lambda: gc.get_count()[0] < before)
    assert not gc.isenabled()


def test_the_language_travels_along(background: Background, qtbot: QtBot) -> None:
    seen: list[str] = []
    use_language("en")
    try:
        background.run(language).then(seen.append)
        qtbot.waitUntil(lambda: bool(seen))
    finally:
        use_language("vi")
    assert seen == ["en"]

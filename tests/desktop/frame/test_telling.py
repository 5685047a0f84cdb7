"""A save is told to the pages at once; what arrives in bulk is told together, and all of it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from desktop import telling
from desktop.app import COLLECTED_IN_SYNC, App
from desktop.telling import BULK, Telling
from desktop.views.main_window import MainWindow
from sync.protocol import DeliveryState
from sync.store.model import Touched


def bulk(n: int, **more: object) -> Touched:
    return Touched(records=frozenset(f"{n}-{i}" for i in range(BULK)), types=frozenset({f"t{n}"}), **more)  # type: ignore[arg-type]


def test_bulk_is_told_together_and_nothing_of_it_is_lost(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVERY_MS", 40)
    told: list[Touched] = []
    made = Telling(told.append)
    state = DeliveryState(record_id="r", service="s", status="sent", revision=1, at="2026-11-20T02:30:00Z")
    first, second, third = bulk(1), bulk(2, outbox=True), bulk(3, deliveries=(state,))
    save = Touched(records=frozenset({"saved"}), outbox=True)
    made.hear(first)
    assert told == [first], "the first is shown at once"
    made.hear(second)
    made.hear(save)
    assert told == [first, save], "a save waits for nothing"
    made.hear(third)
    qtbot.waitUntil(lambda: len(told) == 3)
    both = told[2]
    assert both.records == second.records | third.records
    assert both.types == second.types | third.types
    assert both.outbox and both.deliveries == (state,)
    made.hear(first)
    assert len(told) == 3, "what comes within a moment of that waits too"
    qtbot.waitUntil(lambda: told[3:] == [first])
    qtbot.wait(80)
    made.hear(second)
    assert told[4:] == [second], "after a pause the first is told at once again"


def test_the_window_shows_what_arrived_last(qtbot: QtBot, app: App, window: MainWindow) -> None:
    """Several pages of a pull, one behind the other: the last one is told too."""
    heard: list[Touched] = []
    app.touched.connect(heard.append)
    for n in range(4):
        app.store._emit(bulk(n))
    qtbot.waitUntil(lambda: len(frozenset().union(*(each.records for each in heard))) == 4 * BULK)
    assert len(heard) < 4


def test_a_store_with_a_window_is_filled_in_small_steps(app: App) -> None:
    assert app.store.gentle


def test_rubbish_is_collected_seldom_while_a_sync_works_and_at_once_after(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[bool] = []
    monkeypatch.setattr("desktop.app.collect_due", lambda: collected.append(app.line.busy))
    app.line.syncing()
    for _ in range(3 * COLLECTED_IN_SYNC):
        app._rubbish.timeout.emit()
    assert collected == [True] * 3
    app.line.reached()
    app._rubbish.timeout.emit()
    app._rubbish.timeout.emit()
    assert collected[3:] == [False, False]

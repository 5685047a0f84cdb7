"""A program that stays open over night tells the new day, on the page that is shown and on those behind it."""

from __future__ import annotations

from collections.abc import Callable

from desktop.app import App
from desktop.models.dates import local, long_day
from desktop.views.main_window import MainWindow
from desktop.views.today import Today
from sync.clock import FixedClock

Settle = Callable[[], None]


def heading(clock: FixedClock) -> str:
    return long_day(local(clock.now()).date())


def test_the_heading_follows_the_day(window: MainWindow, clock: FixedClock, settle: Settle) -> None:
    page = window.pages.page
    assert isinstance(page, Today)
    before = heading(clock)
    assert page.title.text() == before
    clock.advance(days=1)
    window._minute.timeout.emit()
    settle()
    assert page.title.text() == heading(clock) != before


def test_behind_another_page_and_in_a_window_put_away_too(
    window: MainWindow, clock: FixedClock, settle: Settle
) -> None:
    page = window.pages.page
    assert isinstance(page, Today)
    window.pages.go("settings")
    window.hide()
    clock.advance(days=1)
    window._minute.timeout.emit()
    settle()
    window.show()
    window.pages.go("today")
    settle()
    assert page.title.text() == heading(clock)


def test_a_minute_of_the_same_day_is_no_new_day(window: MainWindow, app: App, clock: FixedClock) -> None:
    passed: list[bool] = []
    app.day_passed.connect(lambda: passed.append(True))
    clock.advance(minutes=1)
    window._minute.timeout.emit()
    assert passed == []
    clock.advance(days=1)
    window._minute.timeout.emit()
    window._minute.timeout.emit()
    assert passed == [True]

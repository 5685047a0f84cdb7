"""The frame under test: a real store in a temporary folder, the real window, no server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.language import use_language
from desktop.settings import Settings
from desktop.views.main_window import MainWindow
from forms.definition import Catalog
from sync.clock import FixedClock
from sync.store import Store
from tests.desktop.frame import ward

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def clock() -> FixedClock:
    return ward.clock()


@pytest.fixture
def catalog() -> Catalog:
    return ward.catalog()


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock, catalog: Catalog) -> Iterator[Store]:
    with ward.make_store(tmp_path, clock, catalog) as made:
        yield made


@pytest.fixture
def app(qtbot: QtBot, store: Store, clock: FixedClock, tmp_path: Path, catalog: Catalog) -> Iterator[App]:
    made = App(store, catalog, clock, folder=tmp_path, settings=Settings(), officer=ward.HA)
    made.dress()
    yield made
    made.close()
    use_language("vi")


@pytest.fixture
def settle(qtbot: QtBot, app: App) -> Callable[[], None]:
    """Waits until the background has delivered, and what that started too."""

    def wait() -> None:
        quiet = 0
        while quiet < 3:
            qtbot.wait(15)
            quiet = 0 if app.background.busy else quiet + 1

    return wait


@pytest.fixture
def window(qtbot: QtBot, app: App, settle: Callable[[], None]) -> MainWindow:
    made = MainWindow(app)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    settle()
    return made

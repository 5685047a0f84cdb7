"""A real store under a real App, with the small catalogue; no window server is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.settings import Settings
from forms.definition import Catalog
from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Draft, Enrolment, Record, Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, make_catalog
from tests.one_catalogue import one_catalogue

__all__ = ["one_catalogue"]

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
KEY = bytes(range(32))
HA = Officer(id="o1", name="Trần Thu Hà", roles=("clerk",), organisation="ubnd")
NAM = Officer(id="o2", name="Vũ Đức Nam", roles=("clerk",), organisation="ubnd")
MORNING = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)  # 09:30 in Hanoi


def make_app(folder: Path, catalog: Catalog | None = None) -> App:
    clock = FixedClock(MORNING)
    store = Store.create(folder / "store", KEY, catalog or make_catalog(folder / "catalog"), clock)
    enrolment = Enrolment(
        url="http://127.0.0.1:9", token="t", device="Q2", wards={"00070": "Phường Hoàn Kiếm"}, officers=(HA, NAM)
    )
    store.set_enrolment(enrolment)
    return App(store, store.catalog, clock, folder=folder, settings=Settings(), officer=HA)


@contextmanager
def dressed_app(folder: Path, catalog: Catalog | None = None) -> Iterator[App]:
    """As a window needs it; closed at the end."""
    made = make_app(folder, catalog)
    made.dress()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    """The catalogue that the program comes with."""
    return load_catalog()


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    with dressed_app(tmp_path) as made:
        yield made


@pytest.fixture
def tuyet(app: App) -> Record:
    """A citizen already on this PC."""
    fields = {
        "personal_id": "001190012345",
        "full_name": "Nguyễn Thị Ánh Tuyết",
        "dob": "1990-01-05",
        "gender": "female",
        "permanent_addr": {"unit": "00070", "detail": "12 Hàng Bài"},
    }
    return app.store.save([Save(type=CITIZEN, fields=fields)], HA)[0]


@pytest.fixture
def dossier(app: App, tuyet: Record) -> Record:
    fields = {"procedure": "birth", "applicant": tuyet.id, "pages": 2, "visit": "L1", "note": "cũ"}
    return app.store.save([Save(type=DOSSIER, fields=fields, state="received")], HA)[0]


def page_of(
    app: App, qtbot: QtBot, type_id: str = DOSSIER, record_id: str | None = None, draft: Draft | None = None
) -> RecordPage:
    """A page in a shown window, once all is built and read."""
    page = RecordPage(app, app.catalog.record_type(type_id), record_id, draft)
    qtbot.addWidget(page)
    page.resize(820, 680)
    page.show()
    page.view.build_all()
    page.activateWindow()
    settle(app, qtbot)
    page.focus_first()
    return page


@pytest.fixture
def open_page(app: App, qtbot: QtBot) -> Callable[..., RecordPage]:
    """``page_of`` the test's own window."""
    return partial(page_of, app, qtbot)


def settle(app: App, qtbot: QtBot) -> None:
    """Waits until nothing runs in the background and its answers are delivered."""
    qtbot.waitUntil(lambda: not app.background.busy)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not app.background.busy)


def type_text(widget: QWidget, text: str) -> None:
    """Types letter by letter; QTest.keyClicks cannot type Vietnamese letters."""
    for letter in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(widget, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, letter))

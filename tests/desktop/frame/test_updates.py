"""The window tells which version runs and which one waits, and never gets in the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QListWidget
from pytestqt.qtbot import QtBot

from desktop import updating
from desktop.app import App
from desktop.language import use_language
from desktop.updating import Updating
from desktop.version import VERSION
from desktop.views.main_window import MainWindow
from desktop.views.update_card import UpdateCard
from sync.updates.installation import UpdateState, read_state, write_state
from sync.updates.pointer import Pointer, read_pointer, write_pointer
from tests.sync.updates.shelf import Shelf


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.publish(VERSION)
    shelf.publish("9.1.0", VERSION)
    return shelf


@pytest.fixture
def updates(app: App, shelf: Shelf, tmp_path: Path) -> Updating:
    pc = shelf.pc(tmp_path / "pc", VERSION)
    made = Updating(app, pc.here)
    app.updates = made
    made.changed.connect(app.updates_changed)
    return made


def texts(card: UpdateCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel) if not label.isHidden())


def test_a_program_out_of_no_package_says_so(app: App, qtbot: QtBot) -> None:
    app.updates = Updating(app, None)
    card = UpdateCard(app)
    qtbot.addWidget(card)
    assert VERSION in texts(card)
    assert "không chạy từ bộ cài" in texts(card)
    assert not card.check.isEnabled()


def test_a_version_that_came_is_told_in_the_bar_and_in_settings(
    app: App, window: MainWindow, updates: Updating, shelf: Shelf, settle: Callable[[], None], qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from contextlib import contextmanager

    from desktop import update_sources
    from sync.updates.model import UpdateOffer
    from sync.updates.sources import FolderSource

    @contextmanager
    def ways(*_):
        yield lambda told: UpdateOffer(version="9.1.0"), [FolderSource(shelf.folder)]

    monkeypatch.setattr(update_sources, "ways", ways)
    assert app.enrolment is not None
    bar = window.status
    assert bar._update.text() == ""
    card = UpdateCard(app)
    card.setParent(window)
    with qtbot.waitSignal(updates.arrived) as arrived:
        updates.check()
        assert updates.busy
        assert "Đang hỏi" in texts(card)
    assert arrived.args == ["9.1.0"]
    assert bar._update.text() == "Bản 9.1.0 sẽ dùng từ lần mở sau"
    assert "Bản 9.1.0 sẽ dùng từ lần mở sau" in texts(card)
    assert not card.news.isHidden()
    card.show_news()
    rows = window.findChildren(QListWidget)[-1]
    assert [rows.item(i).text() for i in range(rows.count())] == ["Có gì mới trong 9.1.0"]
    assert read_pointer(updates.here.versions) == Pointer(version="9.1.0", before=VERSION)
    updates.stop()


def test_why_none_came_is_said_in_plain_words(app: App, updates: Updating, qtbot: QtBot, monkeypatch) -> None:
    from forms.label import Label

    write_state(
        updates.here.versions,
        UpdateState(
            checked_at="2026-11-02T03:15:00Z",
            trouble=Label("Danh mục bản mới đã quá hạn.", "Expired."),
            trouble_code="expired",
        ),
    )
    card = UpdateCard(app)
    qtbot.addWidget(card)
    assert "Danh mục bản mới đã quá hạn." in texts(card)
    use_language("en")
    english = UpdateCard(app)
    qtbot.addWidget(english)
    assert "Expired." in texts(english)


def test_a_version_that_did_not_come_up_is_told_and_refused(app: App, shelf: Shelf, tmp_path: Path) -> None:
    pc = shelf.pc(tmp_path / "pc", VERSION)
    pc.take("9.1.0")
    write_pointer(pc.versions, Pointer(version="9.1.0", before=VERSION, tried=2))
    updates = Updating(app, pc.here)
    assert (updates.fell_back, updates.waiting) == ("9.1.0", "")
    assert "9.1.0" in read_state(pc.versions).refused


def test_a_line_that_is_spared_is_not_asked_by_day(
    app: App, updates: Updating, monkeypatch: pytest.MonkeyPatch
) -> None:
    from msgspec.structs import replace

    asked = []
    monkeypatch.setattr(updates, "check", lambda: asked.append(1))
    app.settings = replace(app.settings, spare_line=True)
    updates._look()
    assert not asked
    app.settings = replace(app.settings, spare_line=False)
    updates._look()
    assert asked


def test_a_store_ahead_of_a_version_that_came_back_goes_back_too(
    tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newer version brought the store to its schema and did not come up."""
    from sync.clock import SystemClock
    from sync.store import Store
    from sync.store import schema as schemas
    from sync.store.model import NewerStore
    from sync.updates.installation import Installation
    from tests.desktop.frame import ward

    key, folder = b"k" * 32, tmp_path / "profile"
    folder.mkdir()
    Store.create(folder, key, ward.catalog(), SystemClock()).close()
    newest = schemas.NEWEST
    with monkeypatch.context() as newer:
        newer.setattr(schemas, "MIGRATIONS", (*schemas.MIGRATIONS, "CREATE TABLE from_the_future (x);"))
        newer.setattr(schemas, "NEWEST", newest + 1)
        Store.open(folder, key, ward.catalog(), SystemClock()).close()
    with pytest.raises(NewerStore):
        Store.open(folder, key, ward.catalog(), SystemClock())
    pc = shelf.pc(tmp_path / "pc", VERSION)
    monkeypatch.setattr(Installation, "here", classmethod(lambda cls, version: pc.here))
    assert not updating.went_back(folder, key)  # nothing fell back: the officer keeps what he has
    pc.take("9.1.0")
    write_pointer(pc.versions, Pointer(version="9.1.0", before=VERSION, tried=2))
    write_pointer(pc.versions, Pointer(version="9.1.0", before=VERSION, tried=3, good=True))
    assert not updating.went_back(folder, key)  # it worked here once: tried again rather than undone
    assert read_pointer(pc.versions) == Pointer(version="9.1.0", before=VERSION, good=True)
    write_pointer(pc.versions, Pointer(version="9.1.0", before=VERSION, tried=2))
    assert updating.went_back(folder, key)
    Store.open(folder, key, ward.catalog(), SystemClock()).close()


def test_a_stick_is_taken_without_a_line_and_a_wrong_one_is_told(
    app: App, updates: Updating, shelf: Shelf, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    card = UpdateCard(app)
    qtbot.addWidget(card)
    monkeypatch.setattr(app, "enrolment", None)
    for folder, said in ((tmp_path, "Không thấy bản mới nào"), (shelf.folder, "Bản 9.1.0 sẽ dùng từ lần mở sau")):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, folder=folder: str(folder))
        card.stick.click()
        qtbot.waitUntil(lambda: not updates.busy)
        assert said in texts(card)


def test_the_start_proves_a_version_and_the_gate_does_not(
    app: App, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.updates.installation import Installation

    pc = shelf.pc(tmp_path / "pc", VERSION)
    pc.versions.mkdir(parents=True)
    monkeypatch.setattr(Installation, "here", classmethod(lambda cls, version: pc.here))
    tried = Pointer(version=VERSION, before="0.0.9", tried=1)
    for window, troubled, left in (
        (None, True, tried),  # the store could not be opened: that was a try
        (None, False, Pointer(version=VERSION, before="0.0.9")),
        (app, False, Pointer(version=VERSION, before="0.0.9", good=True)),
    ):
        write_pointer(pc.versions, tried)
        updating.judge_start(window, troubled=troubled)
        assert read_pointer(pc.versions) == left
    write_pointer(pc.versions, tried)
    updating.begin_updates(app)
    assert read_pointer(pc.versions).good
    assert app.updates is not None
    app.updates.stop()

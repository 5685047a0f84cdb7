"""Settings tell which forms are in use, which ones wait, and what they change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.language import tr
from desktop.views.main_window import MainWindow
from desktop.views.pack_card import PackCard
from forms import loader
from sync.engine import SyncReport
from sync.pack_use import KeptPack, folder_of, take_next

SMALL = Path(__file__).parent.parent.parent / "features" / "a_small_catalogue"


def texts(card: PackCard) -> str:
    return "\n".join(label.text() for label in card.findChildren(QLabel))


def test_without_packs_it_names_the_programs_own(app: App, qtbot: QtBot) -> None:
    card = PackCard(app)
    qtbot.addWidget(card)
    assert app.catalog.version in texts(card)
    assert card.findChildren(QPushButton) == []


def test_a_pack_that_waits_is_told_with_what_it_changes(
    app: App, window: MainWindow, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "DEFAULT_FOLDER", SMALL)
    kept = KeptPack(serial=2, version="2026.2", sha256="0", taken_at="2026-11-02T03:15:00Z")
    folder = folder_of(app.folder, kept)
    shutil.copytree(SMALL, folder)
    path = folder / "health" / "visit.yaml"
    path.write_text(path.read_text("utf-8").replace("vi: Họ tên", "vi: Họ và tên"), "utf-8")
    take_next(app.folder, kept)
    card = PackCard(app)
    card.setParent(window)
    assert "2026.2, nhận 02/11 10:15: có hiệu lực từ lần mở sau" in texts(card)
    (show,) = card.findChildren(QPushButton)
    show.click()
    settle()
    rows = next(
        found for found in window.findChildren(QListWidget) if found.accessibleName() == tr("pack.changes_heading")
    )
    assert [rows.item(i).text() for i in range(rows.count())] == [
        "Mục “Họ và tên” (Lượt khám): đổi tên: trước là “Họ tên”"
    ]


def test_the_window_says_that_new_forms_came(app: App, qtbot: QtBot) -> None:
    with qtbot.waitSignal(app.noticed) as said:
        app._synced(SyncReport(pack="2026.2"))
    assert "2026.2" in said.args[0]
    assert "lần mở sau" in said.args[0]

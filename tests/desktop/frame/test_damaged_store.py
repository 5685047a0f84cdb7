"""A store that cannot be opened: what is offered, and what is told until somebody has read it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.lasting_notices import lasting_notices
from desktop.start import Start
from desktop.views.gates import Trouble
from desktop.views.sign_in import Unlock
from sync.store import Store, vault
from sync.store.connection import connect
from sync.store.model import Save
from tests.desktop.frame import ward
from tests.desktop.frame.starting import backed_up, ended, profile, started, system_vault
from tests.sync.gateway.small_catalog import CATALOG

__all__ = ["profile", "system_vault"]  # fixtures


PASSPHRASE = "năm con ngựa vằn đứng"


def damage(profile: Path) -> None:
    file = profile / "store.db"
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])


def damaged(profile: Path, target: str) -> None:
    """Backed up, and then damaged."""
    with Store.open(profile, vault.open_key(profile), CATALOG, ward.clock()) as store:
        backed_up(store, profile, target)
    damage(profile)


def trouble_of(start: Start) -> Trouble:
    """The page on which a start tells that it cannot open the store."""
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, Trouble)
    return page


def test_a_damaged_store_offers_its_backup(qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path) -> None:
    damaged(profile, str(tmp_path / "usb"))
    start = started(qapp, profile)
    page = trouble_of(start)
    assert "hỏng" in page.heading.text() and "09:41" in page.offers[0].text()
    page.offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None)
    assert start.app is not None
    assert start.app.store.numbers.suspension.standing() is not None
    ended(start)


def test_unsent_work_of_a_damaged_store_that_was_replaced_is_told(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target, key = str(tmp_path / "usb"), vault.open_key(profile)
    with Store.open(profile, key, CATALOG, ward.clock()) as store:
        backed_up(store, profile, target)
        store.save([Save(type="residence.citizen", fields={"full_name": "Chưa Gửi"})], ward.HA)
    with closing(connect(profile / "store.db", key, query_only=True)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (profile / "store.db").open("r+b") as file:
        file.seek((page - 1) * int(size))
        file.write(b"\0" * int(size))
    start = started(qapp, profile)
    trouble_of(start).offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None)
    (apart,) = (profile / "former").iterdir()
    assert start.window is not None
    (told,) = start.window.lasting.findChildren(QLabel)
    assert "1 thay đổi chưa gửi" in told.text()
    assert str(apart) not in told.text() and "sophuong" not in told.text(), "a command line says nothing to a clerk"
    copy, _read = start.window.lasting.findChildren(QPushButton)
    copy.click()
    assert f'sophuong --profile "{apart}" sync' in qapp.clipboard().text()
    ended(start)


def test_what_was_restored_is_told_until_somebody_has_read_it(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    damaged(profile, str(tmp_path / "usb"))
    start = started(qapp, profile)
    page = trouble_of(start)
    page.offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None)
    ended(start)  # nobody was there
    again = started(qapp, profile)
    qtbot.waitUntil(lambda: again.window is not None)
    assert again.window is not None and again.app is not None
    bar = again.window.lasting
    assert not bar.isHidden() and "khôi phục" in bar.findChildren(QLabel)[0].text()
    again.app.change_settings(language="en")  # the frame is made anew, in the other language
    assert "restored" in again.window.lasting.findChildren(QLabel)[0].text()
    again.app.change_settings(language="vi")
    again.window.lasting.findChildren(QPushButton)[0].click()
    assert again.window.lasting.isHidden() and lasting_notices(profile) == ()
    ended(again)


def test_a_damaged_store_under_a_passphrase_offers_its_backup_too(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "MEMORY_KIB", 64)  # derived cheaply
    profile, target = tmp_path / "profile", str(tmp_path / "usb")
    with Store.create(profile, vault.create_key(profile, PASSPHRASE), CATALOG, ward.clock()) as store:
        store.set_enrolment(msgspec.structs.replace(ward.enrolment(), officers=(ward.HA,)))
        backed_up(store, profile, target)
    damage(profile)
    start = started(qapp, profile)
    assert start.gate is not None
    asked = start.gate.currentWidget()
    assert isinstance(asked, Unlock)
    asked.given.emit("một câu khác")  # a wrong one is no damage
    qtbot.waitUntil(lambda: asked.problem.text() != "")
    assert start.gate.currentWidget() is asked
    asked.given.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: isinstance(start.gate.currentWidget(), Trouble))
    page = trouble_of(start)
    assert "hỏng" in page.heading.text()
    (offer,) = page.offers
    offer.click()
    qtbot.waitUntil(lambda: isinstance(start.gate.currentWidget(), Unlock))
    again = start.gate.currentWidget()
    assert isinstance(again, Unlock)
    again.given.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: start.window is not None)
    assert start.app is not None and start.app.store.numbers.suspension.standing() is not None
    ended(start)


def test_another_store_in_its_place_is_no_wrong_passphrase(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "MEMORY_KIB", 64)  # derived cheaply
    for name in ("profile", "other"):
        folder = tmp_path / name
        with Store.create(folder, vault.create_key(folder, PASSPHRASE), CATALOG, ward.clock()) as store:
            store.set_enrolment(msgspec.structs.replace(ward.enrolment(), officers=(ward.HA,)))
    for file in (tmp_path / "other").glob("store.*"):
        (tmp_path / "profile" / file.name).write_bytes(file.read_bytes())
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    asked = start.gate.currentWidget()
    assert isinstance(asked, Unlock)
    asked.given.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: isinstance(start.gate.currentWidget(), Trouble) or asked.problem.text() != "")
    said = trouble_of(start).problem.text()
    assert "khóa của máy này" in said and "mật khẩu" not in said and "(" not in said
    ended(start)


def test_a_newer_store_says_so_and_may_be_tried_again(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    from sync.store.connection import connect

    def stamp(version: int) -> None:
        connection = connect(profile / "store.db", vault.open_key(profile))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()

    from sync.store import schema

    stamp(999)
    start = started(qapp, profile)
    page = trouble_of(start)
    assert page.offers == []
    assert "mới hơn" in page.heading.text() and "999" in page.problem.text()
    stamp(schema.NEWEST)
    page.do.click()
    assert start.window is not None
    ended(start)

"""From a profile folder to the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.start import Start
from desktop.views.sign_in import OfferEnrolment, SignIn, Unlock
from sync.store import Store, vault
from tests.desktop.frame import ward

PASSPHRASE = "năm con ngựa vằn đứng"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    clock = ward.clock()
    key = vault.create_key(tmp_path, PASSPHRASE)
    with Store.create(tmp_path, key, ward.catalog(), clock) as store:
        store.set_enrolment(ward.enrolment())
    return tmp_path


def test_a_locked_store_is_unlocked_and_the_officer_chosen(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    start = Start(qapp, profile, ward.clock(), catalog=ward.catalog())
    start.begin()
    assert start.gate is not None
    unlock = start.gate.currentWidget()
    assert isinstance(unlock, Unlock)
    unlock.given.emit("sai")
    qtbot.waitUntil(lambda: not unlock.problem.isHidden())
    assert "không đúng" in unlock.problem.text() and "Wrong" not in unlock.problem.text()
    unlock.given.emit(PASSPHRASE + " ")
    qtbot.waitUntil(lambda: isinstance(start.gate and start.gate.currentWidget(), SignIn))
    sign_in = start.gate.currentWidget()
    assert isinstance(sign_in, SignIn)
    sign_in.chosen.emit(ward.NAM)
    assert start.window is not None and start.window.isVisible() and start.gate is None
    assert start.app is not None and start.app.officer == ward.NAM
    start.window.close()
    start.end()


def test_a_pc_of_no_ward_is_offered_enrolment(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    start = Start(qapp, tmp_path / "nobody", ward.clock(), catalog=ward.catalog())
    start.begin()
    assert start.gate is not None and isinstance(start.gate.currentWidget(), OfferEnrolment)
    start.gate.close()
    start.end()

"""A program that starts: a profile with a store, the vault, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from desktop.backups import back_up
from desktop.settings import Settings, save_settings
from desktop.start import Start
from sync.store import Store, vault
from tests.desktop.frame import ward
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.store.test_vault import MemoryVault


@pytest.fixture(autouse=True)
def system_vault() -> Iterator[MemoryVault]:
    before, made = keyring.get_keyring(), MemoryVault()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def started(qapp: QApplication, folder: Path) -> Start:
    start = Start(qapp, folder, ward.clock(), catalog=CATALOG)
    start.begin()
    return start


def ended(start: Start) -> None:
    for shown in (start.window, start.gate):
        if shown is not None:
            shown.close()
    start.end()


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    key = vault.create_key(folder)
    with Store.create(folder, key, CATALOG, ward.clock()) as store:
        store.set_enrolment(msgspec.structs.replace(ward.enrolment(), officers=(ward.HA,)))
    return folder


def backed_up(store: Store, profile: Path, target: str) -> None:
    save_settings(profile, Settings(backup_to=(target,)))
    (outcome,) = back_up(store, [target], 3)
    assert outcome.made is not None

"""The raw key comes back from where it was put, and from nowhere else."""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from sync.store import vault
from sync.store.model import DamagedStore, NoStore, StoreError, WrongKey
from sync.store.vault import NoVault


class MemoryVault(KeyringBackend):
    """A system vault that works."""

    priority = -5  # never chosen by itself: only where a test sets it

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.items[service, username]


@pytest.fixture
def system_vault() -> Iterator[MemoryVault]:
    before, made = keyring.get_keyring(), MemoryVault()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture(params=[fail.Keyring, null.Keyring])
def no_vault(request: pytest.FixtureRequest) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(request.param())
    yield
    keyring.set_keyring(before)


def test_the_system_keeps_one_item_a_store(system_vault: MemoryVault, tmp_path: Path) -> None:
    first, second = (vault.create_key(tmp_path / name) for name in ("a", "b"))
    assert first != second
    assert (vault.open_key(tmp_path / "a"), vault.open_key(tmp_path / "b")) == (first, second)
    assert not vault.needs_passphrase(tmp_path / "a")
    assert len(system_vault.items) == 2
    assert first.hex() not in (tmp_path / "a" / "vault.json").read_text()
    assert vault.vault_works()
    assert len(system_vault.items) == 2


def test_an_item_gone_from_the_vault(system_vault: MemoryVault, tmp_path: Path) -> None:
    vault.create_key(tmp_path)
    system_vault.items.clear()
    with pytest.raises(WrongKey):
        vault.open_key(tmp_path)


@pytest.mark.usefixtures("no_vault")
def test_without_a_vault_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        vault.create_key(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not vault.vault_works()
    key = vault.create_key(tmp_path, "mật khẩu dài")
    assert vault.needs_passphrase(tmp_path)
    assert vault.open_key(tmp_path, "mật khẩu dài") == key


def test_passphrase_wrong_missing_or_composed_otherwise(tmp_path: Path) -> None:
    key = vault.create_key(tmp_path, unicodedata.normalize("NFC", "Đường về"))
    assert vault.open_key(tmp_path, unicodedata.normalize("NFD", "Đường về")) == key
    for wrong in ("đường về", "", None):
        with pytest.raises(WrongKey):
            vault.open_key(tmp_path, wrong)


def test_spaces_at_the_ends_of_a_passphrase_count_for_nothing(tmp_path: Path) -> None:
    """They are not seen, neither when it is made up nor when it is typed; those inside are part of it."""
    key = vault.create_key(tmp_path, "cây đa bến nước ")
    for typed in ("cây đa bến nước", "cây đa bến nước ", "  cây đa bến nước\u00a0"):
        assert vault.open_key(tmp_path, typed) == key
    with pytest.raises(WrongKey):
        vault.open_key(tmp_path, "cây đabến nước")


def test_what_was_put_away_with_its_spaces_still_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as as_it_was:
        as_it_was.setattr(vault, "_bare", str)
        key = vault.create_key(tmp_path, "cây đa ")
    assert vault.open_key(tmp_path, "cây đa ") == key
    with pytest.raises(WrongKey):
        vault.open_key(tmp_path, "cây đa")


def test_nobody_else_may_read_the_file(tmp_path: Path) -> None:
    vault.create_key(tmp_path, "x")
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / "vault.json").stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["vault.json"]


@pytest.mark.parametrize("part", ["key", "salt", "seal", "rounds"])
def test_a_tampered_file_gives_no_key(tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "MEMORY_KIB", 64)  # derived cheaply
    vault.create_key(tmp_path, "x")
    path = tmp_path / "vault.json"
    content = json.loads(path.read_text())
    value = content["wrapped"][part]
    content["wrapped"][part] = value + 1 if isinstance(value, int) else ("0" if value[0] != "0" else "1") + value[1:]
    path.write_text(json.dumps(content))
    with pytest.raises(WrongKey):
        vault.open_key(tmp_path, "x")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"item": 5}', '{"item": "a", "wrapped": {"memory_kib": 99999999}}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "vault.json").write_text(text)
    with pytest.raises(DamagedStore):
        vault.open_key(tmp_path, "x")


def test_no_file_no_store(tmp_path: Path) -> None:
    assert not vault.needs_passphrase(tmp_path)
    with pytest.raises(NoStore):
        vault.open_key(tmp_path)


def test_a_store_keeps_the_key_it_has(tmp_path: Path) -> None:
    vault.create_key(tmp_path, "x")
    (tmp_path / "store.db").write_bytes(b"records")
    with pytest.raises(StoreError):
        vault.create_key(tmp_path, "y")


class LockedVault(MemoryVault):
    """One that does not answer, and says so in the system's own English."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


def test_what_the_system_says_in_english_stands_in_the_english_sentence_alone(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryVault())
    try:
        vault.create_key(tmp_path)
        keyring.set_keyring(LockedVault())
        with pytest.raises(WrongKey) as caught:
            vault.open_key(tmp_path)
    finally:
        keyring.set_keyring(before)
    assert "unlock" not in caught.value.label.vi and "đăng nhập lại" in caught.value.label.vi
    assert "Failed to unlock" in caught.value.label.en


def test_why_nothing_can_be_put_away_is_said_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError) as caught:
        vault.create_key(tmp_path / "file" / "store", "x")
    assert "Not a directory" not in caught.value.label.vi and "không còn ở đó" in caught.value.label.vi
    assert "no longer there" in caught.value.label.en


def test_a_key_file_that_is_a_folder_is_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "vault.json").mkdir()
    with pytest.raises(DamagedStore) as caught:
        vault.open_key(tmp_path)
    assert "Errno" not in str(caught.value) and "đây là một thư mục" in caught.value.label.vi

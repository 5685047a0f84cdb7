"""The direct way to the system's vault finds what keyring put there, and gives way when it cannot."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

import pytest

from sync.store import quick_vault, vault

_READ = """
import sys
from sync.store.quick_vault import read_item
print(read_item(*sys.argv[1:]))
print("keyring" in sys.modules)
"""


def _read(item: str, **environment: str) -> list[str]:
    """In a process of its own, where nobody has chosen a backend."""
    command = [sys.executable, "-c", _READ, vault.SERVICE, item]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return ran.stdout.split()


@pytest.mark.vault
@pytest.mark.skipif(not vault.vault_works(), reason="no secret service")
def test_what_keyring_keeps_is_found() -> None:
    import keyring

    item, secret = f"test-{secrets.token_hex(8)}", secrets.token_hex(32)
    keyring.set_password(vault.SERVICE, item, secret)
    try:
        assert _read(item) == [secret, "False"]
        assert _read(f"{item}-other") == ["None", "False"]
    finally:
        keyring.delete_password(vault.SERVICE, item)


def test_without_a_bus_it_gives_way() -> None:
    assert _read("x", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere") == ["None", "False"]


def test_a_chosen_backend_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_vault, "_from_secret_service", lambda *_: pytest.fail("asked the vault directly"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    assert quick_vault.read_item("a", "b") is None

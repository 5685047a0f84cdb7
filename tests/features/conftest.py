"""A town for each story, on each kind of database the gateway can have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.store import vault
from tests.features.story import Town
from tests.one_catalogue import one_catalogue

__all__ = ["one_catalogue"]


@pytest.fixture(autouse=True)
def cheap_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores under a passphrase, derived cheaply: these tests open them many times and guard nothing."""
    monkeypatch.setenv("SOPHUONG_PASSPHRASE", "mật khẩu của bài thử")
    monkeypatch.setattr(vault, "MEMORY_KIB", 64)
    monkeypatch.setattr(vault, "ROUNDS", 1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'city.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def town(tmp_path: Path, storage_url: str) -> Iterator[Town]:
    with Town(tmp_path, storage_url) as started:
        yield started

"""A new pack comes as what it changes of the one before, and in any doubt whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.http import HttpTransport
from sync.pack_patch import apply_patch, make_patch
from sync.pack_use import packs_folder
from tests.features.new_packs import (
    MOBILE,
    MOBILE_LISTED,
    WEIGHT,
    build,
    changed_catalogue,
    field_names,
    give,
    key,
    small_catalogue,
    town,
)
from tests.features.story import Town

__all__ = ["key", "small_catalogue", "town"]  # fixtures


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How a pack's bytes were asked for."""
    asked: list[str] = []
    part, patch = HttpTransport.pack_part, HttpTransport.pack_patch

    def whole(self: HttpTransport, sha256: str, start: int, length: int) -> bytes:
        asked.append("part")
        return part(self, sha256, start, length)

    def changes(self: HttpTransport, sha256: str, old: str) -> bytes | None:
        asked.append("patch")
        return patch(self, sha256, old)

    monkeypatch.setattr(HttpTransport, "pack_part", whole)
    monkeypatch.setattr(HttpTransport, "pack_patch", changes)
    return asked


def test_the_second_pack_comes_as_what_it_changes(town: Town, key: Path, tmp_path: Path, asked: list[str]) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    assert counter.syncs()["pack"] == "2026.2"
    assert asked == ["part"]
    give(town, build(changed_catalogue(tmp_path, "3", WEIGHT, MOBILE, MOBILE_LISTED), key, "2026.3", 3))
    assert counter.syncs()["pack"] == "2026.3"
    assert asked == ["part", "patch"]
    assert {"weight", "mobile"} <= field_names(counter)
    assert len(list(packs_folder(counter.folder).glob("*.pack"))) == 1


def test_what_was_changed_on_the_disk_makes_the_whole_pack_come(
    town: Town,
    key: Path,
    tmp_path: Path,
    asked: list[str],
) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    counter.syncs()
    kept = next(packs_folder(counter.folder).glob("*.pack"))
    kept.write_bytes(kept.read_bytes()[:-1])
    give(town, build(changed_catalogue(tmp_path, "3", WEIGHT, MOBILE, MOBILE_LISTED), key, "2026.3", 3))
    assert counter.syncs()["pack"] == "2026.3"
    assert asked == ["part", "part"]


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400), st.binary(max_size=60))
def test_any_two_contents(old: bytes, new: bytes, noise: bytes) -> None:
    assert apply_patch(old, make_patch(old, new), len(new)) == new
    assert apply_patch(old, make_patch(old, new + b"x"), len(new)) is None
    assert apply_patch(old, noise, 1 << 16) is None

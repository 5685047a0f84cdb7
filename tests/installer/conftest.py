"""Fixtures of the packages' tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from installer import nsis, signing
from tests.installer.small import pictures


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Icons that need no drawing, and nobody's signing but this test's own."""
    folder = pictures(tmp_path / "pictures")
    for module in ("installer.msi", "installer.deb", "installer.nsis"):
        monkeypatch.setattr(f"{module}.icons", lambda: folder)
    monkeypatch.setattr(nsis, "picture", lambda: folder / "setup.bmp")
    monkeypatch.setenv("SOPHUONG_CACHE", str(tmp_path / "cache"))
    for name in list(os.environ):
        if name.startswith(signing.PREFIX):
            monkeypatch.delenv(name)
    return folder

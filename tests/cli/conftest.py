"""A PC in a ward with its city, for verbs that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.features.conftest import cheap_passphrase
from tests.features.story import Counter, Town
from tests.one_catalogue import one_catalogue

__all__ = ["cheap_passphrase", "one_catalogue"]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with Town(tmp_path, f"sqlite:///{tmp_path / 'city.db'}") as started:
        yield started


@pytest.fixture
def counter(town: Town) -> Counter:
    """One officer with every ordinary role."""
    return town.counter("Nguyễn Văn Thử")

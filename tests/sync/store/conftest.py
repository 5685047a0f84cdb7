"""A real encrypted store in a folder of its own, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.store import Store
from tests.sync.store import ward


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(ward.NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def store(folder: Path, clock: FixedClock) -> Iterator[Store]:
    opened = Store.create(folder, ward.KEY, ward.CATALOG, clock)
    opened.set_enrolment(ward.ENROLMENT)
    yield opened
    opened.close()

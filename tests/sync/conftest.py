"""A city, far or in the same process, and PCs at it. Folders below have their own where theirs differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from tests.sync import bad_line, direct_city
from tests.sync.direct_line import Pc
from tests.sync.store import ward


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=bad_line.CATALOG) as server:
        yield server


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(ward.NOW)


@pytest.fixture
def city(tmp_path: Path, clock: FixedClock) -> Iterator[City]:
    city = City(f"sqlite:///{tmp_path}/city.db", direct_city.CATALOG, clock)
    yield city
    city.close()


@pytest.fixture
def a_pc(city: City, tmp_path: Path, clock: FixedClock) -> Iterator[Callable[..., Pc]]:
    """Makes a PC at that city, with a clerk; by a clock of its own if it has one."""
    made: list[Pc] = []

    def make(name: str, own: FixedClock | None = None) -> Pc:
        made.append(Pc(city, tmp_path / name, direct_city.CATALOG, own or clock, "clerk"))
        return made[-1]

    yield make
    for pc in made:
        pc.store.close()

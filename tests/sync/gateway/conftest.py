"""The gateway's fixtures: every test of the contract runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from forms.definition import Catalog
from forms.loader import load_catalog
from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from tests.one_catalogue import one_catalogue
from tests.sync.gateway.small_catalog import CATALOG

__all__ = ["one_catalogue"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/city.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def city(storage_url: str) -> Iterator[City]:
    city = City(storage_url, CATALOG)
    yield city
    city.close()


def with_services(shipped: Catalog, small: Catalog) -> Catalog:
    """The shipped registers, which number as in life, behind the small city's services alone."""
    return msgspec.structs.replace(shipped, services=small.services)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(catalog=with_services(load_catalog(), CATALOG)) as simulator:
        yield simulator


@pytest.fixture
def gateway(storage_url: str, simulator: Simulator) -> Iterator[GatewayServer]:
    with GatewayServer(storage_url, services=simulator.urls, catalog=CATALOG, first_retry=0.05) as server:
        yield server

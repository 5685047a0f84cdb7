from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.gateway.server import GatewayServer
from sync.hub.server import HubServer
from tests.sync.hub.pcs import CATALOG, Pc, made_hub


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, gateway: GatewayServer) -> Iterator[HubServer]:
    with HubServer(made_hub(gateway, tmp_path / "hub")) as server:
        yield server


@pytest.fixture
def make(gateway: GatewayServer, hub: HubServer, tmp_path: Path) -> Iterator[Callable[..., Pc]]:
    made: list[Pc] = []

    def one(name: str, **more: Any) -> Pc:
        made.append(Pc(gateway, hub, tmp_path / name, f"Cán bộ {name}", **more))
        hub.round()
        assert made[-1].sync()
        return made[-1]

    yield one
    for pc in made:
        pc.store.close()

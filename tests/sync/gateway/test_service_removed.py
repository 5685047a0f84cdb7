"""An address that was wrong, or is no more: couriers at work leave it at once, and what was for it waits for another."""

from __future__ import annotations

import msgspec
import pytest

from forms.loader import load_catalog
from sync.gateway.city import City
from sync.gateway.commands import run
from sync.gateway.listing import deliveries
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from tests.sync.gateway.conftest import with_services
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import settled, until


def keys(simulator: Simulator) -> list[str]:
    return [key for service, key, _ in simulator.received if service == "qlvb"]


def accepted(gateway: GatewayServer, service: str) -> list[str]:
    told = deliveries(gateway.city.storage)
    return [d["record_id"] for d in told if (d["service"], d["status"]) == (service, "accepted")]


def test_an_address_that_is_taken_away_is_used_no_more(
    gateway: GatewayServer, simulator: Simulator, storage_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pc, database = Pc(gateway.city), ("--database", storage_url)
    first = pc.create("civil_status.birth", after={"birth_cert_no": "1"}, to_state="signed")
    pc.push(first)
    assert settled(pc, "open", "qlvb").status == "accepted"
    assert run(["service-remove", *database, "--service", "qlvb", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out.splitlines()[-1]) == {"removed": "qlvb", "waiting": 0}
    assert run(["service-remove", *database, "--service", "qlvb"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    made = pc.create("civil_status.birth", after={"birth_cert_no": "2"}, to_state="signed")
    pc.push(made)
    until(lambda: len(accepted(gateway, "hotich")) == 2)  # another service does not notice
    assert run(["services", *database]) == 0
    listed = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [each for each in listed if each["service"] == "qlvb"]
    assert (told["way"], told["counts"]) == (None, {"accepted": 1, "waiting": 1})
    with Simulator(catalog=with_services(load_catalog(), CATALOG)) as elsewhere:
        operator = City(storage_url, CATALOG)
        operator.set_services({"qlvb": elsewhere.urls["qlvb"]})
        operator.close()
        until(lambda: len(accepted(gateway, "qlvb")) == 2)
        assert keys(elsewhere) == [f"{made.record_id}:1:qlvb"]
    assert keys(simulator) == [f"{first.record_id}:1:qlvb"]

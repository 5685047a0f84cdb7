"""A city restored from a backup of which nobody said so: whoever looks after it is told by its log and its counters."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.protocol import PullRequest
from tests.sync.bad_line import WARD, Pc


@pytest.fixture
def pcs(gateway: GatewayServer, tmp_path: Path) -> Iterator[list[Pc]]:
    made = [Pc(gateway, tmp_path / name, name, "civil_status_officer") for name in ("an", "binh")]
    for pc in made:
        pc.sync = Engine(pc.store, pc.line).sync_once  # type: ignore[method-assign]
        pc.sync()
    yield made
    for pc in made:
        pc.close()


def forget(gateway: GatewayServer) -> None:
    """What a backup of the first day gives back."""
    with gateway.city.storage.write() as session:
        for table in ("records", "changes", "digests"):
            session.run(f"DELETE FROM {table}")
        session.run("UPDATE streams SET head = 0")


def counted(gateway: GatewayServer) -> str:
    page = requests.get(f"{gateway.url}/metrics", timeout=30).text
    return next(line for line in page.splitlines() if line.startswith("sophuong_devices_ahead_total"))


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == "sync.gateway.ahead"]


def test_each_pc_that_knows_more_is_told_of_once(
    gateway: GatewayServer, pcs: list[Pc], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    pcs[0].save(doc_title="Học bạ")
    for pc in (*pcs, *pcs):
        pc.sync()
    assert told(caplog) == []
    assert counted(gateway).endswith(" 0")
    forget(gateway)
    for pc in (*pcs, *pcs):
        pc.sync()
    assert len(told(caplog)) == 2
    assert all("gateway restored" in line and WARD in line for line in told(caplog))
    assert "an" not in " ".join(told(caplog)).split()  # by its id, as everywhere in the log
    assert counted(gateway).endswith(" 2")
    gateway.city.restored()
    for pc in (*pcs, *pcs):
        pc.sync()
    assert len(told(caplog)) == 2


def test_one_pc_alone_raises_no_alarm_whatever_it_says(
    gateway: GatewayServer, pcs: list[Pc], caplog: pytest.LogCaptureFixture
) -> None:
    """Its position is its own word."""
    for cursor in (10**6, 10**9, 10**12):
        pcs[0].line.line.pull(PullRequest(ward=WARD, scope="open", cursor=cursor, limit=10))
        pcs[1].sync()
    assert len(told(caplog)) == 1, "the log names it"
    assert counted(gateway).endswith(" 0")


def test_an_older_program_that_pulls_is_told_of_too(
    gateway: GatewayServer, pcs: list[Pc], caplog: pytest.LogCaptureFixture
) -> None:
    for cursor in (0, 900, 901):
        pcs[0].line.line.pull(PullRequest(ward=WARD, scope="open", cursor=cursor, limit=10))
    assert len(told(caplog)) == 1

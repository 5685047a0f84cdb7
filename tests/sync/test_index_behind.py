"""A sync leaves the search index whole behind it, whether its line held or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.gateway.server import GatewayServer
from sync.protocol import SyncError
from sync.store import indexing
from tests.sync.filling_pc import Pc, filled_city, gateway

__all__ = ["gateway"]


@pytest.fixture(autouse=True)
def few_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "FROM", 1)


def new_pc(gateway: GatewayServer, tmp_path: Path, limit: int = 7) -> Pc:
    return Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=limit)


def test_nothing_waits_after_a_sync(gateway: GatewayServer, tmp_path: Path) -> None:
    filled_city(gateway, tmp_path / "old")
    new = new_pc(gateway, tmp_path)
    waited: list[int] = []
    new.line.after_page = lambda _number: waited.append(new.store.indexing.waiting())
    assert new.sync().fill is None
    assert max(waited) > 0 and new.store.indexing.waiting() == 0
    assert new.store.search.find("ban sao 7")


def test_a_broken_line_leaves_nothing_waiting_either(gateway: GatewayServer, tmp_path: Path) -> None:
    filled_city(gateway, tmp_path / "old")
    new = new_pc(gateway, tmp_path)

    def breaks(number: int) -> None:
        if number == 4:
            raise SyncError("unreachable", "đứt")

    new.line.after_page = breaks
    with pytest.raises(SyncError):
        new.sync()
    assert len(new.held()) > 7 and new.store.indexing.waiting() == 0


def test_what_a_large_fill_left_counts_as_its_end(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.engine.READ_AT_MOST", 20)
    monkeypatch.setattr(indexing, "_BATCH", 5)
    monkeypatch.setattr(indexing, "_LARGEST_COMMIT", 10)
    filled_city(gateway, tmp_path / "old")
    new = new_pc(gateway, tmp_path)
    assert new.sync().fill is None
    told = [fill.percent for fill in new.reports if fill is not None and fill.usable]
    assert told[-1] == 99 and new.reports[-1] is None

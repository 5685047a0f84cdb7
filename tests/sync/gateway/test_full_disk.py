"""A disk without room: the city's health says so from the first write that failed to the next that went through."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import requests

from sync.gateway.server import GatewayServer
from sync.gateway.storage import StorageError
from tests.sync.gateway.small_catalog import CATALOG


def test_health_tells_of_a_write_that_found_no_room(tmp_path: Path) -> None:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as gateway:
        storage = gateway.city.storage
        writer: sqlite3.Connection = storage._writer  # type: ignore[attr-defined]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        assert _status(gateway) == (200, 200)
        writer.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError), storage.write() as session:
            session.upsert("meta", [("much", "x" * 1_000_000)])
        assert _status(gateway) == (503, 200)  # who reads is answered on
        writer.execute("PRAGMA max_page_count = 1000000")
        with storage.write() as session:
            session.upsert("meta", [("much", "x")])
        assert _status(gateway) == (200, 200)


def test_another_mistake_is_no_full_disk(tmp_path: Path) -> None:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as gateway:
        with pytest.raises(StorageError), gateway.city.storage.write() as session:
            session.run("SELECT * FROM no_such_table")
        assert _status(gateway) == (200, 200)


def _status(gateway: GatewayServer) -> tuple[int, int]:
    health, ready = (requests.get(f"{gateway.url}/{path}", timeout=30).status_code for path in ("healthz", "readyz"))
    return health, ready

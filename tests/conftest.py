"""Fixtures that every room may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import PostgresServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run; a test that needs it is skipped where there is none."""
    if not PostgresServer.available():
        pytest.skip("no PostgreSQL here: install it or set SOPHUONG_TEST_POSTGRES")
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """URL of an empty PostgreSQL database."""
    return postgres_server.new_database()

"""Fixtures that every room may use."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from desktop.rubbish import collect, collect_here
from tests.services import PostgresServer


def pytest_collection_finish() -> None:
    """What was imported stays: collections need not walk over it, as in the program once it has started."""
    gc.freeze()


class Rubbish:
    """What tests leave is collected once it may be as much as what stays: catalogues that fixtures keep are large, and each
    collection walks over them."""

    least = 50_000  # objects
    kept = 0

    def collect_due(self) -> None:
        if gc.get_count()[0] > self.least + self.kept:
            core = sys.modules["PySide6.QtCore"]
            collect() if core.QCoreApplication.instance() else gc.collect()  # without an application there are no pages
            self.kept = len(gc.get_objects())


RUBBISH = Rubbish()


@pytest.fixture(autouse=True)
def rubbish_on_this_thread() -> Iterator[None]:
    """What windows leave dies here and not on a thread of a server that goes on running, as in the program itself."""
    if "PySide6.QtCore" in sys.modules:
        collect_here()
    yield
    if "PySide6.QtCore" in sys.modules:
        collect_here()
        RUBBISH.collect_due()


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

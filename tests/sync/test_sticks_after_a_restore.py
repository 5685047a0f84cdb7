"""A PC that sticks alone reach, and a city that came back from a backup without what another PC had made, which is gone: here is
the last copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sync.gateway.server import GatewayServer
from tests.sync.stick_pcs import CityClock, Pc, gateway, make

__all__ = ["gateway", "make"]  # fixtures


class Disaster:
    def __init__(self, gateway: GatewayServer, make: Callable[..., Pc], folder: Path) -> None:
        assert isinstance(gateway.city.clock, CityClock)
        self._gateway, self._clock, self._folder = gateway, gateway.city.clock, folder
        self.maker, self.holder, self.other = (make(name, clock=self._clock) for name in ("a", "b", "c"))
        for pc in (self.maker, self.holder, self.other):
            pc.carry()

    def backup(self) -> None:
        with (
            closing(sqlite3.connect(self._folder / "city.db")) as city,
            closing(sqlite3.connect(self._folder / "backup.db")) as copy,
        ):
            city.backup(copy)

    def strike(self) -> None:
        self._clock.later += timedelta(minutes=1)
        self._gateway.stop()
        for left in self._folder.glob("city.db-*"):
            left.unlink()
        (self._folder / "backup.db").replace(self._folder / "city.db")
        self._gateway.start()
        self._gateway.city.restored()

    def carry_for_weeks(self) -> None:
        for _ in range(4):
            self.holder.carry()
            self._clock.later += timedelta(days=5)
        self.other.carry()


@pytest.fixture
def disaster(gateway: GatewayServer, make: Callable[..., Pc], tmp_path: Path) -> Iterator[Disaster]:
    yield Disaster(gateway, make, tmp_path)


def test_a_record_that_the_city_lost_is_begun_anew(disaster: Disaster) -> None:
    disaster.backup()
    record = disaster.maker.save(doc_title="Học bạ")
    disaster.maker.carry()
    disaster.holder.carry()
    disaster.strike()
    disaster.carry_for_weeks()
    assert disaster.other.load(record).fields["doc_title"] == "Học bạ"
    assert disaster.holder.carry().problems == [], "both hold the same, and nothing is read anew for ever"
    assert disaster.holder.copies() == disaster.other.copies()


def test_a_newer_version_that_the_city_lost_is_told(disaster: Disaster) -> None:
    record = disaster.maker.save(doc_title="Học bạ")
    disaster.maker.carry()
    disaster.backup()
    disaster.maker.save(disaster.maker.load(record), copies=7)
    disaster.maker.carry()
    disaster.holder.carry()
    disaster.strike()
    disaster.carry_for_weeks()
    assert disaster.other.load(record).fields["copies"] == 7
    assert disaster.holder.copies() == disaster.other.copies()
    assert disaster.holder.waiting() == 0

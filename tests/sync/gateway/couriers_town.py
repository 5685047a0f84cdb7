"""A city whose services do as they are told, and what its wards have to deliver."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.deliveries import Courier
from sync.gateway.parcel import Parcel, Pending, ServiceAnswer, UnreachableError
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG

SERVICE = "tthc_hanoi"
A_KEY = "k1 mot-bi-mat-du-dai-de-ky\n"
START = datetime(2026, 11, 23, 1, tzinfo=UTC)


class Played:
    """An adapter whose service does as it is told."""

    has_inbox = False

    def __init__(self) -> None:
        self.down = False
        self.bad: set[str] = set()
        self.asked: list[tuple[str, int]] = []
        self.pending = 0

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        self.asked.append((parcel.record.id, parcel.revision))
        if self.down:
            raise UnreachableError("Chưa nối được.", down=True)
        if parcel.record.id in self.bad:
            raise UnreachableError("trả lời 500", down=False, fault=True)
        if self.pending:
            self.pending -= 1
            raise Pending("đang xử lý")
        return ServiceAnswer(status="accepted", number=f"H26-{parcel.record.id[-8:]}")

    def settled(self, parcel: Parcel) -> None:
        pass

    def arrivals(self):
        return iter(())

    def close(self) -> None:
        pass


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def town(storage_url: str, clock: FixedClock):
    city = City(storage_url, CATALOG, clock)
    city.set_services({SERVICE: "http://127.0.0.1:1/"})
    yield city
    city.close()


def made(pc: Pc, count: int) -> list[str]:
    changes = [
        pc.create("onestop.dossier", after={"applicant": f"Người {n}"}, to_state="accepted") for n in range(count)
    ]
    pc.push(*changes)
    return [change.record_id for change in changes]


def courier_of(town: City, played: Played) -> Courier:
    return Courier(town.deliveries.parcels, SERVICE, lambda: played, lambda _: None)

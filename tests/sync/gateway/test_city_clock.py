"""Machines of the city whose clocks are hours wrong: the database's counts, and what a wrong one wrote holds nothing up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest

from sync.clock import FixedClock, SystemClock
from sync.gateway import city as city_module
from sync.gateway.city import City
from sync.gateway.city_clock import CityClock
from sync.gateway.parcel import ServiceAnswer
from sync.gateway.parcels import Parcels
from sync.gateway.service_lines import is_inbox_due, state_of, take_inbox_turn, take_probe
from sync.gateway.storage import Storage
from tests.sync.gateway.couriers_town import SERVICE, START, made
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import state_of as delivery_of

HOURS = (-7, 7)


class Wrong(SystemClock):
    """Of a machine that thinks in another time zone."""

    def __init__(self, hours: float) -> None:
        super().__init__()
        self.hours = hours

    def now(self) -> datetime:
        return super().now() + timedelta(hours=self.hours)


@contextmanager
def machine(url: str, monkeypatch: pytest.MonkeyPatch, hours: float = 0.0) -> Iterator[City]:
    """A city's process on a machine whose clock is so many hours off."""
    monkeypatch.setattr(city_module, "SystemClock", lambda: Wrong(hours))
    with closing(City(url, CATALOG)) as city:
        city.set_services({SERVICE: "http://127.0.0.1:1/"})
        yield city


@pytest.mark.postgres
@pytest.mark.parametrize("hours", HOURS)
def test_a_machine_whose_clock_is_hours_off_works_by_the_database_s(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hours: float
) -> None:
    with machine(postgres_url, monkeypatch) as right, machine(postgres_url, monkeypatch, hours) as wrong:
        assert any("clock" in r.getMessage() for r in caplog.records if r.name == "sync.gateway.city_clock")
        assert abs(wrong.clock.now() - right.clock.now()) < timedelta(minutes=1)
        pc = Pc(right)
        first = made(pc, 3)
        ours, theirs = right.deliveries.parcels, wrong.deliveries.parcels
        (one,) = theirs.claim(SERVICE, 1)  # neither never nor later
        assert len(ours.claim(SERVICE, 10)) == 2
        assert ours.claim(SERVICE, 10) == [], "its claim is one for all"
        wait = theirs.next_due(SERVICE)
        assert wait is None, "nothing is free"
        theirs.answer(one, ServiceAnswer(status="accepted"))
        assert one.record.id in first
        made(Pc(wrong), 1)  # taken by the machine that is wrong, carried by the one that is right
        assert len(ours.claim(SERVICE, 10)) == 1
        assert abs(float(ours.next_due(SERVICE) or 0.0)) < 3600


def test_machines_that_agree_are_left_alone(storage_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with machine(storage_url, monkeypatch) as city:
        exact = FixedClock(SystemClock().now())
        clock = CityClock(city.storage, exact)
        assert clock.now() == exact.now()


def test_a_clock_that_was_given_is_nobody_s_to_put_right(storage_url: str) -> None:
    with closing(City(storage_url, CATALOG, FixedClock(START))) as city:
        city.refresh()
        assert city.clock.now() == START


def test_a_clock_that_is_put_right_meanwhile_is_followed(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with machine(postgres_url, monkeypatch) as city:
        here = Wrong(3)
        clock = CityClock(city.storage, here)
        assert abs(clock.now() - SystemClock().now()) < timedelta(minutes=1)
        here.hours = 0
        monkeypatch.setattr("sync.gateway.city_clock._LOOK", 0.0)
        clock.look()
        assert abs(clock.now() - SystemClock().now()) < timedelta(minutes=1)


@pytest.fixture
def two(storage_url: str) -> Iterator[tuple[City, Parcels, Storage]]:
    """A city with three deliveries that wait, and a courier whose clock was a day ahead."""
    city = City(storage_url, CATALOG, FixedClock(START))
    city.set_services({SERVICE: "http://127.0.0.1:1/"})
    ahead = Parcels(city.storage, city.catalog, FixedClock(START + timedelta(days=1)))
    yield city, ahead, city.storage
    city.close()


def test_what_a_clock_a_day_ahead_claimed_or_put_off_is_carried_today(two: tuple[City, Parcels, Storage]) -> None:
    city, ahead, _ = two
    pc = Pc(city)
    records = made(pc, 3)
    held = ahead.claim(SERVICE, 2)
    ahead.put_off(held[0], "mất mạng")  # to tomorrow; the other one's courier died
    ours = city.deliveries.parcels
    assert {p.record.id for p in ours.claim(SERVICE, 10)} == set(records)
    ours_again = ours.claim(SERVICE, 10)
    assert ours_again == [], "and is then held as always"


def test_an_answer_by_a_clock_a_day_ahead_counts(two: tuple[City, Parcels, Storage]) -> None:
    city, ahead, _ = two
    pc = Pc(city)
    made(pc, 1)
    (parcel,) = ahead.claim(SERVICE, 1)
    ahead.answer(parcel, ServiceAnswer(status="accepted", number="H26-1"))
    assert city.deliveries.parcels.claim(SERVICE, 10) == []
    delivery = delivery_of(pc, "onestop", SERVICE)
    assert delivery is not None and delivery.status == "accepted"


def test_a_service_shut_until_tomorrow_is_tried_today(two: tuple[City, Parcels, Storage]) -> None:
    city, ahead, storage = two
    made(Pc(city), 2)
    (parcel, _) = ahead.claim(SERVICE, 2)
    ahead.service_down(parcel, "không nối được")
    now = START.timestamp()
    with storage.write() as session:
        assert not state_of(session, SERVICE).is_shut(now)
        assert take_probe(session, SERVICE, now, 60)
        assert not take_probe(session, SERVICE, now, 60), "then one at a time"
        assert state_of(session, SERVICE).is_shut(now)


def test_mail_is_fetched_though_a_turn_was_taken_until_tomorrow(two: tuple[City, Parcels, Storage]) -> None:
    _, _, storage = two
    now = START.timestamp()
    with storage.write() as session:
        assert take_inbox_turn(session, SERVICE, now + 86400, 15)
        assert is_inbox_due(session, SERVICE, now)
        assert take_inbox_turn(session, SERVICE, now, 15)
        assert not is_inbox_due(session, SERVICE, now + 1)
        assert not is_inbox_due(session, "no_such", now)

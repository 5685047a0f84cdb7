"""What one device may send of files within a day: it fills no disk, and nobody else is held up; the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from tests.sync.gateway.pcs import OTHER_WARD
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_uploads import Sender

LEAST = 64 * 1024


def told(count: int) -> bytes:
    """A file of 64 KB, the ``count``th."""
    return count.to_bytes(4, "big") * (LEAST // 4)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 1, tzinfo=UTC))


@pytest.fixture
def city(storage_url: str, clock: FixedClock) -> Iterator[City]:
    city = City(storage_url, CATALOG, clock)
    city.uploads.a_day = 3 * LEAST
    yield city
    city.close()


def begins(sender: Sender, content: bytes, **more: str) -> int:
    return sender.create(content, **more).status


def test_beyond_its_share_of_a_day_a_device_waits_and_no_other_does(city: City, clock: FixedClock) -> None:
    one, same_ward, elsewhere = Sender(city), Sender(city), Sender(city, OTHER_WARD)
    one.sends(told(1))
    one.sends(told(2))
    clock.advance(hours=1)
    begun = one.create(told(3))  # not sent yet: it counts from its beginning
    refused = one.create(told(4))
    assert (begun.status, refused.status) == (201, 429)
    assert "24 giờ".encode() in refused.body
    assert int(refused.headers["Retry-After"]) > 0
    assert one.patch(begun.headers["Location"], 0, told(3)).status == 204, "what was begun is ended"
    assert begins(one, told(1)) == 201, "what the city has costs nothing"
    assert begins(same_ward, told(4)) == 201
    assert begins(elsewhere, told(4), ward=OTHER_WARD) == 201
    clock.advance(hours=23, minutes=1)  # the first two are a day old
    assert [begins(one, told(n)) for n in (4, 5, 6)] == [201, 201, 429]


def test_what_is_taken_back_or_very_small_counts_all_the_same(city: City) -> None:
    one = Sender(city)
    for count in range(3):
        address = one.sends(bytes([count]))
        assert one.ask("DELETE", address).status == 204
        assert one.ask("HEAD", address).status == 404
    assert begins(one, b"x") == 429
    assert one.read(b"\x00").body == b"\x00"


def test_what_came_damaged_and_was_thrown_away_does_not_count(city: City) -> None:
    one = Sender(city)
    for _ in range(4):
        address = one.create(told(1)).headers["Location"]
        assert one.patch(address, 0, told(2)).status == 460
    one.sends(told(1))


def test_the_operator_may_lift_it(city: City) -> None:
    city.uploads.a_day = 0
    one = Sender(city)
    assert [begins(one, told(n)) for n in range(5)] == [201] * 5


def test_what_a_clock_a_year_ahead_stamped_counts_for_a_day(city: City, clock: FixedClock) -> None:
    one = Sender(city)
    clock.advance(hours=24 * 365)
    for count in range(3):
        one.sends(told(count))
    clock.advance(hours=-24 * 365)
    assert begins(one, told(3)) == 429
    clock.advance(hours=25)
    assert begins(one, told(3)) == 201

"""A courier whose keys cannot be read: told once, carried on when they are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sync.clock import FixedClock
from sync.gateway.adapters.signature import Keys
from sync.gateway.city import City
from sync.gateway.deliveries import Courier
from sync.gateway.delivery_commands import standing
from sync.gateway.listing import deliveries
from sync.gateway.parcel_retry import retry
from sync.gateway.storage import StorageError
from tests.sync.gateway.couriers_town import A_KEY, SERVICE, Played, clock, courier_of, made, town
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.test_deliveries import until

__all__ = ["clock", "town"]  # fixtures


def test_a_service_whose_keys_cannot_be_read_is_told_and_goes_on_when_they_can(
    town: City, clock: FixedClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made(Pc(town), 3)
    keys, played = tmp_path / "keys", Played()

    def adapter() -> Played:
        Keys(str(keys))
        return played

    courier = Courier(town.deliveries.parcels, SERVICE, adapter, lambda _: None)
    courier.start()
    try:
        until(lambda: any(str(keys) in line["trouble"] for line in standing(town.storage)))
        courier.wake()
        keys.write_text(A_KEY, "utf-8")
        clock.advance(minutes=1)
        courier.wake()
        until(lambda: Counter(d["status"] for d in deliveries(town.storage)) == {"accepted": 3})
    finally:
        courier.end()
        courier.join()
    assert [line["trouble"] for line in standing(town.storage)] == [""]
    assert len([one for one in caplog.records if str(keys) in one.getMessage()]) == 1


@contextmanager
def serving(town: City, keys: Path) -> Iterator[Courier]:
    """A courier whose service takes what is signed, while it runs."""

    def adapter() -> Played:
        Keys(str(keys))
        return Played()

    courier = Courier(town.deliveries.parcels, SERVICE, adapter, lambda _: None)
    courier.start()
    try:
        yield courier
    finally:
        courier.end()
        courier.join()


def troubles_told(town: City) -> list[str]:
    return [line["trouble"] for line in standing(town.storage)]


def test_a_courier_outlives_a_database_that_cannot_write_that_its_keys_are_away(
    town: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full while the key file cannot be read either."""
    keys, write = tmp_path / "keys", town.storage.write
    tries = 0

    def full(*_: Any) -> Any:
        nonlocal tries
        tries += 1
        raise StorageError("database or disk is full")

    made(Pc(town), 1)
    monkeypatch.setattr(town.storage, "write", full)
    with serving(town, keys) as courier:
        until(lambda: tries > 0)
        courier.wake()
        until(lambda: tries > 1)
        monkeypatch.setattr(town.storage, "write", write)
        courier.wake()
        until(lambda: str(keys) in troubles_told(town)[0])
        keys.write_text(A_KEY, "utf-8")
        courier.wake()
        until(lambda: next(deliveries(town.storage))["status"] == "accepted")


@pytest.mark.parametrize("by", ["itself", "a restart"])
def test_a_trouble_with_keys_ends_with_its_cause_also_where_nothing_is_due(town: City, tmp_path: Path, by: str) -> None:
    keys = tmp_path / "keys"
    with serving(town, keys) as courier:
        until(lambda: str(keys) in troubles_told(town)[0])
        if by == "itself":
            keys.write_text(A_KEY, "utf-8")
            courier.wake()
            until(lambda: troubles_told(town) == [""])
    keys.write_text(A_KEY, "utf-8")
    with serving(town, keys):
        until(lambda: troubles_told(town) == [""])
    keys.unlink()
    with serving(town, keys):
        until(lambda: str(keys) in troubles_told(town)[0])


def test_a_trouble_with_keys_is_told_again_while_it_lasts_and_logged_once(
    town: City, clock: FixedClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = tmp_path / "keys"
    with serving(town, keys) as courier:
        until(lambda: str(keys) in troubles_told(town)[0])
        retry(town.storage, clock, lambda _: None, SERVICE)  # an operator who hopes that it is mended
        courier.wake()
        until(lambda: str(keys) in troubles_told(town)[0])
    assert len([one for one in caplog.records if str(keys) in one.getMessage()]) == 1


def test_that_a_service_is_down_is_told_on_though_its_keys_are_there(town: City) -> None:
    played = Played()
    made(Pc(town), 1)
    played.down = True
    courier_of(town, played).round(played)
    (before,) = standing(town.storage)
    town.deliveries.parcels.usable(SERVICE)
    assert before["failures"] == 1
    assert list(standing(town.storage)) == [before]
    assert town.deliveries.parcels.claim(SERVICE, 1) == []

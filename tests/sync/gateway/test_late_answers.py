"""A courier that was so slow that another one carried its parcel too: a service that knows no keys hears of the record twice."""

from __future__ import annotations

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.parcel import ServiceAnswer
from tests.sync.gateway.couriers_town import SERVICE, clock, made, town
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.test_deliveries import state_of

__all__ = ["clock", "town"]  # fixtures


@pytest.mark.parametrize("answered", [True, False])
def test_a_second_copy_that_is_refused_undoes_no_acceptance(town: City, clock: FixedClock, answered: bool) -> None:
    pc, parcels = Pc(town), town.deliveries.parcels
    made(pc, 1)
    (slow,) = parcels.claim(SERVICE, 1)
    clock.advance(seconds=parcels.hold + 1)
    (other,) = parcels.claim(SERVICE, 1)
    words = [
        (other, ServiceAnswer(status="accepted", number="H26-1")),
        (slow, ServiceAnswer(status="refused", message="trùng")),
    ]
    for parcel, answer in words if answered else reversed(words):
        parcels.answer(parcel, answer)
    state = state_of(pc, "onestop", SERVICE)
    assert state is not None
    assert (state.status, state.number, state.message) == ("accepted", "H26-1", "")

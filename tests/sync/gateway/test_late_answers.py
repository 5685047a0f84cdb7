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


@pytest.mark.parametrize("edited", [False, True])
def test_of_two_numbers_for_one_act_the_first_stands_on_paper(town: City, clock: FixedClock, edited: bool) -> None:
    """Whichever courier brings it, also when the record has moved on since; the second is told, for somebody to have it cancelled."""
    pc, parcels = Pc(town), town.deliveries.parcels
    (made_now,) = made(pc, 1)
    (slow,) = parcels.claim(SERVICE, 1)
    clock.advance(seconds=parcels.hold + 1)
    (other,) = parcels.claim(SERVICE, 1)
    parcels.answer(other, ServiceAnswer(status="accepted", number="H26-1", fields={"dossier_code": "H26-1"}))
    if edited:
        known = pc.create("onestop.dossier", record_id=made_now)
        pc.push(pc.edit(known, {}, {"subject": "x"}))
    parcels.answer(slow, ServiceAnswer(status="accepted", number="H26-2", fields={"dossier_code": "H26-2"}))
    (record,) = pc.pull_all("onestop").records
    state = state_of(pc, "onestop", SERVICE)
    assert state is not None
    assert (record.number, record.fields["dossier_code"], state.number) == ("H26-1", "H26-1", "H26-1")
    assert edited or ("H26-1" in state.message and "H26-2" in state.message)


def test_a_number_that_the_service_saw_is_its_own_to_change(town: City, clock: FixedClock) -> None:
    """The authority's word stands (its register, its correction); history has both, and the officer is told."""
    pc, parcels = Pc(town), town.deliveries.parcels
    (made_now,) = made(pc, 1)
    (first,) = parcels.claim(SERVICE, 1)
    parcels.answer(first, ServiceAnswer(status="accepted", number="H26-1"))
    known = pc.create("onestop.dossier", record_id=made_now)
    pc.push(pc.edit(known, {}, {"subject": "x"}))
    (second,) = parcels.claim(SERVICE, 1)
    parcels.answer(second, ServiceAnswer(status="accepted", number="H26-9", message="Đính chính."))
    (record,) = pc.pull_all("onestop").records
    state = state_of(pc, "onestop", SERVICE)
    assert state is not None
    assert (record.number, state.number) == ("H26-9", "H26-9")
    assert state.message == "Đính chính. Dịch vụ đổi số H26-1 thành H26-9."

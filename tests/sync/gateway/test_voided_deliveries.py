"""A record that a service has got is voided: where its state stays as it was, what the service gets next says so all the same."""

from __future__ import annotations

from sync.clock import FixedClock
from sync.gateway.adapters.rest import message_of
from sync.gateway.city import City
from sync.gateway.parcel import ServiceAnswer
from tests.sync.gateway.couriers_town import SERVICE, clock, town
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import DOSSIER

__all__ = ["clock", "town"]  # fixtures


def test_a_voided_record_is_delivered_as_one(town: City, clock: FixedClock) -> None:
    pc, parcels = Pc(town, roles=("chair", "reception")), town.deliveries.parcels
    made = pc.create(DOSSIER.id, to_state="accepted", after={"applicant": "An"})
    pc.push(made)
    (first,) = parcels.claim(SERVICE, 5)
    assert "_void" not in first.fields
    parcels.answer(first, ServiceAnswer(status="accepted"))
    assert [r.status for r in pc.push(pc.edit(made, {}, {}, kind="void", reason="lập nhầm"))] == ["accepted"]
    (second,) = parcels.claim(SERVICE, 5)
    told = message_of(second)
    assert (told["state"], told["revision"], told["fields"]["_void"]["reason"]) == ("accepted", 2, "lập nhầm")

"""A record that a service has got is voided: where its state stays as it was, what the service gets next says so all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import structs

from forms.definition import State
from sync.clock import FixedClock
from sync.gateway.adapters.rest import message_of
from sync.gateway.city import City
from sync.gateway.listing import deliveries
from sync.gateway.parcel import Parcel, Pending, ServiceAnswer, UnreachableError
from sync.gateway.parcels import Parcels
from sync.gateway.simulator import CityServices
from sync.gateway.simulator_memory import Memory
from tests.sync.gateway.couriers_town import SERVICE, clock, town
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import BIRTH, CATALOG, DOSSIER, text, tool

__all__ = ["clock", "town"]  # fixtures
VOIDABLE = structs.replace(BIRTH, states=(*BIRTH.states, State("void", text("Đã hủy"), "void", locked=True)))
VOIDING = structs.replace(
    CATALOG, tools=tuple(tool(t.id, VOIDABLE, t.service) if t.records == (BIRTH,) else t for t in CATALOG.tools)
)
ROLES = ("chair", "civil_status_officer")


@pytest.fixture
def city(storage_url: str, clock: FixedClock) -> Iterator[City]:
    city = City(storage_url, VOIDING, clock)
    yield city
    city.close()


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


def accepted(parcels: Parcels, parcel: Parcel) -> None:
    parcels.answer(parcel, ServiceAnswer(status="accepted", number="12"))


def pending(parcels: Parcels, parcel: Parcel) -> None:
    parcels.taken(parcel, str(Pending("đang xử lý")))


def cut_off(parcels: Parcels, parcel: Parcel) -> None:
    parcels.put_off(parcel, str(UnreachableError("mất mạng", down=True)))


@pytest.mark.parametrize("became", [accepted, pending, cut_off])
@pytest.mark.parametrize("edited", [False, True])
def test_a_service_that_may_have_it_is_told_in_a_state_that_no_delivery_names(
    city: City, clock: FixedClock, became, edited: bool
) -> None:
    pc, parcels = Pc(city, roles=ROLES), city.deliveries.parcels
    made = pc.create(BIRTH.id, to_state="signed", after={"child_name": "An"})
    pc.push(made)
    (first,) = parcels.claim("hotich", 5)
    became(parcels, first)
    if edited:  # and nobody has carried that yet
        assert [r.status for r in pc.push(pc.edit(made, {"child_name": "An"}, {"child_name": "Ân"}))] == ["accepted"]
    voided = pc.edit(made, {}, {}, kind="void", to_state="void", reason="lập nhầm")
    assert [r.status for r in pc.push(voided)] == ["accepted"]
    clock.advance(hours=1)
    (told,) = parcels.claim("hotich", 5)
    message = message_of(told)
    assert (message["state"], message["fields"]["_void"]["reason"]) == ("void", "lập nhầm")
    assert told.key != first.key
    parcels.answer(told, ServiceAnswer(status="accepted", number="12"))
    assert parcels.claim("qlvb", 5) == [], "which never had it"
    states = {d.service: (d.status, d.number) for d in pc.pull_all("open").deliveries}
    assert states["hotich"] == ("accepted", "12")
    assert states["qlvb"] == ("waiting", None)
    assert "không gửi nữa" in next(d.message for d in pc.pull_all("open").deliveries if d.service == "qlvb")


@pytest.mark.parametrize("to_state", ["void", None])
def test_what_was_never_on_its_way_is_not_sent_as_void(city: City, clock: FixedClock, to_state: str | None) -> None:
    pc, parcels = Pc(city, roles=ROLES), city.deliveries.parcels
    made = pc.create(BIRTH.id, to_state="signed", after={"child_name": "An"})
    pc.push(made)
    assert [r.status for r in pc.push(pc.edit(made, {}, {}, kind="void", to_state=to_state, reason="lập nhầm"))] == [
        "accepted"
    ]
    assert city.deliveries.retry("hotich", made.record_id, refused=True) == 0
    clock.advance(hours=1)
    assert parcels.claim("hotich", 5) == []
    assert [d["stopped"] for d in deliveries(city.storage)] == [False, False]


def test_the_simulated_services_take_a_void_paper_and_number_nothing(clock: FixedClock) -> None:
    services, void = CityServices(clock, Memory(None), CATALOG), {"_void": {"reason": "lập nhầm"}}
    birth = {"service": "hotich", "type": BIRTH.id, "ward": "00070", "id": "r1", "fields": {"birth_cert_no": "GCS 1"}}
    number = services.answer("hotich", "r1:1:hotich", birth)["number"]
    told = services.answer("hotich", "r1:2:hotich", {**birth, "fields": {**birth["fields"], **void}})
    assert (told["status"], told["number"]) == ("accepted", number)
    never = services.answer("hotich", "r2:1:hotich", {**birth, "id": "r2", "fields": void})
    assert never["status"] == "accepted"
    assert "number" not in never

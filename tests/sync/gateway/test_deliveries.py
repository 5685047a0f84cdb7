"""Deliveries: real webhooks, played by the simulator, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.listing import deliveries
from sync.gateway.parcels import ServiceAnswer
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from sync.protocol import DeliveryState, RecordVersion
from tests.sync.gateway.pcs import Pc


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it did not come to hold")
        time.sleep(0.02)


def state_of(pc: Pc, scope: str, service: str) -> DeliveryState | None:
    return next((d for d in pc.pull_all(scope).deliveries if d.service == service), None)


def settled(pc: Pc, scope: str, service: str) -> DeliveryState:
    until(lambda: (d := state_of(pc, scope, service)) and d.status in ("accepted", "refused"))
    state = state_of(pc, scope, service)
    assert state is not None
    return state


def record_of(pc: Pc, scope: str) -> RecordVersion:
    (record,) = pc.pull_all(scope).records
    return record


def test_an_accepted_dossier_gets_its_code_from_the_city(gateway: GatewayServer, simulator: Simulator) -> None:
    pc = Pc(gateway.city)
    citizen = pc.create("residence.citizen", after={"full_name": "Vũ Thị Mơ"})
    made = pc.create("onestop.dossier", after={"applicant": "Mơ", "person_ref": citizen.record_id, "_temporary": "T1"})
    pc.push(citizen, made)
    assert not simulator.received  # a draft is nobody's business yet
    pc.push(pc.act(made, "accept", "accepted"))
    state = settled(pc, "onestop", "tthc_hanoi")
    record = record_of(pc, "onestop")
    assert state.status == "accepted"
    assert record.number == state.number == record.fields["dossier_code"]
    assert str(record.number).startswith("H26.00070-")
    assert (record.revision, record.origin) == (3, "tthc_hanoi")
    (_, key, message), *more = simulator.received
    assert key == f"{made.record_id}:2:tthc_hanoi"
    assert message["references"][citizen.record_id] == {"full_name": "Vũ Thị Mơ"}
    assert "_temporary" not in message["fields"]
    assert more == []  # the answer itself goes nowhere
    history = gateway.city.feed.history(pc.device, made.record_id)
    assert msgspec.msgpack.decode(history.changes[-1])["officer"]["id"] == "tthc_hanoi"
    (edit,) = pc.push(pc.edit(made, {}, {"subject": "x", "dossier_code": "của tôi"}))
    assert edit.status == "accepted"
    until(lambda: len(simulator.received) == 2)
    assert record_of(pc, "onestop").fields["dossier_code"] == record.number  # the owner's value stays


def test_a_refusal_names_the_field_and_the_next_revision_is_sent(gateway: GatewayServer, simulator: Simulator) -> None:
    pc = Pc(gateway.city)
    made = pc.create("civil_status.birth", after={"child_name": "Bé"}, to_state="signed")
    pc.push(made)
    refusal = settled(pc, "open", "hotich")
    assert refusal.status == "refused"
    assert refusal.problems[0].field == "birth_cert_no"
    assert settled(pc, "open", "qlvb").status == "accepted"  # one service's refusal is no other's
    pc.push(pc.edit(made, {}, {"birth_cert_no": "GCS-17"}))
    until(lambda: (d := state_of(pc, "open", "hotich")) and d.status == "accepted")
    fields = record_of(pc, "open").fields
    assert fields["reg_no"]
    assert fields["personal_id"]
    assert "book_no" not in fields  # not the service's to give in this catalogue


def test_a_service_that_is_down_is_tried_again_and_holds_up_no_other(
    gateway: GatewayServer, simulator: Simulator
) -> None:
    pc = Pc(gateway.city)
    simulator.out.add("hotich")
    pc.push(pc.create("civil_status.birth", after={"birth_cert_no": "1"}, to_state="signed"))
    assert settled(pc, "open", "qlvb").status == "accepted"
    until(lambda: (d := state_of(pc, "open", "hotich")) and d.message)
    waiting = state_of(pc, "open", "hotich")
    assert waiting is not None
    assert waiting.status == "waiting"
    simulator.out.clear()
    assert settled(pc, "open", "hotich").status == "accepted"


def test_a_line_that_is_cut_is_tried_again_after_a_restart(gateway: GatewayServer, simulator: Simulator) -> None:
    simulator.stop()
    pc = Pc(gateway.city)
    made = pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted")
    pc.push(made)
    until(lambda: (d := state_of(pc, "onestop", "tthc_hanoi")) and d.message)
    gateway.stop()
    simulator.start()
    gateway.start()
    pc.city = gateway.city
    assert settled(pc, "onestop", "tthc_hanoi").status == "accepted"
    (told,) = deliveries(gateway.city.storage)
    assert told["status"] == "accepted"
    assert told["attempts"] >= 2


def test_only_the_newest_revision_waits(city: City) -> None:
    pc = Pc(city)
    made = pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted")
    pc.push(made)
    pc.push(pc.edit(made, {"applicant": "A"}, {"applicant": "B"}))
    parcels = city.deliveries.parcels
    (parcel,) = parcels.claim("tthc_hanoi", 10)
    assert (parcel.revision, parcel.record.fields) == (2, {"applicant": "B"})
    assert parcels.claim("tthc_hanoi", 10) == []  # claimed is nobody else's
    pc.push(pc.edit(made, {"applicant": "B"}, {"applicant": "C"}))  # while it is on its way
    parcels.answer(parcel, ServiceAnswer(status="accepted", number="H26-1"))
    waiting = state_of(pc, "onestop", "tthc_hanoi")
    assert waiting is not None
    assert (waiting.status, waiting.revision, waiting.number) == ("waiting", 3, "H26-1")
    (newer,) = parcels.claim("tthc_hanoi", 10)
    assert (newer.record.number, newer.record.fields["applicant"]) == ("H26-1", "C")


def test_what_is_put_off_waits_longer_each_time(city: City) -> None:
    pc = Pc(city)
    pc.push(pc.create("onestop.dossier", to_state="accepted"))
    parcels = city.deliveries.parcels
    parcels.first_wait = 100.0
    (parcel,) = parcels.claim("tthc_hanoi", 10)
    waits = []
    for attempts in range(6):
        parcels.put_off(msgspec.structs.replace(parcel, attempts=attempts), "không có mạng")
        due = parcels.next_due("tthc_hanoi")
        assert due is not None
        waits.append(due)
    assert 74 < waits[0] < 126
    assert waits[0] < waits[2] < waits[4]
    assert max(waits) <= 900 * 1.25
    assert parcels.claim("tthc_hanoi", 10) == []


@pytest.mark.parametrize("answer", [{"fields": {"dossier_code": 7}}, {"fields": {"applicant": "khác", "x": 1}}, {}])
def test_a_service_writes_only_what_is_its_own(city: City, answer: dict[str, object]) -> None:
    pc = Pc(city)
    pc.push(pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted"))
    (parcel,) = city.deliveries.parcels.claim("tthc_hanoi", 10)
    city.deliveries.parcels.answer(parcel, ServiceAnswer(status="accepted", **answer))  # type: ignore[arg-type]
    record = record_of(pc, "onestop")
    assert (record.fields, record.revision) == ({"applicant": "A"}, 1)


def test_a_field_that_is_not_relevant_stays_here(gateway: GatewayServer, simulator: Simulator) -> None:
    pc = Pc(gateway.city)
    after = {"applicant": "A", "urgent_reason": "x", "fee": 1}
    pc.push(pc.create("onestop.dossier", after=after, to_state="accepted"))
    settled(pc, "onestop", "tthc_hanoi")
    ((_, _, message),) = simulator.received
    assert message["fields"] == {"applicant": "A", "fee": 1}
    assert record_of(pc, "onestop").fields["urgent_reason"] == "x"


def test_one_record_that_cannot_be_packed_holds_up_no_other(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = Pc(city)
    bad, good = (pc.create("onestop.dossier", to_state="accepted") for _ in range(2))
    pc.push(bad, good)
    parcels = city.deliveries.parcels
    sendable = parcels.packing.relevance.sendable

    def failing(record: RecordVersion, references):
        if record.id == bad.record_id:
            raise KeyError("the catalogue lost this type")
        return sendable(record, references)

    monkeypatch.setattr(parcels.packing.relevance, "sendable", failing)
    assert [p.record.id for p in parcels.claim("tthc_hanoi", 10)] == [good.record_id]


def test_the_services_go_on_numbering_where_an_earlier_run_ended(tmp_path: Path) -> None:
    memory = tmp_path / "services.ndjson"

    def message(record_id: str) -> dict[str, object]:
        return {"id": record_id, "type": "onestop.dossier", "ward": "00070", "fields": {}}

    def number(simulator: Simulator, key: str, record_id: str) -> object:
        status, answer = simulator.take("tthc_hanoi", key, message(record_id))
        assert status == 200
        return answer["number"]

    clock = FixedClock(datetime(2026, 11, 23, 2, tzinfo=UTC))
    first = Simulator(clock=clock, memory=memory)
    given = [number(first, f"k{n}", f"r{n}") for n in range(3)]
    with memory.open("ab") as file:
        file.write(b'{"key": "k9", "ans')  # killed while it wrote: it had not answered
    second = Simulator(clock=clock, memory=memory)
    assert number(second, "k1", "r1") == given[1]  # asked again: the same answer
    assert number(second, "k1-later", "r1") == given[1]  # a later revision keeps its number
    new = number(second, "k9", "r9")
    third = Simulator(clock=clock, memory=memory)
    assert number(third, "k9", "r9") == new
    everything = [*given, new, number(third, "k10", "r10")]
    assert len(set(everything)) == len(everything)
    assert number(Simulator(clock=clock), "k0", "r0") == given[0]  # without a memory each run is the first

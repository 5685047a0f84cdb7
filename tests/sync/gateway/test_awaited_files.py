"""A delivery waits for the record's files, says which, and goes on when they came. The record waits for nothing."""

from __future__ import annotations

from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from sync.protocol import Change
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.test_deliveries import settled, state_of, until
from tests.sync.gateway.test_uploads import Sender, sha

SCAN = b"%PDF-1.7 a scan"
SERVICE = "tthc_hanoi"


def dossier(pc: Pc, **more: object) -> Change:
    file = {"sha256": sha(SCAN), "name": "đơn.pdf", "size": len(SCAN), "media_type": "application/pdf"}
    made = pc.create("onestop.dossier", after={"applicant": "Mơ", "scan": file, **more})
    pc.push(made, pc.act(made, "accept", "accepted"))
    return made


def test_it_waits_says_why_and_goes_on(gateway: GatewayServer, simulator: Simulator) -> None:
    sender = Sender(gateway.city)
    made = dossier(sender.pc)
    (record,) = sender.pc.pull_all("onestop").records
    assert record.state == "accepted", "the record does not wait"
    until(lambda: (d := state_of(sender.pc, "onestop", SERVICE)) and "đơn.pdf" in d.message)
    state = state_of(sender.pc, "onestop", SERVICE)
    assert state is not None
    assert state.status == "waiting"
    assert not simulator.received
    other = sender.pc.create("onestop.dossier", after={"applicant": "Na"})
    sender.pc.push(other, sender.pc.act(other, "accept", "accepted"))
    until(lambda: len(simulator.received) == 1)  # it holds up no other
    sender.sends(SCAN)
    until(lambda: len(simulator.received) == 2)
    until(lambda: all(d.status == "accepted" for d in sender.pc.pull_all("onestop").deliveries))
    assert settled(sender.pc, "onestop", SERVICE).message == ""
    assert {key.partition(":")[0] for _, key, _ in simulator.received} == {made.record_id, other.record_id}


def test_waiting_on_makes_no_news(city: City) -> None:
    pc = Pc(city)
    dossier(pc)
    assert city.deliveries.parcels.claim(SERVICE, 10) == []
    head = city.feed.head("00070", "onestop")
    with city.storage.write() as session:
        session.run("UPDATE deliveries SET due_at = 0")
    assert city.deliveries.parcels.claim(SERVICE, 10) == []
    assert city.feed.head("00070", "onestop") == head


def test_a_file_that_is_there_already_is_not_waited_for(city: City) -> None:
    sender = Sender(city)
    sender.sends(SCAN)
    made = dossier(sender.pc)
    assert [p.record.id for p in city.deliveries.parcels.claim(SERVICE, 10)] == [made.record_id]

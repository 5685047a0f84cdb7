"""Couriers together: several processes on one database, one killed, a service that is down for hours, parcels that fail."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.commands import run
from sync.gateway.listing import deliveries, records
from sync.gateway.parcel import ServiceAnswer
from sync.gateway.parcel_retry import retry
from sync.gateway.parcels import ENOUGH
from sync.gateway.simulator import Simulator
from tests.sync.gateway.couriers_town import SERVICE, Played, clock, courier_of, made, town
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import state_of, until

__all__ = ["clock", "town"]  # fixtures


def head(pc: Pc) -> int:
    return pc.city.feed.head("00070", "onestop")


def test_a_service_that_is_down_for_hours_is_asked_seldom_however_much_waits(town: City, clock: FixedClock) -> None:
    pc, played = Pc(town), Played()
    made(pc, 30)
    played.down = True
    couriers = [courier_of(town, played) for _ in range(3)]  # as many processes
    for _ in range(8 * 3600 // 10):
        clock.advance(seconds=10)
        for courier in couriers:
            courier.round(played)
    assert len(played.asked) < 60
    assert len({record for record, _ in played.asked}) > 5  # it is not one record alone that is tried
    told = head(pc)
    clock.advance(hours=1)
    couriers[0].round(played)
    assert head(pc) - told <= 1  # that it is still down is no news for the PCs
    made(pc, 30)
    played.down = False
    for _ in range(200):
        clock.advance(seconds=10)
        for courier in couriers:
            courier.round(played)
    assert Counter(d["status"] for d in deliveries(town.storage)) == {"accepted": 60}


def test_a_parcel_that_fails_holds_up_no_other_and_ends_with_the_operator(
    town: City, clock: FixedClock, capsys
) -> None:
    pc, played = Pc(town), Played()
    bad, *others = made(pc, 10)
    played.bad.add(bad)
    courier = courier_of(town, played)
    while courier.round(played):
        pass
    assert Counter(d["status"] for d in deliveries(town.storage)) == {"accepted": 9, "waiting": 1}
    for _ in range(400):
        clock.advance(seconds=60)
        courier.round(played)
    assert [record for record, _ in played.asked].count(bad) == ENOUGH
    (told,) = [d for d in deliveries(town.storage) if d["stopped"]]
    assert told["record_id"] == bad
    state = next(d for d in pc.pull_all("onestop").deliveries if d.record_id == bad)
    assert state.status == "waiting"  # a word every PC knows
    assert "CNTT" in state.message
    played.bad.clear()
    clock.advance(days=1)
    assert not courier.round(played)
    assert retry(town.storage, clock, lambda _: None, SERVICE, bad) == 1
    courier.round(played)
    assert all(d["status"] == "accepted" and not d["stopped"] for d in deliveries(town.storage))
    assert len(others) == 9


def test_a_correction_of_a_stopped_record_is_sent_again_by_itself(town: City, clock: FixedClock) -> None:
    pc, played = Pc(town), Played()
    change = pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted")
    pc.push(change)
    played.bad.add(change.record_id)
    courier = courier_of(town, played)
    for _ in range(400):
        clock.advance(seconds=60)
        courier.round(played)
    before = len(played.asked)
    pc.push(pc.edit(change, {"applicant": "A"}, {"applicant": "B"}))
    courier.round(played)
    assert len(played.asked) == before + 1
    (told,) = deliveries(town.storage)
    assert (told["stopped"], told["revision"]) == (False, 2)  # the new one has all its tries before it
    played.bad.clear()
    clock.advance(minutes=30)
    courier.round(played)
    assert next(deliveries(town.storage))["status"] == "accepted"


def test_revisions_of_a_record_are_never_on_their_way_together(town: City, clock: FixedClock) -> None:
    pc = Pc(town)
    change = pc.create("onestop.dossier", after={"applicant": "0"}, to_state="accepted")
    pc.push(change)
    parcels = town.deliveries.parcels
    (first,) = parcels.claim(SERVICE, 10)
    pc.push(pc.edit(change, {"applicant": "0"}, {"applicant": "1"}))
    assert parcels.claim(SERVICE, 10) == []  # the older one is still out
    assert parcels.answer(first, ServiceAnswer(status="refused", message="no")) == set()
    assert (state_of(pc, "onestop", SERVICE) or first).status == "waiting"  # the newer one's
    (second,) = parcels.claim(SERVICE, 10)
    assert second.revision == 2


def test_what_a_dead_courier_held_is_another_s_after_a_while(town: City, clock: FixedClock) -> None:
    pc = Pc(town)
    made(pc, 5)
    parcels = town.deliveries.parcels
    lost = parcels.claim(SERVICE, 10)
    assert (len(lost), parcels.claim(SERVICE, 10)) == (5, [])
    clock.advance(seconds=parcels.hold - 1)
    assert parcels.prolong(lost[0])
    clock.advance(seconds=2)
    others = parcels.claim(SERVICE, 10)
    assert {p.record.id for p in others} == {p.record.id for p in lost[1:]}
    assert not parcels.prolong(lost[1])
    parcels.answer(lost[1], ServiceAnswer(status="accepted"))  # it was only slow
    clock.advance(seconds=1)
    assert not [p for p in parcels.claim(SERVICE, 10) if p.record.id in {q.record.id for q in others}]


def test_an_answer_that_comes_later_is_asked_for_without_news_each_time(town: City, clock: FixedClock) -> None:
    pc, played = Pc(town), Played()
    made(pc, 1)
    played.pending = 6
    courier = courier_of(town, played)
    courier.round(played)
    state = state_of(pc, "onestop", SERVICE)
    assert state is not None
    assert (state.status, state.message) == ("sent", "đang xử lý")
    told = head(pc)
    for _ in range(5):
        clock.advance(seconds=1000)
        courier.round(played)
    assert head(pc) == told
    clock.advance(seconds=1000)
    courier.round(played)
    assert (state_of(pc, "onestop", SERVICE) or state).status == "accepted"


def test_a_refused_one_is_sent_anew_under_another_key(town: City, clock: FixedClock, storage_url: str, capsys) -> None:
    pc = Pc(town)
    (record_id,) = made(pc, 1)
    parcels = town.deliveries.parcels
    (parcel,) = parcels.claim(SERVICE, 1)
    parcels.answer(parcel, ServiceAnswer(status="refused", message="sai"))
    database = ["--database", storage_url]
    assert run(["retry", *database, "--service", SERVICE]) == 0  # the refused are left, unless one says so
    assert run(["retry", *database, "--service", SERVICE, "--record", record_id, "--refused", "--json"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == '{"retried":1}'
    clock.advance(days=3650)  # the verb has a clock of its own
    (again,) = parcels.claim(SERVICE, 1)
    assert again.key == f"{parcel.key}:1"
    assert (state_of(pc, "onestop", SERVICE) or parcel).status == "waiting"
    assert run(["retry", *database, "--service", "khong_co"]) == 1
    assert run(["services", *database]) == 0
    told = [msgspec.json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert told[0]["counts"] == {"waiting": 1}


@pytest.mark.postgres
def test_two_processes_carry_a_thousand_parcels_though_one_is_killed(postgres_url: str, tmp_path: Path) -> None:
    count = 1000
    with Simulator(catalog=load_catalog()) as simulator:
        city = City(postgres_url, CATALOG)
        try:
            pc = Pc(city)
            made(pc, count)
            workers = [_deliver(postgres_url, simulator, tmp_path / f"{n}.log") for n in range(2)]
            try:
                until(lambda: len(simulator.received) > 150 + random.Random(7).randrange(200), 60)
                workers[0].send_signal(signal.SIGKILL)
                until(lambda: _accepted(city) == count, 90)
            finally:
                for worker in workers:
                    worker.terminate()
                    worker.wait(20)
            assert workers[1].returncode == 0
            held = list(records(city.storage))
        finally:
            city.close()
        keys = Counter(key for _, key, _ in simulator.received)
    assert len(keys) == count  # every one, and under one key
    assert sum(keys.values()) - count <= 1  # what the killed one had in its hands
    numbers = {record["number"] for record in held}
    assert (len(held), len(numbers)) == (count, count)
    assert None not in numbers


def _deliver(url: str, simulator: Simulator, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sync.gateway", "deliver", "--database", url, "--hold", "3"]
    with log.open("wb") as out:
        return subprocess.Popen(
            [*command, "--service", f"{SERVICE}={simulator.urls[SERVICE]}"], stdout=out, stderr=out, env={**os.environ}
        )


def _accepted(city: City) -> int:
    with city.storage.read() as session:
        row = session.one("SELECT count(*) FROM deliveries WHERE status = 'accepted'")
    return int(row[0]) if row else 0


def test_a_courier_that_ends_before_its_try_leaves_it_to_the_next(town: City, clock: FixedClock) -> None:
    pc, played = Pc(town), Played()
    made(pc, 2)
    played.down = True
    first = courier_of(town, played)
    first.round(played)
    asked = len(played.asked)
    played.down = False
    clock.advance(hours=1)
    first.end()
    first.round(played)
    assert len(played.asked) == asked
    while courier_of(town, played).round(played):
        pass
    assert Counter(d["status"] for d in deliveries(town.storage)) == {"accepted": 2}


def test_a_service_that_answers_one_parcel_with_an_error_is_up_for_the_others(town: City, clock: FixedClock) -> None:
    pc, played = Pc(town), Played()
    bad, *_ = made(pc, 8)
    played.down = True
    courier = courier_of(town, played)
    courier.round(played)
    played.down, played.bad = False, {bad}
    clock.advance(hours=1)
    rounds = 0
    while courier.round(played):
        rounds += 1
    assert rounds <= 3
    assert Counter(d["status"] for d in deliveries(town.storage)) == {"accepted": 7, "waiting": 1}


def test_two_couriers_of_two_processes_never_hold_the_same(town: City, clock: FixedClock) -> None:
    pc = Pc(town)
    ids = set(made(pc, 50))
    wards = Pc(town, "00004")
    more = [wards.create("onestop.dossier", ward="00004", to_state="accepted") for _ in range(7)]
    wards.push(*more)
    parcels = town.deliveries.parcels
    claims = [parcels.claim(SERVICE, 20) for _ in range(4)]
    held = [parcel.record.id for claim in claims for parcel in claim]
    assert [len(claim) for claim in claims] == [20, 20, 17, 0]
    assert len(held) == len(set(held))
    assert set(held) == ids | {change.record_id for change in more}


def test_an_address_that_cannot_be_is_told_in_one_line(tmp_path: Path, capsys) -> None:
    url = f"sqlite:///{tmp_path}/city.db"
    City(url, CATALOG).close()
    wrong = ["qlvb=ftp://x", "qlvb", "=http://x", "qlvb=https://x#kye=1", "khong_co=https://x"]
    for address in wrong:
        assert run(["deliver", "--database", url, "--service", address]) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert "Traceback" not in told
    assert run(["deliver", "--database", f"sqlite:///{tmp_path}/none.db"]) == 1  # makes no second city
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("late", ["put off", "taken"])
def test_a_courier_that_slept_does_not_undo_the_answer_another_got(town: City, clock: FixedClock, late: str) -> None:
    """Its machine was suspended in the middle of a try, or its clock is behind; meanwhile the hold ended."""
    pc = Pc(town)
    made(pc, 1)
    parcels = town.deliveries.parcels
    (asleep,) = parcels.claim(SERVICE, 10)
    clock.advance(seconds=parcels.hold + 1)
    (other,) = parcels.claim(SERVICE, 10)
    parcels.answer(other, ServiceAnswer(status="accepted", number="H26-1"))
    told = head(pc)
    if late == "taken":
        parcels.taken(asleep, "đang xử lý")
    else:
        parcels.put_off(asleep, "Chưa nối được.", fault=True)
    state = state_of(pc, "onestop", SERVICE)
    assert state is not None
    assert (state.status, state.number) == ("accepted", "H26-1")
    assert head(pc) == told
    clock.advance(minutes=60)
    assert parcels.claim(SERVICE, 10) == []


def test_a_courier_that_was_only_slow_is_heard(town: City, clock: FixedClock) -> None:
    """Nobody else had it: what it says is the latest there is."""
    pc = Pc(town)
    made(pc, 1)
    parcels = town.deliveries.parcels
    (slow,) = parcels.claim(SERVICE, 10)
    clock.advance(seconds=parcels.hold + 1)
    parcels.put_off(slow, "Chưa nối được.")
    assert (state_of(pc, "onestop", SERVICE) or slow).message == "Chưa nối được."

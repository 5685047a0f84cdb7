"""A ward whose register somebody holds: its own PCs wait, or come back; nobody else notices."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import requests
from msgspec import msgpack

from sync.gateway import crowd
from sync.gateway.access import Device
from sync.gateway.city import City
from sync.gateway.crowd import Crowd
from sync.gateway.face import Face
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.gateway.storage import StorageError
from sync.gateway.storage.turns import Turns
from sync.http import HttpTransport, enrol
from sync.protocol import PushRequest
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc, change
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_processes import eventually

CITIZEN = "residence.citizen"


@pytest.mark.postgres
def test_a_ward_that_is_held_up_holds_up_no_other(postgres_url: str) -> None:
    """An operator takes a large file in; its twenty PCs wanted all connections and threads of the process meanwhile."""
    with GatewayServer(postgres_url, catalog=CATALOG) as server:
        mine, theirs = (
            enrol(server.url, server.enrolment_code(ward, name), "PC")
            for ward, name in ((WARD, "An"), (OTHER_WARD, "Bo"))
        )
        headers = {"Authorization": f"Bearer {mine.token}", "Content-Type": "application/msgpack"}
        other = HttpTransport(server.url, theirs.token)
        told: list[int] = []

        def push() -> None:
            body = msgpack.encode({"changes": [change(CITIZEN, mine.officer, after={"full_name": "An"})]})
            told.append(requests.post(f"{server.url}/v1/push", body, headers=headers, timeout=60).status_code)

        push()  # there is something to hold now
        with psycopg.connect(postgres_url) as operator:
            operator.execute("SELECT head FROM streams WHERE ward = %s AND scope = 'people' FOR UPDATE", (WARD,))
            waiting = [threading.Thread(target=push) for _ in range(crowd.MOST + 30)]
            for each in waiting:
                each.start()
            assert eventually(lambda: Counter(told)[503] == 30)
            assert server.city.storage.pool.in_use == 1  # one waits in the database, the others for it
            assert other.hello().device == theirs.device
            made = change(CITIZEN, theirs.officer, ward=OTHER_WARD, after={"full_name": "Bo"})
            assert other.push(PushRequest((made,))).results[0].status == "accepted"
            assert sum(each.is_alive() for each in waiting) == crowd.MOST
            operator.rollback()
        for each in waiting:
            each.join(timeout=60)
        assert Counter(told) == {200: 1 + crowd.MOST, 503: 30}
        other.close()


def test_a_crowd_is_counted_by_ward_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MOST", 2)
    crowd_here = Crowd()
    with crowd_here.among(["a"]), crowd_here.among(["a", "a", "b"]):
        with pytest.raises(RefusedError) as refused, crowd_here.among(["c", "a"]):
            pass
        assert (refused.value.status, refused.value.code) == (503, "busy")
        with crowd_here.among(["b", "c"]):
            pass
    with crowd_here.among(["a"]), crowd_here.among(["a"]):
        pass
    assert not crowd_here._inside


def test_who_may_not_write_in_a_ward_keeps_nobody_out_of_it(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """One PC that named all wards in its changes had all wards told to come back later."""
    monkeypatch.setattr(crowd, "MOST", 1)
    face, stranger, own = Face(city), Pc(city), Pc(city, OTHER_WARD)
    book = {"ward": OTHER_WARD, "register": "x/book", "period": "2026"}
    inside: list[int] = []

    def said(path: str, pc: Pc, body: Any) -> int:
        headers = {"authorization": f"Bearer {pc.answer.token}", "content-type": "application/msgpack"}
        return face.serve("POST", path, headers, msgpack.encode(body)).status

    def meanwhile(work: Callable[..., Any]) -> Callable[..., Any]:
        """The ward's own PC comes while the stranger's request is looked at."""

        def done(device: Device, *given: Any) -> Any:
            if device.id == stranger.device.id:
                made = change(CITIZEN, own.officer, ward=OTHER_WARD)
                inside.append(said("/v1/push", own, {"changes": [made]}))
            return work(device, *given)

        return done

    monkeypatch.setattr(city.intake, "take", meanwhile(city.intake.take))
    monkeypatch.setattr(city.leases, "lease", meanwhile(city.leases.lease))
    changes = [change(CITIZEN, stranger.officer, ward=ward) for ward in (WARD, OTHER_WARD)]
    assert said("/v1/push", stranger, {"changes": changes}) == 200
    said("/v1/lease", stranger, book)
    assert inside == [200, 200]


def test_whoever_waits_too_long_for_his_turn_is_told() -> None:
    turns = Turns(patience=0.05)
    first, second = ("00070", "open"), ("00070", "people")
    with turns.of([second]):
        with turns.of([first]):
            pass
        with pytest.raises(StorageError, match="00070/people"), turns.of([first, second]):
            pass
        with turns.of([first]):  # what was held on the way was given back
            pass
    with turns.of([second, first]):
        pass
    assert not turns._turns

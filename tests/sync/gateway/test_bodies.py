"""Bodies that come slowly, or from strangers: the memory of a process is not theirs to fill."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sync.gateway import bodies
from sync.gateway.bodies import Bodies, Incoming
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.gateway.wire import LARGEST_BODY, LARGEST_QUESTION
from sync.http import HttpTransport, enrol
from tests.sync.gateway.pcs import WARD
from tests.sync.gateway.small_catalog import CATALOG

MSGPACK = {"Content-Type": "application/msgpack", "Accept": "application/json"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as server:
        yield server


async def known(authorization: str) -> None:
    if authorization != "Bearer good":
        raise RefusedError(401, "unknown_device", "Lạ", "Unknown")


class Line:
    """What comes in pieces; ``most``: the most that the process kept meanwhile."""

    def __init__(self, place: Bodies, pieces: list[bytes]) -> None:
        self.place, self.pieces, self.most = place, pieces, 0

    async def __call__(self) -> dict[str, object]:
        self.most = max(self.most, self.place.kept)
        return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}


def read(place: Bodies, authorization: str, size: int, piece: int = 100_000) -> tuple[object, Line, Incoming]:
    line = Line(place, [b"x" * min(piece, size - at) for at in range(0, size, piece)])
    incoming = Incoming(place, authorization)
    return asyncio.run(incoming.read(line)), line, incoming


@pytest.mark.parametrize(("authorization", "status"), [("", 413), ("Bearer bad", 401)])
def test_of_a_stranger_no_more_is_kept_than_a_question_needs(authorization: str, status: int) -> None:
    place = Bodies(known)
    body, _, incoming = read(place, authorization, LARGEST_QUESTION)
    assert body == b"x" * LARGEST_QUESTION
    incoming.close()
    why, line, incoming = read(place, authorization, LARGEST_BODY)
    assert isinstance(why, RefusedError)
    assert why.status == status
    assert line.most <= LARGEST_QUESTION
    assert not line.pieces  # it was read to its end, so that the answer is seen
    incoming.close()
    assert place.kept == 0


def test_what_a_device_sends_is_kept_until_it_was_worked_on() -> None:
    place = Bodies(known)
    body, _, incoming = read(place, "Bearer good", LARGEST_BODY)
    assert body == b"x" * LARGEST_BODY
    assert place.kept == LARGEST_BODY
    incoming.close()
    assert place.kept == 0
    body, line, incoming = read(place, "Bearer good", 3 * LARGEST_BODY)
    assert isinstance(body, bytes) and len(body) == LARGEST_BODY + 1  # enough to see that it is too large
    assert line.most <= LARGEST_BODY + 100_000
    incoming.close()


def test_all_together_have_so_much_room_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_TOGETHER", 1_000_000)
    place = Bodies(known)
    first, _, one = read(place, "Bearer good", 900_000)
    why, _, two = read(place, "Bearer good", 900_000)
    assert isinstance(first, bytes)
    assert isinstance(why, RefusedError)
    assert (why.status, why.code, why.retry_after > 0) == (503, "busy", True)
    one.close()
    again, _, three = read(place, "Bearer good", 900_000)
    assert isinstance(again, bytes)
    two.close(), three.close()
    assert place.kept == 0


def test_who_is_no_device_hears_so_after_a_large_body(server: GatewayServer) -> None:
    body = b"\xc0" * (LARGEST_BODY + 10)
    for headers, status in (({}, 413), ({"Authorization": "Bearer nobody"}, 401)):
        answer = requests.post(f"{server.url}/v1/push", body, headers={**MSGPACK, **headers}, timeout=30)
        assert answer.status_code == status
    token = enrol(server.url, server.enrolment_code(WARD, "An"), "PC").token
    mine = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{server.url}/v1/push", body, headers={**MSGPACK, **mine}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = requests.post(f"{server.url}/v1/push", body[:LARGEST_BODY], headers={**MSGPACK, **mine}, timeout=30)
    assert answer.status_code == 400  # it was kept, and read
    line = HttpTransport(server.url, token)
    assert line.hello().device == "Q1"
    line.close()

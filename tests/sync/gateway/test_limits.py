"""Who asks too much is told when to come back, and nobody else notices."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from sync.gateway.app import network_of
from sync.gateway.enrolment import GuessLimit
from sync.gateway.limits import Limit, Limits, Rate
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import SyncError
from tests.sync.gateway.pcs import WARD
from tests.sync.gateway.small_catalog import CATALOG

AWAY = 3600.0  # seconds; no test lasts as long
SLOW = 1 / AWAY  # a second: what was spent does not come back during a test


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills() -> None:
    time = Time()
    limit = Limit(Rate(2.0, 5), "too_fast", time)
    for _ in range(5):
        limit.take("Q1")
    with pytest.raises(RefusedError) as refused:
        limit.take("Q1")
    assert (refused.value.status, refused.value.retry_after) == (429, 1)
    limit.take("Q2")
    time.now += 0.5
    limit.take("Q1")  # one came back
    with pytest.raises(RefusedError):
        limit.take("Q1")
    time.now += AWAY
    for _ in range(5):
        limit.take("Q1")  # no more than at once, however long the pause
    with pytest.raises(RefusedError):
        limit.take("Q1")


def test_who_is_refused_is_not_kept_out_the_longer_for_asking() -> None:
    time = Time()
    limit = Limit(Rate(1.0, 2), "too_fast", time)
    limit.take("Q1")
    limit.take("Q1")
    for _ in range(100):
        with pytest.raises(RefusedError):
            limit.take("Q1")
    time.now += 1.0
    limit.take("Q1")


@pytest.mark.parametrize(
    ("caller", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),  # of a socket that takes both
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a:b", "a:b"),
    ],
)
def test_who_has_a_network_of_addresses_is_one_caller(caller: str, counted_as: str) -> None:
    assert network_of(caller) == counted_as


def test_who_guesses_from_many_places_is_not_kept_for_ever() -> None:
    time = Time()
    guesses = GuessLimit(2, 600.0, time, callers=100)
    for caller in range(1000):
        time.now += 0.1
        guesses.wrong(f"10.0.0.{caller}")
        guesses.check(f"10.0.0.{caller}")
    assert len(guesses._wrong) == 100
    guesses.wrong("10.0.0.950")
    with pytest.raises(RefusedError) as refused:
        guesses.check("10.0.0.950")
    assert 590 < refused.value.retry_after <= 601
    guesses.check("10.0.0.949")
    time.now += 601
    guesses.check("10.0.0.950")
    assert len(guesses._wrong) == 0


def test_without_a_rate_there_is_no_limit() -> None:
    limit = Limit(Rate(0.0, 0), "too_fast", Time())
    for _ in range(1000):
        limit.take("Q1")


def gateway(folder: Path, limits: Limits) -> GatewayServer:
    return GatewayServer(f"sqlite:///{folder}/city.db", catalog=CATALOG, limits=limits)


def line_of(server: GatewayServer, officer: str) -> HttpTransport:
    return HttpTransport(server.url, enrol(server.url, server.enrolment_code(WARD, officer), "PC").token)


def test_one_device_that_asks_too_much_holds_up_no_other(tmp_path: Path) -> None:
    with gateway(tmp_path, Limits.of(device=Rate(SLOW, 3))) as server:
        first, second = line_of(server, "An"), line_of(server, "Bình")
        for _ in range(3):
            first.hello()
        with pytest.raises(SyncError) as refused:
            first.hello()
        assert (refused.value.code, refused.value.retry) == ("device_too_fast", True)
        assert refused.value.wait > 0  # Retry-After
        assert second.hello().device == "Q2"
        first.close()
        second.close()


def test_an_address_that_asks_too_much_waits(tmp_path: Path) -> None:
    with gateway(tmp_path, Limits.of(address=Rate(SLOW, 4))) as server:
        statuses = [requests.get(f"{server.url}/openapi.json", timeout=30).status_code for _ in range(6)]
        assert statuses == [200] * 4 + [429] * 2
        assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200  # the operator still sees it


def test_tokens_cannot_be_tried_one_after_the_other(tmp_path: Path) -> None:
    with gateway(tmp_path, Limits.of(stranger=Rate(SLOW, 3))) as server:
        line = line_of(server, "An")
        answers = [
            requests.get(f"{server.url}/v1/hello", headers={"Authorization": f"Bearer x{n}"}, timeout=30)
            for n in range(5)
        ]
        assert [a.status_code for a in answers] == [401] * 3 + [429] * 2
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert line.hello().device == "Q1"  # a PC behind the same address goes on
        line.close()

"""What Prometheus reads: right numbers, of all processes, and nothing of any person."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import requests

from sync.gateway.city import City
from sync.gateway.counters import Counters
from sync.gateway.listing import deliveries
from sync.gateway.metrics import ROUTES, CityNumbers, Metrics, new_counters, route_of
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import PushRequest
from tests.sync.gateway.pcs import WARD, Pc, change
from tests.sync.gateway.small_catalog import CATALOG

_SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+|\+Inf)')


def read(page: str) -> dict[tuple[str, str], float]:
    """(name, labels as written) → value. Every line must be of the text format."""
    found = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            match = _SAMPLE.fullmatch(line)
            assert match is not None, line
            found[match[1], match[2] or ""] = float(match[3])
    return found


def test_what_was_done_is_counted(gateway: GatewayServer) -> None:
    answer = enrol(gateway.url, gateway.enrolment_code(WARD, "Trịnh Thị Riêng"), "PC quầy 1")
    line = HttpTransport(gateway.url, answer.token)
    made = [change("residence.citizen", answer.officer, after={"full_name": "Bí Mật"}) for _ in range(3)]
    line.push(PushRequest(tuple(made)))
    line.push(PushRequest(tuple(made)))
    requests.get(f"{gateway.url}/v1/hello", timeout=30)
    requests.get(f"{gateway.url}/no/such/{answer.token}", timeout=30)
    got = requests.get(f"{gateway.url}/metrics", timeout=30)
    assert got.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    page = read(got.text)
    assert page["sophuong_changes_total", 'result="accepted"'] == 3
    assert page["sophuong_changes_total", 'result="duplicate"'] == 3
    assert page["sophuong_requests_total", 'route="/v1/push",status="2xx"'] == 2
    assert page["sophuong_requests_total", 'route="/v1/hello",status="4xx"'] == 1
    assert page["sophuong_requests_total", 'route="other",status="4xx"'] == 1
    assert page["sophuong_request_seconds_bucket", 'route="/v1/push",le="+Inf"'] == 2
    assert page["sophuong_request_seconds_count", 'route="/v1/push"'] == 2
    assert page["sophuong_stream_positions", 'scope="people"'] == 3
    assert page["sophuong_devices", ""] == 1
    assert page["sophuong_pool_size", ""] > 0
    for told in ("Bí Mật", "Trịnh", "PC quầy", answer.token, made[0].record_id, answer.device):
        assert told not in got.text
    line.close()


def test_heads_of_single_streams_only_when_asked_for(gateway: GatewayServer) -> None:
    answer = enrol(gateway.url, gateway.enrolment_code(WARD, "An"), "PC")
    line = HttpTransport(gateway.url, answer.token)
    line.push(PushRequest((change("residence.citizen", answer.officer, after={"full_name": "An"}),)))
    line.close()
    assert WARD not in requests.get(f"{gateway.url}/metrics", timeout=30).text
    page = read(requests.get(f"{gateway.url}/metrics?heads", timeout=30).text)
    assert page["sophuong_stream_head", f'ward="{WARD}",scope="people"'] == 1


def test_who_comes_from_outside_reads_no_metrics(gateway: GatewayServer) -> None:
    outside = {"X-Forwarded-For": "8.8.8.8"}  # a proxy on this machine says so
    assert requests.get(f"{gateway.url}/metrics", headers=outside, timeout=30).status_code == 404


def test_the_counters_of_several_processes_are_one(tmp_path: Path) -> None:
    shared = new_counters(2)
    Metrics(shared).answered("/v1/sync", 200, 0.02, 10, 20)
    other = Counters.__new__(Counters)
    other.__dict__.update(shared.__dict__)  # as after a fork: the same memory
    other.be(1)
    Metrics(other).answered("/v1/sync", 200, 0.02, 10, 20)
    assert shared.total(("sophuong_requests_total", "/v1/sync", "2xx")) == 2
    assert other.total(("sophuong_asked_bytes_total", "/v1/sync")) == 20


def test_a_route_tells_nothing_of_what_was_asked_for() -> None:
    asked = ["/v1/records/abc/history", "/v1/packs/00?x=1", "/v1/files/00070/open/f", "/v1/x", "/", "/metricsx", "*"]
    assert [route_of(path) for path in asked] == [
        *("/v1/records", "/v1/packs", "/v1/files", "other", "other", "other", "other")
    ]
    assert {route_of(path) for path in ROUTES} == set(ROUTES)


def test_what_an_operator_has_to_decide_is_counted(storage_url: str) -> None:
    with closing(City(storage_url, CATALOG)) as city:
        city.set_services({"tthc_hanoi": "http://127.0.0.1:1/"})
        pc = Pc(city)
        pc.push(*(pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted") for _ in range(3)))
        parcel, down, _ = city.deliveries.parcels.claim("tthc_hanoi", 3)
        city.deliveries.parcels.service_down(down, "không nối được")
        with city.storage.write() as session:
            session.run("UPDATE deliveries SET status = 'stopped' WHERE record_id = ?", parcel.record.id)
        assert [each["record_id"] for each in deliveries(city.storage, stopped=True)] == [parcel.record.id]
        assert len(list(deliveries(city.storage))) == 3
        page = read("\n".join(CityNumbers(city.storage, "1").lines()))
    assert page["sophuong_deliveries", 'service="tthc_hanoi",status="stopped"'] == 1
    assert page["sophuong_deliveries", 'service="tthc_hanoi",status="waiting"'] == 2
    assert page["sophuong_service_failures", 'service="tthc_hanoi"'] == 1

"""The gateway over real HTTP: what the PC's own line sees, and what the hostile get."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import msgspec
import pytest
import requests
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.marks import streams_mark
from sync.protocol import (
    Hello,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushRequest,
    Refusal,
    SyncError,
    SyncRequest,
)
from tests.sync.gateway.pcs import OTHER_WARD, WARD, change
from tests.sync.gateway.small_catalog import CATALOG

JSON = {"Content-Type": "application/json"}
MSGPACK = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}


class Line:
    """An enrolled device with its HTTP line, and the token for calls by hand."""

    def __init__(self, gateway: GatewayServer, ward: str = WARD) -> None:
        self.url = gateway.url
        self.answer = enrol(gateway.url, gateway.enrolment_code(ward, "An"), "PC quầy 1")
        self.http = HttpTransport(gateway.url, self.answer.token)
        self.auth = {"Authorization": f"Bearer {self.answer.token}"}
        self.officer = self.answer.officer


@pytest.fixture
def line(gateway: GatewayServer) -> Iterator[Line]:
    line = Line(gateway)
    yield line
    line.http.close()


def test_a_whole_round(gateway: GatewayServer, line: Line) -> None:
    hello = line.http.hello()
    assert hello.device == line.answer.device == "Q1"
    assert hello.ward_names == {WARD: "Phường Hoàn Kiếm"}
    assert hello.officers[0].name == "An"
    assert (hello.pack, hello.epoch) == (CATALOG.version, line.answer.epoch)
    made = [
        change("residence.citizen", line.officer, after={"full_name": f"Người {n}"}, device=hello.device)
        for n in range(300)
    ]
    answer = line.http.push(PushRequest(tuple(made)))
    assert [r.change_id for r in answer.results] == [c.change_id for c in made]
    page = line.http.pull(PullRequest(ward=WARD, scope="people", limit=1000))
    assert {r.id: r.fields for r in page.records} == {c.record_id: c.after for c in made}
    assert page.digest
    history = line.http.history(made[0].record_id)
    assert history.changes == (made[0],)


def test_json_says_the_same_as_messagepack(gateway: GatewayServer, line: Line) -> None:
    made = change("residence.citizen", line.officer, after={"full_name": "Đặng Thị Ơn"})
    body = msgspec.json.encode(PushRequest((made,)))
    pushed = requests.post(f"{gateway.url}/v1/push", body, headers={**JSON, **line.auth}, timeout=30)
    assert pushed.json()["results"][0]["status"] == "accepted"
    asked = msgspec.json.encode(PullRequest(ward=WARD, scope="people"))
    pulled = requests.post(f"{gateway.url}/v1/pull", asked, headers={**JSON, **line.auth}, timeout=30)
    in_json = msgspec.json.decode(pulled.content, type=PullAnswer)
    assert in_json == line.http.pull(PullRequest(ward=WARD, scope="people"))
    assert line.http.push(PushRequest((made,))).results[0].duplicate  # the same content in the other form
    history = requests.get(f"{gateway.url}/v1/records/{made.record_id}/history", headers=line.auth, timeout=30)
    assert history.json()["changes"][0]["after"] == {"full_name": "Đặng Thị Ơn"}


def test_a_change_that_cannot_be_read_spoils_no_other(gateway: GatewayServer, line: Line) -> None:
    good = msgspec.to_builtins(change("residence.citizen", line.officer, after={"full_name": "A"}))
    bad = {"change_id": "0190-bad", "kind": "explode"}
    body = msgspec.msgpack.encode({"changes": [bad, good]})
    answer = requests.post(f"{gateway.url}/v1/push", body, headers={**MSGPACK, **line.auth}, timeout=30)
    results = msgspec.msgpack.decode(answer.content)["results"]
    assert [(r["change_id"], r["status"]) for r in results] == [
        ("0190-bad", "refused"),
        (good["change_id"], "accepted"),
    ]


def test_a_held_pull_answers_when_news_comes(gateway: GatewayServer, line: Line) -> None:
    other = Line(gateway)
    got: list[PullAnswer] = []
    waiting = threading.Thread(
        target=lambda: got.append(line.http.pull(PullRequest(ward=WARD, scope="people", wait=30)))
    )
    waiting.start()
    time.sleep(0.2)
    assert not got
    other.http.push(PushRequest((change("residence.citizen", other.officer, after={"full_name": "A"}),)))
    waiting.join(60)
    assert len(got[0].records) == 1
    other.http.close()


def test_a_held_pull_does_not_hold_up_the_end(gateway: GatewayServer, line: Line) -> None:
    got: list[object] = []

    def wait() -> None:
        try:
            got.append(line.http.pull(PullRequest(ward=WARD, scope="people", wait=60)))
        except SyncError as error:
            got.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.2)
    gateway.stop()
    waiting.join(60)
    assert isinstance(got[0], PullAnswer)


def test_stopped_and_started_again_it_is_the_same_city(gateway: GatewayServer, line: Line) -> None:
    made = change("residence.citizen", line.officer, after={"full_name": "A"})
    line.http.push(PushRequest((made,)))
    url = gateway.url
    gateway.stop()
    with pytest.raises(SyncError) as cut:
        line.http.hello()
    assert cut.value.retry
    gateway.start()
    assert gateway.url == url
    hello = line.http.hello()
    assert isinstance(hello, Hello)
    assert hello.epoch == line.answer.epoch
    assert line.http.push(PushRequest((made,))).results[0].duplicate


def test_a_restored_city_begins_a_new_epoch(gateway: GatewayServer, line: Line) -> None:
    before = line.http.hello().epoch
    gateway.city.restored()
    assert line.http.hello().epoch != before
    assert line.http.push(PushRequest(())).epoch != before


def test_a_code_works_once_and_joins_officers(gateway: GatewayServer, line: Line) -> None:
    code = gateway.enrolment_code([WARD, OTHER_WARD], "Bình", ["chair"])
    joined = enrol(gateway.url, code.lower().replace("-", " "), "PC quầy 1", token=line.answer.token)
    assert (joined.token, joined.device) == (line.answer.token, line.answer.device)
    assert set(joined.wards) == {WARD, OTHER_WARD}
    hello = line.http.hello()
    assert {o.name: o.roles for o in hello.officers}["Bình"] == ("chair",)
    assert (OTHER_WARD, "open") in hello.streams
    with pytest.raises(SyncError) as used:
        enrol(gateway.url, code, "PC khác")
    assert used.value.code == "bad_code"
    assert Line(gateway, OTHER_WARD).answer.device == "Q2"


def test_codes_cannot_be_guessed(gateway: GatewayServer) -> None:
    codes = []
    for n in range(12):
        with pytest.raises(SyncError) as wrong:
            enrol(gateway.url, f"AAAA-AA{n:02d}", "x")
        codes.append(wrong.value.code)
    assert codes[0] == "bad_code"
    assert codes[-1] == "too_many_guesses"


def test_a_lease_over_the_line(gateway: GatewayServer, line: Line) -> None:
    other = Line(gateway)
    asked = LeaseRequest(WARD, "certification.cert_copy/book", "2026")
    lease = line.http.lease(asked)
    assert (lease.next, lease.device) == (1, "Q1")
    with pytest.raises(SyncError) as held:
        other.http.lease(asked)
    assert held.value.code == "lease_held"
    assert "Q1" in str(held.value)
    assert line.http.hello().leases[0].next == 1
    other.http.close()


def test_refusals_speak_the_language_asked_for(gateway: GatewayServer) -> None:
    english = requests.get(f"{gateway.url}/v1/hello", headers={"Accept-Language": "en-GB"}, timeout=30)
    plain = requests.get(f"{gateway.url}/v1/hello", timeout=30)
    assert english.status_code == plain.status_code == 401
    assert "not enrolled" in english.json()["message"]
    assert "chưa đăng ký" in plain.json()["message"]


@pytest.mark.parametrize(
    ("call", "headers", "body", "status"),
    [
        (("GET", "/"), {}, b"", 404),
        (("GET", "/v1/push"), {}, b"", 405),
        (("DELETE", "/v1/hello"), {}, b"", 405),
        (("PUT", "/v1/records/x/history"), {}, b"", 405),
        (("GET", "/v1/records/../../etc/passwd/history"), {}, b"", 404),
        (("GET", "/v1/records/%00/history"), {}, b"", 400),
        (("GET", "/v1/records/" + "x" * 400 + "/history"), {}, b"", 400),
        (("POST", "/v1/push"), JSON, b"{", 400),
        (("POST", "/v1/push"), JSON, b"", 400),
        (("POST", "/v1/push"), JSON, b'{"changes": 7}', 400),
        (("POST", "/v1/push"), JSON, b'{"changes": [{}]}', 400),
        (("POST", "/v1/push"), JSON, b'{"changes": [' + b"[" * 50_000, 400),
        (("POST", "/v1/push"), JSON, b'{"changes": [{"change_id": "\\ud800"}]}', 400),
        (("POST", "/v1/push"), MSGPACK, b"\xc1\xff\x00", 400),
        (("POST", "/v1/push"), {"Content-Type": "text/xml"}, b"<a/>", 415),
        (("POST", "/v1/push"), {**JSON, "Content-Encoding": "gzip"}, b"x", 415),
        (("POST", "/v1/push"), {**JSON, "Content-Encoding": "zstd"}, b"not zstd", 400),
        (("POST", "/v1/pull"), JSON, b'{"ward": "00070", "scope": "petitions"}', 403),
        (("POST", "/v1/pull"), JSON, b'{"ward": "99999", "scope": "people"}', 403),
        (("POST", "/v1/pull"), JSON, b'{"ward": "00070", "scope": "people", "cursor": -1}', 400),
        (("POST", "/v1/pull"), JSON, b'{"ward": "00070", "scope": "people", "limit": 0}', 400),
        (("POST", "/v1/pull"), JSON, b'{"ward": "00070", "scope": "people", "cursor": 1e400}', 400),
        (("POST", "/v1/lease"), JSON, b'{"ward": "00070", "register": "x", "period": ""}', 400),
        (("POST", "/v1/lease"), JSON, b'{"ward": "00070", "register": "onestop.dossier/dossiers", "period": ""}', 400),
        (("POST", "/v1/enrol"), JSON, b'{"code": "\\u0000", "device_name": ""}', 403),
    ],
)
def test_the_malformed_is_refused_in_words(line: Line, call, headers, body, status) -> None:
    method, path = call
    request = requests.Request(method, line.url + path, headers={**headers, **line.auth}, data=body).prepare()
    request.url = line.url + path
    with requests.Session() as session:
        answer = session.send(request, timeout=10)
    assert answer.status_code == status, answer.text
    kind = msgspec.msgpack if "msgpack" in answer.headers["Content-Type"] else msgspec.json
    refusal = kind.decode(answer.content, type=Refusal)
    assert refusal.code
    assert refusal.message


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic QTpC", "Bearer " + "x" * 5000, "bearer \x7f"])
def test_unknown_tokens_get_nothing(gateway: GatewayServer, token: str) -> None:
    answer = requests.get(f"{gateway.url}/v1/hello", headers={"Authorization": token}, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unknown_device"


def test_a_bomb_and_a_flood_are_too_large(gateway: GatewayServer, line: Line) -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * 200_000_000)
    headers = {**JSON, **line.auth}
    packed = requests.post(f"{gateway.url}/v1/push", bomb, headers={**headers, "Content-Encoding": "zstd"}, timeout=20)
    flood = requests.post(f"{gateway.url}/v1/push", b" " * 9_000_000, headers=headers, timeout=20)
    assert [packed.status_code, flood.status_code] == [413, 413]
    assert {packed.json()["code"], flood.json()["code"]} == {"too_large"}


def test_health_and_the_description(gateway: GatewayServer) -> None:
    assert requests.get(f"{gateway.url}/healthz", timeout=30).json()["status"] == "ok"
    document = requests.get(f"{gateway.url}/openapi.json", timeout=30).json()
    assert document["openapi"].startswith("3.1")
    paths = {"/v1/hello", "/v1/enrol", "/v1/push", "/v1/pull", "/v1/lease", "/v1/records/{record_id}/history"}
    assert paths < set(document["paths"])
    text = str(document)
    for name in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=12,
)
NAMES = st.sampled_from(
    sorted(["before", "after", "type", "ward", "kind", "state", "to_state", "number", "officer", "at", "record_id"])
)
ODD_CHANGE = st.dictionaries(NAMES, JSON_VALUES, max_size=4)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayServer, Line]]:
    with GatewayServer(f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/city.db", catalog=CATALOG) as server:
        line = Line(server)
        yield server, line
        line.http.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(["enrol", "push", "pull", "lease"]), body=st.binary(max_size=200), kind=st.booleans())
def test_no_body_makes_it_fail(fuzzed: tuple[GatewayServer, Line], path: str, body: bytes, kind: bool) -> None:
    server, line = fuzzed
    headers = {**(JSON if kind else MSGPACK), **line.auth}
    with requests.Session() as session:
        answer = session.post(f"{server.url}/v1/{path}", body, headers=headers, timeout=30)
    assert answer.status_code < 500


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=ODD_CHANGE, fields=JSON_VALUES, kind=st.sampled_from(["create", "edit", "action", "resolve", "void"]))
def test_no_change_blocks_a_good_one(fuzzed: tuple[GatewayServer, Line], odd, fields, kind) -> None:
    server, line = fuzzed
    good = change("residence.citizen", line.officer, after={"full_name": "A"})
    strange = msgspec.to_builtins(change("onestop.dossier", line.officer, kind=kind, record_id=good.record_id))
    strange = {**strange, "after": {"applicant": fields, "phones/x/y": fields}, **odd}
    body = msgspec.msgpack.encode(
        {"changes": [strange, msgspec.to_builtins(change("residence.citizen", line.officer))]}
    )
    with requests.Session() as session:
        answer = session.post(f"{server.url}/v1/push", body, headers={**MSGPACK, **line.auth}, timeout=30)
    assert answer.status_code == 200
    assert msgspec.msgpack.decode(answer.content)["results"][1]["status"] == "accepted"


def test_a_kept_line_is_not_slower_than_a_new_one(gateway: GatewayServer, line: Line) -> None:
    """It is ten times slower when Nagle's algorithm holds each answer back until the last one is acknowledged."""

    def seconds(ask: Callable[[], object]) -> float:
        began = time.perf_counter()
        ask()
        return time.perf_counter() - began

    kept = [seconds(line.http.hello) for _ in range(10)][4:]
    new = [seconds(lambda: requests.get(f"{line.url}/v1/hello", headers=line.auth, timeout=30)) for _ in range(6)]
    assert min(kept) < 3 * min(new)


def test_a_number_no_message_can_hold_is_refused_alone(gateway: GatewayServer, line: Line) -> None:
    huge = msgspec.to_builtins(change("residence.citizen", line.officer, after={"full_name": "An", "x": 1}))
    huge["after"]["x"] = 10**30
    good = msgspec.to_builtins(change("residence.citizen", line.officer, after={"full_name": "Bình"}))
    answer = requests.post(f"{line.url}/v1/push", json={"changes": [huge, good]}, headers=line.auth, timeout=10)
    assert answer.status_code == 200
    assert [r["status"] for r in answer.json()["results"]] == ["refused", "accepted"]


def test_rounds_bring_all_streams_page_by_page(gateway: GatewayServer, line: Line) -> None:
    met = line.http.sync(SyncRequest())
    assert met.hello is not None
    assert not met.results
    streams = met.hello.streams
    made = [
        *(change("residence.citizen", line.officer, after={"full_name": f"Người {n}"}) for n in range(30)),
        *(change("certification.cert_copy", line.officer, after={"doc_title": f"Giấy {n}"}) for n in range(30)),
    ]
    cursors = [0] * len(streams)
    answer = line.http.sync(SyncRequest(known=met.mark, changes=tuple(made), cursors=tuple(cursors)))
    assert [(r.change_id, r.status) for r in answer.results] == [(c.change_id, "accepted") for c in made]
    assert sum(len(page.records) for page in answer.news) == 0, "this device made them itself"
    assert all(page.own for page in answer.news)
    other = Line(gateway)
    mark = other.http.sync(SyncRequest()).mark
    got = {}
    for _ in range(30):
        answer = other.http.sync(SyncRequest(known=mark, cursors=tuple(cursors), limit=7))
        assert sum(len(page.records) for page in answer.news) <= 7
        for page in answer.news:
            cursors[page.stream] = page.cursor
            got.update({r.id: (streams[page.stream][1], r.fields) for r in page.records})
        if answer.digest:
            break
    assert got == {c.record_id: ("people" if "full_name" in c.after else "open", c.after) for c in made}
    sums = {
        s: other.http.pull(PullRequest(ward=s[0], scope=s[1], cursor=cursors[i])).digest for i, s in enumerate(streams)
    }
    assert answer.digest == streams_mark(sums.items())
    other.http.close()

"""What one sync asks of the line: one small round where nothing is new, and no record brought back to who made it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sync.engine import SPARING, Engine
from sync.gateway.server import GatewayServer
from sync.marks import hello_mark
from sync.protocol import PullAnswer, PullRequest, PushAnswer, PushRequest, Refusal, SyncAnswer, SyncRequest
from sync.renamed_line import RenamedLine
from sync.retry import FIRST_BATCH, share_of
from sync.squeeze import LINE_FORM
from sync.store.changes import Changes
from tests.sync.bad_line import WARD, Pc
from tests.sync.store import ward

MSGPACK = {"Content-Type": "application/msgpack"}


@pytest.fixture
def pcs(gateway: GatewayServer, tmp_path: Path) -> Iterator[tuple[Pc, Pc]]:
    made = (
        Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer"),
        Pc(gateway, tmp_path / "two", "Trần Thu Hà", "civil_status_officer"),
    )
    engines = [Engine(pc.store, pc.line) for pc in made]
    for pc, engine in zip(made, engines, strict=True):
        pc.sync = engine.sync_once  # type: ignore[method-assign]  # one engine a PC, as the window has
        pc.sync()
    made[0].sync()  # the books it was lent are known
    yield made
    for pc in made:
        pc.close()


def rounds(pc: Pc) -> int:
    before = pc.line.rounds
    pc.sync()
    return pc.line.rounds - before


def test_an_idle_sync_is_one_small_round(pcs: tuple[Pc, Pc]) -> None:
    one, _ = pcs
    before = one.line.bytes_sent + one.line.bytes_received
    assert rounds(one) == 1
    assert one.line.bytes_sent + one.line.bytes_received - before < 100


def test_a_change_is_one_round_there_and_one_to_the_next_pc(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    record = one.save(doc_title="Học bạ")
    assert rounds(one) == 1
    assert rounds(two) == 1
    one.save(one.store.records.load(record.id), copies=9)
    assert (rounds(one), rounds(two)) == (1, 1)
    assert two.store.records.load(record.id).fields["copies"] == 9


def test_what_a_pc_made_itself_is_not_brought_back(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    brought: list[int] = []
    one.line.spoil = lambda page: brought.append(len(page.records)) or page
    record = one.save(doc_title="Học bạ")
    one.sync()
    one.save(one.store.records.load(record.id), copies=3, doc_issuer="Trường THPT Việt Đức")
    one.sync()
    assert sum(brought) == 0
    two.sync()
    there = two.store.records.load(record.id)
    two.save(there, pages=7)
    two.sync()
    one.save(one.store.records.load(record.id), copies=4)
    one.sync()  # both moved it: now it comes as the city has it
    assert sum(brought) == 1
    assert one.store.records.load(record.id).fields["pages"] == 7


def test_where_a_pc_made_something_else_of_its_change_the_city_is_asked(
    pcs: tuple[Pc, Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = pcs
    monkeypatch.setattr("sync.renamed_line.versions_mark", lambda versions: b"other")
    brought: list[int] = []
    one.line.spoil = lambda page: brought.append(len(page.records)) or page
    record = one.save(doc_title="Học bạ")
    report = one.sync()
    assert sum(brought) == 1
    assert (report.repaired, report.problems, one.pending()) == (0, [], 0)
    assert one.store.records.load(record.id).standing == "city"


@pytest.mark.parametrize(
    "otherwise",
    [
        "fields = json_set(fields, '$.doc_title', 'Bằng tốt nghiệp')",
        "state = 'returned'",
        "number = '9'",
        "updated_by = 'Lê Thị Hoa'",
        "pack = '2020.1.1'",
        "created_at = '2020-01-01T00:00:00Z'",
    ],
)
def test_where_the_store_shows_something_else_than_the_change_the_city_is_asked(
    pcs: tuple[Pc, Pc], otherwise: str
) -> None:
    one, _ = pcs
    brought: list[int] = []
    one.line.spoil = lambda page: brought.append(len(page.records)) or page
    record, other = one.save(doc_title="Học bạ"), one.save(doc_title="Giấy khai sinh")
    before = one.store.records.load(record.id)
    with one.store._context.writer.transaction() as db:
        db.execute(f"UPDATE records SET {otherwise} WHERE id = ?", (record.id,))
    assert one.sync().problems == []
    assert sum(brought) == 2, "all that the round moved is asked for"
    now = one.store.records.load(record.id)
    assert (now.fields, now.state, now.created_at) == (before.fields, before.state, before.created_at)
    assert one.store.records.load(other.id).standing == now.standing == "city"
    one.save(one.store.records.load(record.id), copies=2)
    one.sync()
    assert sum(brought) == 2, "now both make the same of it"


def test_the_city_takes_nothing_of_who_knows_another_hello(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    one, _ = pcs
    one.save(doc_title="Học bạ")
    gateway.city.restored()
    changes = one.store.changes.pending(9)
    answer = one.line.line.sync(SyncRequest(known=b"stale", changes=changes, cursors=(0,)))
    assert answer.hello is not None
    assert (answer.results, answer.news) == ((), ())
    assert hello_mark(answer.hello) == answer.mark
    assert one.sync().pushed == 1, "and then it is told who the city is, and takes it"


def test_officers_who_joined_are_met_in_the_same_sync(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    from sync.http import enrol

    one, _ = pcs
    assert one.store.enrolment is not None
    code = gateway.enrolment_code(WARD, "Lê Văn Khánh", ("chair",), "UBND")
    enrol(gateway.url, code, "one", token=one.store.enrolment.token)
    one.save(doc_title="Học bạ")
    assert one.sync().pushed == 1
    assert {o.name for o in one.store.enrolment.officers} == {"Vũ Đức Nam", "Lê Văn Khánh"}


def test_the_messages_say_the_same_in_every_form(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    one, two = pcs
    one.save(doc_title="Học bạ")
    one.sync()
    assert two.store.enrolment is not None
    hello = two.line.hello()
    known = two.line.line.sync(SyncRequest()).mark
    request = SyncRequest(known=known, cursors=tuple(0 for _ in hello.streams))
    headers = {"Authorization": f"Bearer {two.store.enrolment.token}"}

    def ask(body: bytes, kind: str) -> requests.Response:
        return requests.post(f"{gateway.url}/v1/sync", body, headers={**headers, "Content-Type": kind}, timeout=30)

    plain = ask(msgspec.msgpack.encode(request), "application/msgpack")
    in_json = ask(msgspec.json.encode(request), "application/json")
    own = two.line.line.sync(request)
    as_msgpack = msgspec.msgpack.decode(plain.content, type=SyncAnswer)
    as_json = msgspec.json.decode(in_json.content, type=SyncAnswer)
    timeless = [msgspec.structs.replace(a, time="", leases=None) for a in (own, as_msgpack, as_json)]
    assert timeless[0] == timeless[1] == timeless[2]
    assert timeless[0].news


def test_a_city_that_does_not_know_the_dictionary_is_spoken_to_plainly(
    pcs: tuple[Pc, Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pcs
    monkeypatch.setattr("sync.http.LINE_FORM", "application/x-line99")
    record = one.save(doc_title="Học bạ")
    assert one.sync().pushed == 1
    monkeypatch.undo()
    two.sync()
    assert two.store.records.load(record.id).fields["doc_title"] == "Học bạ"


def test_an_older_pc_is_served_as_ever(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    record = one.save(doc_title="Học bạ")
    answer = one.line.line.push(PushRequest(one.store.changes.pending(9)))
    assert isinstance(answer, PushAnswer)
    assert answer.results[0].status == "accepted"
    page = two.line.line.pull(PullRequest(ward=WARD, scope="open"))
    assert isinstance(page, PullAnswer)
    assert [version.id for version in page.records] == [record.id]
    assert page.digest


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", LINE_FORM, 400),
        (b"rubbish", LINE_FORM, 400),
        (msgspec.msgpack.encode({"known": 7}), "application/msgpack", 400),
        (b"{", "application/json", 400),
        (b"x", "text/html", 415),
    ],
)
def test_what_is_no_round_is_refused_in_words(
    gateway: GatewayServer, pcs: tuple[Pc, Pc], body: bytes, kind: str, status: int
) -> None:
    one, _ = pcs
    assert one.store.enrolment is not None
    headers = {"Authorization": f"Bearer {one.store.enrolment.token}", "Content-Type": kind}
    answer = requests.post(f"{gateway.url}/v1/sync", body, headers=headers, timeout=30)
    assert answer.status_code == status
    decode: Any = msgspec.json.decode if "json" in answer.headers["Content-Type"] else msgspec.msgpack.decode
    assert decode(answer.content, type=Refusal).message


@pytest.mark.parametrize("cursors", [(0,), (-1, 0, 0), (0,) * 40])
def test_odd_cursors_are_refused(pcs: tuple[Pc, Pc], cursors: tuple[int, ...]) -> None:
    from sync.protocol import SyncError

    one, _ = pcs
    mark = one.line.line.sync(SyncRequest()).mark
    with pytest.raises(SyncError) as caught:
        one.line.line.sync(SyncRequest(known=mark, cursors=cursors))
    assert caught.value.code == "bad_request"


def test_a_sparing_sync_leaves_the_bulk_for_later(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    for n in range(SPARING + 30):
        one.save(doc_title=f"Giấy {n}")
    engine = Engine(one.store, one.line)
    report = engine.sync_once(sparing=True)
    assert (report.pushed, report.more) == (SPARING, True)
    assert one.pending() == 30
    assert engine.sync_once().pushed == 30
    some = Engine(two.store, two.line).sync_once(sparing=True)
    assert (some.pulled, some.more) == (SPARING, True)
    whole = two.sync()
    assert (whole.pulled, whole.more, whole.problems) == (30, False, [])


def test_a_line_says_little_beside_what_it_has_to_say(pcs: tuple[Pc, Pc], monkeypatch: pytest.MonkeyPatch) -> None:
    from http.client import HTTPConnection

    heads: list[bytes] = []
    send = HTTPConnection.send

    def kept(self: HTTPConnection, data: Any) -> None:
        heads.append(bytes(data) if isinstance(data, (bytes, bytearray)) else b"")
        send(self, data)

    monkeypatch.setattr(HTTPConnection, "send", kept)
    pcs[0].sync()
    head = next(h for h in heads if h.startswith(b"POST /v1/sync")).partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0] for line in head.splitlines()[1:]}
    assert names == {b"Host", b"Authorization", b"Content-Type", b"Content-Length"}


def test_towards_the_end_of_what_is_sent_ever_less_goes_at_once(
    pcs: tuple[Pc, Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody works beside what the PC does with the last of the city's answers."""
    one, _ = pcs
    monkeypatch.setattr("sync.retry.FIRST_BATCH", 2)
    for number in range(21):
        one.save(doc_title=f"Bản sao {number}")
    engine = Engine(one.store, one.line)
    engine._batch.size = engine._batch.largest = 8
    plain, sent = one.line.sync, list[int]()

    def noted(request: SyncRequest) -> SyncAnswer:
        sent.append(len(request.changes))
        return plain(request)

    monkeypatch.setattr(one.line, "sync", noted)
    engine.sync_once()
    assert [n for n in sent if n] == [8, 7, 3, 2, 1]
    assert one.pending() == 0


@given(left=st.integers(1, 100_000), largest=st.integers(1, 4000))
def test_some_is_sent_and_never_more_than_the_line_takes(left: int, largest: int) -> None:
    size = share_of(left, largest)
    assert 1 <= size <= largest
    assert size <= max(FIRST_BATCH, (left + 1) // 2)


def test_what_a_push_took_is_all_of_it(pcs: tuple[Pc, Pc], monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = pcs
    for n in range(5):
        one.save(doc_title=f"Học bạ {n}")
    now = [0.0]
    monkeypatch.setattr("sync.engine.time.monotonic", lambda: now[0])
    reading, writing = Changes.pending_behind, Changes.acknowledge

    def slowly(work: Any) -> Any:
        def done(*args: Any, **more: Any) -> Any:
            now[0] += 10
            return work(*args, **more)

        return done

    monkeypatch.setattr(Changes, "pending_behind", slowly(reading))
    monkeypatch.setattr(Changes, "acknowledge", slowly(writing))
    report = one.sync()
    assert report.pushed == 5
    assert report.push_seconds + report.pull_seconds == now[0] >= 20


def test_what_is_made_ready_twice_is_made_once() -> None:
    made: list[Any] = []
    gate = threading.Event()

    class Line:
        def prepare(self, changes: Any) -> None:
            gate.wait(30)
            made.append(changes)

    renamed, changes = RenamedLine(Line(), ward.CATALOG), (object(),)  # type: ignore[arg-type]
    renamed._first = lambda given: given  # type: ignore[method-assign]
    threads = [threading.Thread(target=renamed.prepare, args=(changes,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert made == [changes]

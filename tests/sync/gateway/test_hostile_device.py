"""Devices and services that send what no program of ours would: they get nothing, and nobody else is held up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import zstandard

from sync.gateway.adapters import Arrival, ArrivalReport
from sync.gateway.city import City
from sync.gateway.face import Face
from sync.gateway.inbox import Inbox
from sync.gateway.refusals import RefusedError
from sync.gateway.routes import Answer
from sync.gateway.wire import LARGEST_BATCH
from sync.json_values import DEEPEST
from sync.protocol import LARGEST_CHANGE, LeaseRequest, PushAnswer
from tests.sync.gateway.pcs import WARD, Pc

COPY, CITIZEN, DOSSIER = "certification.cert_copy", "residence.citizen", "onestop.dossier"
MSGPACK = "application/msgpack"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


FOREIGN = {
    "bytes": b"abc",
    "bytes as long as an id": b"a" * 16,
    "a moment": dt.datetime(2026, 11, 20, tzinfo=dt.UTC),
    "not a number": float("nan"),
    "without end": [float("inf")],
    "a number for a name": {1: 2},
    "nothing for a name": {None: 2},
    "beyond 64 bits": 1 << 63,
    "too deep": nested(DEEPEST + 2),
}


def posted(city: City, path: str, body: bytes, pc: Pc | None = None, **headers: str) -> Answer:
    token = {"authorization": f"Bearer {pc.answer.token}"} if pc else {}
    return Face(city).serve("POST", path, {**token, "content-type": MSGPACK, **headers}, body, "10.0.0.1")


@pytest.mark.parametrize("what", FOREIGN)
def test_what_json_cannot_say_is_refused_and_blocks_no_other(city: City, what: str) -> None:
    pc = Pc(city)
    good = pc.create(COPY, after={"doc_title": "tốt"})
    bad = msgspec.to_builtins(pc.create(COPY, after={}), builtin_types=(bytes, dt.datetime))
    body = msgspec.msgpack.encode({"changes": [{**bad, "after": {"unknown": FOREIGN[what]}}, good]})
    answer = posted(city, "/v1/push", body, pc)
    first, second = msgspec.msgpack.decode(answer.body, type=PushAnswer).results
    assert (first.status, second.status) == ("refused", "accepted")
    assert [r.id for r in pc.pull_all("open").records] == [good.record_id]


def test_what_json_can_say_is_taken(city: City) -> None:
    pc = Pc(city)
    value = {"a": [1, -1.5, None, True, {"b": "c"}], "n": (1 << 63) - 1}
    (result,) = pc.push(pc.create(COPY, after={"unknown": value}))
    assert result.status == "accepted"
    assert pc.pull_all("open").records[0].fields == {"unknown": value}


def test_a_list_of_references_holds_ids(city: City) -> None:
    """A number among them would stop every PC of the ward from reading the stream."""
    from forms.shapes import wrong_shapes
    from tests.sync.gateway.small_catalog import DOSSIER as RECORD
    from tests.sync.gateway.small_catalog import field, section

    record_type = msgspec.structs.replace(RECORD, sections=section(field("people", "refs")))
    assert wrong_shapes(record_type, {"people": ["r-1", 5]}) == ["people"]
    assert wrong_shapes(record_type, {"people": ["r-1"]}) == []


def test_a_change_too_large_for_a_pc_is_refused(city: City) -> None:
    pc = Pc(city)
    large, good = pc.create(COPY, after={"doc_title": "x" * LARGEST_CHANGE}), pc.create(COPY, after={"doc_title": "y"})
    assert [r.status for r in pc.push(large, good)] == ["refused", "accepted"]


def array(count: int, item: bytes) -> bytes:
    return b"\xdd" + count.to_bytes(4, "big") + item * count


def text(value: str) -> bytes:
    return bytes([0xA0 | len(value)]) + value.encode()


SWOLLEN = 40 * 1024 * 1024
ENROL = b"\x83" + text("code") + text("x") + text("device_name") + text("y") + text("wards")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/v1/enrol", lambda: ENROL + array(SWOLLEN, b"\xa0")),
        ("/v1/fill", lambda: b"\x81" + text("places") + array(SWOLLEN // 4, b"\x93\x00\x00\x00")),
        ("/v1/push", lambda: b"\x81" + text("changes") + array(SWOLLEN, b"\xc0")),
        ("/v1/sync", lambda: b"\x81" + text("changes") + array(SWOLLEN, b"\xc0")),
    ],
)
def test_few_bytes_do_not_become_a_heap_of_memory(city: City, path: str, content: Callable[[], bytes]) -> None:
    """What is refused is refused before room is made for it: the answer says so, where 3.7 GB were taken."""
    body = zstandard.ZstdCompressor(level=1).compress(content())
    answer = posted(city, path, body, None if path == "/v1/enrol" else Pc(city), **{"content-encoding": "zstd"})
    assert answer.status == 413


def test_as_many_changes_as_are_taken_at_once_still_are(city: City) -> None:
    body = msgspec.msgpack.encode({"changes": [None] * (LARGEST_BATCH + 1)})
    assert posted(city, "/v1/push", body, Pc(city)).status == 413
    assert posted(city, "/v1/push", msgspec.msgpack.encode({"changes": []}), Pc(city)).status == 200


def test_a_book_is_lent_only_where_somebody_may_number(city: City) -> None:
    """Here all may certify; where the action has roles, another's PC cannot take the book away from who needs it."""
    from tests.sync.gateway.small_catalog import CATALOG, tool
    from tests.sync.gateway.small_catalog import COPY as RECORD

    actions = tuple(msgspec.structs.replace(a, roles=("chair",)) if a.takes_number else a for a in RECORD.actions)
    theirs = tool("certification", msgspec.structs.replace(RECORD, actions=actions))
    tools = tuple(theirs if t.id == "certification" else t for t in CATALOG.tools)
    other = City(city.storage._url if hasattr(city.storage, "_url") else f"sqlite:///{city.storage._path}",  # type: ignore[attr-defined]
                 msgspec.structs.replace(CATALOG, tools=tools))  # fmt: skip
    try:
        officer, chair = Pc(other, roles=["civil_status_officer"]), Pc(other, roles=["chair"], officer="Bình")
        book = LeaseRequest(ward=WARD, register=f"{COPY}/book", period="2026")
        with pytest.raises(RefusedError) as caught:
            other.leases.lease(officer.device, book)
        assert caught.value.code == "lease_held"  # from which every program knows how to go on
        assert other.leases.lease(chair.device, book).device == chair.answer.device
    finally:
        other.close()


def arrival(type_id: str, record_id: str, **fields: Any) -> Arrival:
    from forms.exchange import Line

    line = Line(number=1, head={"id": record_id}, values=fields)
    return Arrival("tờ 1", WARD, type_id, (line,), lambda report: None)


def inbox(city: City) -> Inbox:
    return Inbox(city.storage, city.inbound, city.clock, city._scope_of)


def test_what_comes_again_does_not_undo_what_an_officer_did(city: City) -> None:
    """The answer to an arrival was lost, and the service sends it once more."""
    pc = Pc(city, roles=["reception", "chair"])
    came = arrival(DOSSIER, "d-1", applicant="Nguyễn Văn A", subject="Khai sinh")
    assert inbox(city).take("tthc_hanoi", came) == ArrivalReport(("d-1",))
    known = pc.create(DOSSIER, record_id="d-1")
    (result,) = pc.push(pc.edit(known, {"applicant": "Nguyễn Văn A"}, {"applicant": "Nguyễn Văn Ánh"}))
    assert result.status == "accepted"
    assert inbox(city).take("tthc_hanoi", came) == ArrivalReport(("d-1",))
    assert pc.pull_all("onestop").records[0].fields == {"applicant": "Nguyễn Văn Ánh", "subject": "Khai sinh"}
    inbox(city).take("tthc_hanoi", arrival(DOSSIER, "d-1", applicant="Nguyễn Văn B"))  # that is news
    assert pc.pull_all("onestop").records[0].fields["applicant"] == "Nguyễn Văn B"


@pytest.mark.parametrize("type_id", [CITIZEN, COPY, "petitions.letter"])
def test_a_service_sends_its_own_registers_alone(city: City, type_id: str) -> None:
    report = inbox(city).take("tthc_hanoi", arrival(type_id, "x-1"))
    assert report.refused
    assert report.refused[0][1] == "type"
    assert not report.ids


def test_a_restored_city_gives_no_revision_that_it_may_have_given_before(city: City) -> None:
    """Under it services got something else, and would answer as they did then."""
    pc = Pc(city)
    made = pc.create(COPY, after={"doc_title": "một"})
    pc.push(made)
    city.restored()
    (edited,) = pc.push(pc.edit(made, {"doc_title": "một"}, {"doc_title": "hai"}))
    (again,) = pc.push(pc.edit(made, {"doc_title": "hai"}, {"doc_title": "ba"}))
    assert edited.revision > 1000
    assert again.revision == edited.revision + 1
    (begun,) = pc.push(pc.create(COPY))
    assert begun.revision == 1  # its key is that of the same content, whenever it is offered

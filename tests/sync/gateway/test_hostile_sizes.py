"""Much in little: pages of large records, and rounds of few bytes that stand for much. Nobody's memory pays for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sync import columns
from sync.columns import MOST
from sync.gateway import feed, record_sizes, room, wire
from sync.gateway.city import City
from sync.gateway.face import Face
from sync.line_form import put_request
from sync.marks import hello_mark
from sync.protocol import Change, PushAnswer, SyncRequest
from sync.squeeze import LINE_FORM, squeeze
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.test_hostile_device import COPY, DOSSIER, MSGPACK, posted


def test_a_page_has_room_for_so_many_bytes(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = Pc(city, roles=("civil_status_officer",))
    made = [pc.create(COPY, after={"doc_title": "x" * 3000}) for _ in range(12)]
    made.insert(5, pc.create(COPY, after={"doc_title": "x" * 30_000}))
    assert all(r.status == "accepted" for r in pc.push(*made))
    monkeypatch.setattr(feed, "LARGEST_CONTENT", 10_000)
    cursor, pages = 0, []
    while not pages or pages[-1].more:
        pages.append(pc.pull("open", cursor))
        cursor = pages[-1].cursor
    assert [r.id for page in pages for r in page.records] == [c.record_id for c in made]
    assert [len(page.records) for page in pages] == [3, 2, 1, 3, 3, 1]


def test_the_streams_of_a_round_share_the_room(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    pc = Pc(city, roles=("civil_status_officer",))
    for type_id, name in ((COPY, "doc_title"), (DOSSIER, "subject")):
        pc.push(*(pc.create(type_id, after={name: "x" * 3000}) for _ in range(4)))
    monkeypatch.setattr(feed, "LARGEST_CONTENT", 10_000)
    streams = [(WARD, "onestop"), (WARD, "open")]
    cursors, seen = [0, 0], 0
    for _ in range(20):
        pages, _ = city.feed.news(streams, cursors, 500, {})
        assert sum(len(page.records) for page in pages) <= 4
        seen += sum(len(page.records) for page in pages)
        for page in pages:
            cursors[page.stream] = page.cursor
        if not any(page.more for page in pages):
            break
    assert seen == 8


def round_of(city: City, pc: Pc, content: bytes) -> int:
    return posted(city, "/v1/sync", squeeze(content, 3), pc, **{"content-type": LINE_FORM}).status


def said(city: City, pc: Pc, changes: list[Change]) -> bytes:
    hello = city.hello(pc.device)
    request = SyncRequest(known=hello_mark(hello) + b"123", changes=tuple(changes), cursors=(), limit=10)
    return put_request(request, hello.officers)


def in_place_of(place: tuple[int, ...], value: Any) -> Callable[[list[Any]], None]:
    def put(message: list[Any]) -> None:
        for step in place[:-1]:
            message = message[step]
        message[place[-1]] = value

    return put


BOMBS = {
    "cursors": in_place_of((1,), [0] * (MOST + 1)),
    "ids": in_place_of((3, 0, 0), [0] * (MOST + 1)),
    "shapes": in_place_of((3, 1, 0), [["t"]] * (MOST + 1)),
    "rows": in_place_of((3, 1, 1), [0] * (MOST + 1)),
    "columns": in_place_of((3, 1, 2), [[]] * (MOST + 1)),
    "cells": in_place_of((3, 1, 2), [[[]] * (MOST + 1)]),
    "all of it": in_place_of((3, 5), b"\0" * wire.LARGEST_CONTENT),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_few_bytes_that_stand_for_much_are_refused(city: City, what: str) -> None:
    pc = Pc(city, roles=("civil_status_officer",))
    message = msgspec.msgpack.decode(said(city, pc, [pc.create(COPY, after={"doc_title": "y"}, device=pc.device.id)]))
    assert round_of(city, pc, msgspec.msgpack.encode(message)) == 200
    BOMBS[what](message)
    content = msgspec.msgpack.encode(message)
    assert len(squeeze(content, 3)) < 64 * 1024
    assert round_of(city, pc, content) == 413


def test_no_round_brings_more_changes_than_a_batch_may_have(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LARGEST_BATCH", 3)
    pc = Pc(city, roles=("civil_status_officer",))
    changes = [pc.create(COPY, after={"doc_title": "y"}, device=pc.device.id) for _ in range(4)]
    assert round_of(city, pc, said(city, pc, changes)) == 413
    assert round_of(city, pc, said(city, pc, changes[:3])) == 200
    assert len(pc.pull_all("open").records) == 3


def test_columns_as_long_as_a_page_of_everything_are_read() -> None:
    ids = [f"{n:08x}-0000-7000-8000-{n:012x}" for n in range(20_000)]
    content = msgspec.msgpack.encode(columns.put_ids(ids))
    assert columns.get_ids(msgspec.msgpack.decode(content, type=columns.Ids)) == ids


def test_of_a_very_long_history_the_latest_is_told(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC looks there for what became of its last changes; and it hears that there was more."""
    pc = Pc(city, roles=("civil_status_officer",))
    made = pc.create(COPY, after={"doc_title": "0"})
    edits = [pc.edit(made, {"doc_title": str(n)}, {"doc_title": str(n + 1)}) for n in range(6)]
    for said_now in (made, *edits):
        pc.push(said_now)
    whole = city.feed.history(pc.device, made.record_id)
    assert (len(whole.changes), whole.cut) == (7, False)
    monkeypatch.setattr(feed, "LONGEST_HISTORY", 3)
    short = city.feed.history(pc.device, made.record_id)
    assert (short.cut, list(map(bytes, short.changes))) == (True, list(map(bytes, whole.changes[-3:])))
    assert [r.change_id for r in short.results] == [r.change_id for r in whole.results[-3:]]


@pytest.mark.parametrize("revision", [1 << 63, (1 << 64) - 1, -5])
def test_a_revision_beyond_what_a_database_holds_spoils_no_other_change(city: City, revision: int) -> None:
    pc = Pc(city, roles=("chair",))
    made = pc.create(COPY, after={"doc_title": "x"})
    gone = pc.act(made, "cancel", "cancelled")
    again = pc.act(made, "cancel", "cancelled", base_revision=revision)
    other = pc.create(COPY, after={"doc_title": "y"})
    statuses = [r.status for r in pc.push(made, gone, again, other)]
    assert (statuses[:2], statuses[3]) == (["accepted", "accepted"], "accepted")
    assert len(pc.pull_all("open").records) == 2


@pytest.mark.parametrize("device", ["its own", ""])
def test_a_change_that_is_too_large_is_refused_unopened_and_parks_its_record(
    city: City, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """In 775 bytes came 120 MB of numbers. What the officer signed behind it is not signed without it."""
    pc = Pc(city, roles=("chair", "civil_status_officer"))
    mine = pc.answer.device if device else ""
    made, other = pc.create(COPY, after={"copies": 1}), pc.create(COPY)
    large = pc.edit(made, {}, {"unknown": [1] * wire.LARGEST_CHANGE}, device=mine)
    signed = pc.act(made, "certify", "certified")
    opened: list[int] = []
    whole = wire._decode_change
    monkeypatch.setattr(wire, "_decode_change", lambda raw: (opened.append(len(bytes(raw))), whole(raw))[1])
    answer = posted(city, "/v1/push", msgspec.msgpack.encode({"changes": [made, large, signed, other]}), pc)
    results = msgspec.msgpack.decode(answer.body, type=PushAnswer).results
    assert [r.status for r in results] == ["accepted", "refused", "refused", "accepted"]
    assert "2048 KB" in results[1].problems[0].english
    assert max(opened) < 1000
    (draft,) = [r for r in pc.pull_all("open").records if r.id == made.record_id]
    assert (draft.state, draft.fields) == ("draft", {"copies": 1})


def test_of_much_at_once_some_is_told_to_come_back(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SMALL", 1000)
    monkeypatch.setattr(room, "MOST", 10_000)
    pc = Pc(city, roles=("civil_status_officer",))
    face = Face(city)
    token = {"authorization": f"Bearer {pc.answer.token}", "content-type": MSGPACK, "accept": "application/json"}

    def push(size: int) -> int:
        body = msgspec.msgpack.encode({"changes": [pc.create(COPY, after={"doc_title": "x" * size})]})
        return face.serve("POST", "/v1/push", token, body).status

    takes = city.intake.take
    inside: list[int] = []

    def taking(*given: Any) -> Any:
        monkeypatch.setattr(city.intake, "take", takes)
        inside.extend([push(6000), push(100)])  # while the first one is worked on
        return takes(*given)

    monkeypatch.setattr(city.intake, "take", taking)
    assert push(6000) == 200
    assert inside == [503, 200]
    assert push(6000) == 200  # room again
    assert face._room.taken == 0


def test_many_changes_do_not_add_up_to_a_record_that_no_pc_can_take(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight edits made one of 15 MB, a hundred one that no page can bring: the register of the ward would end there."""
    monkeypatch.setattr(record_sizes, "LARGEST_RECORD", 10_000)
    pc = Pc(city, roles=("chair",))
    made = pc.create(COPY, after={"doc_title": "x" * 3000})

    def add(place: int, size: int = 3000, **more: Any) -> Change:
        return pc.edit(made, {}, {f"unknown{place}": "x" * size}, **more)

    assert [r.status for r in pc.push(made, add(1), add(2))] == ["accepted"] * 3
    far, near = add(3), add(4, 500)
    assert [r.status for r in pc.push(far)] == ["refused"]
    assert [r.status for r in pc.push(near)] == ["accepted"]
    assert [r.status for r in pc.push(add(5, 300), add(6))] == ["accepted", "refused"]  # counted within a push too
    shorter = pc.edit(made, {"doc_title": "x" * 3000}, {"doc_title": "kurz"})
    assert [r.status for r in pc.push(shorter, add(7, 2500))] == ["accepted", "accepted"]
    signed = pc.act(made, "certify", "certified", number="0001", after={"cert_no": "0001", "book_no": "x" * 2000})
    assert [r.status for r in pc.push(signed)] == ["accepted"]
    (record,) = pc.pull_all("open").records
    assert record.state == "certified"
    assert "unknown3" not in record.fields


def test_values_that_wait_for_a_person_count_too(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_sizes, "LARGEST_RECORD", 10_000)
    pc = Pc(city, roles=("chair",))
    made = pc.create(COPY, after={"doc_title": "a"})
    pc.push(made)
    edits = [pc.edit(made, {"doc_title": "b"}, {"doc_title": f"{n}" + "x" * 3000}) for n in range(5)]
    statuses = [pc.push(edit)[0].status for edit in edits]
    assert statuses == ["conflict"] * 3 + ["refused"] * 2
    picked = pc.edit(made, {"doc_title": "a"}, {"doc_title": "c"}, kind="resolve")
    assert [r.status for r in pc.push(picked)] == ["accepted"]
    assert not pc.pull_all("open").records[0].conflicts


def test_a_large_record_that_was_signed_gets_its_number_late(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is locked by then: nobody could make it shorter, and the number stands on paper."""
    monkeypatch.setattr(record_sizes, "LARGEST_RECORD", 3000)
    pc = Pc(city, roles=("chair",))
    made = pc.create(COPY, after={"doc_title": "x" * 2950})
    waits = {"_awaiting": "2026-11-22T03:00:00Z"}
    assert [r.status for r in pc.push(made, pc.act(made, "certify", "certified", after=waits))] == ["accepted"] * 2
    given = pc.edit(made, {**waits, "cert_no": None}, {"_awaiting": None, "cert_no": "0001" * 30}, number="0001" * 30)
    assert [(r.status, r.problems) for r in pc.push(given)] == [("accepted", ())]
    assert pc.pull_all("open").records[0].number == "0001" * 30
    longer = pc.edit(made, {}, {"unknown": "x"})
    assert [r.status for r in pc.push(longer)] == ["refused"]

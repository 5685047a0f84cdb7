"""Much in little: pages of large records, and rounds of few bytes that stand for much. Nobody's memory pays for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sync import columns
from sync.columns import MOST
from sync.gateway import feed, wire
from sync.gateway.city import City
from sync.line_form import put_request
from sync.marks import hello_mark
from sync.protocol import Change, SyncRequest
from sync.squeeze import LINE_FORM, squeeze
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.test_hostile_device import COPY, DOSSIER, posted


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
    "all of it": in_place_of((3, 5), b"\0" * wire.LARGEST_ROUND),
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

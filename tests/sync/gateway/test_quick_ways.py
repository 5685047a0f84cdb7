"""What the city does the quick way for a large push says the same as the plain way."""

from __future__ import annotations

import itertools

import msgspec

from sync.gateway import access
from sync.gateway.access import Rights
from sync.gateway.city import City
from sync.gateway.feed import WireNews, opened
from sync.gateway.ledger import _MANY, Ledger
from sync.protocol import RecordVersion
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG

DOSSIER, COPY = "onestop.dossier", "certification.cert_copy"


def test_a_page_of_what_was_just_written_is_the_page_as_it_is_read(city: City) -> None:
    """Its own records left out, others' and those in conflict told; and where another wrote in between, it is read."""
    pc = Pc(city, roles=["chair", "reception", "civil_status_officer"])
    made = [pc.create(COPY, after={"doc_title": f"Bản {n}", "copies": n}) for n in range(8)]
    made += [pc.create(DOSSIER, after={"applicant": "Lê Thị Mẫu"}) for _ in range(3)]
    made.append(pc.edit(made[0], {"copies": 0}, {"copies": 9}))
    made.append(pc.edit(made[1], {"copies": 7}, {"copies": 8}))  # another value stands there: a conflict
    streams = pc.device.streams
    before = [city.feed.head(*stream) for stream in streams]
    taken = city.intake.take(pc.device, [(c, msgspec.msgpack.encode(c)) for c in made])
    statuses = [result.status for result in taken.results]
    assert statuses.count("accepted") == 12 and statuses.count("conflict") == 1
    own = {
        c.record_id: r.revision for c, r in zip(made, taken.results, strict=True) if c.record_id != made[1].record_id
    }
    plain = read(city.feed.news(streams, before, 500, own))
    assert any(page.own for page in plain[0]) and any(page.records for page in plain[0])
    assert read(city.feed.news(streams, before, 500, own, taken.written)) == plain
    small = read(city.feed.news(streams, before, 1, {}, taken.written))
    assert small == read(city.feed.news(streams, before, 1, {})) and small[0][0].more
    assert Pc(city, roles=["civil_status_officer"], officer="Bình").push(pc.create(COPY, after={})) is not None
    pc.push(pc.create(COPY, after={"doc_title": "sau"}))
    later = read(city.feed.news(streams, before, 500, own, taken.written))
    assert later == read(city.feed.news(streams, before, 500, own))


def read(answer: tuple[list[WireNews], bytes]) -> tuple[list[WireNews], bytes]:
    """With the records as who gets them reads them."""
    for page in answer[0]:
        page.records = msgspec.msgpack.decode(
            msgspec.msgpack.encode(list(opened(page.records))), type=list[RecordVersion]
        )
    return answer


def test_rights_that_are_remembered_are_those_of_each_change(city: City) -> None:
    pc = Pc(city, roles=["civil_status_officer"])
    rights = Rights(pc.device)
    record = pc.create(COPY, after={})
    other = Pc(city, officer="Khác").officer
    many = [
        msgspec.structs.replace(
            record, type=type_id, ward=ward, kind=kind, action=action, number=number, officer=officer, device=device
        )
        for type_id, ward, kind, action, number, officer, device in itertools.product(
            (COPY, DOSSIER), (WARD, "00004"), ("create", "edit", "action", "void"), ("certify", "reject", None),
            (None, "7"), (pc.officer, other), ("", pc.device.id, "Q99"),
        )
    ]  # fmt: skip
    for change in (*many, *reversed(many)):
        record_type = CATALOG.record_type(change.type)
        assert rights.problem(record_type, change) == access.change_problem(pc.device, record_type, change)


def test_of_many_changes_those_that_the_city_has_are_found_wherever_they_lie(city: City) -> None:
    """And the records they are about."""
    pc = Pc(city, roles=["civil_status_officer"])
    for place in (0, _MANY // 2, _MANY - 1):
        earlier = pc.create(COPY, after={})
        made = [pc.create(COPY, after={"copies": n}) for n in range(_MANY)]
        pc.push(made[place])
        results = pc.push(*made)
        assert [n for n, result in enumerate(results) if result.duplicate] == [place]
        assert {result.status for result in results} == {"accepted"}
        edit = pc.edit(made[place], {"copies": place}, {"copies": 1000})
        later = [pc.create(COPY, after={}) for _ in range(_MANY)]
        assert [result.revision for result in pc.push(earlier, edit, *later)] == [1, 2, *[1] * _MANY]


def test_what_no_service_gets_may_be_of_a_type_that_the_catalogue_has_no_more(city: City) -> None:
    gone = RecordVersion(id="a" * 36, type="old.register", ward=WARD, revision=0, state="kept", fields={"note": "cũ"})
    with city.storage.write({(WARD, "open")}) as session:
        ledger = Ledger(session, CATALOG, city.clock.now())
        assert ledger.put(gone, deliver=False) == 1
        ledger.write()
    with city.storage.read() as session:
        assert session.one("SELECT type, revision FROM records WHERE ward = ? AND id = ?", WARD, gone.id) == (
            gone.type,
            1,
        )

"""A PC whose forms the city does not have yet: what both know goes on, and the rest comes when the city knows it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.store.model import Save
from tests.sync.direct_city import CATALOG
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPY

NEW = msgspec.structs.replace(COPY, id="certification.new_book")
NEWER = msgspec.structs.replace(
    CATALOG,
    tools=tuple(
        msgspec.structs.replace(tool, records=(*tool.records, NEW)) if COPY in tool.records else tool
        for tool in CATALOG.tools
    ),
)


def signs(pc: Pc, type_id: str) -> str | None:
    saves = [Save(type=type_id, fields={"document": "x"}, action="certify")]
    return pc.store.save(saves, pc.officer)[0].number


def test_a_book_that_the_city_does_not_know_stops_nothing(city: City, tmp_path: Path, clock: FixedClock) -> None:
    pc = Pc(city, tmp_path / "a", NEWER, clock, "clerk", "office_head")
    pc.sync()
    assert [lease.register for lease in pc.store.numbers.leases()] == [f"{COPY.id}/copies"]
    assert (signs(pc, COPY.id), signs(pc, NEW.id)) == ("0001/2026", None)
    report = pc.sync()
    assert (report.pushed, report.refused) == (2, 2)  # of the new book the city does not know anything
    later = City(f"sqlite:///{tmp_path}/city.db", NEWER, clock)
    pc.line.city = pc.city = later
    pc.begin()
    pc.store.changes.retry(pc.store.changes.outbox()[0].change.record_id)
    pc.sync()
    assert pc.store.changes.outbox() == ()
    assert [row.number for row in pc.store.numbers.book(NEW.id)] == ["0001/2026"]
    pc.store.close()
    later.close()

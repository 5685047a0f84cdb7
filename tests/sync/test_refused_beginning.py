"""A record whose beginning the city refused is voided: that stands, and the city hears what became of its number."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.store.model import Save
from tests.sync.direct_city import CATALOG, seen
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPIES_BOOK, COPY


def test_it_is_void_at_the_city_with_its_number(city: City, tmp_path: Path, clock: FixedClock) -> None:
    pc, other = (Pc(city, tmp_path / name, CATALOG, clock, "clerk", "office_head") for name in ("a", "b"))
    for each in (pc, other, pc):
        each.sync()
    assert [x.register for x in pc.store.numbers.leases()] == [COPIES_BOOK]
    nobody = msgspec.structs.replace(pc.officer, id="nobody", name="Không ai")
    (signed,) = pc.store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], nobody)
    pc.sync()
    assert [row.status for row in pc.store.changes.outbox()] == ["refused", "parked"]
    opened = seen(pc, signed)
    void = Save(type=COPY.id, fields=opened.fields, opened=opened, kind="void", reason="lập nhầm", state="refused")
    pc.store.save([void], pc.officer)
    pc.sync()
    other.sync()
    assert pc.store.changes.outbox() == ()
    for each in (pc, other):
        found = seen(each, signed)
        assert (found.state, found.number, found.fields["_void"]["reason"]) == ("refused", "0001/2026", "lập nhầm")
    (row,) = pc.store.numbers.book(COPY.id)
    assert (row.status, row.reason) == ("void", "lập nhầm")
    for each in (pc, other):
        each.store.close()

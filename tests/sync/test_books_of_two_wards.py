"""A PC whose officer numbers in two wards: what happens to a ward's book is noted in that ward, where the book is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.protocol import EnrolRequest
from sync.store.model import Save
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPY, WARD

OTHER_WARD = "00082"


@pytest.fixture
def pcs(city: City, tmp_path: Path, clock: FixedClock) -> Iterator[tuple[Pc, Pc]]:
    """The PC of ``WARD`` that numbers the other ward's book too, and a PC of that ward."""
    both = Pc(city, tmp_path / "a", city.catalog, clock, "clerk", "office_head", ward=WARD)
    code = city.enrolment.new_code([OTHER_WARD, WARD], both.officer.name, "UBND", ("clerk", "office_head"))
    both._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=both.token)))
    both.begin()
    there = Pc(city, tmp_path / "b", city.catalog, clock, "clerk", "office_head", ward=OTHER_WARD)
    for pc in (both, there):
        pc.sync()
    assert OTHER_WARD in {lease.ward for lease in both.store.numbers.leases()}
    yield both, there
    for pc in (both, there):
        pc.store.close()


def test_a_number_that_is_given_up_is_explained_in_its_own_ward(pcs: tuple[Pc, Pc]) -> None:
    both, there = pcs
    (paper,) = there.store.save([Save(type=COPY.id, fields={"document": "x"})], there.officer)
    there.sync()
    both.sync()
    opened = there.store.records.load(paper.id) or pytest.fail()
    there.store.save([Save(type=COPY.id, fields=opened.fields, opened=opened, action="refuse")], there.officer)
    there.sync()
    opened = both.store.records.load(paper.id) or pytest.fail()
    certify = Save(type=COPY.id, fields=opened.fields, opened=opened, action="certify")
    assert both.store.save([certify], both.officer)[0].number == "0001/2026"
    assert both.sync().refused == 1
    both.store.changes.withdraw(paper.id, both.officer, "đã từ chối ở quầy kia")
    for pc in (both, there, both):
        pc.sync()
    book = there.store.audits.audit(COPY.id, "2026")
    assert book.is_whole
    assert [(row.n, row.status) for row in book.rows] == [(1, "unused")]
    assert "đã từ chối ở quầy kia" in book.rows[0].reason
    assert both.store.audits.audit(COPY.id, "2026").rows == ()


def test_a_book_that_is_given_back_is_noted_in_its_own_ward(pcs: tuple[Pc, Pc]) -> None:
    both, there = pcs
    (lease,) = [lease for lease in both.store.numbers.leases() if lease.ward == OTHER_WARD]
    both.store.numbers.hand_overs.begin(lease, both.officer, "nay phường tự cấp số")
    for pc in (both, there, both, there):
        pc.sync()
    (note,) = there.store.audits.audit(COPY.id, "2026").notes
    assert (note.kind, note.reason) == ("handover", "nay phường tự cấp số")
    assert both.store.audits.audit(COPY.id, "2026").notes == ()
    there.begin()
    there.sync()
    assert OTHER_WARD in {lease.ward for lease in there.store.numbers.leases()}

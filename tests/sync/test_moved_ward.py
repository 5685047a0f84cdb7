"""A PC that stands in another ward from now on: a ward's book goes on by its own numbers, and keeps them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.protocol import EnrolRequest
from sync.store.home_ward import named_for
from sync.store.model import Save
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPY, WARD

OTHER_WARD = "00082"
ROLES = ("clerk", "office_head")


def number(pc: Pc) -> str | None:
    return pc.store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], pc.officer)[0].number


def enrolled_anew(city: City, pc: Pc) -> None:
    code = city.enrolment.new_code([OTHER_WARD], pc.officer.name, "UBND", ROLES)
    pc._keep(city.enrol(EnrolRequest(code=code, device_name="PC")))


def own_ward_withdrawn(city: City, pc: Pc) -> None:
    code = city.enrolment.new_code([OTHER_WARD, WARD], pc.officer.name, "UBND", ROLES)
    pc._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=pc.token)))
    with city.storage.write() as session:
        session.run("DELETE FROM grants WHERE ward = ?", WARD)


@pytest.mark.parametrize("moves", [enrolled_anew, own_ward_withdrawn])
def test_the_other_wards_book_has_no_gap(
    city: City, tmp_path: Path, clock: FixedClock, moves: Callable[[City, Pc], None]
) -> None:
    pc = Pc(city, tmp_path / "a", city.catalog, clock, *ROLES)
    pc.sync()
    assert [number(pc) for _ in range(3)] == ["0001/2026", "0002/2026", "0003/2026"]
    pc.sync()
    moves(city, pc)
    pc.begin()
    pc.sync()
    assert pc.store.enrolment is not None
    assert pc.store.enrolment.ward == OTHER_WARD
    assert number(pc) == "0001/2026"
    pc.sync()
    audit = pc.store.audits.audit(COPY.id, "2026")
    assert ([row.n for row in audit.rows], audit.is_whole) == ([1], True)
    assert len(pc.store.numbers.book(COPY.id, ward=WARD)) == 3
    pc.store.close()


def test_a_pc_that_numbered_in_both_wards_moves_and_comes_back(city: City, tmp_path: Path, clock: FixedClock) -> None:
    pc = Pc(city, tmp_path / "a", city.catalog, clock, *ROLES)
    pc.sync()
    assert [number(pc) for _ in range(3)] == ["0001/2026", "0002/2026", "0003/2026"]
    pc.sync()
    enrolled_anew(city, pc)
    # an older program called both wards' books by one name, and the first three stood under either
    with pc.store._context.writer.transaction() as db:
        db.execute("UPDATE numbers SET series = substr(series, 7) WHERE series LIKE ?", (f"{WARD}|%",))
        db.execute(
            "INSERT INTO numbers (series, period, n, number, at, officer, status) "
            "SELECT ? || '|' || series, period, n, number, at, officer, status FROM numbers WHERE n < 3",
            (OTHER_WARD,),
        )
    before = pc.store.enrolment
    assert before is not None
    for ward in (WARD, OTHER_WARD, WARD):
        pc.store.set_enrolment(structs.replace(before, wards={ward: "Phường"}))
    assert [row.n for row in pc.store.numbers.book(COPY.id)] == [1, 2, 3]
    assert [row.n for row in pc.store.numbers.book(COPY.id, ward=OTHER_WARD)] == [1, 2]
    pc.store.close()


@pytest.mark.parametrize(("home", "other"), [(WARD, WARD), (WARD, OTHER_WARD)])
def test_a_number_goes_into_a_store_of_another_ward_by_the_name_it_has_there(home: str, other: str) -> None:
    book, theirs = f"{COPY.id}/certifications", f"{OTHER_WARD}|{COPY.id}/certifications"
    if home == other:
        assert [named_for(name, home, other) for name in (book, theirs)] == [(book,), (theirs,)]
        return
    assert named_for(theirs, home, other) == (book,)
    assert named_for(book, home, other) == (book, f"{home}|{book}")

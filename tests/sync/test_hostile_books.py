"""Numbers that would have been given twice, or in another ward's book: history from a file, a restored PC's own series, a PC
that serves two wards."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from forms.definition import Register, Tool
from sync.clock import FixedClock
from sync.gateway.access import trust_no_more
from sync.gateway.city import City
from sync.gateway.refusals import RefusedError
from sync.protocol import EnrolRequest, PushRequest
from sync.store.model import Record, Save, StoreError
from tests.sync.direct_city import CATALOG, certify
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPIES_BOOK, COPY, DOSSIER, TOOLS, WARD, label

OTHER_WARD = "00082"
OWN_SERIES = msgspec.structs.replace(
    COPY, register=Register(id="copies", kind="local", field="cert_no", format="{device}-{yy}E-{n:07d}")
)
WITH_OWN_SERIES = msgspec.structs.replace(
    CATALOG,
    tools=(
        *TOOLS[:2],
        Tool(id="certification", label=label("c"), short=label("c"), group="shared", records=(OWN_SERIES,)),
        CATALOG.tools[-1],
    ),
)


def a_pc(city: City, folder: Path, clock: FixedClock, ward: str = WARD) -> Pc:
    return Pc(city, folder, city.catalog, clock, "clerk", "office_head", ward=ward)


def from_a_file(pc: Pc, n: int) -> None:
    number = f"{n:04d}/2026"
    fields = {"document": "cũ", "cert_no": number, "book_no": "01/2026-SCT/BS"}
    pc.store.save([Save(type=COPY.id, fields=fields, state="certified", number=number)], pc.officer)


def test_a_restored_pc_gives_no_temporary_number_twice(city: City, tmp_path: Path, clock: FixedClock) -> None:
    """A dossier cannot wait for somebody to look: it gets one that surely nobody had."""

    def received() -> str:
        clock.advance(seconds=30)
        save = Save(type=DOSSIER.id, fields={"subject": "x"}, action="receive")
        return str(pc.store.save([save], pc.officer)[0].fields["local_code"])

    pc = a_pc(city, tmp_path / "a", clock)
    pc.sync()
    pc.store.close()
    shutil.copytree(pc.folder, tmp_path / "backup")
    pc.reopen()
    before = [received() for _ in range(3)]
    pc.sync()
    pc.store.close()
    shutil.rmtree(pc.folder)
    shutil.copytree(tmp_path / "backup", pc.folder)
    pc.reopen()
    pc.sync()
    after = [received() for _ in range(3)]
    pc.enrol_again("clerk", "office_head")
    pc.begin()
    pc.sync()
    after.append(received())
    assert len({*before, *after}) == 7
    assert after == [f"TMP-Q1-261120-{n:04d}" for n in (501, 502, 503, 504)]
    pc.store.close()


def push(pc: Pc) -> None:
    """What waits here goes to the city, and nothing else happens."""
    changes = pc.store.changes.pending(100)
    pc.store.changes.acknowledge(pc.line.push(PushRequest(changes=changes, epoch=pc.city.epoch)).results)


def numbers_of(pc: Pc, *records: Record) -> list[str | None]:
    return [pc.store.records.load(r.id).number for r in records]


@pytest.fixture
def pcs(city: City, tmp_path: Path, clock: FixedClock):
    made = [a_pc(city, tmp_path / name, clock) for name in ("a", "b")]
    for pc in (*made, *made):
        pc.sync()
    assert [x.register for x in made[0].store.numbers.leases()] == [COPIES_BOOK]
    yield made
    for pc in made:
        pc.store.close()


def test_a_book_goes_on_above_what_a_file_brought(pcs: list[Pc]) -> None:
    a, _ = pcs
    for n in (1, 2, 3):
        from_a_file(a, n)
    assert certify(a).number == "0004/2026"


def test_a_book_goes_on_above_what_a_file_brought_at_another_pc(pcs: list[Pc]) -> None:
    """The holder's program runs on, so that the city does not tell it its books anew."""
    a, b = pcs
    assert certify(a).number == "0001/2026"
    for n in (2, 3, 4):
        from_a_file(b, n)
    b.sync()
    a.sync()
    assert certify(a).number == "0005/2026"
    a.sync()
    b.sync()
    audit = b.store.audits.audit(COPY.id, "2026")
    assert [row.n for row in audit.rows] == [1, 2, 3, 4, 5]
    assert audit.is_whole


@pytest.mark.parametrize("typed", [202_611, 20_260_001])
def test_a_mistyped_number_of_a_file_moves_no_book(pcs: list[Pc], typed: int) -> None:
    a, b = pcs
    from_a_file(a, typed)
    assert certify(a).number == "0001/2026"
    from_a_file(b, typed + 1)
    for pc in (a, b, a):
        pc.sync()
    assert certify(a).number == "0002/2026"


def refused_from_a_file(pc: Pc, n: int) -> Record:
    """By somebody whom the city does not know."""
    number = f"{n:04d}/2026"
    fields = {"document": "cũ", "cert_no": number, "book_no": "01/2026-SCT/BS"}
    nobody = msgspec.structs.replace(pc.officer, id="nobody", name="Không ai")
    (record,) = pc.store.save([Save(type=COPY.id, fields=fields, state="certified", number=number)], nobody)
    return record


@pytest.mark.parametrize("n", [700, 1500])
def test_history_that_the_city_refused_moves_no_book(pcs: list[Pc], n: int) -> None:
    """In the book as it is lent, and beyond that."""
    a, _ = pcs
    assert certify(a).number == "0001/2026"
    record = refused_from_a_file(a, n)
    a.sync()
    assert a.store.records.load(record.id).standing == "refused"
    assert certify(a).number == "0002/2026"
    a.store.close()
    a.reopen()
    a.sync()
    assert certify(a).number == "0003/2026"


def test_a_number_beyond_what_is_lent_waits_for_nobody(pcs: list[Pc]) -> None:
    """The line may be down for days."""
    a, _ = pcs
    from_a_file(a, 1500)
    assert certify(a).number == "0001/2026"
    a.sync()
    a.sync()
    assert certify(a).number == "1501/2026"


def test_a_list_that_fills_what_is_lent_is_never_numbered_again(pcs: list[Pc]) -> None:
    a, _ = pcs
    (lease,) = a.store.numbers.leases()
    for n in (lease.upper - 1, lease.upper, lease.upper + 1):
        from_a_file(a, n)
    waits = certify(a)
    assert waits.number is None
    a.sync()
    a.sync()
    assert numbers_of(a, waits) == [f"{lease.upper + 2}/2026"]


def test_refused_history_counts_again_once_it_is_said_anew(pcs: list[Pc]) -> None:
    a, _ = pcs
    record = refused_from_a_file(a, 7)
    a.sync()
    opened = a.store.records.load(record.id)
    mended = {**opened.fields, "document": "đã sửa"}
    a.store.save([Save(type=COPY.id, fields=mended, opened=opened)], a.officer)
    assert certify(a).number == "0008/2026"


def test_the_same_list_brought_again_counts_though_the_first_was_refused(pcs: list[Pc]) -> None:
    a, _ = pcs
    refused_from_a_file(a, 7)
    from_a_file(a, 7)
    push(a)
    assert certify(a).number == "0008/2026"


def test_what_came_with_a_file_of_another_year_moves_nothing(pcs: list[Pc]) -> None:
    a, _ = pcs
    number = "0077/2025"
    fields = {"document": "cũ", "cert_no": number, "book_no": "01/2025-SCT/BS"}
    a.store.save([Save(type=COPY.id, fields=fields, state="certified", number=number)], a.officer)
    assert certify(a).number == "0001/2026"


@pytest.fixture
def own_city(tmp_path: Path, clock: FixedClock):
    city = City(f"sqlite:///{tmp_path}/city.db", WITH_OWN_SERIES, clock)
    yield city
    city.close()


def test_a_restored_pc_gives_no_number_of_its_own_series_twice(
    own_city: City, tmp_path: Path, clock: FixedClock
) -> None:
    """Receipts for money carry the PC's own running number."""
    pc = a_pc(own_city, tmp_path / "a", clock)
    pc.sync()
    given = [certify(pc)]
    pc.store.close()
    shutil.copytree(pc.folder, tmp_path / "backup")
    pc.reopen()
    given += [certify(pc) for _ in range(3)]
    pc.sync()
    pc.store.close()
    shutil.rmtree(pc.folder)
    shutil.copytree(tmp_path / "backup", pc.folder)
    pc.reopen()
    pc.sync()
    waits = certify(pc)
    assert waits.number is None, "somebody has to look first"
    pc.enrol_again("clerk", "office_head")
    pc.begin()
    pc.sync()
    pc.sync()
    numbers = numbers_of(pc, *given, waits, certify(pc))
    assert numbers == [f"Q1-26E-{n:07d}" for n in range(1, 7)]
    pc.store.close()


def test_what_waits_for_a_pcs_own_series_is_numbered_after_its_store_came_back(
    own_city: City, tmp_path: Path, clock: FixedClock
) -> None:
    """The backup knows nothing of the act, and no other PC may."""
    a, b = (a_pc(own_city, tmp_path / name, clock) for name in "ab")
    a.sync()
    b.sync()
    a.store.close()
    shutil.copytree(a.folder, tmp_path / "backup")
    a.reopen()
    a.store.set_meta("clock_skew", 4000.0)
    waits = certify(a)
    push(a)
    a.store.close()
    shutil.rmtree(a.folder)
    shutil.copytree(tmp_path / "backup", a.folder)
    a.reopen()
    a.sync()
    a.enrol_again("clerk", "office_head")
    a.begin()
    for pc in (b, a, b):
        pc.sync()
    assert numbers_of(b, waits) == numbers_of(a, waits) == [f"{a.device}-26E-0000001"]
    assert b.store.changes.outbox() == ()
    for pc in (a, b):
        pc.store.close()


def test_a_pcs_own_series_is_numbered_there_alone(own_city: City, tmp_path: Path, clock: FixedClock) -> None:
    """Every PC of the ward could number what waits, all would, and all but the first in vain."""
    pcs = [a_pc(own_city, tmp_path / name, clock) for name in "abc"]
    for pc in pcs:
        pc.sync()
    pcs[0].store.set_meta("clock_skew", 4000.0)
    record = certify(pcs[0])
    assert record.number is None
    push(pcs[0])
    for pc in (*pcs[1:], *pcs):
        pc.sync()
    assert numbers_of(pcs[1], record) == [f"{pcs[0].device}-26E-0000001"]
    assert all(not pc.store.changes.outbox() for pc in pcs)
    for pc in pcs:
        pc.store.close()


def two_wards(city: City, folder: Path, clock: FixedClock) -> Pc:
    """Its officer serves both; it stands in the first."""
    pc = a_pc(city, folder, clock)
    code = city.enrolment.new_code([OTHER_WARD, WARD], pc.officer.name, "UBND", ("clerk", "office_head"))
    pc._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=pc.token)))
    pc.begin()
    return pc


def test_an_officer_of_several_wards_does_not_move_the_pc_into_another(
    city: City, tmp_path: Path, clock: FixedClock
) -> None:
    pc = a_pc(city, tmp_path / "a", clock, OTHER_WARD)
    pc.sync()
    code = city.enrolment.new_code([WARD, OTHER_WARD], "Phạm Thu", "Thành phố", ("clerk",))
    pc._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=pc.token)))
    pc.begin()
    pc.sync()
    assert (pc.store.enrolment.ward, set(pc.store.enrolment.wards)) == (OTHER_WARD, {WARD, OTHER_WARD})
    pc.store.update_enrolment(epoch="another", wards={WARD: "x", OTHER_WARD: "y"})
    record = certify(pc)
    assert record.ward == OTHER_WARD


def test_another_wards_record_gets_no_number_of_this_wards_book(city: City, tmp_path: Path, clock: FixedClock) -> None:
    pc = two_wards(city, tmp_path / "a", clock)
    pc.sync()
    assert sorted(x.ward for x in pc.store.numbers.leases()) == [WARD, OTHER_WARD]
    there = a_pc(city, tmp_path / "b", clock, OTHER_WARD)
    there.sync()
    here = [certify(pc) for _ in range(3)]
    waits = certify(there)
    for each in (there, pc, pc, there):
        each.sync()
    assert numbers_of(there, waits) == ["0001/2026"]
    assert [row.record_id for row in pc.store.numbers.book(COPY.id)] == [r.id for r in here]
    (given,) = pc.store.numbers.book(COPY.id, ward=OTHER_WARD)
    assert (given.record_id, given.number, given.ward) == (waits.id, "0001/2026", OTHER_WARD)
    for ward in (WARD, OTHER_WARD):
        assert pc.store.numbers.held(COPY.id, clock.now(), ward=ward).ward == ward
    own = next(x for x in pc.store.numbers.leases() if x.ward == WARD)
    pc.store.numbers.let_go(WARD, own.register, own.period)
    assert pc.store.numbers.held(COPY.id, clock.now()) is None, "another ward's book is not this one's"
    pc.store.numbers.put_lease(own)
    here.append(certify(pc))
    assert numbers_of(pc, *here) == [f"000{n}/2026" for n in (1, 2, 3, 4)]
    for each in (pc, there):
        audit = each.store.audits.audit(COPY.id, "2026")
        assert audit.is_whole, [(row.n, row.status, row.odd) for row in audit.rows]
        each.store.close()


def test_a_pcs_own_series_runs_on_through_both_wards(own_city: City, tmp_path: Path, clock: FixedClock) -> None:
    """Its numbers name the PC and no ward."""
    there = a_pc(own_city, tmp_path / "b", clock, OTHER_WARD)
    record = there.store.save([Save(type=COPY.id, fields={"document": "x"})], there.officer)[0]
    there.sync()
    pc = two_wards(own_city, tmp_path / "a", clock)
    pc.sync()
    first = certify(pc)
    opened = pc.store.records.load(record.id)
    pc.store.save([Save(type=COPY.id, fields=opened.fields, opened=opened, action="certify")], pc.officer)
    assert numbers_of(pc, first, record, certify(pc)) == [f"{pc.device}-26E-{n:07d}" for n in (1, 2, 3)]
    for each in (pc, there):
        each.store.close()


def test_it_is_numbered_in_the_name_of_an_officer_of_that_ward(city: City, tmp_path: Path, clock: FixedClock) -> None:
    """The first of the PC's officers, by name, has nothing to do there: what he says the city refuses."""
    pc = Pc(city, tmp_path / "a", CATALOG, clock, "clerk", "office_head", name="An")
    code = city.enrolment.new_code([WARD, OTHER_WARD], "Bình", "UBND", ("clerk", "office_head"))
    pc._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=pc.token)))
    pc.begin()
    pc.sync()
    assert [o.name for o in pc.store.enrolment.officers] == ["An", "Bình"]
    there = a_pc(city, tmp_path / "b", clock, OTHER_WARD)
    there.sync()
    waits = certify(there)
    for each in (there, pc, there):
        each.sync()
    assert pc.store.changes.outbox() == ()
    assert numbers_of(there, waits) == ["0001/2026"]
    for each in (pc, there):
        each.store.close()


def test_another_wards_record_waits_for_its_own_book(city: City, tmp_path: Path, clock: FixedClock) -> None:
    there = a_pc(city, tmp_path / "b", clock, OTHER_WARD)
    there.sync()
    pc = two_wards(city, tmp_path / "a", clock)
    record = there.store.save([Save(type=COPY.id, fields={"document": "x"})], there.officer)[0]
    there.sync()
    pc.sync()
    opened = pc.store.records.load(record.id)
    pc.store.save([Save(type=COPY.id, fields=opened.fields, opened=opened, action="certify")], pc.officer)
    assert numbers_of(pc, record) == [None]
    for each in (pc, there, pc):
        each.sync()
    assert numbers_of(pc, record) == ["0001/2026"]
    assert certify(there).number == "0002/2026"
    for each in (pc, there):
        each.store.close()


def test_a_withdrawn_pc_of_two_wards_is_enrolled_again_officer_by_officer(
    city: City, tmp_path: Path, clock: FixedClock
) -> None:
    """With work unsent: the first code is of the PC's own ward alone, and nothing could be sent before."""
    pc = two_wards(city, tmp_path / "a", clock)
    pc.sync()
    record = certify(pc)
    with city.storage.write() as session:
        trust_no_more(session, pc.device)
    with pytest.raises(RefusedError):
        pc.sync()
    pc.token = ""
    pc.enrol_again("clerk", "office_head")
    pc.begin()
    pc.sync()
    assert pc.store.changes.outbox() == ()
    assert pc.store.records.load(record.id).standing == "city"
    assert set(pc.store.enrolment.wards) == {WARD}
    certify(pc)
    elsewhere = msgspec.structs.replace(pc.store.enrolment, wards={OTHER_WARD: "x"})
    with pytest.raises(StoreError, match="phường cũ"):
        pc.store.set_enrolment(elsewhere)
    pc.store.close()


def test_a_refused_line_that_is_voided_moves_no_book(pcs: list[Pc]) -> None:
    """Nobody but its PC ever had it, and its number may be that of a line which was brought again."""
    a, b = pcs
    assert certify(a).number == "0001/2026"
    record = refused_from_a_file(a, 700)
    a.sync()
    opened = a.store.records.load(record.id)
    a.store.save([Save(type=COPY.id, fields={}, opened=opened, kind="void", reason="nhập nhầm")], a.officer)
    assert certify(a).number == "0002/2026"
    for pc in (a, b, a):
        pc.sync()
    assert a.store.records.load(record.id).standing == "city"
    assert certify(a).number == "0003/2026"
    assert a.store.audits.audit(COPY.id, "2026").is_whole


def test_a_number_of_the_book_stays_in_it_though_its_refused_record_is_voided(pcs: list[Pc]) -> None:
    """It was given here: it is on paper."""
    a, _ = pcs
    nobody = msgspec.structs.replace(a.officer, id="nobody", name="Không ai")
    (record,) = a.store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], nobody)
    a.sync()
    opened = a.store.records.load(record.id)
    assert (opened.standing, opened.number) == ("refused", "0001/2026")
    a.store.save([Save(type=COPY.id, fields={}, opened=opened, kind="void", reason="ghi nhầm")], a.officer)
    a.clock.advance(seconds=30)
    a.sync()
    rows = a.store.audits.audit(COPY.id, "2026").rows
    assert [(row.n, row.status, row.reason) for row in rows] == [(1, "void", "ghi nhầm")]
    assert certify(a).number == "0002/2026"

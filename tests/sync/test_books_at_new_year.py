"""What is signed on the last day of a year and numbered after the holiday stands in the book of the year of its signature."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from sync.clock import FixedClock, parse_moment
from sync.gateway.access import trust_no_more
from sync.gateway.city import City
from sync.locked_fields import SAME_NUMBER
from sync.protocol import ChangeResult, FieldProblem, Lease, LeaseRequest
from sync.store.model import Record, Save
from tests.sync.direct_city import CATALOG, certify, save, seen
from tests.sync.direct_line import Pc
from tests.sync.store.ward import COPIES_BOOK, COPY

LAST_EVENING = "2026-12-31T16:30:00+07:00"
AFTER_THE_HOLIDAY = "2027-01-04T08:00:00+07:00"
# neither the number nor a volume tells the year, as of incoming letters and of permits
BARE = replace(COPY, register=replace(COPY.register, format="{n:02d}", book_format=None, book_field=None))
BARE_CATALOG = replace(
    CATALOG,
    tools=tuple(replace(t, records=tuple(BARE if r.id == COPY.id else r for r in t.records)) for t in CATALOG.tools),
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(parse_moment(LAST_EVENING))


@pytest.fixture(params=["told", "bare"])
def city(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[City]:
    made = City(f"sqlite:///{tmp_path}/city.db", CATALOG if request.param == "told" else BARE_CATALOG, clock)
    yield made
    made.close()


@pytest.fixture
def pcs(city: City, tmp_path: Path, clock: FixedClock) -> Iterator[list[Pc]]:
    """The first has the book."""
    made = [Pc(city, tmp_path / name, city.catalog, clock, "clerk", "office_head") for name in ("a", "b")]
    for pc in (*made, *made):
        pc.sync()
    yield made
    for pc in made:
        pc.store.close()


def new_year(clock: FixedClock) -> None:
    clock.advance(seconds=(parse_moment(AFTER_THE_HOLIDAY) - clock.now()).total_seconds())


def rows(pc: Pc, period: str) -> list[tuple[int, str, str | None]]:
    return [(row.n, row.status, row.record_id) for row in pc.store.audits.audit(COPY.id, period).rows]


def test_what_waited_over_new_year_is_of_the_year_it_was_signed_in(pcs: list[Pc], clock: FixedClock) -> None:
    a, b = pcs
    last = certify(a)
    waits = certify(b)
    new_year(clock)
    first = certify(a)
    for pc in (b, a, b, a):
        pc.sync()
    second = certify(a)
    for pc in pcs:
        pc.sync()
    for pc in (a, b, a):
        pc.sync()
    for pc in pcs:
        assert rows(pc, "2026") == [(1, "given", last.id), (2, "given", waits.id)]
        assert rows(pc, "2027") == [(1, "given", first.id), (2, "given", second.id)]
        assert pc.store.audits.audit(COPY.id, "2027").is_whole
    held = {lease.period: lease.next for lease in a.store.numbers.leases()}
    assert held == {"2026": 3, "2027": 3}
    number = b.store.records.load(waits.id).number
    assert number in ("0002/2026", "02")


def test_a_book_of_the_old_year_that_nobody_has_is_lent_for_what_waits(pcs: list[Pc], clock: FixedClock) -> None:
    a, b = pcs
    (old,) = [lease for lease in a.store.numbers.leases() if lease.period == "2026"]
    a.store.numbers.hand_overs.begin(old, a.officer, "hết năm")
    a.sync()
    waits = certify(b)
    new_year(clock)
    for pc in (b, a):
        pc.begin()
        pc.sync()
    for pc in (b, a, b):
        pc.begin()
        pc.sync()
    assert rows(b, "2026") == [(1, "given", waits.id)]
    assert rows(b, "2027") == []


def test_last_years_book_is_not_asked_for_in_vain(
    pcs: list[Pc], clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something waits for it on every PC of the ward, and one of them has it."""
    _, b = pcs
    certify(b)
    new_year(clock)
    b.sync()
    b.begin()
    asked: list[str] = []
    lease = b.line.lease

    def noted(request: LeaseRequest) -> Lease:
        asked.append(request.period)
        return lease(request)

    monkeypatch.setattr(b.line, "lease", noted)
    b.sync()
    assert b.store.numbers.late_books() == {(b.ward, COPIES_BOOK, "2026")}
    assert asked == []


def test_what_a_stopped_clock_signed_long_ago_is_of_this_year(pcs: list[Pc], clock: FixedClock) -> None:
    """No book of such a year is anywhere, and nobody could number it."""
    a, b = pcs
    waits = certify(b)
    clock.advance(days=90)
    for pc in (b, a, b):
        pc.sync()
    assert rows(b, "2026") == []
    assert rows(b, "2027") == [(1, "given", waits.id)]
    assert a.store.numbers.late_books() == set()
    assert [x.register for x in a.store.numbers.leases() if x.period == "2027"] == [COPIES_BOOK]


@pytest.fixture
def december(tmp_path: Path) -> Iterator[tuple[City, FixedClock]]:
    clock = FixedClock(parse_moment("2026-11-02T08:00:00+07:00"))
    made = City(f"sqlite:///{tmp_path}/december.db", CATALOG, clock)
    yield made, clock
    made.close()


def periods_of(pc: Pc) -> list[str]:
    return [lease.period for lease in pc.store.numbers.leases()]


def test_who_numbers_a_book_gets_that_of_next_year(december: tuple[City, FixedClock], tmp_path: Path) -> None:
    """Not the PC that syncs first in December, which may be switched off on New Year's morning."""
    city, clock = december
    keeper, early = (Pc(city, tmp_path / name, CATALOG, clock, "clerk", "office_head") for name in ("a", "b"))
    keeper.sync()
    clock.advance(days=31)
    for pc in (early, keeper):
        pc.begin()
        pc.sync()
    assert (periods_of(keeper), periods_of(early)) == (["2026", "2027"], [])
    for pc in (keeper, early):
        pc.store.close()


def test_next_years_book_waits_for_no_pc_that_was_withdrawn_or_is_late(
    december: tuple[City, FixedClock], tmp_path: Path
) -> None:
    city, clock = december
    gone, other = (Pc(city, tmp_path / name, CATALOG, clock, "clerk", "office_head") for name in ("a", "b"))
    gone.sync()
    clock.advance(days=60)  # New Year has been; nobody has the new book
    other.begin()
    other.sync()
    assert periods_of(other) == ["2027"]
    with city.storage.write() as session:
        trust_no_more(session, other.device)
    clock.advance(days=340)
    gone.begin()
    gone.sync()
    assert "2028" in periods_of(gone)
    for pc in (gone, other):
        pc.store.close()


def test_only_what_somebody_else_will_have_is_not_asked_for(december: tuple[City, FixedClock], tmp_path: Path) -> None:
    """Twenty PCs of a ward start each morning in December."""
    city, clock = december
    keeper, early = (Pc(city, tmp_path / name, CATALOG, clock, "clerk", "office_head") for name in ("a", "b"))
    keeper.sync()
    clock.advance(days=31)
    lent = {period for _, _, period in early.line.hello().lent}
    assert lent == {"2026", "2027"}
    assert keeper.line.hello().lent == ()
    for pc in (keeper, early):
        pc.store.close()


def test_a_number_of_the_old_year_stays_of_it_where_its_act_is_taken_once_more(
    pcs: list[Pc], clock: FixedClock
) -> None:
    """The city did not take the act for which it was given, and the paper is in the citizen's hands."""
    a, b = pcs
    record = save(a, document="x")
    a.sync()
    signed = act(a, seen(a, record))
    (sent,) = a.store.changes.pending(9)
    no = FieldProblem("", "Cán bộ chưa có vai trò này.")
    a.store.changes.acknowledge([ChangeResult(change_id=sent.change_id, status="refused", problems=(no,))])
    new_year(clock)
    again = act(a, seen(a, record))
    assert (again.number, again.fields.get("book_no")) == (signed.number, signed.fields.get("book_no"))
    first = certify(a)
    for pc in (a, b):
        pc.sync()
    for pc in pcs:
        assert rows(pc, "2026") == [(1, "given", record.id)]
        assert rows(pc, "2027") == [(1, "given", first.id)]
        assert seen(pc, first).fields.get(SAME_NUMBER) is None


@pytest.mark.parametrize("period", ["", "2026-12-31"])
def test_a_number_from_before_the_register_was_parted_by_years_is_kept(pcs: list[Pc], period: str) -> None:
    """A pack may part a register in another way than when the number was given."""
    a = pcs[0]
    record = save(a, document="x")
    a.sync()
    signed = act(a, seen(a, record))
    (sent,) = a.store.changes.pending(9)
    a.store.changes.acknowledge([ChangeResult(change_id=sent.change_id, status="refused")])
    with a.store._context.writer.transaction() as db:
        db.execute("UPDATE numbers SET period = ? WHERE record_id = ?", (period, record.id))
    again = act(a, seen(a, record))
    assert (again.number, again.state) == (signed.number, "certified")


def act(pc: Pc, record: Record) -> Record:
    (acted,) = pc.store.save(
        [Save(type=COPY.id, fields=dict(record.fields), opened=record, action="certify")], pc.officer
    )
    return acted

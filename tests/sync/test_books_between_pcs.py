"""A legal book goes from PC to PC: no number twice, none without an explanation, whoever holds it and whatever breaks."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.protocol import Lease, LeaseRequest, SyncError
from sync.store.audit import BookAudit
from sync.store.model import Save, StoreError
from tests.sync.direct_city import CATALOG, certify
from tests.sync.direct_line import DirectLine, Pc
from tests.sync.store import ward
from tests.sync.store.ward import COPIES_BOOK, COPY, WARD


def a_pc(city: City, folder: Path, clock: FixedClock) -> Pc:
    return Pc(city, folder, CATALOG, clock, "clerk", "office_head")


@pytest.fixture
def pcs(city: City, tmp_path: Path, clock: FixedClock) -> Iterator[list[Pc]]:
    made = [a_pc(city, tmp_path / name, clock) for name in ("a", "b")]
    yield made
    for pc in made:
        pc.store.close()


def lease_of(pc: Pc) -> Lease | None:
    return pc.store.numbers.held(COPY.id, pc.clock.now())


def hand_over(pc: Pc, to: str = "", reason: str = "nghỉ phép") -> None:
    lease = lease_of(pc)
    assert lease is not None
    pc.store.numbers.hand_overs.begin(lease, pc.officer, reason, to)


def audit(pc: Pc) -> BookAudit:
    return pc.store.audits.audit(COPY.id, "2026")


def test_only_books_that_nobody_numbers_are_asked_for(pcs: list[Pc], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty PCs of a ward start in the morning, and one of them numbers."""
    a, b = pcs
    asked: list[str] = []
    lease = DirectLine.lease

    def seen(line: DirectLine, request: LeaseRequest) -> Lease:
        asked.append(line.token)
        return lease(line, request)

    monkeypatch.setattr(DirectLine, "lease", seen)
    for pc in (a, b, a, b):
        pc.begin()
        pc.sync()
    assert asked == [a.token]
    hand_over(a)
    a.sync()
    b.begin()
    b.sync()
    assert asked[-1] == b.token, "the book is free"
    assert (lease_of(b) or pytest.fail()).device == b.device


def test_a_book_goes_to_another_pc_and_nothing_is_numbered_between(pcs: list[Pc]) -> None:
    a, b = pcs
    a.sync()
    b.sync()
    first = certify(a)
    hand_over(a, b.device)
    between = [certify(a), certify(b)]
    assert [r.number for r in (first, *between)] == ["0001/2026", None, None]
    b.sync()
    assert lease_of(b) is None  # A has not told the city yet
    a.sync()
    b.sync()
    assert lease_of(a) is None
    assert (lease_of(b) or pytest.fail()).next >= 2
    a.sync()
    numbers = sorted(r.number or "" for r in (a.store.records.load_many([x.id for x in (first, *between)])))
    assert numbers == ["0001/2026", "0002/2026", "0003/2026"]
    for pc in pcs:
        book = audit(pc)
        assert book.is_whole
        assert [(row.n, row.device, row.officer) for row in book.rows] == [
            (1, "Q1", "a"),
            (2, "Q2", "b"),
            (3, "Q2", "b"),
        ]
        assert [(n.kind, n.device_before, n.device_after, n.by) for n in book.notes] == [("handover", "Q1", "Q2", "a")]


def test_a_hand_over_that_nobody_heard_of_is_taken_back(pcs: list[Pc]) -> None:
    a, _ = pcs
    a.sync()
    certify(a)
    hand_over(a)
    (waiting,) = a.store.numbers.hand_overs.all()
    assert certify(a).number is None
    a.store.numbers.hand_overs.take_back(waiting)
    assert certify(a).number == "0002/2026"


def test_an_answer_that_got_lost_neither_keeps_nor_doubles_the_book(pcs: list[Pc]) -> None:
    a, b = pcs
    a.sync()
    certify(a)
    hand_over(a, b.device)
    a.line.lose_leases = 1
    with pytest.raises(SyncError):
        a.sync()
    (asked,) = a.store.numbers.hand_overs.all()
    with pytest.raises(StoreError):
        a.store.numbers.hand_overs.take_back(asked)
    b.sync()
    assert certify(b).number == "0002/2026"
    a.sync()
    assert certify(a).number is None
    assert [h.stage for h in a.store.numbers.hand_overs.all()] == ["done"]
    b.sync()
    hand_over(b, a.device)
    b.sync()
    a.sync()
    assert a.store.numbers.hand_overs.all() == ()
    assert [row.number for row in a.store.numbers.book(COPY.id)] == ["0001/2026", "0003/2026"]


def test_an_unknown_device_gets_nothing_and_the_book_stays(pcs: list[Pc]) -> None:
    a, _ = pcs
    a.sync()
    hand_over(a, "Q99")
    report = a.sync()
    assert any("Q99" in problem.vi for problem in report.problems)
    assert certify(a).number == "0001/2026"


def test_a_book_given_to_nobody_is_whoever_asks_next(pcs: list[Pc]) -> None:
    a, b = pcs
    a.sync()
    certify(a)
    hand_over(a)
    a.sync()
    a.begin()
    a.sync()
    assert lease_of(a) is None  # it does not snatch it back
    b.sync()
    assert certify(b).number == "0002/2026"


def test_a_restored_city_hears_again_that_the_book_went_away(pcs: list[Pc], city: City, tmp_path: Path) -> None:
    a, b = pcs
    a.sync()
    b.sync()
    certify(a)
    a.sync()
    for name in ("city.db", "city.db-wal"):
        if (tmp_path / name).exists():
            shutil.copy(tmp_path / name, tmp_path / f"kept-{name}")
    hand_over(a, b.device)
    a.sync()
    b.sync()
    certify(b)
    city.close()
    for path in tmp_path.glob("city.db*"):
        path.unlink()
    for path in tmp_path.glob("kept-*"):
        path.rename(tmp_path / path.name.removeprefix("kept-"))
    old = City(f"sqlite:///{tmp_path}/city.db", CATALOG, a.clock)
    try:
        old.restored()
        for pc in pcs:
            pc.city = old
            pc.begin()
        for pc in (a, b, a, b):
            pc.sync()
        numbers = [certify(pc).number for pc in pcs]
        for pc in (a, b, a, b):
            pc.sync()
        assert numbers[0] is None
        book = audit(b)
        assert book.is_whole, book
        assert book.last == 4
    finally:
        old.close()


def test_a_pc_restored_from_a_backup_numbers_nothing_until_enrolled_again(pcs: list[Pc], tmp_path: Path) -> None:
    a, b = pcs
    a.sync()
    certify(a)
    a.sync()
    a.store.close()
    shutil.copytree(a.folder, tmp_path / "backup")
    a.reopen()
    certify(a)
    a.sync()
    a.store.close()
    shutil.rmtree(a.folder)
    shutil.copytree(tmp_path / "backup", a.folder)
    a.reopen()
    report = a.sync()
    assert any("bản sao cũ" in problem.vi and "old backup" in problem.en for problem in report.problems)
    assert certify(a).number is None
    assert a.store.numbers.standstill(COPY.id) == "restored"
    a.enrol_again("clerk", "office_head")
    a.begin()
    a.sync()
    assert a.store.numbers.standstill(COPY.id) is None
    a.sync()
    assert [row.number for row in audit(a).rows] == ["0001/2026", "0002/2026", "0003/2026"]
    b.sync()
    assert audit(b).is_whole


def test_two_stores_of_one_enrolment_are_both_stopped(pcs: list[Pc], tmp_path: Path, city: City) -> None:
    a, _ = pcs
    a.sync()
    certify(a)
    a.sync()
    a.store.close()
    shutil.copytree(a.folder, tmp_path / "twin")
    a.reopen()
    twin = object.__new__(Pc)
    twin.__dict__.update(a.__dict__, folder=tmp_path / "twin")
    twin.store = type(a.store).open(twin.folder, a.key, CATALOG, a.clock)
    twin.begin()
    try:
        a.sync()
        twin.sync()  # both have met the city and go on as they are
        certify(a)
        a.sync()
        certify(twin)
        twin.sync()
        for pc in (a, twin):
            pc.sync()
            assert certify(pc).number is None
            pc.begin()
            pc.sync()
            assert pc.store.numbers.standstill(COPY.id) == "restored"
    finally:
        twin.store.close()


def test_a_takeover_from_a_lost_pc_is_explained_on_every_other(pcs: list[Pc], city: City) -> None:
    a, b = pcs
    a.sync()
    certify(a)
    a.sync()
    certify(a)  # on paper, never sent
    city.leases.take_over((WARD, COPIES_BOOK, "2026"), b.device, "ổ cứng hỏng", above=2)
    b.sync()
    certify(b)
    b.sync()
    book = audit(b)
    assert book.is_whole
    assert [(row.n, row.status, row.reason) for row in book.rows] == [
        (1, "given", ""),
        (2, "unused", "ổ cứng hỏng"),
        (3, "given", ""),
    ]
    assert book.rows[1].note == "takeover"


def test_a_clock_confirmed_by_a_person_is_kept_and_seen_elsewhere(pcs: list[Pc]) -> None:
    a, b = pcs
    a.sync()
    a.store.set_meta("clock_skew", 900.0)
    assert certify(a).number is None
    a.store.numbers.confirm_clock(a.officer, "đã so với đồng hồ cơ quan")
    assert certify(a).number == "0001/2026"
    a.store.set_meta("clock_skew", 905.0)
    assert a.store.numbers.clock_problem(COPY.id) is None  # the same clock, as steady as before
    a.store.set_meta("clock_skew", 2000.0)
    assert a.store.numbers.clock_problem(COPY.id) == "skew"
    (line,) = a.store.numbers.clock_log()
    assert (line["officer"], line["skew"]) == ("a", 900)
    a.sync()
    b.sync()
    (note,) = audit(b).notes
    assert (note.kind, note.by, note.reason) == ("clock", "a", "đã so với đồng hồ cơ quan")


def test_an_action_the_city_refused_is_given_up_and_its_number_explained(pcs: list[Pc]) -> None:
    a, b = pcs
    a.sync()
    (paper,) = a.store.save([Save(type=COPY.id, fields={"document": "x"})], a.officer)
    a.sync()
    b.sync()
    seen = b.store.records.load(paper.id) or pytest.fail()
    b.store.save([Save(type=COPY.id, fields=seen.fields, opened=seen, action="refuse")], b.officer)
    b.sync()
    (signed,) = a.store.save([Save(type=COPY.id, fields=paper.fields, opened=paper, action="certify")], a.officer)
    assert signed.number == "0001/2026"
    assert a.sync().refused == 1
    with pytest.raises(StoreError):
        a.store.changes.withdraw(paper.id, a.officer, " ")
    a.store.changes.withdraw(paper.id, a.officer, "đã từ chối ở quầy kia")
    back = a.store.records.load(paper.id) or pytest.fail()
    assert (back.state, back.number, back.standing) == ("refused", None, "here")
    told = [(row.change.kind, row.status) for row in a.store.changes.history(paper.id)]
    assert told[:2] == [("edit", "pending"), ("action", "refused")]  # the city hears of it, and nothing of it is lost
    assert certify(a).number == "0002/2026"
    for pc in (a, b):
        pc.sync()
        book = audit(pc)
        assert book.is_whole
        assert "đã từ chối ở quầy kia" in book.rows[0].reason
    assert (a.store.records.load(paper.id) or pytest.fail()).standing == "city"
    (new,) = a.store.save([Save(type=COPY.id, fields={"document": "chưa gửi"})], a.officer)
    with pytest.raises(StoreError):
        a.store.changes.withdraw(new.id, a.officer, "chưa có ở thành phố")


STEP = st.one_of(
    st.tuples(st.just("number"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("number"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("sync"), st.integers(0, 2), st.sampled_from([0, 0, 0, 1])),
    st.tuples(st.just("hand"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("back"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("restart"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("die"), st.integers(0, 2), st.integers(0, 1)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, max_size=25))
def test_however_a_book_wanders_no_number_is_given_twice_and_none_is_unexplained(
    steps: list[tuple[str, int, int]],
) -> None:
    clock = FixedClock(ward.NOW)
    with TemporaryDirectory() as folder:
        city = City(f"sqlite:///{folder}/city.db", CATALOG, clock)
        pcs = [a_pc(city, Path(folder) / name, clock) for name in "abc"]
        try:
            _wander(city, pcs, steps)
        finally:
            for pc in pcs:
                pc.store.close()
            city.close()


def _wander(city: City, pcs: list[Pc], steps: list[tuple[str, int, int]]) -> None:
    alive = set(range(3))
    pcs[0].sync()
    for kind, who, what in steps:
        if who in alive:
            _step(city, pcs, alive, (kind, who, what))
    for _ in range(3):
        for n in sorted(alive):
            _sync(pcs[n])
    given_ = Counter(row.n for pc in pcs for row in pc.store.numbers.book(COPY.id))
    assert all(times == 1 for times in given_.values()), given_
    for n in sorted(alive):
        book = audit(pcs[n])
        assert not book.count("missing"), book
        assert not any("twice" in row.odd for row in book.rows)
        assert book.last >= max(given_, default=0) or len(alive) < 3


def _step(city: City, pcs: list[Pc], alive: set[int], step: tuple[str, int, int]) -> None:
    kind, who, what = step
    pc = pcs[who]
    if kind == "number":
        certify(pc)
    elif kind == "sync":
        pc.line.lose_leases = what
        _sync(pc)
    elif kind == "hand" and lease_of(pc) is not None:
        to = pcs[what].device if what < 3 else ""
        if to != pc.device:
            hand_over(pc, to)
    elif kind == "back":
        for each in pc.store.numbers.hand_overs.to_tell():
            if each.stage == "waiting":
                pc.store.numbers.hand_overs.take_back(each)
    elif kind == "restart":
        pc.begin()
    elif kind == "die" and len(alive) > 1:
        alive.discard(who)
        _take_over(city, pc, pcs[min(alive)], looked=bool(what))


def _take_over(city: City, lost: Pc, heir: Pc, *, looked: bool) -> None:
    held = [lease for lease in city.leases.of(city.access.device(f"Bearer {lost.token}")) if lease.period == "2026"]
    for lease in held:
        on_paper = max((row.n for row in lost.store.numbers.book(COPY.id)), default=0)
        above = on_paper if looked else None
        city.leases.take_over((WARD, lease.register, lease.period), heir.device, "máy hỏng", above)


def _sync(pc: Pc) -> None:
    try:
        pc.sync()
    except SyncError as error:
        assert error.code == "unreachable"

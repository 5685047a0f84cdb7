"""A city that came back from a backup made before the operator moved a book: the book is moved again, no number is given twice."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sync.gateway.city
from sync.clock import FixedClock
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.lent_books import book_rows
from sync.gateway.moved_books import MovedBook, line_of_book, read_book
from sync.protocol import SyncError
from sync.store.model import Save
from tests.sync.direct_city import CATALOG
from tests.sync.direct_line import Pc
from tests.sync.store import ward
from tests.sync.store.ward import COPIES_BOOK, COPY, WARD

BOOK = (WARD, COPIES_BOOK, "2026")


@pytest.fixture(autouse=True)
def small_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)


class World:
    """PCs with stores of their own, and a city in a file that can come back from a copy."""

    def __init__(self, folder: Path, names: str = "ab") -> None:
        self.folder, self.clock = folder, FixedClock(ward.NOW)
        self.pcs: list[Pc] = []
        self.url = f"sqlite:///{folder}/city.db"
        self.city = City(self.url, CATALOG, self.clock)
        self.pcs = [self.new_pc(name) for name in names]

    def new_pc(self, name: str) -> Pc:
        return Pc(self.city, self.folder / name, CATALOG, self.clock, "clerk", "office_head")

    def back_up(self) -> None:
        self.city.close()
        shutil.copy(self.folder / "city.db", self.folder / "kept")
        self._open()

    def restore(self) -> int:
        """The file put back, and the operator's verb; its exit code."""
        self.city.close()
        for name in ("city.db", "city.db-wal", "city.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(self.folder / "kept", self.folder / "city.db")
        self._open()
        return self.verb("restored")

    def verb(self, *words: str) -> int:
        """As an operator says it, by the clock of this world."""
        self.clock.advance(seconds=1)
        self.city.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOPHUONG_NOW", self.clock.now().isoformat())
            code = main([*words, "--database", self.url])
        self._open()
        return code

    def _open(self) -> None:
        self.city = City(self.url, CATALOG, self.clock, create=False)
        for pc in self.pcs:
            pc.city = self.city
            pc.begin()

    def takeover(self, to: str, *more: str) -> int:
        named = ("--ward", WARD, "--register", COPIES_BOOK, "--period", "2026")
        return self.verb("lease-takeover", *named, "--device", to, "--reason", "ổ cứng  hỏng", *more)

    @property
    def list(self) -> Path:
        return self.folder / "city.db.withdrawn"

    def holder(self) -> tuple[str, int]:
        (row,) = [row for row in book_rows(self.city) if row.book == BOOK]
        return row.device, row.next

    def sync(self, *pcs: Pc) -> None:
        for pc in pcs:
            pc.sync()

    def close(self) -> None:
        for pc in self.pcs:
            pc.store.close()
        self.city.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def certify(pc: Pc) -> str | None:
    pc.clock.advance(seconds=30)
    (record,) = pc.store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], pc.officer)
    return record.number


def numbers(*pcs: Pc) -> Counter[int]:
    return Counter(row.n for pc in pcs for row in pc.store.numbers.book(COPY.id))


def test_the_old_pc_does_not_get_its_book_back(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = world.pcs
    world.sync(a, b)
    assert [certify(a), certify(a)] == ["0001/2026", "0002/2026"]
    world.sync(a)
    world.back_up()
    assert world.takeover(b.device, "--above", "2") == 0
    world.sync(a, b)  # A lets go
    assert certify(b) == "0003/2026"
    world.sync(b)
    capfd.readouterr()
    assert world.restore() == 0
    told = capfd.readouterr().out
    assert f"{COPIES_BOOK} 2026: {a.device} → {b.device}" in told
    assert world.holder() == (b.device, 3)
    world.sync(a)  # first, before anybody has told of number 3
    assert certify(a) is None
    world.sync(b, a, b)
    certify(b)
    world.sync(a, b, a)
    assert numbers(a, b) == {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, "A's record got a number from B"
    for pc in (a, b):
        book = pc.store.audits.audit(COPY.id, "2026")
        assert book.is_whole
        assert not any("twice" in row.odd for row in book.rows)
        assert [note.kind for note in book.notes] == ["takeover"]  # the lost note is the same record again


def test_said_again_nothing_moves_and_no_book_goes_back(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = world.pcs
    world.sync(a, b)
    certify(a)
    world.sync(a)
    world.back_up()
    assert world.takeover(b.device, "--above", "1") == 0
    assert world.takeover(a.device, "--above", "5") == 0  # a chain, whose last word counts
    assert world.takeover(b.device, "--above", "7") == 0
    assert world.restore() == 0
    assert capfd.readouterr().out.count("moved again") == 3
    assert world.holder() == (b.device, 8)
    world.sync(a, b)
    assert certify(b) == "0008/2026"
    lease = b.store.numbers.held(COPY.id, b.clock.now())
    assert lease is not None
    b.store.numbers.hand_overs.begin(lease, b.officer, "nghỉ", a.device)
    world.sync(b, a)
    stands = world.holder()
    assert stands == (a.device, 9)
    for _ in range(2):
        assert world.verb("restored") == 0
        assert "moved again" not in capfd.readouterr().out
        assert world.holder() == stands


def test_a_line_that_comes_after_the_pcs_moves_no_number_back(world: World) -> None:
    """The operator found the list only when the old PC had numbered on for a while."""
    a, b = world.pcs
    world.sync(a, b)
    certify(a)
    world.sync(a)
    world.back_up()
    assert world.takeover(b.device, "--above", "1") == 0
    kept = world.list.read_bytes()
    world.list.unlink()
    assert world.restore() == 0
    world.sync(a)
    assert [certify(a), certify(a)] == ["0002/2026", "0003/2026"]
    world.sync(a)
    world.list.write_bytes(kept)
    assert world.verb("restored") == 0
    assert world.holder() == (b.device, 4)


def test_a_pc_that_the_backup_does_not_know_keeps_the_book_from_all_others(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    (a, _) = world.pcs
    world.sync(a)
    certify(a)
    world.sync(a)
    world.back_up()
    new = world.new_pc("c")
    world.pcs.append(new)
    assert world.takeover(new.device, "--above", "1") == 0
    world.sync(a, new)
    assert [certify(new), certify(new)] == ["0002/2026", "0003/2026"]
    assert world.restore() == 0
    holder = f"{new.device}?"
    assert f"--all-of '{holder}'" in capfd.readouterr().out
    world.sync(a)
    assert certify(a) is None
    assert world.verb("lease", "list") == 0
    assert "lease-takeover" in capfd.readouterr().out
    new.enrol_again("clerk", "office_head")
    new.begin()
    world.sync(new, a)
    assert (
        world.verb("lease-takeover", "--all-of", holder, "--device", new.device, "--above", "0", "--reason", "x") == 0
    )
    for _ in range(2):
        new.begin()
        world.sync(new, a)
    certify(new)
    world.sync(new, a)
    assert set(numbers(*world.pcs).values()) == {1}
    assert max(numbers(new)) == 5


def test_where_the_list_cannot_be_written_the_book_stays(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    a, b = world.pcs
    world.sync(a, b)
    stands = world.holder()
    world.list.mkdir()
    assert world.takeover(b.device, "--above", "1") == 1
    assert "the book was not moved" in capfd.readouterr().err
    assert world.holder() == stands
    world.list.rmdir()
    world.list.write_text("2026-11-22T01:00:00Z bo", "utf-8")  # a power cut
    assert world.takeover(b.device, "--above", "1") == 0
    _, line = world.list.read_text("utf-8").splitlines()
    read = read_book(line)
    assert read is not None
    assert (read.book, read.next, read.device, read.reason) == (BOOK, 2, b.device, "ổ cứng hỏng")


def test_to_look_first_writes_no_line(world: World) -> None:
    a, b = world.pcs
    world.sync(a, b)
    assert world.takeover(b.device, "--above", "1", "--dry-run") == 0
    assert not world.list.exists()


@given(st.text(min_size=1), st.sampled_from(["", "2026", "2026-11-22"]), st.text())
def test_a_line_says_what_was_moved(register: str, period: str, reason: str) -> None:
    moved = MovedBook(
        at="2026-11-22T01:00:00Z", book=(WARD, register, period), gap_from=3, gap_to=2, next=3, token="0" * 64, device="Q2",
        reason=" ".join(reason.split()),
    )  # fmt: skip
    assert read_book(line_of_book(moved)) == moved


STEP = st.tuples(st.sampled_from(["number", "number", "sync", "move", "hand"]), st.integers(0, 2))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, max_size=14), st.lists(STEP, max_size=14), st.permutations(range(3)))
def test_however_books_were_moved_since_the_backup_no_number_is_given_twice(
    before: list[tuple[str, int]], after: list[tuple[str, int]], order: list[int]
) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder), "abc")
        try:
            world.sync(*world.pcs)
            for kind, who in before:
                _step(world, kind, who)
            world.sync(*world.pcs)
            world.back_up()
            for kind, who in after:
                _step(world, kind, who)
            assert world.restore() == 0
            for _ in range(3):
                for n in order:
                    _sync(world.pcs[n])
                    certify(world.pcs[n])
            given_ = numbers(*world.pcs)
            assert all(times == 1 for times in given_.values()), given_
        finally:
            world.close()


def _step(world: World, kind: str, who: int) -> None:
    pc = world.pcs[who]
    if kind == "number":
        certify(pc)
    elif kind == "sync":
        _sync(pc)
    elif kind == "hand":
        lease = pc.store.numbers.held(COPY.id, pc.clock.now())
        if lease is not None:
            pc.store.numbers.hand_overs.begin(lease, pc.officer, "nghỉ", world.pcs[who - 1].device)
            _sync(pc)
    elif kind == "move":  # somebody has looked at the paper, and the old PC hears of it at once
        above = max(numbers(*world.pcs), default=0)
        if world.holder()[0] != pc.device:
            assert world.takeover(pc.device, "--above", str(above)) == 0
        for each in world.pcs:
            _sync(each)


def _sync(pc: Pc) -> None:
    try:
        pc.sync()
    except SyncError as error:
        assert error.code == "unreachable"

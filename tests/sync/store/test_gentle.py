"""What comes in bulk beside an officer's work: small transactions, and his save between two of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sync.clock import FixedClock
from sync.ids import IdSource
from sync.protocol import FILL_DONE, FillPlace, PullAnswer, RecordVersion, StreamNews
from sync.store import Store, access, changes, connection
from sync.store.model import Save, Touched
from sync.store.pulling import PullTransaction
from tests.sync.store import soundness, ward
from tests.sync.store.ward import CITIZEN, CLERK, WARD

MANY = 3 * access.GENTLE_COMMIT
STREAM = (WARD, CITIZEN.scope)


def people(clock: FixedClock, count: int) -> Iterator[RecordVersion]:
    ids = IdSource(clock)
    for n in range(count):
        clock.advance(seconds=1)
        yield ward.version(ids.new(), CITIZEN, n + 1, {"full_name": f"Trần Thị {n}"})


def pull(store: Store, records: tuple[RecordVersion, ...]) -> None:
    assert store.changes.apply_pull(PullAnswer(records=records, cursor=1), *STREAM) == len(records)


def fill(store: Store, records: tuple[RecordVersion, ...]) -> None:
    before, after = FillPlace(head=len(records), below=len(records) + 1), FillPlace(head=len(records), tier=FILL_DONE)
    store.fills.begin({STREAM: len(records)})
    page = StreamNews(stream=0, records=records, cursor=0)
    assert store.fills.apply([page], (), {STREAM: before}, {STREAM: after}) == len(records)


@pytest.mark.parametrize("bring", [pull, fill])
def test_it_comes_in_small_transactions_where_an_officer_works_beside(
    store: Store, clock: FixedClock, bring: Callable[[Store, tuple[RecordVersion, ...]], None]
) -> None:
    sizes: list[int] = []

    def hear(touched: Touched) -> None:
        sizes.append(len(touched.records))

    store.subscribe(hear)
    first, second = tuple(people(clock, MANY)), tuple(people(clock, MANY))
    bring(store, first)
    assert sizes == [MANY], "one transaction where nobody waits for it"
    sizes.clear()
    store.gentle = True
    if bring is fill:
        store.changes.reset_cursor(*STREAM)
        pull(store, second)
    else:
        bring(store, second)
    assert sum(sizes) == MANY
    assert max(sizes) <= access.GENTLE_COMMIT
    soundness.check(store)


@pytest.mark.parametrize("gentle", [False, True])
def test_a_save_that_waits_goes_before_the_rest_of_a_page(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, *, gentle: bool
) -> None:
    store.gentle = gentle
    saved: list[int] = []  # at each part of the page

    def save() -> None:
        store.save([Save(type=CITIZEN.id, fields={"full_name": "Nguyễn Thị Đợi"})], CLERK)

    officer = threading.Thread(target=save)
    apply = PullTransaction.apply

    def apply_while_he_saves(self: PullTransaction, *records: Any) -> int:
        """The officer comes to the gate while the first part of the page is being written."""
        if not officer.ident:
            officer.start()
            while officer.is_alive() and not store._context.writer.awaited:
                officer.join(0.001)
        saved.extend(self._db.execute("SELECT count(*) FROM changes").fetchone())
        return apply(self, *records)

    monkeypatch.setattr(PullTransaction, "apply", apply_while_he_saves)
    pull(store, tuple(people(clock, MANY)))
    officer.join()
    assert saved[:2] == [0, 1], "the save waited for more than the part at hand"
    assert store.records.count(CITIZEN.id) == MANY + 1
    soundness.check(store)


def test_the_index_is_made_in_small_transactions_too(store: Store, clock: FixedClock) -> None:
    pull(store, tuple(people(clock, MANY)))
    store.gentle = True
    left: list[int] = []
    store.indexing.run(progress=lambda: left.append(store.indexing.waiting()))
    steps = [before - after for before, after in zip((MANY, *left), left, strict=False)]
    assert sum(steps) == MANY
    assert max(steps) <= access.GENTLE_COMMIT


def test_the_journal_stays_short_beside_an_officer(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one is cut within a transaction, for which a save waits."""
    assert changes.GENTLE_CHECKPOINT_BYTES < connection.JOURNAL_BYTES
    monkeypatch.setattr(changes, "GENTLE_CHECKPOINT_BYTES", 400_000)
    journal = store.path / f"{connection.FILE_NAME}-wal"
    grown: dict[bool, int] = {}
    for gentle in (True, False):
        store.gentle = gentle
        before = journal.stat().st_size
        for _ in range(6):
            pull(store, tuple(people(clock, access.GENTLE_COMMIT)))
        grown[gentle] = journal.stat().st_size - before
    assert grown[True] < grown[False]
    soundness.check(store)

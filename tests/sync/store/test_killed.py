"""Promise 1: a saved record is never lost, at whatever moment the program dies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.protocol import Lease
from sync.store import Store
from tests.sync.store import soundness, ward

ROUNDS = 8


def test_every_acknowledged_save_is_there_after_a_kill(folder: Path, clock: FixedClock) -> None:
    with Store.create(folder, ward.KEY, ward.CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        for year in range(2020, 2100):
            store.numbers.put_lease(
                Lease(ward=ward.WARD, register=ward.COPIES_BOOK, period=str(year), device="Q2", next=1)
            )
    acknowledged: dict[str, tuple[str, int]] = {}
    for round_ in range(ROUNDS):
        said = run_until_killed(folder, 0.05 + random.Random(round_).random() * 0.4)
        acknowledged |= {record_id: (number, n) for record_id, number, n in said}
        with Store.open(folder, ward.KEY, ward.CATALOG, clock) as store:
            soundness.check(store)
            for record_id, (number, n) in acknowledged.items():
                record = store.records.load(record_id)
                assert record is not None
                assert (record.number, record.fields["pages"]) == (number, n)
            book = store.numbers.book(ward.COPY.id)
            assert [row.n for row in book] == list(range(1, len(book) + 1))
            if said:
                draft = store.drafts.get("d")
                assert draft is not None
                assert draft.fields["n"] >= said[-1][2] - 1
    assert len(acknowledged) > ROUNDS


def run_until_killed(folder: Path, seconds: float) -> list[tuple[str, str, int]]:
    """What the child said was saved within ``seconds`` of its first word, then ``kill -9``."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "tests.sync.store.saver", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        lines = [first, *child.stdout]
        timer.join()
    words = [line.split() for line in lines if line.endswith("\n")]
    return [(record_id, number, int(n)) for record_id, number, n in words]


@pytest.mark.parametrize("at", range(1, 6))
def test_an_error_in_the_middle_leaves_nothing_behind(store: Store, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The n-th statement of a save that writes rows (change, record, list, search, counter) fails: none of it stays."""
    from sync.store.model import Save, StoreError

    writer = store._context.writer
    real = writer._connection
    monkeypatch.setattr(writer, "_connection", FailingConnection(real, at))
    with pytest.raises((StoreError, RuntimeError)):
        store.save([Save(type=ward.COPY.id, fields={"document": "x"})], ward.CLERK)
    monkeypatch.setattr(writer, "_connection", real)
    soundness.check(store)
    assert store.records.types() == {}
    assert store.changes.pending(10) == ()
    store.save([Save(type=ward.COPY.id, fields={"document": "y"})], ward.CLERK)
    soundness.check(store)


class FailingConnection:
    """Passes everything on until the n-th bulk statement."""

    def __init__(self, real: object, at: int) -> None:
        self._real, self._left = real, at

    def executemany(self, sql: str, rows: object) -> object:
        self._left -= 1
        if self._left == 0:
            raise RuntimeError("cut")
        return self._real.executemany(sql, rows)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

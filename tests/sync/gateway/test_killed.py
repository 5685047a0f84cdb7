"""Promise 1 at the city: what was acknowledged is there, once, at whatever moment the gateway dies.

The real program on a real database is killed at random moments while two PCs push, and started again. The length is set by
SOPHUONG_KILL_ROUNDS.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from types import TracebackType

import msgspec
import pytest

from sync.digest_terms import term
from sync.gateway.city import City
from sync.http import HttpTransport, enrol
from sync.protocol import Change, ChangeResult, EnrolAnswer, PullRequest, PushRequest, RecordVersion, SyncError
from tests.sync.gateway.pcs import WARD, change

ROOT = Path(__file__).parents[3]
ROUNDS = int(os.environ.get("SOPHUONG_KILL_ROUNDS", "3"))
CITIZEN, COPY = "residence.citizen", "certification.cert_copy"
PATIENCE = 30.0  # seconds for a start, and for what a pusher has at hand when the last round is over


@pytest.mark.timeout(90 + 5 * ROUNDS)
def test_every_acknowledged_change_is_there_once_after_kills(storage_url: str) -> None:
    seed = random.randrange(10**9)
    dice = random.Random(seed)
    with Gateway(storage_url) as gateway:
        pcs = [PushingPc(gateway, n) for n in range(2)]
        for pc in pcs:
            pc.start()
        for _ in range(ROUNDS):
            time.sleep(0.02 + dice.random() * 0.4)
            gateway.kill()
            gateway.start()
        for pc in pcs:
            pc.finish()
        assert sum(pc.cut for pc in pcs), "no kill met a push: the test says nothing"
        for pc in pcs:
            pc.check_answers()
            pc.offer_everything_again()
        records = pull_all(pcs[0])
    check_records(records, [c for pc in pcs for c in pc.acknowledged], f"seed {seed}")
    check_history(storage_url, pcs)


class Gateway:
    """``python -m sync.gateway serve``, always on the same port."""

    def __init__(self, storage_url: str) -> None:
        self._storage_url = storage_url
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "sync.gateway", "serve"]
        command += ["--database", self._storage_url, "--port", str(self.port)]
        environment = {**os.environ, "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = re.search(r"http://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        assert ready
        self.port = int(ready[1])

    def kill(self) -> None:
        """As ``kill -9``: nothing in the program hears of it."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def code(self, officer: str) -> str:
        command = [sys.executable, "-m", "sync.gateway", "enrol", "--database", self._storage_url]
        done = subprocess.run(
            [*command, "--ward", WARD, "--officer", officer], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def __enter__(self) -> Gateway:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


class PushingPc(threading.Thread):
    """A PC that makes records and edits of them without end. A batch without an answer is offered again as it was."""

    def __init__(self, gateway: Gateway, n: int) -> None:
        super().__init__(name=f"pc-{n}", daemon=True)
        self._gateway = gateway
        self._n = n
        self._ended = threading.Event()
        self._answer: EnrolAnswer = enrol(gateway.url, gateway.code(f"Cán bộ {n}"), f"PC {n}")
        self._last: dict[str, Change] = {}
        self._failed: BaseException | None = None
        self.acknowledged: list[Change] = []
        self.revisions: dict[str, int] = {}
        self.cut = 0

    @property
    def line(self) -> HttpTransport:
        return HttpTransport(self._gateway.url, self._answer.token)

    def run(self) -> None:
        try:
            with closing(self.line) as line:
                while not self._ended.is_set():
                    self._send(line, self._batch())
        except BaseException as error:
            self._failed = error

    def finish(self) -> None:
        self._ended.set()
        self.join(PATIENCE)
        assert not self.is_alive()
        if self._failed is not None:
            raise self._failed

    def _batch(self) -> list[Change]:
        """Two new records, one of them with a number, and the next edit of an earlier one."""
        numbered = len(self.acknowledged) + 1 + self._n * 1_000_000
        common = {"device": self._answer.device, "officer": self._answer.officer}
        citizen = change(CITIZEN, after={"full_name": "0"}, to_state="active", **common)
        copy = change(COPY, to_state="certified", number=str(numbered), after={"doc_title": "0"}, **common)
        batch = [citizen, copy]
        if self._last:
            earlier = random.choice(list(self._last.values()))
            (value,) = earlier.after.values()
            after = {"full_name": str(int(value) + 1)}
            about = {"record_id": earlier.record_id, "kind": "edit", "before": dict(earlier.after), "after": after}
            batch.append(change(CITIZEN, **about, **common))
        for made in batch:
            if made.type == CITIZEN:
                self._last[made.record_id] = made
        return batch

    def _send(self, line: HttpTransport, batch: list[Change]) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                results = line.push(PushRequest(tuple(batch))).results
                break
            except SyncError as error:
                assert error.retry, error
                assert time.monotonic() < end, error
                self.cut += 1
                time.sleep(0.02)
        self._note(batch, results)

    def _note(self, batch: list[Change], results: tuple[ChangeResult, ...]) -> None:
        assert [r.change_id for r in results] == [c.change_id for c in batch]
        assert [r.status for r in results] == ["accepted"] * len(batch), results
        self.acknowledged += batch
        self.revisions.update({r.change_id: r.revision for r in results})

    def check_answers(self) -> None:
        """Each change of a record got a revision of its own, in order."""
        given: dict[str, list[int]] = defaultdict(list)
        for made in self.acknowledged:
            given[made.record_id].append(self.revisions[made.change_id])
        assert all(revisions == list(range(1, len(revisions) + 1)) for revisions in given.values())

    def offer_everything_again(self) -> None:
        """As a PC whose own disk went back in time: nothing of it happens a second time."""
        with closing(self.line) as line:
            for start in range(0, len(self.acknowledged), 500):
                again = self.acknowledged[start : start + 500]
                results = line.push(PushRequest(tuple(again))).results
                assert all(r.duplicate for r in results)
                assert [r.revision for r in results] == [self.revisions[c.change_id] for c in again]


def pull_all(pc: PushingPc) -> dict[str, RecordVersion]:
    """Every record of both streams as a PC gets them; each stream's digest is that of its records."""
    found: dict[str, RecordVersion] = {}
    with closing(pc.line) as line:
        for scope in ("people", "open"):
            cursor, mine = 0, dict[str, RecordVersion]()
            while True:
                page = line.pull(PullRequest(ward=WARD, scope=scope, cursor=cursor))
                mine.update({r.id: r for r in page.records})
                cursor = page.cursor
                if not page.more:
                    break
            total = sum(term(r.id, r.revision) for r in mine.values()) % 2**64
            assert [int(text, 16) for text in page.digest.values()] == [total]
            found.update(mine)
    return found


def check_records(records: dict[str, RecordVersion], acknowledged: list[Change], seed: str) -> None:
    """What the city holds is what was acknowledged, no more and no less."""
    expected: dict[str, tuple[int, dict[str, object], str | None]] = {}
    for made in acknowledged:
        revision, fields, number = expected.get(made.record_id, (0, {}, made.number))
        expected[made.record_id] = (revision + 1, {**fields, **made.after}, number)
    held = {r.id: (r.revision, r.fields, r.number) for r in records.values()}
    assert held == expected, seed
    assert len(expected) > 2 * ROUNDS


def check_history(storage_url: str, pcs: list[PushingPc]) -> None:
    """History has each change once, as it was made, with the answer that was given."""
    with closing(City(storage_url, create=False)) as city, city.storage.read() as session:
        rows = session.all("SELECT change_id, status, revision, payload FROM changes")
        places = session.all("SELECT scope, position FROM records")
    made = {c.change_id: (c, pc.revisions[c.change_id]) for pc in pcs for c in pc.acknowledged}
    kept = {row[0]: (msgspec.msgpack.decode(row[3], type=Change), row[2]) for row in rows}
    assert (len(rows), {row[1] for row in rows}) == (len(made), {"accepted"})
    assert kept == made
    assert max(Counter(places).values()) == 1

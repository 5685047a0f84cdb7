"""One round: a city, two PCs, a bad line between them; kills and cuts for a while; then the account of every save."""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sync.clock import SystemClock
from sync.engine import Engine
from sync.gateway.city import City
from sync.http import HttpTransport, enrol
from sync.protocol import SyncError
from sync.store import Store
from sync.store.model import Enrolment
from tests.torture.account import LostError, Tally, account
from tests.torture.proxy import BadLine
from tests.torture.ward import CATALOG, WARD

ROOT = Path(__file__).parents[2]
PCS = 2
OFFICERS = 2  # of each PC
PATIENCE = 60.0  # seconds a settled round may take to come to rest


def play(storage_url: str, folder: Path, seed: int, *, seconds: float = 2.0) -> Tally:
    """One round. Raises LostError with what is lost, double or different."""
    dice = random.Random(seed)
    with ExitStack() as stack:
        gateway = stack.enter_context(GatewayProcess(storage_url))
        line = BadLine(gateway.port, dice)
        stack.callback(line.close)
        pcs = [
            stack.enter_context(PcProcess(gateway, line, folder / f"pc-{n}", dice.getrandbits(32))) for n in range(PCS)
        ]
        tally = Tally()
        torment(gateway, line, pcs, dice, tally, seconds)
        line.heal()
        for pc in pcs:
            pc.kill()
        tally.cuts = line.cut
        acknowledged = [said for pc in pcs for said in pc.said]
        tally.saves = len(acknowledged)
        with settled(pcs) as stores:
            gateway.kill()
            account(storage_url, stores, acknowledged, tally)
    return tally


def torment(
    gateway: GatewayProcess, line: BadLine, pcs: list[PcProcess], dice: random.Random, tally: Tally, seconds: float
) -> None:
    """Strike at random moments until the time is over."""

    def kill_pc() -> None:
        working = [pc for pc in pcs if pc.has_saved]
        if not working:  # on a slow machine a PC would never come past its start
            return
        pc = dice.choice(working)
        pc.kill()
        tally.kills_of_pc += 1
        pc.start()

    def kill_city() -> None:
        gateway.kill()
        tally.kills_of_city += 1
        time.sleep(dice.random() * 0.2)
        gateway.start()

    def break_line() -> None:
        line.go_down()
        time.sleep(dice.random() * 0.4)
        line.heal()

    strikes: list[Callable[[], object]] = [
        kill_pc,
        kill_pc,
        kill_city,
        line.cut_all,
        line.cut_all,
        line.go_down,
        line.half_close,
    ]
    strikes += [line.heal, line.heal, lambda: line.crawl(dice.choice((2_000, 20_000, 200_000))), lambda: line.lag(0.05)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.02 + dice.random() * 0.25)
        dice.choice(strikes)()
        for pc in pcs:
            pc.check_alive()


class GatewayProcess:
    """``python -m sync.gateway serve``, always on the same port."""

    def __init__(self, storage_url: str) -> None:
        self.storage_url = storage_url
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "sync.gateway", "serve", "--database", self.storage_url]
        command += ["--port", str(self.port)]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = re.search(r"http://127\.0\.0\.1:(\d+)", self._process.stdout.readline())
        if ready is None:
            raise RuntimeError("the gateway did not start again")
        self.port = int(ready[1])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> GatewayProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class PcProcess:
    """A PC that works beside its sync, killed and started again; what it said it saved is kept here."""

    def __init__(self, gateway: GatewayProcess, line: BadLine, folder: Path, seed: int) -> None:
        self.folder = folder
        self.key = secrets.token_bytes(32)
        self.said: list[dict[str, Any]] = []
        self._seed = seed
        self._starts = 0
        self._said_before = 0
        self._reader: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._enrol(gateway, line)

    def _enrol(self, gateway: GatewayProcess, line: BadLine) -> None:
        url = f"http://127.0.0.1:{line.port}"
        city = City(gateway.storage_url, CATALOG)
        try:
            codes = [
                city.enrolment.new_code([WARD], f"Cán bộ {self.folder.name} {n}", "", ["civil_status_officer"])
                for n in range(OFFICERS)
            ]
        finally:
            city.close()
        self.folder.mkdir(parents=True)
        token, officers = "", ()
        with Store.create(self.folder, self.key, CATALOG, SystemClock()) as store:
            for code in codes:
                answer = enrol(url, code, self.folder.name, token=token)
                store.set_enrolment(Enrolment.of_answer(url, answer, officers))
                token, officers = answer.token, (*officers, answer.officer)

    def start(self) -> None:
        self._starts += 1
        self._said_before = len(self.said)
        command = [sys.executable, "-m", "tests.torture.pc", str(self.folder), self.key.hex()]
        command.append(str(self._seed + self._starts))
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.endswith(b"\n"):  # else the kill came before the whole line was out
                self.said.append(json.loads(line))

    @property
    def has_saved(self) -> bool:
        """Whether it has saved anything since it was started."""
        return len(self.said) > self._said_before

    def check_alive(self) -> None:
        if self._process is not None and (code := self._process.poll()) is not None:
            raise LostError(f"the PC in {self.folder} ended by itself with {code}")

    def kill(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._reader is not None:
            self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def __enter__(self) -> PcProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


@contextmanager
def settled(pcs: list[PcProcess]) -> Iterator[list[Store]]:
    """The PCs' stores after everything that could travel has travelled."""
    with ExitStack() as stack:
        stores = [stack.enter_context(Store.open(pc.folder, pc.key, CATALOG, SystemClock())) for pc in pcs]
        end = time.monotonic() + PATIENCE
        quiet = 0
        while quiet < 2:
            moved = [sync(store) for store in stores]
            quiet = quiet + 1 if not any(moved) else 0
            if time.monotonic() > end:
                raise LostError(f"the PCs do not come to rest: {moved}")
        yield stores


def sync(store: Store) -> bool:
    """Whether anything moved, or could not yet."""
    assert store.enrolment is not None
    line = HttpTransport(store.enrolment.url, store.enrolment.token)
    try:
        report = Engine(store, line).sync_once()
    except SyncError as error:
        if not error.retry:
            raise
        time.sleep(0.1)
        return True
    finally:
        line.close()
    files = report.files_sent or report.files_fetched or report.files_left
    return bool(report.pushed or report.pulled or report.numbered or report.repaired or files)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUTF8": "1"}

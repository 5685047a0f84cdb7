"""A new PC's first fill: when it can be worked at, when everything is there, and what an officer's save waits for meanwhile.

The city runs as a process of its own; the floor is a bare ``executemany`` of the same records into an encrypted table.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop.rubbish import collect_due, collect_here
from desktop.start import SWITCH_SECONDS
from forms.loader import load_catalog
from sync.engine import Engine, SyncReport
from sync.http import HttpTransport, LineSettings
from sync.store import Store
from sync.store.model import Save
from tests.benchmarks import big_city, sync_bench
from tests.benchmarks.rows import Row, timed

RECORDS = 200_000
USABLE_LIMIT, WHOLE_LIMIT, THIN_LIMIT, SAVE_LIMIT = 5.0, 20.0, 15.0, 50.0  # seconds; of a save milliseconds
BYTES_LIMIT = 60
MEGABIT = 125  # thousand bytes a second


class Filled(Struct):
    """Seconds until work could begin, until all was there, and until the search box found the oldest too; bytes received,
    records; ``saves``: ms of each save made on the way."""

    usable: float = 0.0
    usable_bytes: int = 0
    whole: float = 0.0
    indexed: float = 0.0
    received: int = 0
    records: int = 0
    saves: list[float] = []


class EnoughSeen(Exception):
    pass


def rows(records: int = RECORDS) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        url = f"sqlite:///{folder}/city.db"
        with sync_bench.gateway(url) as city:
            big_city.fill_city(url, records)
            floor = timed(lambda: bare_fill(folder / "floor.db", url))
            filled = fill(new_pc(city, url, folder / "pc"))
            if filled.records < records - 10:
                raise AssertionError(f"{filled.records} of {records} came")
            what = f"new PC, {records:,} records at the city on loopback"
            peer = "executemany of the same records into an encrypted table"
            yield Row(f"{what}: usable", filled.usable, "s", limit=USABLE_LIMIT)
            yield Row(f"{what}: whole", filled.whole, "s", peer, floor, limit=WHOLE_LIMIT)
            yield Row(f"{what}: the search index of all", filled.indexed, "s", peer, floor)
            yield Row(f"{what}: bytes a record", filled.received / filled.records, "B", limit=BYTES_LIMIT)
            busy = fill(new_pc(city, url, folder / "busy"), saving=True)
            yield Row("an officer's save during the fill, worst", max(busy.saves), "ms", limit=SAVE_LIMIT)
            yield Row("an officer's save during the fill, median", statistics.median(busy.saves), "ms")
            thin = fill(new_pc(city, url, folder / "thin"), LineSettings(kb_per_second=MEGABIT), until_usable=True)
            yield Row("new PC, 1 Mbit/s: usable", thin.usable, "s", limit=THIN_LIMIT)
            yield Row("new PC, 1 Mbit/s: received until usable", thin.usable_bytes / 1000, "kB")


def new_pc(city: str, url: str, folder: Path) -> Store:
    return sync_bench.new_pc(city, url, folder, [role.id for role in load_catalog().roles])


def fill(
    store: Store, settings: LineSettings | None = None, *, saving: bool = False, until_usable: bool = False
) -> Filled:
    assert store.enrolment is not None
    line = HttpTransport(store.enrolment.url, store.enrolment.token, settings=settings)
    filled = Filled()
    began = time.perf_counter()

    def progress(report: SyncReport) -> None:
        if report.pulled > filled.records:
            filled.records, filled.whole = report.pulled, time.perf_counter() - began
        if not filled.usable and (report.fill is None or report.fill.usable):
            filled.usable = time.perf_counter() - began
            filled.usable_bytes = line.bytes_received
            if until_usable:
                raise EnoughSeen

    ended = threading.Event()
    officer = threading.Thread(target=save_on, args=(store, ended, filled.saves))
    usual = sys.getswitchinterval()
    if saving:  # as a window sets it
        store.gentle = True
        sys.setswitchinterval(SWITCH_SECONDS)
        collect_here()
        officer.start()
    try:
        filled.records = Engine(store, line, progress=progress).sync_once().pulled
    except EnoughSeen:
        pass
    finally:
        ended.set()
        if saving:
            officer.join()
            sys.setswitchinterval(usual)
            gc.enable()
        filled.indexed, filled.received = time.perf_counter() - began, line.bytes_received
        line.close()
        store.close()
    return filled


def save_on(store: Store, ended: threading.Event, took: list[float]) -> None:
    """An officer who saves a record four times a second, as beside a window; the first save imports what saving needs."""
    assert store.enrolment is not None
    officer = store.enrolment.officers[0]
    for number in range(10_000):
        save = Save(type=sync_bench.TYPE, fields=sync_bench.copy_of(number))
        seconds = timed(lambda save=save: store.save([save], officer))  # type: ignore[misc]
        if number:
            took.append(1000 * seconds)
        if ended.wait(0.25):
            return
        collect_due()  # as a window's timer does, on the thread on which he works


def bare_fill(path: Path, url: str) -> None:
    with sync_bench.bare_table(path) as connection:
        rows = (
            (i, type_id, ward, revision, state, msgspec.json.encode(msgspec.msgpack.decode(fields)).decode())
            for i, type_id, ward, revision, state, fields in big_city.rows_of(url)
        )
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.commit()

"""The sync beside PouchDB (with express-pouchdb) and Anki's sync server: the same records, in turn, in one run.

Each peer is its makers' own client and server, on this machine, over loopback, with settings that serve it well: PouchDB in
batches of 1,000 (its default is 100), Anki past its first whole transfer, one note a record. Ours alone encrypts its store,
judges each change, indexes it for search and keeps its history. ``rate`` rows are seconds of ours beside seconds of the peer.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from desktop.start import SWITCH_SECONDS
from sync.engine import Engine
from sync.http import HttpTransport
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Save
from tests.benchmarks import sync_bench
from tests.benchmarks.peers import HERE, Counted, Program, install, server
from tests.benchmarks.rows import Row

SIZES = (10_000, 50_000)
LARGE = 100_000
RUNS = 3
BULK_BYTES = 60.0  # a record, on the wire
FIELD, VALUE = "doc_issuer", "Ủy ban nhân dân phường Hoàn Kiếm"


class Figures(Struct):
    """Seconds of a push and of a pull, and bytes on the wire: of both for one record of the bulk, of one changed field."""

    push: float
    pull: float
    push_bytes: float
    pull_bytes: float
    field_bytes: float


def rows() -> Iterator[Row]:
    modules = install()
    growth: dict[int, Figures] = {}
    for size in SIZES:
        runs = [(ours(size), pouch(modules, size), anki(modules, size)) for _ in range(RUNS)]
        mine, couch, cards = (middle([run[i] for run in runs]) for i in range(3))
        growth[size] = mine
        yield from beside(size, mine, couch, cards)
    growth[LARGE] = middle([ours(LARGE) for _ in range(RUNS)])
    small, large = growth[SIZES[0]], growth[LARGE]
    for verb in ("push", "pull"):
        few, many = getattr(small, verb) / SIZES[0], getattr(large, verb) / LARGE
        yield Row(f"{verb}, a record of {LARGE:,}", many * 1e6, "µs", f"a record of {SIZES[0]:,}", few * 1e6, 1.2)


def beside(size: int, mine: Figures, couch: Figures, cards: Figures) -> Iterator[Row]:
    yield Row(f"push {size:,}", mine.push, "s", "Anki's client and server", cards.push, 1 / 1.5)
    yield Row(f"push {size:,}", mine.push, "s", "PouchDB and express-pouchdb", couch.push, 1 / 5)
    yield Row(f"pull {size:,}", mine.pull, "s", "Anki's client and server", cards.pull, 1 / 2)
    yield Row(f"pull {size:,}", mine.pull, "s", "PouchDB and express-pouchdb", couch.pull, 1 / 10)
    for verb in ("push", "pull"):
        figure, peer = (getattr(f, f"{verb}_bytes") for f in (mine, couch))
        yield Row(f"bytes a record, {verb} of {size:,}", figure, "B", "PouchDB", peer, limit=BULK_BYTES)
    if size == SIZES[0]:
        yield Row("bytes of one changed field", mine.field_bytes, "B", "PouchDB", couch.field_bytes, 0.2)
        yield Row("bytes of one changed field", mine.field_bytes, "B", "Anki", cards.field_bytes)


def middle(figures: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(f, name) for f in figures) for name in Figures.__struct_fields__))


def documents(size: int, file: Path) -> Path:
    """The records as the peers get them: one JSON document a line."""
    lines = (
        json.dumps({"_id": f"record-{n:06d}", "type": sync_bench.TYPE, **sync_bench.copy_of(n)}, ensure_ascii=False)
        for n in range(size)
    )
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def ours(size: int) -> Figures:
    with ExitStack() as stack:
        stack.enter_context(as_in_the_window())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder}/city.db"
        city = stack.enter_context(sync_bench.gateway(url))
        proxy = stack.enter_context(Counted(urlsplit(city).port or 0))
        stores = [stack.enter_context(open_store(city, url, folder / name)) for name in ("a", "b")]
        lines = [HttpTransport(f"http://127.0.0.1:{proxy.port}", s.enrolment.token) for s in stores if s.enrolment]
        first, second = (Engine(store, line) for store, line in zip(stores, lines, strict=True))
        first.sync_once()  # both know the city and are known: what is measured is the work, not the acquaintance
        second.sync_once()
        sync_bench.fill(stores[0], size)
        push, push_bytes = measured(proxy, lambda: first.sync_once().push_seconds)
        pull, pull_bytes = measured(proxy, lambda: second.sync_once().pull_seconds)
        first.sync_once()
        record = next(stores[0].records.each(sync_bench.TYPE))
        edited = Save(type=record.type, opened=record, fields={**record.fields, FIELD: VALUE})
        stores[0].save([edited], officer_of(stores[0]))
        _, field_bytes = measured(proxy, lambda: (first.sync_once(), second.sync_once()))
        got = stores[1].records.load(record.id)
        assert got is not None and got.fields[FIELD] == VALUE, "the field did not arrive"
        return Figures(push, pull, push_bytes / size, pull_bytes / size, field_bytes)


@contextmanager
def as_in_the_window() -> Iterator[None]:
    """Threads take turns as often as there (``desktop.start``), and no collection runs on the one that syncs
    (``desktop.rubbish``)."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.setswitchinterval(usual)


def officer_of(store: Store) -> Officer:
    assert store.enrolment is not None
    return store.enrolment.officers[0]


def open_store(city: str, url: str, folder: Path) -> Store:
    return sync_bench.new_pc(city, url, folder)


def pouch(modules: Path, size: int) -> Figures:
    environment = {**os.environ, "PEER_MODULES": str(modules / "node_modules"), "NODE_ENV": "production"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "city").mkdir()
        node = ["node", str(HERE / "pouch.js")]
        running = stack.enter_context(server([*node, "serve", str(folder / "city")], environment))
        assert running.stdout is not None
        proxy = stack.enter_context(Counted(json.loads(running.stdout.readline())["port"]))
        url = f"http://127.0.0.1:{proxy.port}/ward"
        first, second = (
            stack.enter_context(Program([*node, "client", str(folder / name), url], environment)) for name in ("a", "b")
        )
        first("push")
        second("pull")
        first("fill", str(documents(size, folder / "records")))
        push, push_bytes = measured(proxy, lambda: first("push")["seconds"])
        pull, pull_bytes = measured(proxy, lambda: second("pull")["seconds"])
        first("edit", "record-000000", FIELD, VALUE)
        _, field_bytes = measured(proxy, lambda: (first("push"), second("pull")))
        assert second("read", "record-000000")[FIELD] == VALUE, "the field did not arrive"
        return Figures(push, pull, push_bytes / size, pull_bytes / size, field_bytes)


def anki(modules: Path, size: int) -> Figures:
    python = str(modules / "anki" / "bin" / "python")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        settings = {"SYNC_USER1": "ward:ward", "SYNC_HOST": "127.0.0.1", "SYNC_PORT": str(port), "RUST_LOG": "error"}
        environment = {**os.environ, **settings, "SYNC_BASE": str(folder / "city")}
        stack.enter_context(server([python, "-m", "anki.syncserver"], environment))
        await_port(port)
        proxy = stack.enter_context(Counted(port))
        url = f"http://127.0.0.1:{proxy.port}/"
        command = [python, str(HERE / "anki_peer.py")]
        first, second = (
            stack.enter_context(Program([*command, str(folder / f"{name}.anki2"), url], environment)) for name in "ab"
        )
        first("begin", True)
        second("begin", False)
        first("fill", str(documents(size, folder / "records")))
        push, push_bytes = measured(proxy, lambda: first("sync")["seconds"])
        pull, pull_bytes = measured(proxy, lambda: second("sync")["seconds"])
        first("edit", "record-000000", FIELD, VALUE)
        _, field_bytes = measured(proxy, lambda: (first("sync"), second("sync")))
        if second("sync")["notes"] != size:
            raise AssertionError("Anki's second client does not have every note")
        return Figures(push, pull, push_bytes / size, pull_bytes / size, field_bytes)


def measured(proxy: Counted, work: Callable[[], object]) -> tuple[float, int]:
    """What ``work`` says (seconds), and the bytes that went over the line meanwhile."""
    before = proxy.bytes
    said = work()
    time.sleep(0.1)  # the last answer's bytes are counted when they have passed
    return said if isinstance(said, float) else 0.0, proxy.bytes - before


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on {port}")

"""What a sync costs in bytes, counted on the wire itself: every byte of HTTP in both directions, headers and all."""

from __future__ import annotations

import random
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forms.loader import load_catalog
from forms.sample import sample_records
from sync.clock import SystemClock
from sync.engine import Engine
from sync.http import HttpTransport
from sync.store import Store
from sync.store.model import Save
from tests.benchmarks import sync_bench
from tests.benchmarks.big_store import SHARES, WARD
from tests.benchmarks.rows import Row

RECORDS = 10_000
BULK_LIMIT = 60  # bytes a record
FIELD_LIMIT = 800  # bytes of one changed field, up and down


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        url = f"sqlite:///{folder}/city.db"
        with sync_bench.gateway(url) as city, Relay(city) as relay:
            roles = [role.id for role in load_catalog().roles]
            first, second = (Pc(sync_bench.new_pc(city, url, folder / name, roles), relay) for name in ("a", "b"))
            save_samples(first.store, RECORDS)
            for name, pc in (("push", first), ("pull", second)):
                wire = pc.sync() / RECORDS
                yield Row(f"bytes a record on the wire, {name} of {RECORDS:,} samples", wire, "B", limit=BULK_LIMIT)
            yield Row("bytes on the wire, an idle sync", first.sync(), "B")
            up, down = one_field(first, second)
            yield Row("bytes on the wire, one changed field, PC to city", up, "B")
            yield Row("bytes on the wire, one changed field, city to the second PC", down, "B")
            yield Row("bytes on the wire, one changed field, up and down", up + down, "B", limit=FIELD_LIMIT)
            first.close()
            second.close()


def one_field(first: Pc, second: Pc) -> tuple[int, int]:
    """Of a certified copy as ``sync_bench`` has it, once both know the record and the line."""
    assert first.store.enrolment is not None
    officer = first.store.enrolment.officers[0]
    (record,) = first.store.save([Save(type=sync_bench.TYPE, fields=sync_bench.copy_of(1))], officer)
    first.sync()
    second.sync()
    record = first.store.records.load(record.id)
    fields = {**record.fields, "copies": 7}
    first.store.save([Save(type=record.type, fields=fields, opened=record)], officer)
    up, down = first.sync(), second.sync()
    if second.store.records.load(record.id).fields["copies"] != 7:
        raise AssertionError("the change did not arrive")
    return up, down


def save_samples(store: Store, count: int) -> None:
    """Invented records of the usual types, each its own."""
    assert store.enrolment is not None
    officer = store.enrolment.officers[0]
    catalog = load_catalog()
    known: dict[str, dict[str, Any]] = {}
    pools: dict[str, list[str]] = {}
    saves = []
    for type_id, share in SHARES:
        record_type = catalog.record_type(type_id)
        made = sample_records(
            record_type, catalog, round(count * share), "bytes", ward=WARD, now=SystemClock().now(), resolve=known.get,
            pools=pools,
        )  # fmt: skip
        for place, one in enumerate(made[:200]):
            known[f"{type_id}-{place}"] = one["fields"]
        # references are to records that are there: bytes that repeat as they do in life
        pools[type_id] = [f"{type_id}-{place}" for place in range(min(200, len(made)))]
        saves += [Save(type=type_id, fields=one["fields"], state=one["state"], number=one["number"]) for one in made]
    random.Random(7).shuffle(saves)  # a year's work comes mixed
    for at in range(0, count, 500):
        store.save(saves[at : at + 500], officer)


class Pc:
    """A store and the line on which its bytes are counted. One engine, as the window has one: it meets the city once."""

    def __init__(self, store: Store, relay: Relay) -> None:
        assert store.enrolment is not None
        self.store = store
        self._relay = relay
        self._line = HttpTransport(relay.url, store.enrolment.token)
        self._engine = Engine(store, self._line)

    def sync(self) -> int:
        """Bytes of one sync, both directions."""
        before = self._relay.bytes
        self._engine.sync_once()
        return self._relay.bytes - before

    def close(self) -> None:
        self._line.close()
        self.store.close()


class Relay:
    """A TCP relay to the city that counts."""

    def __init__(self, city: str) -> None:
        self._city = ("127.0.0.1", int(city.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bytes = 0

    def __enter__(self) -> Relay:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in [self._listener, *self._open]:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._city)
            self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                self.bytes += len(data)  # before it goes on: who gets the answer then reads the whole sum
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return

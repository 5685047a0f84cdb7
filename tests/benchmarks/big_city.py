"""A city that holds what a ward has after some years, written by its own ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.gateway.ledger import Ledger
from sync.gateway.storage import open_storage
from sync.protocol import PullAnswer, RecordVersion
from tests.benchmarks import big_store

_AT_ONCE = 5000


def fill_city(url: str, records: int) -> int:
    """Write about ``records`` records of the usual types into the city's database, mixed as years of work mix them; how
    many there are now."""
    catalog, clock = load_catalog(), SystemClock()
    kept = _Kept()
    big_store._Filling(kept, catalog, clock.now()).fill(records)  # type: ignore[arg-type]
    versions = iter(sorted(kept.versions, key=lambda version: version.created_at))
    storage = open_storage(url)
    written = 0
    try:
        while batch := list(islice(versions, _AT_ONCE)):
            streams = {(version.ward, version.scope) for version in batch}
            with storage.write(streams) as session:
                ledger = Ledger(session, catalog, clock.now() - timedelta(days=1))
                for version in batch:
                    ledger.put(version, deliver=False)
                ledger.write()
            written += len(batch)
    finally:
        storage.close()
    return written


class _Kept:
    """Stands where ``big_store`` writes to a store."""

    def __init__(self) -> None:
        self.versions: list[RecordVersion] = []

    @property
    def changes(self) -> _Kept:
        return self

    def apply_pull(self, answer: PullAnswer, _ward: str, _scope: str) -> None:
        self.versions += answer.records


def rows_of(url: str) -> Iterator[tuple[Any, ...]]:
    """Every record of the city: id, type, ward, revision, state, fields as stored."""
    storage = open_storage(url)
    try:
        with storage.read() as session:
            yield from session.all("SELECT id, type, ward, revision, state, fields FROM records")
    finally:
        storage.close()

"""A new version opens a ward's store of 200,000 records: copied from before, brought to a newer schema, and everything that is
derived from records made anew, as after a version that changed it all. And a backup of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.store import Store, schema, vault
from sync.store.connection import connect
from tests.benchmarks.big_store import PASSPHRASE, big_profile
from tests.benchmarks.rows import Row

RECORDS = 200_000
LIMIT = 30.0  # seconds, of the issue
STILL = 2.0  # seconds without a word that are felt as a hang
_CHANGE = "CREATE INDEX records_by_ward ON records (ward, type)"


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        profile = big_profile(Path(folder), RECORDS)
        key = vault.open_key(profile, PASSPHRASE if vault.needs_passphrase(profile) else None)
        _forget_what_is_derived(profile / "store.db", key)
        steps = schema.MIGRATIONS
        schema.MIGRATIONS, schema.NEWEST = (*steps, _CHANGE), len(steps) + 1
        told = [time.perf_counter()]
        began, cpu = told[0], time.process_time()
        try:
            with Store.open(
                profile,
                key,
                load_catalog(),
                SystemClock(),
                prepared=lambda percent: told.append(time.perf_counter()),
            ) as store:
                seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
                target = Path(folder) / "backups"
                began = time.perf_counter()
                store.back_up(target, keep=1)
                copied = time.perf_counter() - began
        finally:
            schema.MIGRATIONS, schema.NEWEST = steps, len(steps)
    still = max(b - a for a, b in pairwise(told))
    yield Row(f"upgrade with copy and all lists anew, {RECORDS:,} records", seconds, "s", limit=LIMIT)
    yield Row("  of it processor time", cpu, "s", limit=LIMIT)
    yield Row("  longest without a word to the window", still, "s", limit=STILL)
    yield Row(f"backup, read back and checked, {RECORDS:,} records", copied, "s", limit=LIMIT)


def _forget_what_is_derived(path: Path, key: bytes) -> None:
    connection = connect(path, key)
    connection.execute("DELETE FROM projections")
    connection.execute("DELETE FROM meta WHERE key IN ('catalog', 'flows')")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()

"""A whole, encrypted copy of a store file while others go on working with it.

Pages are copied under one reading transaction, so that the copy is one state of the store whatever is saved meanwhile; they
stay encrypted under the store's own key. The copy is read back and its pages' seals checked before it gets its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sync.long_paths import sqlite_address
from sync.store.connection import connect, open_keyed
from sync.store.errors import translated
from sync.store.model import DamagedStore

PART = ".part"
PAGES = 512
"""Pages of 4 KiB copied at once: a few ms, after which a window may paint itself."""

Told = Callable[[int], None]
"""Told how many per cent are copied, 0 to 99; it may raise to stop, and nothing is left of the copy."""


def copy_store(source: Path, key: bytes, target: Path, told: Told = lambda percent: None) -> int:
    """Copy the store file to ``target``, which appears whole or not at all; its size in bytes. Raises StoreError (of the
    target where that is full or away) and OSError."""
    part = target.with_name(target.name + PART)
    part.unlink(missing_ok=True)
    try:
        with translated(source):
            reader = connect(source, key, query_only=True)
        try:
            with translated(source):
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            with translated(part):
                _copy(reader, part, key, told)
        finally:
            reader.close()
        check_copy(part, key)
        _to_disk(part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _copy(reader: Any, part: Path, key: bytes, told: Told) -> None:
    # no locks: nobody else knows this file, and shares of a network often have none that work
    writer = open_keyed(sqlite_address(part, "nolock=1"), key)
    try:
        writer.execute("PRAGMA journal_mode = OFF")
        writer.execute("PRAGMA synchronous = OFF")

        def step(_status: int, left: int, pages: int) -> None:
            told(min(99, 100 * (pages - left) // max(1, pages)))

        reader.backup(writer, pages=PAGES, progress=step)
    finally:
        writer.close()


def check_copy(path: Path, key: bytes) -> int:
    """The schema's version of a copy that is whole. Raises DamagedStore and other StoreErrors."""
    with translated(path):
        copy = open_keyed(sqlite_address(path, "mode=ro&immutable=1"), key)
        try:
            copy.execute("PRAGMA temp_store = MEMORY")
            copy.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            broken = copy.execute("PRAGMA cipher_integrity_check").fetchall()
            version = int(copy.execute("PRAGMA user_version").fetchone()[0])
            pages = int(copy.execute("PRAGMA page_count").fetchone()[0])
            size = int(copy.execute("PRAGMA page_size").fetchone()[0])
        finally:
            copy.close()
    if broken or pages * size != path.stat().st_size:
        raise DamagedStore(f"Bản sao {path.name} không đọc lại được nguyên vẹn. (The copy cannot be read back whole)")
    return version


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())

"""The copy of a store from before its schema was changed, and the way back to it.

It lies beside the store as ``store.db.before-<schema>.bak`` (the schema that came after). A migration that fails, or after
which the store cannot be made ready, goes back by itself; a program whose newer version did not come up asks for it by
``restore_before``, which looks first whether anything was saved since.
"""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Any

from sync.long_paths import sqlite_address
from sync.store.connection import FILE_NAME, connect, open_keyed
from sync.store.copying import Told, check_copy, copy_store
from sync.store.errors import translated
from sync.store.model import NewerStore, StoreError

KEPT_DAYS = 30
_NAME = re.compile(re.escape(FILE_NAME) + r"\.before-(\d+)\.bak")
_OWN_WORK = (
    "SELECT change_id FROM changes WHERE settled = 0 AND status IN ('pending', 'refused', 'parked')",
    "SELECT id || ' ' || updated_at FROM drafts",
    "SELECT seq FROM prints",
    # also of accepted papers: none is given twice
    "SELECT series || ' ' || period || ' ' || n || ' ' || status FROM numbers WHERE status <> 'brought'",
    "SELECT register || ' ' || period || ' ' || ward || ' ' || id FROM handovers",
    "SELECT sha256 FROM files WHERE sha256 IN (SELECT sha256 FROM file_stands WHERE status = 'to_send')",
    "SELECT json_extract(value, '$.token') || ' ' || json_extract(value, '$.device') FROM meta WHERE key = 'enrolment'",
)
"""What only this PC has. All else comes back from the city: accepted changes with their records, packs, other PCs' work."""


class SavedSinceError(StoreError):
    """Going back would lose what was saved with the newer program."""

    code = "saved_since"


def copy_of(path: Path, schema: int) -> Path:
    """Where the copy of the store file lies that was made before ``schema``."""
    return path.with_name(f"{path.name}.before-{schema}.bak")


def keep_before(path: Path, key: bytes, schema: int, told: Told) -> Path:
    """Copy the store file before it is brought to ``schema``. One that is there already is made anew: the store was
    worked with since. Raises StoreError (a full disk) and OSError: the migration must not begin then."""
    target = copy_of(path, schema)
    copy_store(path, key, target, told)
    return target


def go_back(path: Path, key: bytes, kept: Path) -> None:
    """Make the store what the copy holds, in one transaction of the store's own, so that a cut leaves one or the other and
    whoever else has it open sees it change. Raises StoreError."""
    check_copy(kept, key)
    with translated(path):
        source = open_keyed(sqlite_address(kept, "mode=ro&immutable=1"), key)
        try:
            target = connect(path, key)
            try:
                source.backup(target)
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                target.close()
        finally:
            source.close()


def restore_before(folder: Path, key: bytes, newest: int) -> bool:
    """For a program that knows schemas up to ``newest`` and finds a later one: go back to the copy made before that. False
    where the store is not newer. Raises NewerStore where there is no such copy, SavedSinceError where work would be lost,
    and DamagedStore; the store is as it was then."""
    path = folder / FILE_NAME
    with translated(path):
        connection = connect(path, key, query_only=True)
        try:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        finally:
            connection.close()
    if version <= newest:
        return False
    kept = _newest_copy(folder, key, newest, version)
    if kept is None:
        raise NewerStore(
            f"Kho ở {folder} do bản phần mềm mới hơn ghi (dạng {version}) và không có bản sao trước khi nâng cấp; hãy cập "
            "nhật phần mềm. (Written by a newer version, and there is no copy from before: update this program)"
        )
    if _saved_since(path, kept, key):
        raise SavedSinceError(
            "Bản phần mềm mới đã lưu thêm việc vào kho này nên không tự quay về bản sao trước khi nâng cấp được; hãy cập "
            "nhật phần mềm, dữ liệu còn nguyên. (Work was saved with the newer version: update this program)"
        )
    go_back(path, key, kept)
    return True


def _newest_copy(folder: Path, key: bytes, newest: int, version: int) -> Path | None:
    """The copy of the latest schema this program knows. Copies of other branches of history do not count."""
    for schema, kept in sorted(_copies(folder), reverse=True):
        if newest < schema <= version:
            with contextlib.suppress(StoreError):
                if check_copy(kept, key) <= newest:
                    return kept
    return None


def _copies(folder: Path) -> list[tuple[int, Path]]:
    return [(int(named[1]), p) for p in folder.glob(f"{FILE_NAME}.before-*.bak") if (named := _NAME.fullmatch(p.name))]


def _saved_since(path: Path, kept: Path, key: bytes) -> bool:
    """Whether the store holds own work that the copy lacks. What can no longer be asked for counts as work."""
    with translated(path):
        now = connect(path, key, query_only=True)
        then = open_keyed(sqlite_address(kept, "mode=ro&immutable=1"), key)
        try:
            for sql in _OWN_WORK:
                known = _asked(then, sql)
                found = _asked(now, sql)
                if known is None:
                    continue  # a table that came later than the copy
                if found is None or found - known:
                    return True
        finally:
            now.close()
            then.close()
    return False


def _asked(connection: Any, sql: str) -> set[Any] | None:
    from sqlcipher3 import dbapi2 as sqlite

    try:
        return {value for (value,) in connection.execute(sql)}
    except sqlite.OperationalError as error:
        if "no such" in str(error):
            return None
        raise


def tidy(folder: Path, *, days: float = KEPT_DAYS) -> None:
    """Remove copies that no version going back will ask for any more, and what a cut left of one."""
    oldest = time.time() - days * 86_400
    for path in folder.glob(f"{FILE_NAME}.before-*.bak*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()

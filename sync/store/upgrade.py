"""Bringing a store to the newest schema: one program at a time, with a copy from before, and back to it when it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sync.lock import lock_file
from sync.store import schema
from sync.store.before import go_back, keep_before
from sync.store.errors import BusyStore, translate
from sync.store.model import StoreError

LOCK = "upgrade.lock"
PATIENCE = 120.0  # seconds for another program that is upgrading the same store
COPIED = 40
"""Per cent at which the copy from before is made; the rest is the new schema and what is derived from records."""
_TICKS = 200_000  # steps of SQLite's machine between two signs of life, some 20 ms

Prepared = Callable[[int], None]


class UpgradeError(StoreError):
    """The store is as it was before, for the version of the program before."""

    code = "upgrade_failed"


class Upgrade:
    """One opening's way to the newest schema. ``prepared`` hears of it, and may raise to stop: what is made by then stays."""

    def __init__(self, path: Path, key: bytes, prepared: Prepared) -> None:
        self._path = path
        self._key = key
        self._prepared = prepared
        self._kept: Path | None = None
        self._stopped: BaseException | None = None

    def run(self, connection: Any) -> None:
        """Raises UpgradeError, DiskFull and other StoreErrors; the store is then as it was."""
        if _version(connection) == 0:  # it is being created: nothing to keep
            schema.migrate(connection)
            return
        with _alone(self._path.with_name(LOCK)):
            if _version(connection) >= schema.NEWEST:
                return
            self._kept = keep_before(self._path, self._key, schema.NEWEST, lambda n: self.tell(n * COPIED // 100))
            connection.set_progress_handler(self._tick, _TICKS)
            try:
                schema.migrate(connection)
            except Exception as error:
                if self._stopped is not None:
                    raise self._stopped from None
                raise _failed(self._path, error) from error
            finally:
                connection.set_progress_handler(None, 0)

    def tell(self, percent: int) -> None:
        try:
            self._prepared(percent)
        except BaseException as stopped:
            self._stopped = stopped
            raise

    def tell_rest(self, percent: int) -> None:
        """Of what comes after the new schema."""
        self.tell(COPIED + percent * (100 - COPIED) // 100 if self._kept is not None else percent)

    def _tick(self) -> int:
        try:
            self.tell(COPIED)
        except BaseException:  # SQLite ends the statement, and ``run`` raises what stopped it
            return 1
        return 0

    def failed(self, error: BaseException) -> StoreError | None:
        """After the connection was closed: what is derived could not be made. Goes back where this opening brought the new
        schema; None where nothing was to be done."""
        if self._kept is None or self._stopped is not None or not isinstance(error, Exception):
            return None
        if isinstance(error, UpgradeError):  # the step that failed undid itself
            return None
        go_back(self._path, self._key, self._kept)
        return _failed(self._path, error)


def _failed(path: Path, error: Exception) -> UpgradeError:
    from sqlcipher3 import dbapi2 as sqlite

    why = translate(error, path) if isinstance(error, sqlite.Error) else error
    return UpgradeError(
        "Không nâng cấp được kho dữ liệu; kho đã trở lại như trước, không mất gì. Hãy dùng bản phần mềm trước và báo bộ "
        f"phận CNTT. (The upgrade failed and was undone: {why})"
    )


def _version(connection: Any) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    end = time.monotonic() + PATIENCE
    while (handle := lock_file(path)) is None:
        if time.monotonic() > end:
            raise BusyStore("Kho đang được nâng cấp ở một cửa sổ khác; hãy chờ rồi mở lại. (Being upgraded elsewhere)")
        time.sleep(0.05)
    with handle:
        yield

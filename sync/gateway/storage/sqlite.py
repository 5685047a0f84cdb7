"""The city's database in one SQLite file: a pilot city, a demo, tests."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sync.gateway.storage.base import BadValueError, NoCityError, Pool, Row, StorageError, Stream
from sync.gateway.storage.schema import MIGRATIONS, TABLES, typed, upsert_tail
from sync.many_rows import write_many

_BUSY_SECONDS = 30.0  # another process (a verb of the command line) may be writing
_READERS = 16
_TYPES = {"TXT": "TEXT", "BYTES": "BLOB", "BIG": "INTEGER", "REAL8": "REAL"}
# to find that a value of these types needs no adapter costs more than to be given one that says so
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]
sqlite3.register_adapter(bytes, bytes)
_NO_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
_BAD_VALUE = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, OverflowError, UnicodeError)


@lru_cache(maxsize=256)
def _dialect(sql: str) -> str:
    return sql.replace("= ANY(?)", "IN (SELECT value FROM json_each(?))")


@lru_cache(maxsize=64)
def _insert_sql(table: str, keep: tuple[str, ...] | None) -> str:
    columns = TABLES[table].columns
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    return sql if keep is None else f"{sql} {upsert_tail(TABLES[table], keep)}"


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"{path}: {error}") from error


class _SqliteSession:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _execute(self, sql: str, params: tuple[Any, ...]) -> sqlite3.Cursor:
        values = tuple(json.dumps(p) if isinstance(p, list) else p for p in params)
        return self._connection.execute(_dialect(sql), values)

    def all(self, sql: str, *params: Any) -> list[Row]:
        return self._execute(sql, params).fetchall()

    def one(self, sql: str, *params: Any) -> Row | None:
        rows = self._execute(sql, params).fetchall()
        return rows[0] if rows else None

    def run(self, sql: str, *params: Any) -> int:
        return self._execute(sql, params).rowcount

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        write_many(self._connection, _insert_sql(table, None), rows)

    def upsert(self, table: str, rows: Sequence[Row], keep: tuple[str, ...] = ()) -> None:
        self._connection.executemany(_insert_sql(table, keep), rows)


class SqliteStorage:
    """One writer connection behind a lock, a pool of readers; WAL, every commit fsynced."""

    dialect = "sqlite"
    skip_locked = ""
    cannot_write = ""

    def __init__(self, path: Path, *, create: bool = True) -> None:
        if not create and not _has_content(path):
            raise NoCityError(path)
        self._path = path
        self._create = create
        self._lock = threading.Lock()
        self.pool: Pool[sqlite3.Connection] = Pool(self._open, sqlite3.Connection.close, _READERS)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._open()
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"Không mở được tệp dữ liệu / cannot open the database file {path}: {error}") from error
        try:
            self._migrate()
        except BaseException:
            self._writer.close()
            raise

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")  # what the city acknowledges survives a power cut
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("PRAGMA wal_autocheckpoint = 10000")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _migrate(self) -> None:
        with self.write() as session:
            found = session.one("PRAGMA user_version")
            version = int(found[0]) if found else 0
            if version == 0 and not self._create:
                raise NoCityError(self._path)
            if version > len(MIGRATIONS):
                raise StorageError(
                    f"Cơ sở dữ liệu {self._path} do bản mới hơn tạo ra / was made by a newer program (version {version})."
                )
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    session.run(typed(statement, _TYPES))
            session.run(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextmanager
    def read(self) -> Iterator[_SqliteSession]:
        try:
            connection = self.pool.take()
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}") from error
        broken = True
        try:
            connection.execute("BEGIN")
            try:
                yield _SqliteSession(connection)
            finally:
                connection.rollback()
            broken = False
        except sqlite3.Error as error:
            raise StorageError(f"{self._path}: {error}") from error
        finally:
            self.pool.give(connection, broken=broken)

    def once(self, sql: str, *params: Any) -> list[Row]:
        with self.read() as session:
            return session.all(sql, *params)

    def now(self) -> None:
        """The file is on this machine."""

    @contextmanager
    def write(self, streams: Iterable[Stream] = ()) -> Iterator[_SqliteSession]:
        """As ``Storage.write``; the file has one writer at a time, so that every stream is held."""
        with self._lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield _SqliteSession(self._writer)
                    self._writer.execute("COMMIT")
                    self.cannot_write = ""
                except BaseException:
                    self._writer.rollback()
                    raise
            except _BAD_VALUE as error:
                raise BadValueError(str(error)) from error
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DISK:
                    self.cannot_write = str(error)
                raise StorageError(f"{self._path}: {error}") from error

    def close(self) -> None:
        self.pool.close()
        with self._lock:
            self._writer.close()

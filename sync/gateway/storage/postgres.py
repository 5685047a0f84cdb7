"""The city's database in PostgreSQL: many gateways may work on one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import psycopg

from sync.gateway.storage.base import BadValueError, NoCityError, Pool, Row, StorageError, Stream
from sync.gateway.storage.schema import MIGRATIONS, TABLES, typed, upsert_tail
from sync.gateway.storage.turns import Turns

_CONNECTIONS = 16
_PATIENCE = "SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '600s'"
"""A ward whose stream somebody holds for good must not take all threads of the gateway with it: its PCs come back later."""
_MIGRATION_LOCK = 0x536F5068  # an advisory lock, so that two gateways starting together migrate once
_TYPES = {"TXT": 'TEXT COLLATE "C"', "BYTES": "BYTEA", "BIG": "BIGINT", "REAL8": "DOUBLE PRECISION"}
_NO_DISK = (psycopg.errors.DiskFull, psycopg.errors.IoError, psycopg.errors.ReadOnlySqlTransaction)
_BAD_VALUE = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded, UnicodeError)
Connection = psycopg.Connection[Row]


@lru_cache(maxsize=256)
def _dialect(sql: str) -> str:
    return sql.replace("= ANY(?)", "= ANY(%b)").replace("?", "%s")


@lru_cache(maxsize=64)
def _upsert_sql(table: str, keep: tuple[str, ...]) -> str:
    columns = TABLES[table].columns
    arrays = ", ".join(f"%b::{kind}[]" for kind in columns.values())
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {upsert_tail(TABLES[table], keep)}"


class _PostgresSession:
    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()

    def all(self, sql: str, *params: Any) -> list[Row]:
        return self._cursor.execute(_dialect(sql), params, binary=True).fetchall()

    def one(self, sql: str, *params: Any) -> Row | None:
        return self._cursor.execute(_dialect(sql), params, binary=True).fetchone()

    def run(self, sql: str, *params: Any) -> int:
        return self._cursor.execute(_dialect(sql), params).rowcount

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = TABLES[table].columns
        with self._cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(tuple(columns.values()))
            write = copy.write_row
            for row in rows:
                write(row)

    def upsert(self, table: str, rows: Sequence[Row], keep: tuple[str, ...] = ()) -> None:
        if rows:
            self._cursor.execute(_upsert_sql(table, keep), [list(column) for column in zip(*rows, strict=True)])


class PostgresStorage:
    """A pool of connections; a stream's row is locked by whoever writes to it."""

    dialect = "postgresql"
    skip_locked = "FOR UPDATE SKIP LOCKED"
    cannot_write = ""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self._url = url
        self._turns = Turns()
        self._create = create
        self.pool: Pool[Connection] = Pool(self._open, psycopg.Connection.close, _CONNECTIONS)
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise

    def _open(self) -> Connection:
        try:
            connection = psycopg.connect(
                self._url, connect_timeout=10, application_name="sophuong-gateway", autocommit=True
            )
            connection.execute(_PATIENCE)
            return connection
        except psycopg.Error as error:
            raise StorageError(f"Không nối được PostgreSQL / cannot reach PostgreSQL: {error}".strip()) from error

    def _migrate(self) -> None:
        with self.write() as session:
            session.run("SELECT pg_advisory_xact_lock(?)", _MIGRATION_LOCK)
            session.run("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
            found = session.one("SELECT max(version) FROM schema_version")
            version = int(found[0]) if found and found[0] is not None else 0
            if version == 0 and not self._create:
                raise NoCityError(_address(self._url))
            if version > len(MIGRATIONS):
                raise StorageError(
                    f"Cơ sở dữ liệu do bản mới hơn tạo ra / the database was made by a newer program (version {version})."
                )
            for number, statements in enumerate(MIGRATIONS[version:], version + 1):
                for statement in statements:
                    session.run(typed(statement, _TYPES))
                session.run("INSERT INTO schema_version (version) VALUES (?)", number)

    @contextmanager
    def _lent(self) -> Iterator[Connection]:
        connection = self.pool.take()
        broken = True
        try:
            yield connection
            broken = False
        except psycopg.errors.Error as error:
            broken = connection.closed or connection.broken or isinstance(error, psycopg.OperationalError)
            raise
        except Exception:
            broken = connection.closed
            raise
        finally:
            self.pool.give(connection, broken=broken)

    @contextmanager
    def read(self) -> Iterator[_PostgresSession]:
        try:
            with self._lent() as connection:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                try:
                    yield _PostgresSession(connection)
                finally:
                    if not connection.closed:
                        connection.execute("ROLLBACK")
        except psycopg.Error as error:
            raise StorageError(str(error)) from error

    def once(self, sql: str, *params: Any) -> list[Row]:
        try:
            with self._lent() as connection:
                return _PostgresSession(connection).all(sql, *params)
        except psycopg.Error as error:
            raise StorageError(str(error)) from error

    def now(self) -> datetime:
        return datetime.fromtimestamp(
            float(self.once("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0]), UTC
        )

    @contextmanager
    def write(self, streams: Iterable[Stream] = ()) -> Iterator[_PostgresSession]:
        """As ``Storage.write``; streams are locked in one order everywhere, so that no two writers wait in a ring."""
        try:
            held = sorted(set(streams))
            with self._turns.of(held), self._lent() as connection, connection.transaction():
                for ward, scope in held:
                    _hold(connection, ward, scope)
                yield _PostgresSession(connection)
            self.cannot_write = ""
        except _BAD_VALUE as error:
            raise BadValueError(str(error)) from error
        except psycopg.Error as error:
            if isinstance(error, _NO_DISK):
                self.cannot_write = str(error).strip()
            raise StorageError(str(error)) from error

    def close(self) -> None:
        self.pool.close()


def _address(url: str) -> str:
    """Host, port and database; the whole address may hold a password."""
    parts = urlsplit(url)
    return f"PostgreSQL {parts.netloc.rpartition('@')[2]}{parts.path}"


def _hold(connection: Connection, ward: str, scope: str) -> None:
    lock = "SELECT head FROM streams WHERE ward = %s AND scope = %s FOR UPDATE"
    if connection.execute(lock, (ward, scope)).fetchone() is None:
        connection.execute("INSERT INTO streams VALUES (%s, %s, 0) ON CONFLICT DO NOTHING", (ward, scope))
        connection.execute(lock, (ward, scope))

"""The city's database can be spread over machines by ward: every key of ward data begins with the ward, and every statement
names it, so that each goes to one machine."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import sync.gateway
from sync.gateway.storage.schema import MIGRATIONS, OF_THE_CITY, TABLES, typed
from sync.gateway.storage.sqlite import SqliteStorage
from tests.services import PostgresServer

_GATEWAY = Path(sync.gateway.__file__).parent
_WARD_TABLES = sorted(set(TABLES) - OF_THE_CITY)
_OF_WARD = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:{'|'.join(_WARD_TABLES)})\b|\{{RECORD_SQL\}}")
_NAMES_WARD = re.compile(
    r"\bward (?:=|<>) (?:\?|%s|ANY\(\?\))|\(ward, id\) > |INTO \w+ \(ward, |INTO streams VALUES|\{which\}"
)
"""``{which}`` of parcels.py is a WHERE of its own, which names the ward."""
_ACROSS = (
    ("listing.py", ""),  # what an operator reads of the whole city
    ("delivery_commands.py", "SELECT service, status, count(*) FROM"),  # the same
    ("parcel_retry.py", "SELECT DISTINCT ward, scope FROM"),  # an operator's, to go through the wards one by one
    ("metrics.py", ""),  # sums for Prometheus
    ("parcels.py", "SELECT ward FROM"),  # a courier looks which wards have something due, then claims ward by ward
    ("parcels.py", "SELECT due_at FROM"),  # and when to look again
    ("ledger.py", "SELECT {_RECORD} FROM records"),  # the columns, to which every caller adds the ward
    ("schema.py", ""),  # migrations
)
"""Statements over all wards, by file and beginning. None is part of a PC's request."""


def keys() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Table, key, columns: of every primary key and unique index that the migrations end in."""
    database = sqlite3.connect(":memory:")
    for statements in MIGRATIONS:
        for statement in statements:
            database.execute(typed(statement, {"TXT": "TEXT", "BYTES": "BLOB", "BIG": "INTEGER", "REAL8": "REAL"}))
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        primary = sorted((row[5], row[1]) for row in database.execute(f"PRAGMA table_info({table})") if row[5])
        yield table, "primary key", tuple(name for _, name in primary)
        for _, name, unique, *_ in database.execute(f"PRAGMA index_list({table})").fetchall():
            if unique:
                yield table, name, tuple(row[2] for row in database.execute(f"PRAGMA index_info({name})"))
    database.close()


def test_every_key_of_ward_data_begins_with_the_ward() -> None:
    found = list(keys())
    assert {"records", "changes", "deliveries", "streams"} <= {table for table, _, _ in found}
    wrong = [key for key in found if key[0] not in OF_THE_CITY and key[2][:1] != ("ward",)]
    assert wrong == []


def test_what_the_program_knows_of_the_tables_is_so() -> None:
    """``TABLES`` with the keys that upserts rely on, beside the migrations; and what is not of the city has a ward."""
    primary = {table: columns for table, key, columns in keys() if key == "primary key"}
    for name, table in TABLES.items():
        assert primary[name] == table.key, name
        assert ("ward" in table.columns) or name in OF_THE_CITY, name


def statements() -> Iterator[tuple[str, int, str]]:
    """File, line, text of each piece of SQL about ward data in the gateway."""
    for path in sorted(_GATEWAY.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = ast.unparse(node)[2:-1]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
                text = node.value
            else:
                continue
            if _OF_WARD.search(text):
                yield path.name, node.lineno, text


def test_every_statement_about_ward_data_names_the_ward() -> None:
    found = list(statements())
    assert len(found) > 30, "the search for statements finds none"
    unnamed = [each for each in found if not _NAMES_WARD.search(each[2])]
    assert [each for each in unnamed if not any(each[0] == f and each[2].startswith(t) for f, t in _ACROSS)] == []


def test_the_search_sees_a_statement_without_the_ward() -> None:
    assert _OF_WARD.search("DELETE FROM changes WHERE change_id = ANY(?)")
    assert not _NAMES_WARD.search("SELECT ward FROM changes WHERE change_id = ANY(?)")


def test_a_city_from_before_keeps_its_changes(tmp_path: Path) -> None:
    """The migration to keys by ward, on a database as the version before left it."""
    before = next(n for n, each in enumerate(MIGRATIONS) if any("changes_of_all" in s for s in each))
    path = tmp_path / "city.db"
    database = sqlite3.connect(path)
    types = {"TXT": "TEXT", "BYTES": "BLOB", "BIG": "INTEGER", "REAL8": "REAL"}
    for statement in (s for each in MIGRATIONS[:before] for s in each):
        database.execute(typed(statement, types))
    columns = "change_id, ward, record_id, scope, device, status, revision, payload, detail, received_at"
    row = ("c1", "00070", "r1", "open", "Q1", "accepted", 3, b"\x80", None, "2026-11-22T03:00:00Z")
    database.execute(f"INSERT INTO changes ({columns}) VALUES ({', '.join('?' * 10)})", row)
    database.execute(f"PRAGMA user_version = {before}")
    database.commit()
    database.close()
    storage = SqliteStorage(path)
    try:
        assert storage.once(f"SELECT {columns} FROM changes WHERE ward = ?", "00070") == [row]
    finally:
        storage.close()


@pytest.mark.postgres
def test_postgresql_has_the_same_keys(postgres_server: PostgresServer) -> None:
    import psycopg

    from sync.gateway.storage.postgres import PostgresStorage

    url = postgres_server.new_database()
    PostgresStorage(url).close()
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public' "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indisunique"
        ).fetchall()
    first = {(str(table), str(column)) for table, column in rows if str(table) not in OF_THE_CITY}
    assert ("changes", "ward") in first
    assert {column for _, column in first} == {"ward"}

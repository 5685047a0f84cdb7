"""Records as rows of the ``records`` table, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from sync.protocol import Candidate, Change, ChangeResult, Fields, RecordVersion
from sync.store.model import Record
from sync.store.schema import STANDINGS
from sync.versions import Versions

COLUMNS = (
    "rid, id, type, ward, scope, revision, state, number, fields, conflicts, created_at, updated_at, updated_by, "
    "origin, pack, due_at, due_open, standing, is_new, title, subtitle"
)
VERSION = COLUMNS[: COLUMNS.index(", due_at")]
"""The first of them, which ``version_of`` reads."""
INSERT = f"INSERT INTO records ({COLUMNS.replace(' standing, is_new,', '')}, standing, is_new) VALUES ({', '.join('?' * 21)})"
"""What follows from a record alone first."""
UPDATE = (
    "UPDATE records SET type = ?, ward = ?, scope = ?, revision = ?, state = ?, number = ?, fields = ?, conflicts = ?, "
    "created_at = ?, updated_at = ?, updated_by = ?, origin = ?, pack = ?, due_at = ?, due_open = ?, standing = ?, "
    "is_new = ?, title = ?, subtitle = ? WHERE rid = ?"
)

Conflicts = dict[str, tuple[Candidate, ...]]
encode_json = msgspec.json.Encoder().encode
encode_lines = msgspec.json.Encoder().encode_lines
"""Many at once, each ended by a line break; there is none within a text of JSON."""
decode_fields = msgspec.json.Decoder(Fields).decode
_decode_conflicts = msgspec.json.Decoder(Conflicts).decode
encode_change = msgspec.msgpack.Encoder().encode
decode_change = msgspec.msgpack.Decoder(Change).decode
decode_result = msgspec.msgpack.Decoder(ChangeResult).decode
decode_version = msgspec.msgpack.Decoder(RecordVersion).decode


def conflicts_of(text: str | None) -> Conflicts:
    return _decode_conflicts(text) if text else {}


def record_of(row: tuple[Any, ...]) -> Record:
    """A row of ``COLUMNS`` as what the officer sees."""
    return Record(
        id=row[1],
        type=row[2],
        ward=row[3],
        scope=row[4],
        revision=row[5],
        state=row[6],
        number=row[7],
        fields=decode_fields(row[8]),
        conflicts=conflicts_of(row[9]),
        created_at=row[10],
        updated_at=row[11],
        updated_by=row[12],
        origin=row[13],
        due_at=row[15],
        standing=STANDINGS[row[17]],
        is_new=bool(row[18]),
        title=row[19],
        subtitle=row[20],
    )


def version_of(row: tuple[Any, ...]) -> RecordVersion:
    """A row of ``COLUMNS`` as a version; the city's own only while nothing of this PC is unanswered."""
    return RecordVersion(
        id=row[1],
        type=row[2],
        ward=row[3],
        scope=row[4],
        revision=row[5],
        state=row[6],
        number=row[7],
        fields=decode_fields(row[8]),
        conflicts=conflicts_of(row[9]),
        created_at=row[10],
        updated_at=row[11],
        updated_by=row[12],
        origin=row[13],
        pack=row[14],
    )


def versions_by_id(connection: Any, ids: list[str]) -> list[RecordVersion]:
    """The versions shown of many records."""
    if not ids:
        return []
    where, given = among(connection, "records", "id", ids)
    rows, wanted = connection.execute(f"SELECT {VERSION} FROM records WHERE {where}", given), set(ids)
    return [version_of(row) for row in rows if row[1] in wanted]


def versions_of(columns: Sequence[Sequence[Any]], supposed: Sequence[Fields | None]) -> Versions:
    """Of the columns of ``VERSION``. ``supposed``: what the fields may be, which saves reading them."""
    _, ids, types, wards, scopes, revisions, states, numbers, texts, conflicts, *stamps = columns
    said = encode_lines(supposed).decode().split("\n")
    fields = [
        known if known is not None and line == text else decode_fields(text)
        for known, line, text in zip(supposed, said[: len(texts)], texts, strict=True)
    ]
    met = [*map(conflicts_of, conflicts)]
    return Versions(ids, types, wards, scopes, revisions, states, numbers, fields, met, *stamps)


def rows_by_id(connection: Any, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    """The ``records`` rows of many ids in one query."""
    if not ids:
        return {}
    if len(ids) == 1:  # an officer's save and every opened record: a list costs more than the row
        row = connection.execute(f"SELECT {COLUMNS} FROM records WHERE id = ?", ids).fetchone()
        return {row[1]: row} if row else {}
    if none_between(connection, "records", "id", ids):
        return {}
    sql = f"SELECT {COLUMNS} FROM records WHERE id IN (SELECT value FROM json_each(?))"
    return {row[1]: row for row in connection.execute(sql, (encode_json(ids).decode(),))}


def among(connection: Any, table: str, column: str, values: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """A condition that rows of the table meet whose column is one of these values, and what it is given. A range, which is
    cheaper than to look for each of many, where no more rows than values stand in it: true of most of what was written
    together. With a value that the table has not, others may meet it too."""
    ends = min(values), max(values)
    sql = f"SELECT 1 FROM {table} WHERE {column} BETWEEN ? AND ? LIMIT 1 OFFSET ?"
    if connection.execute(sql, (*ends, len(values))).fetchone() is None:
        return f"{column} BETWEEN ? AND ?", ends
    return f"{column} IN (SELECT value FROM json_each(?))", (encode_json(values).decode(),)


def none_between(connection: Any, table: str, column: str, values: list[Any]) -> bool:
    """Whether the table has surely none of these in the column, which begins an index, since it has nothing from the least
    to the greatest of them: true of most of what was just begun elsewhere, for the price of one look."""
    sql = f"SELECT 1 FROM {table} WHERE {column} BETWEEN ? AND ? LIMIT 1"
    return connection.execute(sql, (min(values), max(values))).fetchone() is None

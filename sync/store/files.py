"""Attached files, by their content: the same scan attached twice is kept once, encrypted like everything else.

The content lies in pieces, so that a large one neither holds up an officer's save nor has to be read whole to send a part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Any, Literal

from sync.store import sight
from sync.store.context import StoreContext
from sync.store.model import FileCounts, FileRow, FileStanding, Touched
from sync.store.rowcodec import encode_json

PIECE = 256 * 1024  # bytes
_TO_SEND = "EXISTS (SELECT 1 FROM file_stands s WHERE s.sha256 = l.sha256 AND s.status = 'to_send')"
_ONLY = {"all": "TRUE", "missing": "f.sha256 IS NULL", "open": f"(f.sha256 IS NULL OR {_TO_SEND})"}
_AT_ONCE = 4  # pieces in one transaction: a save that waits gets its turn in between


class Files:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def put(self, content: bytes) -> str:
        """Keep the content; its SHA-256 in hex, which is how records name it. It is on the disk when this returns."""
        digest = hashlib.sha256(content).hexdigest()
        if self.size(digest) is not None:
            with self._context.writer.transaction() as db:
                _send(db, digest)
            return digest
        key = self._context.ids.new()
        step = PIECE * _AT_ONCE
        for start in range(0, len(content), step):
            with self._context.writer.transaction(urgent=False) as db:
                put_pieces(db, key, start, content[start : start + step])
        with self._context.writer.transaction() as db:
            keep_file(db, digest, key, len(content), self._context.now_text())
            _send(db, digest)
        self._context.emit(Touched(files=frozenset({digest})))
        return digest

    def size(self, sha256: str) -> int | None:
        """Bytes of a file that is here whole; None when it is not."""
        with self._context.readers.connection() as db:
            row = db.execute("SELECT size FROM files WHERE sha256 = ?", (sha256,)).fetchone()
        return int(row[0]) if row else None

    def read(self, sha256: str) -> bytes | None:
        """The content, or None when it is not on this PC."""
        size = self.size(sha256)
        return None if size is None else self.part(sha256, 0, size)

    def part(self, sha256: str, start: int, length: int) -> bytes:
        """Bytes of a file that is here; b"" when it is not."""
        with self._context.readers.connection() as db:
            sql = (
                "SELECT p.start, p.content FROM files f JOIN file_pieces p ON p.key = f.pieces WHERE f.sha256 = ? "
                "AND p.start < ? AND p.start + length(p.content) > ? ORDER BY p.start"
            )
            rows = db.execute(sql, (sha256, start + length, start)).fetchall()
        if not rows:
            return b""
        skip = start - rows[0][0]
        return b"".join(bytes(content) for _, content in rows)[skip : skip + length]

    def want(self, *sha256s: str) -> None:
        """Have files fetched with the next sync, whatever hindered it before. What is here is not asked for."""
        with self._context.writer.transaction() as db:
            for sha256 in sha256s:
                db.execute(
                    "INSERT INTO file_fetches (sha256, pieces) SELECT ?1, ?2 "
                    "WHERE NOT EXISTS (SELECT 1 FROM files WHERE sha256 = ?1) "
                    "ON CONFLICT (sha256) DO UPDATE SET due_at = 0, why = ''",
                    (sha256, self._context.ids.new()),
                )
        self._context.emit(Touched(files=frozenset(sha256s)))

    def standing(self, sha256s: Collection[str]) -> dict[str, FileStanding]:
        """Where each of the files stands."""
        if not sha256s:
            return {}
        with self._context.readers.connection() as db:
            return _standings(db, sha256s)

    def of(self, record_id: str) -> tuple[FileRow, ...]:
        """The files of one record, by name."""
        with self._context.readers.connection() as db:
            return tuple(_rows(db, "r.id = ?", (record_id,), limit=1000))

    def all(
        self,
        within: Collection[str] | None = None,
        *,
        only: Literal["all", "open", "missing"] = "all",
        limit: int = 1000,
    ) -> tuple[FileRow, ...]:
        """Files that records name, those of the newest records first. ``only``: "missing" those that are not here, "open"
        these and those that are not at the city yet."""
        with self._context.readers.connection() as db:
            types = sight.narrowed(db, within)
            where = f"{_ONLY[only]} {sight.clause(types, 'r.type')}"
            return tuple(_rows(db, where, types or (), limit=limit))

    def counts(self, within: Collection[str] | None = None) -> FileCounts:
        """What is on its way and what is not here, of the types that may be seen (None: all)."""
        with self._context.readers.connection() as db:
            types = sight.narrowed(db, within)
            seen = ""
            if types is not None:
                named = "SELECT 1 FROM file_links k JOIN records r ON r.rid = k.rid WHERE k.sha256 = {}.sha256"
                seen = f"AND EXISTS ({named} {sight.clause(types, 'r.type')})"
            values = types or ()
            sending = db.execute(
                "SELECT count(*), coalesce(sum(f.size - s.sent), 0), coalesce(sum(s.why <> ''), 0), max(s.why) "
                f"FROM file_stands s JOIN files f USING (sha256) WHERE s.status = 'to_send' {seen.format('s')}",
                values,
            ).fetchone()
            fetching = db.execute(
                "SELECT count(*), coalesce(sum(w.why <> ''), 0), max(w.why) FROM file_fetches w "
                f"WHERE TRUE {seen.format('w')}",
                values,
            ).fetchone()
            (missing,) = db.execute(
                "SELECT count(DISTINCT l.sha256) FROM file_links l LEFT JOIN files f USING (sha256) "
                f"WHERE f.sha256 IS NULL {seen.format('l')}",
                values,
            ).fetchone()
        return FileCounts(
            to_send=sending[0],
            bytes_to_send=sending[1],
            wanted=fetching[0],
            not_here=missing,
            failing=sending[2] + fetching[1],
            why=sending[3] or fetching[2] or "",
        )


def put_pieces(db: Any, key: str, start: int, content: bytes) -> None:
    """Add the content, which begins at ``start``, to the pieces under ``key``."""
    rows = [(key, start + at, content[at : at + PIECE]) for at in range(0, len(content), PIECE)]
    db.executemany("INSERT OR REPLACE INTO file_pieces (key, start, content) VALUES (?, ?, ?)", rows)


def keep_file(db: Any, sha256: str, key: str, size: int, at: str) -> None:
    """The pieces under ``key`` are the whole file."""
    sql = "INSERT OR IGNORE INTO files (sha256, size, pieces, at) VALUES (?, ?, ?, ?)"
    if not db.execute(sql, (sha256, size, key, at)).rowcount:
        db.execute("DELETE FROM file_pieces WHERE key = ?", (key,))
    fetches = "SELECT pieces FROM file_fetches WHERE sha256 = ? AND pieces <> ?"
    db.execute(f"DELETE FROM file_pieces WHERE key IN ({fetches})", (sha256, key))
    db.execute("DELETE FROM file_fetches WHERE sha256 = ?", (sha256,))


def _send(db: Any, sha256: str) -> None:
    """Somebody here attached it, perhaps once more since it never came: every stream that names it may have it from here."""
    db.execute("UPDATE file_stands SET status = 'to_send' WHERE sha256 = ? AND status = 'elsewhere'", (sha256,))


def _standings(db: Any, sha256s: Collection[str]) -> dict[str, FileStanding]:
    """Of several streams, the one that is not there yet speaks for the file."""
    numbers = encode_json(list(sha256s)).decode()
    found = db.execute(
        "SELECT w.value, f.size, s.status, s.sent, s.why, w_f.got, w_f.why, "
        "(SELECT max(size) FROM file_links l WHERE l.sha256 = w.value) "
        "FROM json_each(?) w LEFT JOIN files f ON f.sha256 = w.value LEFT JOIN file_stands s ON s.sha256 = w.value "
        "LEFT JOIN file_fetches w_f ON w_f.sha256 = w.value ORDER BY s.status <> 'to_send'",
        (numbers,),
    )
    standings: dict[str, FileStanding] = {}
    for sha256, size, status, sent, why, got, fetch_why, said in found:
        if sha256 in standings:
            continue
        if size is None:
            part = _percent(got or 0, said or 0)
            standings[sha256] = FileStanding("missing" if got is None else "fetching", part, fetch_why or "")
        elif status == "to_send":
            standings[sha256] = FileStanding("sending" if sent else "waiting", _percent(sent, size), why)
        else:
            standings[sha256] = FileStanding("there" if status == "there" else "here")
    return standings


def _percent(part: int, whole: int) -> int:
    return min(99, part * 100 // whole) if whole > 0 else 0


def _rows(db: Any, where: str, values: tuple[Any, ...], *, limit: int) -> Iterator[FileRow]:
    sql = (
        "SELECT r.id, r.type, r.title, l.sha256, l.name, l.size, l.media_type FROM file_links l "
        "JOIN records r ON r.rid = l.rid LEFT JOIN files f ON f.sha256 = l.sha256 "
        f"WHERE {where} ORDER BY r.rid DESC, l.name LIMIT ?"
    )
    rows = db.execute(sql, (*values, limit)).fetchall()
    standings = _standings(db, {row[3] for row in rows})
    for record_id, type_id, title, sha256, name, size, media_type in rows:
        yield FileRow(record_id, type_id, title, sha256, name, size, media_type, standings[sha256])

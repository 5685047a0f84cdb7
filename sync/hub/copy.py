"""What the hub keeps of the city's log: signed pages, files and the pack, as they came, in an encrypted file.

It begins where the streams end when the hub first asks, and goes back two months at most: for PCs that were off, not for new
ones. Nothing in it is looked into here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sync.clock import Clock, moment_text
from sync.hub.messages import FROM_NOW, LogAnswer, LoggedFile, SignedPage, StreamPlace
from sync.protocol import PackOffer
from sync.store.connection import connect

KEPT_FOR = timedelta(days=60)
LARGEST_ANSWER = 2 * 1024 * 1024  # bytes of pages told at once, about
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages (ward TEXT NOT NULL, scope TEXT NOT NULL, start INTEGER NOT NULL, cursor INTEGER NOT NULL,
    body BLOB NOT NULL, signature BLOB NOT NULL, at TEXT NOT NULL, PRIMARY KEY (ward, scope, cursor, start));
CREATE TABLE IF NOT EXISTS files (ward TEXT NOT NULL, scope TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    at TEXT NOT NULL, content BLOB, PRIMARY KEY (ward, scope, sha256));
CREATE TABLE IF NOT EXISTS packs (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL);
"""
_EPOCH, _FILES_AFTER, _SERIAL, _VERSION, _PACK, _SIZE = "epoch", "files_after", "serial", "version", "pack", "pack_size"


class Copy:
    """Safe to use from several threads."""

    def __init__(self, path: Path, key: bytes, clock: Clock) -> None:
        """Raises OSError, or the database's own error where the file is of another key: it is begun anew then."""
        self._clock = clock
        self._lock = threading.RLock()
        try:
            self._db = self._opened(path, key)
        except Exception:  # what cannot be read is no loss: it is the city's, and comes again
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._db = self._opened(path, key)

    def _opened(self, path: Path, key: bytes) -> Any:
        db = connect(path, key)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # the log

    @property
    def epoch(self) -> str:
        return self._meta(_EPOCH)

    def places(self, streams: Iterable[tuple[str, str]]) -> tuple[StreamPlace, ...]:
        """How far each is copied."""
        return tuple(StreamPlace(ward, scope, self._end(ward, scope)) for ward, scope in streams)

    def _end(self, ward: str, scope: str) -> int:
        sql = "SELECT max(cursor) FROM pages WHERE ward = ? AND scope = ?"
        (row,) = self._all(sql, ward, scope)
        return FROM_NOW if row[0] is None else int(row[0])

    def take(self, answer: LogAnswer) -> None:
        """What the city told. Another epoch ends what was copied of the one before: the city came back from a backup."""
        now = self._clock.now()
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            if answer.epoch != self.epoch:
                self._db.execute("DELETE FROM pages")
                self._put(_EPOCH, answer.epoch)
            for page in answer.pages:
                if page.after != self._end(page.ward, page.scope):  # it leads on from elsewhere: the chain begins here
                    self._run("DELETE FROM pages WHERE ward = ? AND scope = ?", page.ward, page.scope)
                self._run(
                    "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?)",
                    *(page.ward, page.scope, page.after, page.cursor, page.body, page.signature, moment_text(now)),
                )
            self._name(answer.files, answer.time)
            if answer.offer is not None:
                self._offer(answer.offer)
            self._keep_only(answer.streams)
            self._forget(moment_text(now - KEPT_FOR))

    def pages(self, place: StreamPlace, room: int = LARGEST_ANSWER) -> tuple[tuple[SignedPage, ...], bool]:
        """Those that lead on from a place, as many as there is room for; whether there are more. None where the copy began
        only after it."""
        epoch = self.epoch
        found: list[SignedPage] = []
        here = place.cursor
        rows = self._all(
            "SELECT start, cursor, body, signature FROM pages WHERE ward = ? AND scope = ? AND cursor > ? ORDER BY cursor",
            *(place.ward, place.scope, here),
        )
        for start, cursor, body, signature in rows:
            if start > here or start == cursor:
                continue
            if found and room < len(body):
                return tuple(found), True
            room -= len(body)
            found.append(
                SignedPage(
                    ward=place.ward,
                    scope=place.scope,
                    epoch=epoch,
                    after=start,
                    cursor=cursor,
                    body=body,
                    signature=signature,
                )
            )
            here = cursor
        return tuple(found), False

    def _keep_only(self, streams: Sequence[tuple[str, str]]) -> None:
        for table in ("pages", "files"):
            for ward, scope in self._all(f"SELECT DISTINCT ward, scope FROM {table}"):
                if (ward, scope) not in streams:
                    self._run(f"DELETE FROM {table} WHERE ward = ? AND scope = ?", ward, scope)

    def _forget(self, before: str) -> None:
        """The last page of a stream stays: it says how far the copy is."""
        self._run(
            "DELETE FROM pages WHERE at < ? AND cursor < (SELECT max(cursor) FROM pages p "
            "WHERE p.ward = pages.ward AND p.scope = pages.scope)",
            before,
        )
        self._run("DELETE FROM files WHERE at < ?", before)

    # files

    @property
    def files_after(self) -> str:
        """Since when files are to be named, by the city's clock; "": none yet."""
        return self._meta(_FILES_AFTER)

    def _name(self, files: Sequence[LoggedFile], time: str) -> None:
        for file in files:
            self._run(
                "INSERT OR IGNORE INTO files (ward, scope, sha256, size, at) VALUES (?, ?, ?, ?, ?)",
                *(file.ward, file.scope, file.sha256, file.size, file.at),
            )
        self._put(_FILES_AFTER, files[-1].at if files else self.files_after or time)

    def missing_files(self) -> tuple[LoggedFile, ...]:
        """Named and not here yet, newest first."""
        sql = "SELECT ward, scope, sha256, size, at FROM files WHERE content IS NULL ORDER BY at DESC, sha256"
        return tuple(LoggedFile(*row) for row in self._all(sql))

    def keep_file(self, file: LoggedFile, content: bytes | None) -> None:
        """None: the city does not have it any more."""
        with self._lock:
            where = "WHERE ward = ? AND scope = ? AND sha256 = ?"
            if content is None:
                self._run(f"DELETE FROM files {where}", file.ward, file.scope, file.sha256)
            else:
                self._run(f"UPDATE files SET content = ? {where}", content, file.ward, file.scope, file.sha256)

    def file(self, ward: str, scope: str, sha256: str) -> bytes | None:
        sql = "SELECT content FROM files WHERE ward = ? AND scope = ? AND sha256 = ?"
        rows = self._all(sql, ward, scope, sha256)
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    # the pack

    def _offer(self, offer: PackOffer) -> None:
        values = {_SERIAL: str(offer.serial), _VERSION: offer.version, _PACK: offer.sha256, _SIZE: str(offer.size)}
        for key, value in values.items():
            self._put(key, value)

    def offer(self) -> PackOffer | None:
        """What the city offered last."""
        sha256 = self._meta(_PACK)
        if not sha256:
            return None
        return PackOffer(
            serial=int(self._meta(_SERIAL)), version=self._meta(_VERSION), sha256=sha256, size=int(self._meta(_SIZE))
        )

    def keep_pack(self, sha256: str, content: bytes) -> None:
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._run("DELETE FROM packs")
            self._run("INSERT INTO packs VALUES (?, ?)", sha256, content)

    def pack(self, sha256: str) -> bytes | None:
        rows = self._all("SELECT content FROM packs WHERE sha256 = ?", sha256)
        return bytes(rows[0][0]) if rows else None

    # the database

    def _all(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            rows: list[Any] = self._db.execute(sql, values).fetchall()
        return rows

    def _run(self, sql: str, *values: Any) -> None:
        self._db.execute(sql, values)

    def _meta(self, key: str) -> str:
        rows = self._all("SELECT value FROM meta WHERE key = ?", key)
        return str(rows[0][0]) if rows else ""

    def _put(self, key: str, value: str) -> None:
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)

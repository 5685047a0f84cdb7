"""What of the attached files is on its way: to the city, where a stream lacks them, and here, where somebody wants them."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from msgspec import Struct

from sync.ids import id_time_ms
from sync.store.context import StoreContext
from sync.store.files import keep_file, put_pieces
from sync.store.model import Touched

FIRST_WAIT, LONGEST_WAIT = 60.0, 6 * 3600.0  # seconds before a file that failed is tried again
_LEFT_OVER = 86400.0  # seconds after which pieces that became no file go
_DUE = "(due_at <= ? OR due_at > ?)"  # a clock that was set back must not keep a file waiting


class Outgoing(Struct, frozen=True):
    """A file that a stream lacks. ``upload``: its address at the city, "" before it has one; ``sent``: bytes there."""

    sha256: str
    ward: str
    scope: str
    size: int
    upload: str
    sent: int
    attempts: int


class Incoming(Struct, frozen=True):
    """A file somebody wants. ``streams``: where it is named; ``got``: bytes that are here."""

    sha256: str
    streams: tuple[tuple[str, str], ...]
    pieces: str
    got: int
    attempts: int


class FileQueue:
    """Every step is written down at once, so that a PC that is switched off goes on where it stopped."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def next_to_send(self) -> Outgoing | None:
        """What is due and whose record the city has; small ones first, those that failed last. One that no record of its stream
        shows any more goes too: the city's version may name it still, where what took its place was refused, and history does."""
        with self._context.readers.connection() as db:
            row = db.execute(
                "SELECT s.sha256, s.ward, s.scope, f.size, s.upload, s.sent, s.attempts "
                "FROM file_stands s JOIN files f USING (sha256) "
                f"WHERE s.status = 'to_send' AND {_DUE} AND (EXISTS (SELECT 1 FROM file_links l "
                "JOIN records r ON r.rid = l.rid WHERE l.sha256 = s.sha256 AND r.ward = s.ward AND r.scope = s.scope "
                "AND r.revision > 0) OR NOT EXISTS (SELECT 1 FROM file_links l JOIN records r ON r.rid = l.rid "
                "WHERE l.sha256 = s.sha256 AND r.ward = s.ward AND r.scope = s.scope)) "
                "ORDER BY s.attempts, f.size, s.sha256 LIMIT 1",
                self._due(),
            ).fetchone()
        return Outgoing(*row) if row else None

    def all_to_send(self) -> tuple[Outgoing, ...]:
        """Everything streams lack, whether or not it is due, small ones first: for a bundle."""
        with self._context.readers.connection() as db:
            rows = db.execute(
                "SELECT s.sha256, s.ward, s.scope, f.size, s.upload, s.sent, s.attempts FROM file_stands s "
                "JOIN files f USING (sha256) WHERE s.status = 'to_send' ORDER BY f.size, s.sha256"
            ).fetchall()
        return tuple(Outgoing(*row) for row in rows)

    def is_there(self, ward: str, scope: str, sha256: str) -> bool:
        """A bundle brought the file to the city; whether it had to be sent still."""
        waiting = [f for f in self.all_to_send() if (f.ward, f.scope, f.sha256) == (ward, scope, sha256)]
        for file in waiting:
            self.there(file)
        return bool(waiting)

    def sent(self, file: Outgoing, upload: str, sent: int) -> None:
        """So much of it is at the city, under that address."""
        self._stand(file, "upload = ?, sent = ?, why = ''", upload, sent)

    def there(self, file: Outgoing) -> None:
        """The city has all of it."""
        self._stand(file, "status = 'there', upload = '', sent = 0, attempts = 0, why = ''")

    def begin_again(self, file: Outgoing) -> None:
        """The city knows no such upload any more."""
        self._stand(file, "upload = '', sent = 0")

    def not_sent(self, file: Outgoing, why: str) -> None:
        """The city does not take it; it is tried again later, each time after a longer wait."""
        due = self._now() + _wait(file.attempts)
        self._stand(file, "upload = '', sent = 0, attempts = ?, due_at = ?, why = ?", file.attempts + 1, due, why)

    def _stand(self, file: Outgoing, sets: str, *values: Any) -> None:
        with self._context.writer.transaction(urgent=False) as db:
            where = "WHERE sha256 = ? AND ward = ? AND scope = ?"
            db.execute(f"UPDATE file_stands SET {sets} {where}", (*values, file.sha256, file.ward, file.scope))
        self._context.emit(Touched(files=frozenset({file.sha256})))

    def next_to_fetch(self) -> Incoming | None:
        """What is wanted and due; those that failed last."""
        with self._context.readers.connection() as db:
            sql = (
                f"SELECT sha256, pieces, got, attempts FROM file_fetches WHERE {_DUE} ORDER BY attempts, sha256 LIMIT 1"
            )
            row = db.execute(sql, self._due()).fetchone()
            if row is None:
                return None
            streams = db.execute(
                "SELECT DISTINCT r.ward, r.scope FROM file_links l JOIN records r ON r.rid = l.rid WHERE l.sha256 = ?",
                (row[0],),
            ).fetchall()
        sha256, pieces, got, attempts = row
        return Incoming(sha256, tuple((ward, scope) for ward, scope in streams), pieces, got, attempts)

    def all_to_fetch(self) -> tuple[Incoming, ...]:
        """Everything somebody wants, whether or not it is due: for another source than the city."""
        with self._context.readers.connection() as db:
            rows = db.execute("SELECT sha256, pieces, got, attempts FROM file_fetches ORDER BY sha256").fetchall()
            named = {
                sha256: tuple(db.execute(
                    "SELECT DISTINCT r.ward, r.scope FROM file_links l JOIN records r ON r.rid = l.rid "
                    "WHERE l.sha256 = ?", (sha256,)
                ).fetchall())
                for sha256, *_ in rows
            }  # fmt: skip
        return tuple(Incoming(sha256, named[sha256], pieces, got, tries) for sha256, pieces, got, tries in rows)

    def received(self, file: Incoming, content: bytes) -> Incoming:
        """The next bytes came."""
        got = file.got + len(content)
        with self._context.writer.transaction(urgent=False) as db:
            moved = "UPDATE file_fetches SET got = ?, why = '' WHERE sha256 = ? AND pieces = ? AND got = ?"
            if db.execute(moved, (got, file.sha256, file.pieces, file.got)).rowcount:
                put_pieces(db, file.pieces, file.got, content)
        self._context.emit(Touched(files=frozenset({file.sha256})))
        return Incoming(file.sha256, file.streams, file.pieces, got, file.attempts)

    def whole(self, file: Incoming, stream: tuple[str, str]) -> bool:
        """All of it came. False: it is not what its SHA-256 says, and is fetched anew."""
        digest = hashlib.sha256()
        with self._context.readers.connection() as db:
            sql = "SELECT content FROM file_pieces WHERE key = ? ORDER BY start"
            for (content,) in db.execute(sql, (file.pieces,)):
                digest.update(content)
        if digest.hexdigest() != file.sha256:
            return False
        with self._context.writer.transaction() as db:
            db.execute(
                "UPDATE file_stands SET status = 'there' WHERE sha256 = ? AND ward = ? AND scope = ?",
                (file.sha256, *stream),
            )
            keep_file(db, file.sha256, file.pieces, file.got, self._context.now_text())
        self._context.emit(Touched(files=frozenset({file.sha256})))
        return True

    def not_fetched(self, file: Incoming, why: str, *, anew: bool = False) -> None:
        """It could not be had; it is tried again later, from its beginning when ``anew``."""
        with self._context.writer.transaction(urgent=False) as db:
            if anew:
                db.execute("DELETE FROM file_pieces WHERE key = ?", (file.pieces,))
            db.execute(
                "UPDATE file_fetches SET attempts = ?, due_at = ?, why = ?, got = CASE WHEN ? THEN 0 ELSE got END "
                "WHERE sha256 = ?",
                (file.attempts + 1, self._now() + _wait(file.attempts), why, anew, file.sha256),
            )
        self._context.emit(Touched(files=frozenset({file.sha256})))

    def city_restored(self) -> None:
        """The city came back from a backup: what it was sent since is offered again."""
        with self._context.writer.transaction() as db:
            db.execute(
                "UPDATE file_stands SET upload = '', sent = 0, due_at = 0, status = "
                "CASE WHEN sha256 IN (SELECT sha256 FROM files) THEN 'to_send' ELSE 'elsewhere' END "
                "WHERE status IN ('there', 'to_send')"
            )

    def tidy(self) -> None:
        """Pieces of files whose keeping or fetching was cut short go, a day later."""
        with self._context.readers.connection() as db:
            keys = db.execute(
                "SELECT DISTINCT key FROM file_pieces WHERE key NOT IN (SELECT pieces FROM files) "
                "AND key NOT IN (SELECT pieces FROM file_fetches)"
            ).fetchall()
        before = (self._now() - _LEFT_OVER) * 1000
        old = [(key,) for (key,) in keys if (id_time_ms(key) or 0) < before]
        if old:
            with self._context.writer.transaction(urgent=False) as db:
                db.executemany("DELETE FROM file_pieces WHERE key = ?", old)

    def _now(self) -> float:
        return self._context.clock.now().timestamp()

    def _due(self) -> tuple[float, float]:
        now = self._now()
        return now, now + 2 * LONGEST_WAIT


def _wait(attempts: int) -> float:
    """Seconds: doubling, with a spread so that the files of an office do not all come due at once."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 20)) * random.uniform(0.75, 1.25))  # noqa: S311

"""The search index of what came in bulk, made behind it: a record that was just pulled waits with its tokens in a table,
which the search box reads beside the index, so that it is found at once and the pull does not wait for the index.

The full-text index costs a pulled record as much as the record itself. A token is written there four times (itself and its
beginnings), and each commit leaves a segment that is merged with others later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from forms.vietnamese import beyond_unfolded
from sync.store.context import StoreContext
from sync.store.terms import Match, index_text

FROM = 100
"""New records in one batch from which they wait; fewer go into the index at once."""
READ_AT_MOST = 100_000
"""The newest of those that wait are read by the search box; a first fill alone may leave more."""
PUT = "INSERT INTO unindexed (rid, text) VALUES (?, ?)"
_BATCH, _LARGEST_COMMIT = 500, 4000  # records between two looks at whether an officer's save waits; in one transaction
_COUNT = "unindexed"  # in meta, kept with every write: to count the rows would be to read them all


def replace(db: Any, rows: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Another text for those of these records that wait; returns the others, which are in the index or in neither."""
    if not rows or db.execute("SELECT 1 FROM unindexed LIMIT 1").fetchone() is None:
        return list(rows)
    there = [
        (text, rid) for rid, text in rows if db.execute("SELECT 1 FROM unindexed WHERE rid = ?", (rid,)).fetchone()
    ]
    db.executemany("UPDATE unindexed SET text = ? WHERE rid = ?", there)
    waiting = {rid for _, rid in there}
    return [row for row in rows if row[0] not in waiting]


def put(db: Any, rows: Iterable[tuple[int, str]]) -> None:
    """Row ids and texts into the index, in the order of the row ids."""
    db.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", [(rid, index_text(text)) for rid, text in rows])


def find(db: Any, match: Match, limit: int) -> list[int]:
    """The newest of those that wait and match, as ``MATCH`` would find them."""
    if db.execute("SELECT 1 FROM unindexed LIMIT 1").fetchone() is None:
        return []
    sql = "SELECT rid, text FROM unindexed ORDER BY rid DESC LIMIT ?"
    written = [re.compile(pattern).search for pattern in match.written]
    is_beyond = re.compile(beyond_unfolded()).search
    tests = [re.compile(pattern).search for pattern in match.patterns]
    found: list[int] = []
    for rid, text in db.execute(sql, (READ_AT_MOST,)):
        if not all(test(text) or is_beyond(text) for test in written):
            continue
        tokens = index_text(text)
        if all(test(tokens) for test in tests):
            found.append(rid)
            if len(found) >= limit:
                break
    return found


def waiting(db: Any) -> int:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_COUNT,)).fetchone()
    return int(row[0]) if row else 0


def count(db: Any, n: int) -> None:
    """So many more wait, said in the transaction that writes them."""
    sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = value + ?2"
    db.execute(sql, (_COUNT, n))


class Indexing:
    """Puts what waits into the index, the oldest first. Safe to use from several threads; an officer's save goes first."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def waiting(self) -> int:
        """How many records wait."""
        with self._context.readers.connection() as db:
            return waiting(db)

    def run(self, most: int = 0, progress: Callable[[], None] = lambda: None) -> None:
        """Until no more than ``most`` wait. ``progress`` is told after each transaction; raising from it stops in between,
        losing nothing."""
        while (left := self.waiting() - most) > 0:
            self._some(left)
            progress()

    def _some(self, most: int) -> None:
        done, writer = 0, self._context.writer
        step = writer.step(_BATCH)
        with writer.transaction(urgent=False) as db:
            while done < min(most, _LARGEST_COMMIT):
                rows = db.execute("SELECT rid, text FROM unindexed ORDER BY rid LIMIT ?", (step,)).fetchall()
                if not rows:
                    done, most = waiting(db), 0  # the count is wrong, whatever made it so
                    break
                # one by one: a statement of many rows would close a segment of the index of its own
                put(db, rows)
                db.execute("DELETE FROM unindexed WHERE rid <= ?", (rows[-1][0],))
                done += len(rows)
                if writer.is_enough(done):
                    break
            count(db, -done)

"""The search box: any record by part of a name, number or telephone, newest first, exact accents before others."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Any

from forms.vietnamese import fold
from sync.store import indexing, sight
from sync.store.aliases import kept_id, target_of
from sync.store.context import StoreContext
from sync.store.model import Hit
from sync.store.rowcodec import decode_fields, encode_json
from sync.store.terms import Match, queries

RANKED = 200
"""Newest hits that are put in order of closeness; ordering all of them costs ten times as much."""

_Row = tuple[Any, ...]


class Search:
    """Full-text search over everything this PC may show."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def find(
        self, text: str, types: tuple[str, ...] = (), limit: int = 50, within: Collection[str] | None = None
    ) -> tuple[Hit, ...]:
        """The best ``limit`` records for a line as it is being typed: every word, the last one perhaps unfinished.
        ``types``: what is looked for (empty: anything); ``within``: what may be seen (None: all)."""
        with self._context.readers.connection() as db:
            wanted = self._wanted(db, types, within)
            matches = queries(text, tuple(self._context.plans.of(t).type_token for t in wanted or ()))
            if not matches or wanted == ():
                return ()
            rows = self._kept(db, self._rows(db, self._newest(db, matches, limit)))
        if wanted is not None:
            rows = [row for row in rows if row[2] in wanted]
        typed = unicodedata.normalize("NFC", text).casefold().strip()
        words, folded = typed.split(), fold(typed)
        rows.sort(key=lambda row: _distance(row, typed, words, folded))
        return tuple(Hit(id=r[1], type=r[2], title=r[3], subtitle=r[4], state=r[5], number=r[6]) for r in rows[:limit])

    def _kept(self, db: Any, rows: list[_Row]) -> list[_Row]:
        """Each record once: in the place of one that was merged stands the one that was kept."""
        merged = [row for row in rows if row[5] is not None and row[5] == self._context.plans.of(row[2]).merged_state]
        if not merged:
            return rows
        found = {row[1]: row for row in rows}
        for row in merged:
            kept = self._row(db, kept_id(row[1], lambda one: self._next(db, one)))
            del found[row[1]]
            if kept is not None:
                found.setdefault(kept[1], kept)
        return list(found.values())

    def _next(self, db: Any, record_id: str) -> str | None:
        row = db.execute("SELECT type, state, fields FROM records WHERE id = ?", (record_id,)).fetchone()
        return target_of(self._context.plans.of(row[0]), row[1], decode_fields(row[2])) if row else None

    def _row(self, db: Any, record_id: str) -> _Row | None:
        sql = "SELECT rid, id, type, title, subtitle, state, number FROM records WHERE id = ?"
        row: _Row | None = db.execute(sql, (record_id,)).fetchone()
        return row

    def _wanted(self, db: Any, types: tuple[str, ...], within: Collection[str] | None) -> tuple[str, ...] | None:
        """The types to look in; None: no need to tell them apart."""
        if types:
            return types if within is None else tuple(t for t in types if t in within)
        return sight.narrowed(db, within)

    def _newest(self, db: Any, matches: list[Match], limit: int) -> list[int]:
        found: dict[int, None] = {}
        for match in matches:
            found.update(dict.fromkeys(newest(db, match, RANKED)))
            if len(found) >= limit:
                break
        return list(found)

    def _rows(self, db: Any, rids: list[int]) -> list[_Row]:
        sql = (
            "SELECT rid, id, type, title, subtitle, state, number FROM records "
            "WHERE rid IN (SELECT value FROM json_each(?)) ORDER BY rid DESC"
        )
        return list(db.execute(sql, (encode_json(rids).decode(),)))


def newest(db: Any, match: Match, limit: int) -> list[int]:
    """Row ids of what matches, newest first, whether it is in the index or still waits for it."""
    sql = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?"
    found = [rid for (rid,) in db.execute(sql, (match.query, limit))]
    if waiting := indexing.find(db, match, limit):
        found = sorted((*found, *waiting), reverse=True)[:limit]
    return found


def _distance(row: _Row, typed: str, words: list[str], folded: str) -> int:
    """How far a hit is from what was typed; equal ones stay newest first."""
    title, number = str(row[3]).casefold(), str(row[6] or "").casefold()
    text = f"{title} {str(row[4]).casefold()} {number}"
    if typed in (number, title):
        return 0
    if title.startswith(typed):
        return 1
    if typed in text:
        return 2
    if all(word in text for word in words):
        return 3
    if fold(title) == folded:
        return 4
    return 5 if folded in fold(text) else 6

"""Sorted pages of a list, read by keyset: the cost does not grow with the page's place or the list's length.

Each state is read from the front of its own stretch of the (state, column) index and the stretches are merged, so one
index serves the whole list and every filter by state.
"""

from __future__ import annotations

import threading
from typing import Any

from sync.store import projection, rowcodec
from sync.store.context import StoreContext
from sync.store.model import Cursor, ListQuery, Page, StoreError
from sync.store.plan import TypePlan
from sync.store.rowcodec import encode_json, record_of
from sync.store.search import newest
from sync.store.terms import queries

NARROWED_AT_MOST = 5000
"""Hits, newest first, that a list narrowed by text sorts and shows."""

Place = tuple[Any, int]  # sort value, row id


class PageReader:
    """Reads pages; makes the index of a long list's column when it is first sorted by it."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._indexed: set[str] = set()

    def read(self, query: ListQuery) -> Page:
        plan = self._context.plans.of(query.type)
        if plan.record_type is None:
            return Page((), 0)
        sort, descending = _sorting(plan, query.sort)
        with self._context.readers.connection() as db:
            if query.text.strip():
                return self._narrowed(db, plan, query, sort, descending)
            states = _states(db, plan, query)
            total = sum(states.values())
        if total > projection.LONG_LIST:
            self._ensure_index(plan, sort)
        with self._context.readers.connection() as db:
            states = _states(db, plan, query)
            backwards = query.before is not None or query.last
            cursor = query.after or query.before
            places = _places(
                db,
                plan,
                list(states),
                sort=sort,
                descending=descending != backwards,
                cursor=cursor,
                limit=query.limit + 1,
            )
            return _page(db, query, places, backwards, sum(states.values()))

    def _ensure_index(self, plan: TypePlan, sort: str) -> None:
        name = projection.index_name(plan, sort)
        with self._lock:
            if name in self._indexed:
                return
            with self._context.readers.connection() as db:
                there = db.execute("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?", (name,)).fetchone()
            if not there:
                with self._context.writer.transaction(urgent=False) as db:
                    projection.create_index(db, plan, sort)
            self._indexed.add(name)

    def _narrowed(self, db: Any, plan: TypePlan, query: ListQuery, sort: str, descending: bool) -> Page:
        rids: set[int] = set()
        for match in queries(query.text, (plan.type_token,)):
            rids.update(newest(db, match, NARROWED_AT_MOST))
        sql = (
            f"SELECT {projection.column(sort)}, rid, state FROM {plan.table} "
            "WHERE rid IN (SELECT value FROM json_each(?))"
        )
        rows = db.execute(sql, (encode_json(sorted(rids)).decode(),)).fetchall()
        places = [(value, rid) for value, rid, state in rows if _is_wanted(plan, query, state)]
        places.sort(key=_sort_key, reverse=descending)
        total = len(places)
        backwards = query.before is not None or query.last
        if backwards:
            places.reverse()
        cursor = query.after or query.before
        if cursor is not None:
            down = descending != backwards
            mark = _sort_key((cursor.value, cursor.row))
            places = [p for p in places if (_sort_key(p) < mark if down else _sort_key(p) > mark)]
        return _page(db, query, places[: query.limit + 1], backwards, total)


def _sorting(plan: TypePlan, sort: str) -> tuple[str, bool]:
    text = sort or plan.default_sort
    name, descending = text.lstrip("-"), text.startswith("-")
    if name not in plan.columns:
        raise StoreError(f"Danh sách {plan.id} không sắp theo “{name}” được. (Sorts by: {', '.join(plan.columns)})")
    return name, descending


def _states(db: Any, plan: TypePlan, query: ListQuery) -> dict[str, int]:
    rows = db.execute("SELECT state, n FROM counters WHERE type = ? AND n > 0", (query.type,)).fetchall()
    return {state: n for state, n in rows if _is_wanted(plan, query, state)}


def _is_wanted(plan: TypePlan, query: ListQuery, state: str) -> bool:
    """What was merged into another record is listed only when it is asked for: the list shows each one once."""
    return state in query.states if query.states else state != plan.merged_state


def _places(
    db: Any, plan: TypePlan, states: list[str], *, sort: str, descending: bool, cursor: Cursor | None, limit: int
) -> list[Place]:
    """The next ``limit`` places from the cursor (from the end, without one) in the given direction."""
    if not states:
        return []
    column = projection.column(sort)
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    parts, values = [], []
    for state in states:
        head = f"SELECT {column} AS v, rid FROM {plan.table} WHERE state = ?"
        if cursor is None:
            parts.append(f"SELECT * FROM ({head} ORDER BY {column} {direction}, rid {direction} LIMIT ?)")
            values += [state, limit]
            continue
        parts.append(f"SELECT * FROM ({head} AND {column} = ? AND rid {beyond} ? ORDER BY rid {direction} LIMIT ?)")
        values += [state, cursor.value, cursor.row, limit]
        parts.append(
            f"SELECT * FROM ({head} AND {column} {beyond} ? ORDER BY {column} {direction}, rid {direction} LIMIT ?)"
        )
        values += [state, cursor.value, limit]
    sql = " UNION ALL ".join(parts) + f" ORDER BY v {direction}, rid {direction} LIMIT ?"
    return [(v, rid) for v, rid in db.execute(sql, (*values, limit))]


def _page(db: Any, query: ListQuery, places: list[Place], backwards: bool, total: int) -> Page:
    more = len(places) > query.limit
    places = places[: query.limit]
    if backwards:
        places.reverse()
    sql = f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?))"
    rows = {row[0]: row for row in db.execute(sql, (encode_json([rid for _, rid in places]).decode(),))}
    return Page(
        records=tuple(record_of(rows[rid]) for _, rid in places if rid in rows),
        total=total,
        start=Cursor(*places[0]) if places else None,
        end=Cursor(*places[-1]) if places else None,
        has_before=more if backwards else query.after is not None,
        has_after=(query.before is not None) if backwards else more,
    )


def _sort_key(place: Place) -> tuple[bool, Any, int]:
    """SQLite's order: numbers before texts."""
    value, rid = place
    return isinstance(value, str), value, rid

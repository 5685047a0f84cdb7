"""The rows of one flush, by table, written with one statement a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, count
from operator import itemgetter
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from sync.locked_fields import AWAITING
from sync.protocol import Fields, RecordVersion
from sync.store import indexing, projection, rowcodec
from sync.store.files_links import FileLinks
from sync.store.new_rows import NewRows, links_of
from sync.store.plan import TypePlan

_Row = tuple[Any, ...]
_LARGEST = (1 << 63) - 1
_TOGETHER = 100
_MOST_SHAPES = 8
_SHAPES: dict[str, list[frozenset[int]]] = {}  # of the statements for many rows: the places bound once


class Batch:
    """The rows of one flush, by table."""

    def __init__(self) -> None:
        self.updates: list[_Row] = []
        self.restated: list[_Row] = []
        self.lists: dict[TypePlan, list[_Row]] = defaultdict(list)  # in place of rows that are there
        self.moved: dict[tuple[str, TypePlan], list[_Row]] = defaultdict(list)
        self._new: list[NewRows] = []
        self._replaced: list[tuple[int, str]] = []  # of records that are there already
        self._links: list[tuple[int, int, int]] = []
        self._links_gone: list[tuple[int, int, int]] = []
        self._keys: list[tuple[int, int]] = []
        self._keys_gone: list[tuple[int, int]] = []
        self._awaiting: list[tuple[str, str, str, bytes]] = []
        self._numbered: list[tuple[str]] = []
        self.alike: list[tuple[int]] = []  # to be compared with others, later
        self._files = FileLinks()

    def add_awaiting(self, v: RecordVersion, *, void: bool) -> None:
        """The record waits for its number, or has come to the end of that. A void one gets none any more, also where an
        older program left the mark."""
        since = v.fields.get(AWAITING)
        if v.number is None and isinstance(since, str) and not void:
            self._awaiting.append((v.id, v.type, since, b""))
        else:
            self._numbered.append((v.id,))

    def replace_search(self, rid: int, text: str) -> None:
        self._replaced.append((rid, text))

    def add_pointers(self, plan: TypePlan, rid: int, old: Fields, new: Fields) -> None:
        """References, keys and files that came, and those that went."""
        if plan.file_fields:
            self._files.gather(rid, plan.file_fields, new, is_new=False)
        links, keys = set(links_of(plan, rid, new)), {(k, rid) for k in plan.keys(new)}
        old_links, old_keys = set(links_of(plan, rid, old)), {(k, rid) for k in plan.keys(old)}
        self._links_gone += old_links - links
        self._keys_gone += old_keys - keys
        self._links += links - old_links
        self._keys += keys - old_keys

    def add_new(self, made: NewRows) -> None:
        """Records of which there is nothing yet."""
        plan = made.plan
        self._new.append(made)
        self._keys += made.keys
        self._links += made.links
        if plan.has_double:
            self.alike += [(rid,) for rid in made.rids]
        if plan.file_fields:
            for v, rid in zip(made.versions, made.rids, strict=True):
                if any(map(v.fields.get, plan.file_names)):
                    self._files.gather(rid, plan.file_fields, v.fields, is_new=True)

    def add_pointers_anew(self, plan: TypePlan, rid: int, new: Fields) -> None:
        """Of a record of which some may be there."""
        self._keys += [(k, rid) for k in plan.keys(new)]
        self._links += links_of(plan, rid, new)
        if plan.file_fields and any(map(new.get, plan.file_names)):
            self._files.gather(rid, plan.file_fields, new, is_new=False)

    def write(self, db: Any) -> None:
        def many(sql: str, rows: list[Any]) -> None:
            if rows:  # nearly all are empty in a save
                _write(db, write_many, sql, rows)

        if self._new:
            _write(db, write_columns, rowcodec.INSERT, in_order([made.records for made in self._new]))
        many(rowcodec.UPDATE, self.updates)
        many(
            "UPDATE records SET revision = ?, conflicts = ?, updated_at = ?, updated_by = ?, origin = ?, pack = ?, "
            "standing = ?, is_new = ? WHERE rid = ?",
            self.restated,
        )
        for made in self._new:
            if made.listed:
                _write(db, write_columns, projection.insert_sql(made.plan, replaces=False), in_order([made.listed]))
        for plan, rows in self.lists.items():
            many(projection.insert_sql(plan, replaces=True), sorted(rows, key=itemgetter(0)))
        for (_, plan), rows in self.moved.items():
            many(f"UPDATE {plan.table} SET {projection.column('_updated')} = ? WHERE rid = ?", rows)
        many("INSERT OR IGNORE INTO awaiting (record_id, type, at, officer) VALUES (?, ?, ?, ?)", self._awaiting)
        many("DELETE FROM awaiting WHERE record_id = ?", self._numbered)
        many("DELETE FROM links WHERE target = ? AND field = ? AND rid = ?", self._links_gone)
        many("INSERT OR IGNORE INTO links (target, field, rid) VALUES (?, ?, ?)", sorted(self._links))
        many("DELETE FROM keys WHERE key = ? AND rid = ?", self._keys_gone)
        many("INSERT OR IGNORE INTO keys (key, rid) VALUES (?, ?)", sorted(self._keys, key=itemgetter(0)))
        many("INSERT OR IGNORE INTO alike_new (rid) VALUES (?)", self.alike)
        self._write_search(db)
        self._files.write(db)

    def _write_search(self, db: Any) -> None:
        new: list[tuple[int, str]] = []
        if self._new:
            texts = in_order([[made.records[0], made.texts] for made in self._new])
            if len(texts[0]) >= indexing.FROM:
                write_columns(db, indexing.PUT, texts)
                indexing.count(db, len(texts[0]))
            else:
                new = list(zip(*texts, strict=True))
        others = indexing.replace(db, self._replaced)
        if others:
            db.executemany("DELETE FROM search WHERE rowid = ?", [(rid,) for rid, _ in others])
        if others or new:
            db.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", sorted([*new, *others]))


def in_order(parts: Sequence[Sequence[Sequence[Any]]]) -> Sequence[Sequence[Any]]:
    """The columns of several tables one under the other, by the first of them."""
    columns = parts[0] if len(parts) == 1 else [list(chain(*same)) for same in zip(*parts, strict=True)]
    first = columns[0]
    if len(first) == 1:
        return columns
    order = sorted(range(len(first)), key=first.__getitem__)
    return columns if order == list(range(len(first))) else [[column[place] for place in order] for column in columns]


def _write(db: Any, write: Callable[[Any, str, Any], None], sql: str, given: Any) -> None:
    try:
        write(db, sql, given)
    except (
        OverflowError,
        sqlite.InterfaceError,
    ):  # a value that the city should not have taken; all rows anew, since some are in
        rows = given if write is write_many else zip(*given, strict=True)
        again = sql.replace("INSERT INTO", "INSERT OR REPLACE INTO", 1)
        db.executemany(again, [tuple(map(_fitting, row)) for row in rows])


def _is_alike(column: Sequence[Any]) -> bool:
    first = column[0]
    return column.count(first) == len(column) and (isinstance(first, str) or len(set(map(type, column))) == 1)


def _bound_once(sql: str, columns: Sequence[Sequence[Any]]) -> frozenset[int]:
    """The places of columns in which all is the same, or of most of them: a statement of another shape has to be planned anew,
    and is kept."""
    alike = {place for place, column in enumerate(columns) if _is_alike(column)}
    known = _SHAPES.setdefault(sql, [frozenset()])
    best = max((shape for shape in known if shape <= alike), key=len)
    if len(alike) > len(best) + 2 and len(known) < _MOST_SHAPES:
        best = frozenset(alike)
        known.append(best)
    return best


@lru_cache(256)
def _of_many(sql: str, width: int, once: frozenset[int]) -> str:
    """For ``_TOGETHER`` rows; what is in the places ``once`` is given first, for all of them."""
    head, _, values = sql.partition(" VALUES ")
    assert values == f"({', '.join('?' * width)})", sql  # noqa: S101
    marks = {place: f"?{mark}" for mark, place in enumerate(sorted(once), 1)}
    others = (f"?{mark}" for mark in count(len(once) + 1))
    rows = [", ".join([marks.get(place) or next(others) for place in range(width)]) for _ in range(_TOGETHER)]
    return f"{head} VALUES ({'), ('.join(rows)})"


def write_many(db: Any, sql: str, rows: list[Any]) -> None:
    """``executemany``; new rows as ``write_columns``. Not for the search index, which closes a segment with each such
    statement."""
    if sql.startswith("INSERT") and len(rows) >= _TOGETHER:
        write_columns(db, sql, list(zip(*rows, strict=True)))
    else:
        db.executemany(sql, rows)


def write_columns(db: Any, sql: str, columns: Sequence[Sequence[Any]]) -> None:
    """New rows, a hundred in a statement, with what is the same in all of them bound once: half the price, and other threads go
    on meanwhile."""
    rows = len(columns[0])
    whole = rows - rows % _TOGETHER
    if whole:
        once = _bound_once(sql, columns)
        statement = _of_many(sql, len(columns), once)
        same = [columns[place][0] for place in sorted(once)]
        others = [column for place, column in enumerate(columns) if place not in once]
        for start in range(0, whole, _TOGETHER):
            values = [None] * (len(others) * _TOGETHER)
            for place, column in enumerate(others):
                values[place :: len(others)] = column[start : start + _TOGETHER]
            db.execute(statement, same + values)
    if whole < rows:
        db.executemany(sql, zip(*[column[whole:] for column in columns], strict=True))


def _fitting(value: Any) -> Any:
    """A whole number beyond 64 bits as the last one that fits; of a list or a map, by which nothing is sorted, nothing."""
    if isinstance(value, (list, dict)):
        return ""
    return max(-_LARGEST, min(_LARGEST, value)) if isinstance(value, int) else value

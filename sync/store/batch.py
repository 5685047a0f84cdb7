"""The rows of one flush, by table, written with one statement a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlcipher3 import dbapi2 as sqlite

from sync.locked_fields import AWAITING
from sync.many_rows import write_columns, write_many
from sync.protocol import Fields, RecordVersion
from sync.store import indexing, projection, rowcodec
from sync.store.files_links import FileLinks
from sync.store.new_rows import NewRows, links_of
from sync.store.plan import TypePlan

_Row = tuple[Any, ...]
_LARGEST = (1 << 63) - 1


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
            for fields, rid in zip(made.versions.fields, made.rids, strict=True):
                if any(map(fields.get, plan.file_names)):
                    self._files.gather(rid, plan.file_fields, fields, is_new=True)

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
            indexing.put(db, sorted([*new, *others]))


def in_order(parts: Sequence[Sequence[Sequence[Any]]]) -> Sequence[Sequence[Any]]:
    """The columns of several tables one under the other, by the first of them."""
    columns = parts[0] if len(parts) == 1 else [list(chain(*same)) for same in zip(*parts, strict=True)]
    first = columns[0]
    if sorted(first) == list(first):
        return columns
    order = sorted(range(len(first)), key=first.__getitem__)
    return [[column[place] for place in order] for column in columns]


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


def _fitting(value: Any) -> Any:
    """A whole number beyond 64 bits as the last one that fits; of a list or a map, by which nothing is sorted, nothing."""
    if isinstance(value, (list, dict)):
        return ""
    return max(-_LARGEST, min(_LARGEST, value)) if isinstance(value, int) else value

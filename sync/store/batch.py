"""The rows of one flush, by table, written with one statement a table."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any

from sync.locked_fields import AWAITING
from sync.protocol import Fields, RecordVersion
from sync.store import indexing, projection, rowcodec
from sync.store.files_links import FileLinks
from sync.store.plan import TypePlan, link_key

_Row = tuple[Any, ...]
_LARGEST = (1 << 63) - 1
_TOGETHER = 100


class Batch:
    """The rows of one flush, by table."""

    def __init__(self) -> None:
        self.inserts: list[_Row] = []
        self.updates: list[_Row] = []
        self.restated: list[_Row] = []
        self.lists: dict[tuple[TypePlan, bool], list[_Row]] = defaultdict(list)  # True: in place of a row that is there
        self.moved: dict[tuple[str, TypePlan], list[_Row]] = defaultdict(list)
        self.search: list[tuple[int, str]] = []  # of new records
        self._replaced: list[tuple[int, str]] = []  # of records that are there already
        self._links: list[tuple[int, int, int]] = []
        self._links_gone: list[tuple[int, int, int]] = []
        self._keys: list[tuple[int, int]] = []
        self._keys_gone: list[tuple[int, int]] = []
        self._awaiting: list[tuple[str, str, str]] = []
        self._numbered: list[tuple[str]] = []
        self.alike: list[tuple[int]] = []  # to be compared with others, later
        self._files = FileLinks()

    def add_awaiting(self, v: RecordVersion, *, void: bool) -> None:
        """The record waits for its number, or has come to the end of that. A void one gets none any more, also where an
        older program left the mark."""
        since = v.fields.get(AWAITING)
        if v.number is None and isinstance(since, str) and not void:
            self._awaiting.append((v.id, v.type, since))
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

    def add_new_pointers(
        self, plan: TypePlan, rid: int, new: Fields, keys: list[tuple[int, int]], links: list[tuple[int, int, int]]
    ) -> None:
        """Of a record of which there is nothing yet."""
        self._keys += keys
        self._links += links
        if plan.file_fields and any(map(new.get, plan.file_names)):
            self._files.gather(rid, plan.file_fields, new, is_new=True)

    def add_pointers_anew(self, plan: TypePlan, rid: int, new: Fields) -> None:
        """Of a record of which some may be there."""
        self._keys += [(k, rid) for k in plan.keys(new)]
        self._links += links_of(plan, rid, new)
        if plan.file_fields and any(map(new.get, plan.file_names)):
            self._files.gather(rid, plan.file_fields, new, is_new=False)

    def write(self, db: Any) -> None:
        def many(sql: str, rows: list[Any]) -> None:
            if rows:  # nearly all are empty in a save
                try:
                    write_many(db, sql, rows)
                except OverflowError:  # a number that the city should not have taken; all rows anew, since some are in
                    again = sql.replace("INSERT INTO", "INSERT OR REPLACE INTO", 1)
                    db.executemany(again, [tuple(map(_fitting, row)) for row in rows])

        many(rowcodec.INSERT, sorted(self.inserts))
        many(rowcodec.UPDATE, self.updates)
        many(
            "UPDATE records SET revision = ?, conflicts = ?, updated_at = ?, updated_by = ?, origin = ?, pack = ?, "
            "standing = ?, is_new = ? WHERE rid = ?",
            self.restated,
        )
        for (plan, replaces), rows in self.lists.items():
            many(projection.insert_sql(plan, replaces=replaces), sorted(rows, key=itemgetter(0)))
        for (_, plan), rows in self.moved.items():
            many(f"UPDATE {plan.table} SET {projection.column('_updated')} = ? WHERE rid = ?", rows)
        many("INSERT OR IGNORE INTO awaiting (record_id, type, at, officer) VALUES (?, ?, ?, x'')", self._awaiting)
        many("DELETE FROM awaiting WHERE record_id = ?", self._numbered)
        many("DELETE FROM links WHERE target = ? AND field = ? AND rid = ?", self._links_gone)
        many("INSERT OR IGNORE INTO links (target, field, rid) VALUES (?, ?, ?)", sorted(self._links))
        many("DELETE FROM keys WHERE key = ? AND rid = ?", self._keys_gone)
        many("INSERT OR IGNORE INTO keys (key, rid) VALUES (?, ?)", sorted(self._keys, key=itemgetter(0)))
        many("INSERT OR IGNORE INTO alike_new (rid) VALUES (?)", self.alike)
        self._write_search(db)
        self._files.write(db)

    def _write_search(self, db: Any) -> None:
        new = sorted(self.search)
        if len(new) >= indexing.FROM:
            write_many(db, indexing.PUT, new)
            indexing.count(db, len(new))
            new = []
        others = indexing.replace(db, self._replaced)
        if others:
            db.executemany("DELETE FROM search WHERE rowid = ?", [(rid,) for rid, _ in others])
        if others or new:
            db.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", sorted([*new, *others]))


@lru_cache(256)
def _of_many(sql: str) -> str:
    head, values = sql.split(" VALUES ")
    return f"{head} VALUES {', '.join([values] * _TOGETHER)}"


def write_many(db: Any, sql: str, rows: list[Any]) -> None:
    """``executemany``; of many new rows a hundred in a statement: a sixth to a half quicker, and other threads go on
    meanwhile. Not for the search index, which closes a segment with each such statement."""
    whole = len(rows) - len(rows) % _TOGETHER if sql.startswith("INSERT") else 0
    for start in range(0, whole, _TOGETHER):
        db.execute(_of_many(sql), list(chain.from_iterable(rows[start : start + _TOGETHER])))
    if whole < len(rows):
        db.executemany(sql, rows[whole:])


def _fitting(value: Any) -> Any:
    """A whole number beyond 64 bits as the last one that fits."""
    return max(-_LARGEST, min(_LARGEST, value)) if isinstance(value, int) else value


def links_of(plan: TypePlan, rid: int, fields: Fields) -> list[tuple[int, int, int]]:
    found = [
        (link_key(value), code, rid)
        for name, code in plan.single_links
        if (value := fields.get(name)) and isinstance(value, str)
    ]
    if plan.other_links and any(map(fields.get, plan.other_links)):
        code_of = plan.link_code
        found += [(link_key(target), code_of(name), rid) for name, target in plan.links(fields, plan.other_links)]
    return found

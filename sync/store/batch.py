"""The rows of one flush, by table, written with one statement a table."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import Any

from sync.merge import AWAITING
from sync.protocol import Fields, RecordVersion
from sync.store import projection, rowcodec
from sync.store.files_links import FileLinks
from sync.store.plan import TypePlan, link_key

_Row = tuple[Any, ...]


class Batch:
    """The rows of one flush, by table."""

    def __init__(self) -> None:
        self.inserts: list[_Row] = []
        self.updates: list[_Row] = []
        self.restated: list[_Row] = []
        self.lists: dict[tuple[TypePlan, bool], list[_Row]] = defaultdict(list)  # True: in place of a row that is there
        self.moved: dict[tuple[str, TypePlan], list[_Row]] = defaultdict(list)
        self._search: list[tuple[int, str]] = []
        self._search_gone: list[tuple[int]] = []
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

    def add_search(self, rid: int, text: str, *, replaces: bool) -> None:
        if replaces:
            self._search_gone.append((rid,))
        self._search.append((rid, text))

    def add_pointers(self, plan: TypePlan, rid: int, old: Fields | None, new: Fields) -> None:
        """References, keys and files that came, and those that went."""
        if old is None and plan.pointing_names.isdisjoint(new):  # nearly all of a large pull
            if plan.key_fields:
                self._keys += [(k, rid) for k in plan.keys(new)]
            return
        may_name_files = old is not None or any(new.get(name) for name in plan.file_names)
        if may_name_files and plan.holds_files and plan.record_type is not None:
            self._files.gather(rid, plan.record_type, new)
        if old is None:
            self._links += _links(plan, rid, new)
            self._keys += [(k, rid) for k in plan.keys(new)]
            return
        links, keys = _links(plan, rid, new), {(k, rid) for k in plan.keys(new)}
        old_links, old_keys = _links(plan, rid, old), {(k, rid) for k in plan.keys(old)}
        self._links_gone += old_links - links
        self._keys_gone += old_keys - keys
        self._links += links - old_links
        self._keys += keys - old_keys

    def write(self, db: Any) -> None:
        def many(sql: str, rows: list[Any]) -> None:
            if rows:  # nearly all are empty in a save
                db.executemany(sql, rows)

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
        many("DELETE FROM search WHERE rowid = ?", self._search_gone)
        many("INSERT INTO search (rowid, text) VALUES (?, ?)", sorted(self._search))
        self._files.write(db)


def _links(plan: TypePlan, rid: int, fields: Fields) -> set[tuple[int, int, int]]:
    return {(link_key(target), plan.link_code(name), rid) for name, target in plan.links(fields)}

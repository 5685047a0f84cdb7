"""Writing shown records, with all that follows from them, in bulk: row, list, search, references, keys, counters, digest.

Everything of a batch is gathered first and then written with one statement a table, because the pages that a batch
dirties are encrypted and written once each: for 50,000 new records this is what decides between seconds and minutes.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from msgspec import Struct

from sync.clock import parse_moment
from sync.ids import id_time_ms
from sync.merge import AWAITING
from sync.protocol import DeliveryState, Fields, RecordVersion
from sync.store import projection, proposals, rowcodec
from sync.store.digests import DigestSums
from sync.store.model import Touched
from sync.store.plan import Plans, TypePlan, link_key
from sync.store.rowcodec import decode_fields, encode_json
from sync.store.terms import index_text

Row = tuple[Any, ...]
_RANDOM_TAIL = 15  # bits of a row id below its millisecond


class Touch:
    """Gathers what a transaction changed."""

    def __init__(self) -> None:
        self.records: set[str] = set()
        self.types: set[str] = set()
        self.outbox = False
        self.deliveries: list[DeliveryState] = []

    def frozen(self) -> Touched:
        return Touched(frozenset(self.records), frozenset(self.types), self.outbox, tuple(self.deliveries))


class Item(Struct):
    """One record to write: the row that is there, the version to show, and where it stands."""

    old: Row | None
    version: RecordVersion
    standing: int
    is_new: bool
    rid: int = 0


class RowWriter:
    """Writes the shown records of one transaction. ``put`` each once, then ``flush``."""

    def __init__(self, connection: Any, plans: Plans, touch: Touch) -> None:
        self._db = connection
        self._plans = plans
        self._touch = touch
        self._items: list[Item] = []
        self._flowing: list[Item] = []  # new or changed, of types that flows begin at or lead to
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._digests = DigestSums()

    def put(self, old: Row | None, version: RecordVersion, standing: int, *, is_new: bool = False) -> None:
        self._items.append(Item(old, version, standing, is_new, old[0] if old else 0))

    def flush(self) -> None:
        """Write everything that was put."""
        if not self._items:
            return
        _assign_row_ids(self._db, [item for item in self._items if item.old is None])
        resolver = BatchResolver(self._db, self._plans, self._items)
        batch = Batch()
        shown_elsewhere: list[str] = []
        for item in self._items:
            plan = self._plans.of(item.version.type)
            if self._gather(item, plan, batch, resolver) and plan.id in self._plans.shown_elsewhere:
                shown_elsewhere.append(item.version.id)
        batch.write(self._db)
        self._write_counts()
        self._digests.write(self._db)
        if shown_elsewhere:
            self._refresh_pointing_at(shown_elsewhere, resolver)
        if self._flowing:
            proposals.update(self._db, self._plans, self._flowing, resolver)
        self._items, self._flowing = [], []

    def _gather(self, item: Item, plan: TypePlan, batch: Batch, resolver: BatchResolver) -> bool:
        """Queue the rows of one record; whether its fields are new."""
        old, v = item.old, item.version
        text = encode_json(v.fields).decode()
        self._touch.records.add(v.id)
        self._touch.types.add(v.type)
        self._digests.move(old, v)
        same_text = old is not None and old[8] == text
        if old is None or old[6] != v.state or old[2] != v.type:
            if old is not None:
                self._counts[old[2], old[6]] -= 1
            self._counts[v.type, v.state] += 1
        if old is not None and same_text and old[6] == v.state and old[7] == v.number:
            self._restate(item, plan, batch)
            return False
        if plan.id in self._plans.flows.types:
            self._flowing.append(item)
        title, subtitle, search, sort, due = plan.describe(v.fields, v.state, v.number, resolver)
        due_open = _due_open(plan, v.state, v.fields, due)
        new = int(item.is_new and v.state in plan.open_states)
        # in the order of rowcodec.COLUMNS, from `type` on
        values = (v.type, v.ward, v.scope, v.revision, v.state, v.number, text, _conflicts_text(v), v.created_at,
                  v.updated_at, v.updated_by, v.origin, v.pack, due, due_open, item.standing, new, title, subtitle)  # fmt: skip
        if old is None:
            batch.inserts.append((item.rid, v.id, *values))
        else:
            batch.updates.append((*values, item.rid))
        if plan.record_type is not None:
            batch.lists[plan, old is not None].append(
                projection.row_values(
                    plan, item.rid, v.state, sort, title=title, number=v.number, due=due, updated=v.updated_at
                )
            )
        batch.add_search(item.rid, index_text(search, plan.type_token), replaces=old is not None)
        if AWAITING in v.fields or (old is not None and AWAITING in old[8]):
            batch.add_awaiting(v)
        if not same_text:
            old_fields = decode_fields(old[8]) if old is not None else None
            batch.add_pointers(plan, item.rid, old_fields, v.fields)
        return not same_text

    def _restate(self, item: Item, plan: TypePlan, batch: Batch) -> None:
        """The record reads as before; only where it stands, or its revision, moved."""
        old, v = item.old, item.version
        assert old is not None  # noqa: S101
        new = int(item.is_new and bool(old[18]))
        values = (v.revision, _conflicts_text(v), v.updated_at, v.updated_by, v.origin, v.pack, item.standing, new)
        batch.restated.append((*values, item.rid))
        if old[11] != v.updated_at and plan.record_type is not None:
            batch.moved[plan.id, plan].append((v.updated_at, item.rid))

    def _write_counts(self) -> None:
        rows = [(type_id, state, n) for (type_id, state), n in self._counts.items() if n]
        self._db.executemany(
            "INSERT INTO counters (type, state, n) VALUES (?, ?, ?) "
            "ON CONFLICT (type, state) DO UPDATE SET n = n + excluded.n",
            rows,
        )
        self._counts.clear()

    def _refresh_pointing_at(self, ids: list[str], resolver: BatchResolver) -> None:
        mine = {item.rid for item in self._items}
        targets = encode_json([link_key(i) for i in ids]).decode()
        found = self._db.execute(
            "SELECT DISTINCT rid FROM links WHERE target IN (SELECT value FROM json_each(?)) ORDER BY rid DESC LIMIT ?",
            (targets, REFRESHED_AT_ONCE),
        ).fetchall()
        rids = [rid for (rid,) in found if rid not in mine]
        if rids:
            refresh(self._db, self._plans, rids, self._touch, resolver)
            if self._plans.flows.sources:  # what a flow looks up may be what changed
                proposals.recompute(self._db, self._plans, rids, resolver)


REFRESHED_AT_ONCE = 2000
"""Records that are described again, newest first, because one they refer to changed; keeps a save short."""


class Batch:
    """The rows of one flush, by table."""

    def __init__(self) -> None:
        self.inserts: list[Row] = []
        self.updates: list[Row] = []
        self.restated: list[Row] = []
        self.lists: dict[tuple[TypePlan, bool], list[Row]] = defaultdict(list)  # True: in place of a row that is there
        self.moved: dict[tuple[str, TypePlan], list[Row]] = defaultdict(list)
        self._search: list[tuple[int, str]] = []
        self._search_gone: list[tuple[int]] = []
        self._links: list[tuple[int, int, int]] = []
        self._links_gone: list[tuple[int, int, int]] = []
        self._keys: list[tuple[int, int]] = []
        self._keys_gone: list[tuple[int, int]] = []
        self._awaiting: list[tuple[str, str, str]] = []
        self._numbered: list[tuple[str]] = []

    def add_awaiting(self, v: RecordVersion) -> None:
        """The record waits for its number, or has come to the end of that."""
        since = v.fields.get(AWAITING)
        if v.number is None and isinstance(since, str):
            self._awaiting.append((v.id, v.type, since))
        else:
            self._numbered.append((v.id,))

    def add_search(self, rid: int, text: str, *, replaces: bool) -> None:
        if replaces:
            self._search_gone.append((rid,))
        self._search.append((rid, text))

    def add_pointers(self, plan: TypePlan, rid: int, old: Fields | None, new: Fields) -> None:
        """References and keys that came, and those that went."""
        if old is None:  # nearly all of a large pull
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
        many("DELETE FROM search WHERE rowid = ?", self._search_gone)
        many("INSERT INTO search (rowid, text) VALUES (?, ?)", sorted(self._search))


class BatchResolver:
    """``resolve`` for a batch: its own records first, then the store, all references of the batch read in one query."""

    def __init__(self, connection: Any, plans: Plans, items: list[Item]) -> None:
        self._db = connection
        self._plans = plans
        self._items = items
        self._known: dict[str, Fields | None] = {item.version.id: item.version.fields for item in items}
        self._read = False

    def __call__(self, record_id: str) -> Mapping[str, Any] | None:
        known = self._known
        if record_id in known:
            return known[record_id]
        if not self._read:
            self._read = True
            self.read({t for i in self._items for _, t in self._plans.of(i.version.type).links(i.version.fields)})
        if record_id not in known:
            self.read({record_id})
        return known[record_id]

    def read(self, ids: Iterable[str]) -> None:
        wanted = [i for i in ids if i not in self._known]
        self._known.update(dict.fromkeys(wanted))
        sql = "SELECT id, fields FROM records WHERE id IN (SELECT value FROM json_each(?))"
        for record_id, text in self._db.execute(sql, (encode_json(wanted).decode(),)):
            self._known[record_id] = decode_fields(text)


def refresh(
    connection: Any,
    plans: Plans,
    rids: list[int],
    touch: Touch,
    resolver: BatchResolver,
    *,
    pointers: bool = False,
) -> None:
    """Describe records again and write title, list and search rows; with ``pointers`` their references and keys too."""
    sql = f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?))"
    rows = connection.execute(sql, (encode_json(rids).decode(),)).fetchall()
    fields_of = {row[0]: decode_fields(row[8]) for row in rows}
    resolver.read({t for row in rows for _, t in plans.of(row[2]).links(fields_of[row[0]])})
    batch, titles = Batch(), []
    for row in rows:
        plan = plans.of(row[2])
        title, subtitle, search, sort, due = plan.describe(fields_of[row[0]], row[6], row[7], resolver)
        due_open = _due_open(plan, row[6], fields_of[row[0]], due)
        titles.append((title, subtitle, due, due_open, row[0]))
        batch.add_search(row[0], index_text(search, plan.type_token), replaces=True)
        if plan.record_type is not None:
            values = projection.row_values(
                plan, row[0], row[6], sort, title=title, number=row[7], due=due, updated=row[11]
            )
            batch.lists[plan, True].append(values)
        if pointers:
            batch.add_pointers(plan, row[0], None, fields_of[row[0]])
        touch.records.add(row[1])
        touch.types.add(row[2])
    connection.executemany("UPDATE records SET title = ?, subtitle = ?, due_at = ?, due_open = ? WHERE rid = ?", titles)
    batch.write(connection)


def _links(plan: TypePlan, rid: int, fields: Fields) -> set[tuple[int, int, int]]:
    return {(link_key(target), plan.link_code(name), rid) for name, target in plan.links(fields)}


def _due_open(plan: TypePlan, state: str, fields: Fields, due: str | None) -> str | None:
    """The due moment of a record whose clock runs; a day without a time ends at Hanoi's midnight (17:00 UTC)."""
    if due is None or state not in plan.clock_states or "_void" in fields:
        return None
    return f"{due}T17:00:00Z" if len(due) == 10 else due


def _conflicts_text(version: RecordVersion) -> str | None:
    return encode_json(version.conflicts).decode() if version.conflicts else None


def _assign_row_ids(connection: Any, items: list[Item]) -> None:
    """Row ids that grow with the moment a record was begun, so that "newest first" is the order of the index.

    The millisecond of the UUIDv7 (else of ``created_at``) and 15 bits below it; a number already taken gives way to the
    next free one.
    """
    used: set[int] = set()
    waiting = [(item, _wanted_row_id(item.version)) for item in items]
    while waiting:
        numbers = encode_json([rid for _, rid in waiting]).decode()
        sql = "SELECT rid FROM records WHERE rid IN (SELECT value FROM json_each(?))"
        taken = {rid for (rid,) in connection.execute(sql, (numbers,))}
        again = []
        for item, rid in waiting:
            free = rid + (rid in taken)
            while free in used:
                free += 1
            if free != rid:  # whether that one is taken is not known yet
                again.append((item, free))
                continue
            used.add(rid)
            item.rid = rid
        waiting = again


def _wanted_row_id(version: RecordVersion) -> int:
    i = version.id
    ms = id_time_ms(i)
    if ms is not None:
        return ms << _RANDOM_TAIL | int(i[15:18], 16) << 3 | int(i[19], 16) & 7
    tail = int.from_bytes(hashlib.blake2b(i.encode(), digest_size=2).digest(), "big") >> 1
    return _created_ms(version.created_at) << _RANDOM_TAIL | tail


def _created_ms(text: str) -> int:
    try:
        return max(0, int(parse_moment(text).timestamp() * 1000))
    except ValueError:
        return 0

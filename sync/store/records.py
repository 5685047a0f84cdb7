"""Reading records: by id, in sorted pages, by what they hold, by what points at them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from forms.field_types.references import name_of
from sync.protocol import DeliveryState, Fields
from sync.store import rowcodec
from sync.store.context import StoreContext
from sync.store.deliveries import of_record
from sync.store.model import Cursor, ListQuery, Page, Record, StoreError, Touched
from sync.store.open_conflicts import read_conflicts
from sync.store.paging import PageReader
from sync.store.plan import TypePlan, link_key
from sync.store.rowcodec import decode_fields, encode_json, record_of

_CACHED = 20_000
_BEFORE_ALL = -(2**63)
_AT_ONCE = 1000  # records read in one go, so that a long reading holds no snapshot
_MISSING: tuple[str, Fields] = ("", {})


class Records:
    """The records of this PC as the officer sees them. Safe to use from several threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._cache: dict[str, tuple[str, Fields]] = {}  # id → type and fields
        self._pages = PageReader(context)

    def load(self, record_id: str, within: Collection[str] | None = None) -> Record | None:
        """The record, unless it is not here or, by its type, not ``within`` what may be seen."""
        found = self.load_many([record_id])
        return found[0] if found and (within is None or found[0].type in within) else None

    def load_many(self, ids: list[str] | tuple[str, ...]) -> tuple[Record, ...]:
        """The records of those ids that are here, in the order asked for."""
        with self._context.readers.connection() as db:
            rows = rowcodec.rows_by_id(db, list(ids))
        return tuple(record_of(rows[i]) for i in ids if i in rows)

    def page(self, query: ListQuery) -> Page:
        """One page of a list, by keyset from either end or beside a cursor; ``total`` is exact without counting."""
        return self._pages.read(query)

    def count(self, type_id: str, states: tuple[str, ...] = ()) -> int:
        with self._context.readers.connection() as db:
            rows = dict(db.execute("SELECT state, n FROM counters WHERE type = ? AND n > 0", (type_id,)).fetchall())
        return sum(n for state, n in rows.items() if not states or state in states)

    def conflicts(self, limit: int = 50, after: Cursor | None = None, within: Collection[str] | None = None) -> Page:
        """Every record that waits for a person to choose, newest first; the next page is ``after`` this one's ``end``."""
        return read_conflicts(self._context, limit, after, within)

    def types(self) -> dict[str, int]:
        """Type → number of records, types with none left out."""
        with self._context.readers.connection() as db:
            sql = "SELECT type, sum(n) FROM counters GROUP BY type HAVING sum(n) > 0"
            return dict(db.execute(sql).fetchall())

    def pointing_at(self, type_id: str, field: str, record_id: str) -> tuple[Record, ...]:
        """Records of a type whose ``field`` (or ``group/column``) refers to the record, in order of making."""
        plan = self._context.plans.of(type_id)
        with self._context.readers.connection() as db:
            sql = "SELECT rid FROM links WHERE target = ? AND field = ? ORDER BY rid"
            rids = [rid for (rid,) in db.execute(sql, (link_key(record_id), plan.link_code(field)))]
            records = self._by_rids(db, rids)
        return tuple(r for r in records if r.type == type_id and (field, record_id) in set(plan.links(r.fields)))

    def find(self, type_id: str, **field_values: Any) -> tuple[Record, ...]:
        """Records of a type with all these canonical values, in order of making. Quick when one of them is
        the first telling field of ``duplicate``, a reference, a citizen number, a tax code or the visit; else looked for
        row by row."""
        if not field_values:
            raise StoreError("Chưa cho biết cần tìm theo mục nào. (find needs at least one field)")
        plan = self._context.plans.of(type_id)
        with self._context.readers.connection() as db:
            rids = self._candidates(db, plan, field_values)
            records = self._by_rids(db, rids) if rids is not None else self._scan(db, plan, field_values)
        return tuple(
            r for r in records if r.type == type_id and all(_holds(r.fields, k, v) for k, v in field_values.items())
        )

    def others(self, type_id: str, field: str, value: Any, within: Collection[str] | None = None) -> tuple[Fields, ...]:
        """Records of a type that hold a value in a field or ``group/column``, as rules see them: their fields with
        ``_id``, ``_state`` and ``_number``."""
        if within is not None and type_id not in within:
            return ()
        plan = self._context.plans.of(type_id)
        linked = isinstance(value, str) and ("/" in field or field in plan.link_names)
        found = self.pointing_at(type_id, field, value) if linked else self.find(type_id, **{field: value})
        return tuple({**r.fields, "_id": r.id, "_state": r.state, "_number": r.number} for r in found)

    def _candidates(self, db: Any, plan: TypePlan, values: dict[str, Any]) -> list[int] | None:
        found: list[set[int]] = []
        for name, value in values.items():
            if value is None:
                continue
            if name in plan.key_fields:
                rows = db.execute("SELECT rid FROM keys WHERE key = ?", (plan.key_of(name, value),))
            elif name in plan.link_names:
                sql = "SELECT rid FROM links WHERE target = ? AND field = ?"
                rows = db.execute(sql, (link_key(value), plan.link_code(name)))
            else:
                continue
            found.append({rid for (rid,) in rows})
        return sorted(set.intersection(*found)) if found else None

    def _scan(self, db: Any, plan: TypePlan, values: dict[str, Any]) -> list[Record]:
        name, value = next(iter(values.items()))
        columns = ", ".join(f"r.{c}" for c in rowcodec.COLUMNS.split(", "))
        if isinstance(value, (list, dict, bool)) or value is None:
            sql = f"SELECT {columns} FROM records r WHERE r.type = ? ORDER BY r.rid"
            return [record_of(row) for row in db.execute(sql, (plan.id,))]
        sql = f"SELECT {columns} FROM records r WHERE r.type = ? AND json_extract(r.fields, ?) = ? ORDER BY r.rid"
        return [record_of(row) for row in db.execute(sql, (plan.id, f'$."{name}"', value))]

    def _by_rids(self, db: Any, rids: list[int]) -> list[Record]:
        sql = f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?)) ORDER BY rid"
        return [record_of(row) for row in db.execute(sql, (encode_json(rids).decode(),))]

    def each(self, type_id: str, when: str | None = None, first: str = "", last: str = "") -> Iterator[Record]:
        """Every record of a type, in order of making, whatever their number; with ``when`` named (a date or moment), those
        that may lie between two days (ISO), with a day to spare for the hours between UTC and Viet Nam."""
        columns = ", ".join(f"r.{c}" for c in rowcodec.COLUMNS.split(", "))
        sql, values = f"SELECT {columns} FROM records r WHERE r.type = ? AND r.rid > ?", []
        if when is not None:
            day_before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
            sql += " AND json_extract(r.fields, ?) BETWEEN ? AND ?"
            values += [f'$."{when}"', day_before, f"{last}T~"]
        sql += " ORDER BY r.rid LIMIT ?"
        rid = _BEFORE_ALL
        while True:
            with self._context.readers.connection() as db:
                rows = db.execute(sql, (type_id, rid, *values, _AT_ONCE)).fetchall()
            yield from map(record_of, rows)
            if len(rows) < _AT_ONCE:
                return
            rid = rows[-1][0]

    def mark_seen(self, record_id: str) -> None:
        """Somebody here has opened it: it is no longer new."""
        with self._context.readers.connection() as db:
            row = db.execute("SELECT type, is_new FROM records WHERE id = ?", (record_id,)).fetchone()
        if not row or not row[1]:
            return
        with self._context.writer.transaction() as db:
            db.execute("UPDATE records SET is_new = 0 WHERE id = ?", (record_id,))
        self._context.emit(Touched(frozenset({record_id}), frozenset({row[0]})))

    def deliveries(self, record_id: str) -> tuple[DeliveryState, ...]:
        with self._context.readers.connection() as db:
            return of_record(db, record_id)

    def resolve(self, record_id: str, within: Collection[str] | None = None) -> Fields | None:
        """The fields of a record, for rules and titles; kept in memory until the record is touched."""
        cached = self._cache.get(record_id)
        if cached is None:
            with self._context.readers.connection() as db:
                row = db.execute("SELECT type, fields, title FROM records WHERE id = ?", (record_id,)).fetchone()
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            cached = self._cache[record_id] = (row[0], _named(decode_fields(row[1]), row[2])) if row else _MISSING
        type_id, fields = cached
        return fields if cached is not _MISSING and (within is None or type_id in within) else None

    def forget(self, touched: Touched | None) -> None:
        """Drop what ``resolve`` remembers of touched records; None: of all."""
        if touched is None:
            self._cache.clear()
            return
        for record_id in touched.records:
            self._cache.pop(record_id, None)


def _named(fields: Fields, title: str) -> Fields:
    """With what a list calls the record, for references to one that has no name of its own (a birth, a dossier)."""
    return {**fields, "_title": title} if title and not name_of(fields) else fields


def _holds(fields: Fields, name: str, value: Any) -> bool:
    return bool(fields.get(name) == value)

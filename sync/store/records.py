"""Reading records: by id, in sorted pages, by what they hold, by what points at them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from sync.protocol import DeliveryState, Fields
from sync.store import rowcodec
from sync.store.aliases import aliases_of, kept_id, target_of
from sync.store.context import StoreContext
from sync.store.deliveries import of_record
from sync.store.model import CountedRecord, Cursor, ListQuery, Page, Record, StoreError, Touched
from sync.store.open_conflicts import read_conflicts
from sync.store.paging import PageReader
from sync.store.plan import TypePlan, link_key
from sync.store.rowcodec import decode_fields, encode_json, record_of

_CACHED = 20_000
_BEFORE_ALL = -(2**63)
_AT_ONCE = 1000  # records read in one go, so that a long reading holds no snapshot
_MISSING: tuple[str, Fields, str | None] = ("", {}, None)


class Records:
    """The records of this PC as the officer sees them. Safe to use from several threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._cache: dict[str, tuple[str, Fields, str | None]] = {}  # id → type, fields, what it was merged into
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
        """Records of a type whose ``field`` (or ``group/column``) refers to the record, also by the id of one that was merged
        into it, in order of making."""
        plan = self._context.plans.of(type_id)
        with self._context.readers.connection() as db:
            ids = [record_id]
            for merged in self._context.plans.merged_types:
                ids += aliases_of(db, self._context.plans.of(merged), record_id)
            sql = "SELECT rid FROM links WHERE target = ? AND field = ? ORDER BY rid"
            code = plan.link_code(field)
            rids = [rid for one in ids for (rid,) in db.execute(sql, (link_key(one), code))]
            records = self._by_rids(db, rids)
        wanted = {(field, one) for one in ids}
        return tuple(r for r in records if r.type == type_id and not wanted.isdisjoint(plan.links(r.fields)))

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
        found = [
            r for r in records if r.type == type_id and all(_holds(r.fields, k, v) for k, v in field_values.items())
        ]
        return tuple(found) if plan.merged_state is None else self._kept(found)

    def _kept(self, found: list[Record]) -> tuple[Record, ...]:
        """Each record once, in the place of those that were merged into it."""
        ids = list(dict.fromkeys(self.kept_id(r.id) for r in found))
        here = {r.id: r for r in found}
        missing = self.load_many([i for i in ids if i not in here])
        here.update({r.id: r for r in missing})
        return tuple(here[i] for i in ids if i in here)

    def rings(self, within: Collection[str] | None = None) -> tuple[Record, ...]:
        """Records that stand for others though they were merged themselves: two officers merged two records into each other.
        No list shows them, so somebody must take one merging back."""
        found: list[str] = []
        for type_id in self._context.plans.merged_types:
            plan = self._context.plans.of(type_id)
            if within is not None and type_id not in within:
                continue
            with self._context.readers.connection() as db:
                sql = f"SELECT r.id FROM {plan.table} l JOIN records r ON r.rid = l.rid WHERE l.state = ? LIMIT ?"
                merged = [i for (i,) in db.execute(sql, (plan.merged_state, _AT_ONCE))]
            found += [i for i in merged if self._merged_into(i) and self.kept_id(i) == i]
        return self.load_many(found)

    def aliases(self, record: Record) -> tuple[Record, ...]:
        """The records that were merged into this one."""
        with self._context.readers.connection() as db:
            ids = aliases_of(db, self._context.plans.of(record.type), record.id)
        return self.load_many(ids)

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
        for rows in self._rows_of(columns, type_id, when, first, last):
            yield from map(record_of, rows)

    def each_counted(
        self, type_id: str, when: str | None = None, first: str = "", last: str = ""
    ) -> Iterator[CountedRecord]:
        """``each`` for reports, which go through whole registers: half the time."""
        for rows in self._rows_of("r.rid, r.id, r.state, r.number, r.fields", type_id, when, first, last):
            for _, record_id, state, number, fields in rows:
                yield CountedRecord(record_id, state, number, decode_fields(fields))

    def _rows_of(
        self, columns: str, type_id: str, when: str | None, first: str, last: str
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Rows that begin with their place, some at a time."""
        plan = self._context.plans.of(type_id)
        # the type's own list names its rows: without it every record of every type would be looked at
        source = f"{plan.table} l CROSS JOIN records r ON r.rid = l.rid" if plan.record_type else "records r"
        place = "l.rid" if plan.record_type else "r.rid"
        sql, values = f"SELECT {columns} FROM {source} WHERE r.type = ? AND {place} > ?", []
        if when is not None:
            day_before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
            sql += " AND json_extract(r.fields, ?) BETWEEN ? AND ?"
            values += [f'$."{when}"', day_before, f"{last}T~"]
        sql += f" ORDER BY {place} LIMIT ?"
        rid = _BEFORE_ALL
        while True:
            with self._context.readers.connection() as db:
                rows = db.execute(sql, (type_id, rid, *values, _AT_ONCE)).fetchall()
            yield rows
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

    def resolve(self, record_id: str, within: Collection[str] | None = None, *, follow: bool = True) -> Fields | None:
        """The fields of a record, for rules and titles; kept in memory until the record is touched. An id that was merged
        into another record means that one (``follow``)."""
        cached = self._cache.get(record_id)
        if cached is None:
            with self._context.readers.connection() as db:
                sql = "SELECT type, fields, title, state FROM records WHERE id = ?"
                row = db.execute(sql, (record_id,)).fetchone()
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            cached = self._cache[record_id] = self._remembered(*row) if row else _MISSING
        type_id, fields, merged_into = cached
        if merged_into is not None and follow:
            return self.resolve(self.kept_id(record_id), within, follow=False)
        return fields if cached is not _MISSING and (within is None or type_id in within) else None

    def _remembered(self, type_id: str, text: str, title: str, state: str) -> tuple[str, Fields, str | None]:
        fields = decode_fields(text)
        return type_id, _named(fields, title), target_of(self._context.plans.of(type_id), state, fields)

    def kept_id(self, record_id: str) -> str:
        """The id of the record that this id means: its own, unless it was merged into another."""

        return kept_id(record_id, self._merged_into)

    def _merged_into(self, record_id: str) -> str | None:
        self.resolve(record_id, follow=False)
        return self._cache.get(record_id, _MISSING)[2]

    def forget(self, touched: Touched | None) -> None:
        """Drop what ``resolve`` remembers of touched records; None: of all."""
        if touched is None:
            self._cache.clear()
            return
        for record_id in self._cache.keys() & touched.records:
            self._cache.pop(record_id, None)


def _named(fields: Fields, title: str) -> Fields:
    """With what a list calls the record, for references to one that has no name of its own (a birth, a dossier)."""
    from forms.field_types.references import name_of  # rules ask; what a start shows needs no field types

    return {**fields, "_title": title} if title and not name_of(fields) else fields


def _holds(fields: Fields, name: str, value: Any) -> bool:
    return bool(fields.get(name) == value)

"""Records that may be one thing entered twice: found by an index of what they have in common, shown to a person.

Whoever writes records only notes which were touched (``alike_new``); their keys are worked out later, in small pieces,
so that a large pull pays next to nothing. Pairs stand in a table of their own, so that reading them costs their number
and not that of the records.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from forms import likeness
from forms.definition import Alike
from sync.protocol import Fields
from sync.store import sight
from sync.store.context import StoreContext, read_meta, write_meta
from sync.store.model import Record
from sync.store.plan import text_key
from sync.store.rowcodec import decode_fields, encode_json, record_of, rows_by_id

_AT_ONCE = 250
"""Records worked out while the write lock is held: some 20 ms."""
_NEIGHBOURS = 64
"""Records compared for one key, the nearest in time: an office that hands in a thousand dossiers is no double."""
_MOST_PAIRS = 8
_RULES = "alike_rules"


class AlikePair(Struct, frozen=True):
    """The older record and the newer; ``rule``: which of the type's rules."""

    first: Record
    second: Record
    rule: Alike


class _Seen(Struct):
    rid: int
    id: str
    type: str
    fields: Fields


class Alikes:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def settle(self, most: int | None = None) -> int:
        """Work out what was touched since; ``most`` records at once (None: all). How many it were."""
        self._follow_rules()
        done = 0
        while most is None or done < most:
            with self._context.readers.connection() as db:  # an idle PC takes no write lock
                if not db.execute("SELECT 1 FROM alike_new LIMIT 1").fetchone():
                    break
            with self._context.writer.transaction(urgent=False) as db:
                rids = [rid for (rid,) in db.execute("SELECT rid FROM alike_new LIMIT ?", (_AT_ONCE,))]
                self._work_out(db, rids)
            done += len(rids)
        return done

    def count(self, within: Collection[str] | None = None) -> int:
        with self._context.readers.connection() as db:
            types = sight.narrowed(db, within)
            sql = f"SELECT count(*) FROM alike_pairs WHERE 1 {sight.clause(types)}"
            return int(db.execute(sql, types or ()).fetchone()[0])

    def pairs(
        self, within: Collection[str] | None = None, limit: int = 200, type_id: str | None = None
    ) -> tuple[AlikePair, ...]:
        """The newest pairs."""
        with self._context.readers.connection() as db:
            types = (type_id,) if type_id else sight.narrowed(db, within)
            sql = f"SELECT a, b, type, rule FROM alike_pairs WHERE 1 {sight.clause(types)} ORDER BY b DESC, a LIMIT ?"
            found = db.execute(sql, (*(types or ()), limit)).fetchall()
            rids = encode_json([rid for row in found for rid in row[:2]]).decode()
            ids = [
                i
                for (i,) in db.execute("SELECT id FROM records WHERE rid IN (SELECT value FROM json_each(?))", (rids,))
            ]
            rows = {row[0]: row for row in rows_by_id(db, ids).values()}
        return tuple(
            AlikePair(record_of(rows[a]), record_of(rows[b]), rules[rule])
            for a, b, kind, rule in found
            if a in rows and b in rows and rule < len(rules := self._rules(kind))
        )

    def of(self, record_id: str) -> tuple[Record, ...]:
        """The records that may be the same as this one."""
        with self._context.readers.connection() as db:
            sql = (
                "SELECT o.id FROM records r JOIN alike_pairs p ON r.rid IN (p.a, p.b) "
                "JOIN records o ON o.rid = CASE WHEN p.a = r.rid THEN p.b ELSE p.a END WHERE r.id = ?"
            )
            ids = [other for (other,) in db.execute(sql, (record_id,))]
            rows = rows_by_id(db, ids)
        return tuple(record_of(rows[i]) for i in ids if i in rows)

    def _rules(self, type_id: str) -> tuple[Alike, ...]:
        record_type = self._context.plans.of(type_id).record_type
        return record_type.alike if record_type else ()

    def _follow_rules(self) -> None:
        """Where a type's rules are others than those its records were compared by, all of them are compared anew."""
        wanted = {
            t.id: hashlib.blake2b(msgspec.json.encode([t.alike, t.merging]), digest_size=8).hexdigest()
            for t in self._context.catalog.record_types
            if t.alike
        }
        with self._context.readers.connection() as db:
            known: dict[str, str] = read_meta(db, _RULES, {})
        if known == wanted:
            return
        with self._context.writer.transaction(urgent=False) as db:
            for type_id in known.keys() | wanted.keys():
                if known.get(type_id) == wanted.get(type_id):
                    continue
                db.execute("DELETE FROM alike_pairs WHERE type = ?", (type_id,))
                if type_id in wanted:
                    table = self._context.plans.of(type_id).table
                    db.execute(f"INSERT OR IGNORE INTO alike_new SELECT rid FROM {table}")
            write_meta(db, _RULES, wanted)

    def _work_out(self, db: Any, rids: list[int]) -> None:
        places = encode_json(rids).decode()
        in_rids = "IN (SELECT value FROM json_each(?))"
        db.execute(f"DELETE FROM alike_pairs WHERE a {in_rids}", (places,))
        db.execute(f"DELETE FROM alike_pairs WHERE b {in_rids}", (places,))
        keys: dict[int, list[int]] = defaultdict(list)
        seen = self._read(db, rids)
        for one in seen.values():
            for key in self._keys(one):
                keys[key].append(one.rid)
        db.executemany(
            "INSERT OR IGNORE INTO alike (key, rid) VALUES (?, ?)", sorted((k, r) for k, of in keys.items() for r in of)
        )
        self._pair(db, keys, seen)
        db.execute(f"DELETE FROM alike_new WHERE rid {in_rids}", (places,))

    def _keys(self, one: _Seen) -> Iterable[int]:
        for number, rule in enumerate(self._rules(one.type)):
            for key in likeness.keys(rule, one.fields):
                yield text_key(f"{one.type}\x1f{number}\x1f{key}")

    def _pair(self, db: Any, keys: dict[int, list[int]], seen: dict[int, _Seen]) -> None:
        sql = "SELECT key, count(*) FROM alike WHERE key IN (SELECT value FROM json_each(?)) GROUP BY key HAVING count(*) > 1"
        shared = [key for key, _ in db.execute(sql, (encode_json(list(keys)).decode(),))]
        wanted: set[tuple[int, int]] = set()
        for key in shared:
            for rid in keys[key]:
                wanted.update((min(rid, other), max(rid, other)) for other in _neighbours(db, key, rid))
        others = {rid for pair in wanted for rid in pair} - seen.keys()
        seen = {**seen, **self._read(db, sorted(others))}
        found: list[tuple[int, int, str, int]] = []
        per_record: dict[int, int] = defaultdict(int)
        for a, b in sorted(wanted):
            if a not in seen or b not in seen or max(per_record[a], per_record[b]) >= _MOST_PAIRS:
                continue
            rule = self._rule_of(seen[a], seen[b])
            if rule is not None:
                found.append((a, b, seen[a].type, rule))
                per_record[a] += 1
                per_record[b] += 1
        db.executemany("INSERT OR REPLACE INTO alike_pairs (a, b, type, rule) VALUES (?, ?, ?, ?)", found)

    def _rule_of(self, a: _Seen, b: _Seen) -> int | None:
        if a.type != b.type or likeness.is_apart(a.id, a.fields, b.id, b.fields):
            return None
        rules = enumerate(self._rules(a.type))
        return next((number for number, rule in rules if likeness.is_alike(rule, a.fields, b.fields)), None)

    def _read(self, db: Any, rids: Sequence[int]) -> dict[int, _Seen]:
        """Those that can have a double at all."""
        sql = "SELECT rid, id, type, state, fields FROM records WHERE rid IN (SELECT value FROM json_each(?))"
        found = {}
        for rid, record_id, type_id, state, text in db.execute(sql, (encode_json(list(rids)).decode(),)):
            record_type = self._context.plans.of(type_id).record_type
            if record_type is None or not record_type.alike:
                continue
            fields = decode_fields(text)
            if likeness.is_looked_at(record_type, state, fields):
                found[rid] = _Seen(rid, record_id, type_id, fields)
        return found


def _neighbours(db: Any, key: int, rid: int) -> list[int]:
    sql = "SELECT rid FROM alike WHERE key = ? AND rid {} ? ORDER BY rid {} LIMIT ?"
    before = db.execute(sql.format("<", "DESC"), (key, rid, _NEIGHBOURS // 2)).fetchall()
    after = db.execute(sql.format(">", "ASC"), (key, rid, _NEIGHBOURS // 2)).fetchall()
    return [other for (other,) in before + after]

"""What must hold of a store's tables at any time; recomputed here from the records alone."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Any

import msgspec

from forms.vietnamese import fold
from sync.merge import replay
from sync.store import Store, indexing
from sync.store.plan import link_key
from sync.store.rowcodec import COLUMNS, decode_change, decode_version, record_of


def check(store: Store) -> None:
    """Raises AssertionError with what does not hold."""
    with store._context.readers.connection() as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA cipher_integrity_check").fetchall() == []
        rows = db.execute(f"SELECT {COLUMNS} FROM records").fetchall()
        _counters_are_a_recount(db, rows)
        _digests_are_a_resum(db, rows)
        _lists_hold_every_record(store, db, rows)
        _shown_is_a_replay(store, db, rows)
        _links_and_keys(store, db, rows)
        indexed = [rid for (rid,) in db.execute("SELECT rowid FROM search ORDER BY rowid")]
        waiting = [rid for (rid,) in db.execute("SELECT rid FROM unindexed")]
        assert len(waiting) == indexing.waiting(db)
        assert sorted(indexed + waiting) == sorted(row[0] for row in rows)


def _counters_are_a_recount(db: Any, rows: list[Any]) -> None:
    kept = {(t, s): n for t, s, n in db.execute("SELECT type, state, n FROM counters") if n}
    assert kept == dict(Counter((row[2], row[6]) for row in rows))


def _digests_are_a_resum(db: Any, rows: list[Any]) -> None:
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        if row[5]:
            digest = blake2b(f"{row[1]}:{row[5]}".encode(), digest_size=8).digest()
            sums[row[3], row[4], row[2]] += int.from_bytes(digest, "big")
    kept = {(w, s, t): n % 2**64 for w, s, t, n in db.execute("SELECT ward, scope, type, total FROM digests") if n}
    assert kept == {key: total % 2**64 for key, total in sums.items() if total % 2**64}


def _lists_hold_every_record(store: Store, db: Any, rows: list[Any]) -> None:
    for record_type in store.catalog.record_types:
        plan = store._context.plans.of(record_type.id)
        listed = dict(db.execute(f"SELECT rid, state FROM {plan.table}").fetchall())
        assert listed == {row[0]: row[6] for row in rows if row[2] == record_type.id}


def _shown_is_a_replay(store: Store, db: Any, rows: list[Any]) -> None:
    bases = {i: decode_version(v) for i, v in db.execute("SELECT id, version FROM base")}
    sql = "SELECT status, payload FROM changes WHERE record_id = ? AND settled = 0 AND again = 0 ORDER BY seq"
    opened = set()
    for row in rows:
        found = [(s, decode_change(p)) for s, p in db.execute(sql, (row[1],))]
        live = [c for s, c in found if not (s == "refused" and c.kind == "action")]
        if not found:
            continue
        opened.add(row[1])
        shown = record_of(row)
        expected = replay(store.catalog.record_type(row[2]), bases.get(row[1]), live)
        assert (shown.fields, shown.state, shown.number) == (expected.fields, expected.state, expected.number)
        assert shown.revision == expected.revision
        assert shown.standing in ("here", "refused", "conflict")
    assert set(bases) <= opened


def _links_and_keys(store: Store, db: Any, rows: list[Any]) -> None:
    links, keys = set(), set()
    for row in rows:
        plan, fields = store._context.plans.of(row[2]), msgspec.json.decode(row[8])
        links |= {(link_key(target), plan.link_code(name), row[0]) for name, target in plan.links(fields)}
        keys |= {(key, row[0]) for key in plan.keys(fields)}
    assert set(db.execute("SELECT target, field, rid FROM links")) == links
    assert set(db.execute("SELECT key, rid FROM keys")) == keys


def found_by_title(store: Store, title: str, record_id: str) -> bool:
    """Whether the search box leads to the record by the words of its title."""
    return any(hit.id == record_id for hit in store.search.find(fold(title), limit=200))

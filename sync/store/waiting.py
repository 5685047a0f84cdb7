"""Records that stand in certain states, the latest first: read from the front of each list's own index, never by a scan."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sync.store import projection, rowcodec
from sync.store.context import StoreContext
from sync.store.model import Record
from sync.store.rowcodec import encode_json, record_of


def read_standing(context: StoreContext, wanted: Mapping[str, Collection[str]], limit: int) -> tuple[Record, ...]:
    """``wanted``: record type → states. At most ``limit`` records in all, and never more are read of one state."""
    with context.readers.connection() as db:
        counted = db.execute("SELECT type, state FROM counters WHERE n > 0").fetchall()
        rids: list[int] = []
        for type_id, state in counted:
            if state not in wanted.get(type_id, ()):
                continue
            plan = context.plans.of(type_id)
            by = projection.column(plan.default_sort.lstrip("-"))
            sql = f"SELECT rid FROM {plan.table} WHERE state = ? ORDER BY {by} DESC, rid DESC LIMIT ?"
            rids += [rid for (rid,) in db.execute(sql, (state, limit))]
        sql = (
            f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?)) "
            "ORDER BY updated_at DESC, rid DESC LIMIT ?"
        )
        return tuple(map(record_of, db.execute(sql, (encode_json(rids).decode(), limit))))


def standing_types(context: StoreContext) -> tuple[str, ...]:
    """The types of which this PC has any record at all."""
    with context.readers.connection() as db:
        return tuple(t for (t,) in db.execute("SELECT DISTINCT type FROM counters WHERE n > 0 ORDER BY type"))

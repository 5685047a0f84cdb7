"""The counts and rows of today's page; all from counters and partial indexes, none by counting records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from sync.clock import HANOI, moment_text
from sync.store import rowcodec
from sync.store.context import StoreContext
from sync.store.model import Overview, TodayRow
from sync.store.rowcodec import record_of

_CONFLICT, _REFUSED = 2, 3  # places in schema.STANDINGS
_SENT_BACK = (
    f"SELECT * FROM records WHERE standing <> {_REFUSED} AND id IN "
    "(SELECT record_id FROM deliveries INDEXED BY deliveries_refused WHERE refused = 1)"
)
"""Records that a service sent back, though the city has them."""
_Reason = Literal["overdue", "due_today", "new", "refused", "conflict"]


def read_overview(context: StoreContext, now: datetime) -> Overview:
    """``due_today`` ends with Hanoi's day, ``due_week`` with its Sunday; both begin at ``now``."""
    at, day_end, week_end = _bounds(now)
    with context.readers.connection() as db:
        overdue = _by_type(db, "due_open < ?", at, index="records_due")
        refused = _by_type(db, "standing = ?", _REFUSED, index="records_attention")
        refused += Counter(dict(db.execute(f"SELECT type, count(*) FROM ({_SENT_BACK}) GROUP BY type").fetchall()))
        conflicts = _by_type(db, "standing = ?", _CONFLICT, index="records_attention")
        new = _by_type(db, "is_new = 1", index="records_new")
        counters = db.execute("SELECT type, state, n FROM counters WHERE n > 0").fetchall()
        due = "SELECT count(*) FROM records WHERE due_open >= ? AND due_open < ?"
        return Overview(
            overdue=overdue.total(),
            due_today=_one(db, due, at, day_end),
            due_week=_one(db, due, at, week_end),
            new=new.total(),
            waiting=_one(db, "SELECT count(*) FROM changes WHERE status = 'pending'"),
            refused=refused.total(),
            conflicts=conflicts.total(),
            drafts=_one(db, "SELECT count(*) FROM drafts"),
            open_by_type=_open_by_type(context, counters),
            attention_by_type=dict(overdue + refused + conflicts + new),
        )


def read_today(context: StoreContext, now: datetime, limit: int) -> tuple[TodayRow, ...]:
    """What needs somebody today: what only a person can settle first, then by how late it is; each record once."""
    at, day_end, _ = _bounds(now)
    with context.readers.connection() as db:
        rows: dict[str, TodayRow] = {}
        sent_back = db.execute(f"SELECT {rowcodec.COLUMNS} FROM ({_SENT_BACK}) ORDER BY rid DESC LIMIT ?", (limit,))
        for found in sent_back:
            rows[record_of(found).id] = TodayRow(record_of(found), "refused")
        for reason, found in _today(db, at, day_end, limit):
            record = record_of(found)
            rows.setdefault(record.id, TodayRow(record, reason))
    return tuple(rows.values())[:limit]


def _today(db: Any, at: str, day_end: str, limit: int) -> Iterator[tuple[_Reason, tuple[Any, ...]]]:
    wanted: tuple[tuple[_Reason, str, str, tuple[Any, ...]], ...] = (
        ("refused", "records_attention", "standing = 3 ORDER BY rid DESC", ()),
        ("conflict", "records_attention", "standing = 2 ORDER BY rid DESC", ()),
        ("overdue", "records_due", "due_open < ? ORDER BY due_open", (at,)),
        ("due_today", "records_due", "due_open >= ? AND due_open < ? ORDER BY due_open", (at, day_end)),
        ("new", "records_new", "is_new = 1 ORDER BY rid DESC", ()),
    )
    for reason, index, where, values in wanted:
        # named, because the planner would walk all records in order of rid to save itself the sorting
        source = f"records INDEXED BY {index} WHERE {_partial(index)}"
        sql = f"SELECT {rowcodec.COLUMNS} FROM {source} AND {where} LIMIT ?"
        for row in db.execute(sql, (*values, limit)):
            yield reason, row


def _bounds(now: datetime) -> tuple[str, str, str]:
    local = now.astimezone(HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return moment_text(now), moment_text(midnight), moment_text(midnight + timedelta(days=6 - local.weekday()))


def _by_type(db: Any, where: str, *values: Any, index: str) -> Counter[str]:
    sql = f"SELECT type, count(*) FROM records INDEXED BY {index} WHERE {where} AND {_partial(index)} GROUP BY type"
    return Counter(dict(db.execute(sql, values).fetchall()))


def _partial(index: str) -> str:
    """The index's own condition, without which SQLite cannot use it."""
    return {"records_due": "due_open IS NOT NULL", "records_attention": "standing > 1", "records_new": "is_new = 1"}[
        index
    ]


def _one(db: Any, sql: str, *values: Any) -> int:
    return int(db.execute(sql, values).fetchone()[0])


def _open_by_type(context: StoreContext, counters: list[tuple[str, str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for type_id, state, n in counters:
        if state in context.plans.of(type_id).open_states:
            found[type_id] += n
    return dict(found)

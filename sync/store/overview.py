"""The counts and rows of today's page; all from counters and partial indexes, none by counting records.

A record may have several reasons to be there (late, and refused). Each reason's count tells of the reason; what stands beside
a register, and their sum at the top, counts the record once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from sync.clock import HANOI, moment_text
from sync.store import rowcodec, sight
from sync.store.context import StoreContext
from sync.store.drafts import decode_draft
from sync.store.model import DueAhead, Overview, TodayRow
from sync.store.rowcodec import record_of

_CONFLICT, _REFUSED = 2, 3  # places in schema.STANDINGS
_SENT_BACK = (
    f"SELECT * FROM records WHERE standing <> {_REFUSED} AND id IN "
    "(SELECT record_id FROM deliveries INDEXED BY deliveries_refused WHERE refused = 1)"
)
"""Records that a service sent back, though the city has them."""
_Reason = Literal["overdue", "due_today", "new", "refused", "conflict"]


class _Query(Struct, frozen=True):
    """A connection, and the types it may tell of (None: all)."""

    db: Any
    types: tuple[str, ...] | None

    def by_type(self, source: str, *values: Any) -> Counter[str]:
        """Records by type; ``source`` is what follows FROM and ends in a condition."""
        sql = f"SELECT type, count(*) FROM {source} {sight.clause(self.types)} GROUP BY type"
        return Counter(dict(self.db.execute(sql, (*values, *(self.types or ()))).fetchall()))

    def attention(self, where: str, *values: Any) -> Counter[str]:
        return self.by_type(f"{_indexed('records_attention')} AND {where}", *values)

    def due(self, where: str, *values: Any) -> Counter[str]:
        return self.by_type(f"{_indexed('records_due')} AND {where}", *values)

    def new(self, where: str = "TRUE", *values: Any) -> Counter[str]:
        return self.by_type(f"{_indexed('records_new')} AND {where}", *values)

    def sent_back(self, where: str = "TRUE", *values: Any) -> Counter[str]:
        return self.by_type(f"({_SENT_BACK}) WHERE {where}", *values)

    def one(self, sql: str, *values: Any) -> int:
        return int(self.db.execute(sql, values).fetchone()[0])


def read_overview(context: StoreContext, now: datetime, within: Collection[str] | None = None) -> Overview:
    """``due_today`` ends with Hanoi's day, ``due_week`` with its Sunday; both begin at ``now``."""
    at, day_end, week_end = _bounds(now)
    with context.readers.connection() as db:
        query = _Query(db, sight.narrowed(db, within))
        overdue = query.due("due_open < ?", at)
        due_today = query.due("due_open >= ? AND due_open < ?", at, day_end)
        refused = query.attention("standing = ?", _REFUSED) + query.sent_back()
        counters = db.execute("SELECT type, state, n FROM counters WHERE n > 0").fetchall()
        waiting, unseen = _waiting(query)
        return Overview(
            overdue=overdue.total(),
            due_today=due_today.total(),
            due_week=query.due("due_open >= ? AND due_open < ?", at, week_end).total(),
            new=query.new().total(),
            waiting=waiting,
            refused=refused.total(),
            conflicts=query.attention("standing = ?", _CONFLICT).total(),
            drafts=_drafts(db, within),
            open_by_type=_open_by_type(context, counters, query.types),
            today_by_type=_plain(overdue + due_today + _not_due(query, day_end)),
            late_by_type=_plain(overdue + _refused_in_time(query, at)),
            unseen_waiting=unseen,
        )


def _not_due(query: _Query, day_end: str) -> Counter[str]:
    """Records that are here for another reason than their deadline, each once."""
    later = "(due_open IS NULL OR due_open >= ?)"
    found = query.attention(f"standing > 1 AND {later}", day_end)
    found += query.new(later, day_end)
    found -= query.attention(f"standing > 1 AND {later} AND is_new = 1", day_end)
    return found + query.sent_back(f"standing < {_CONFLICT} AND is_new = 0 AND {later}", day_end)


def _refused_in_time(query: _Query, at: str) -> Counter[str]:
    """Records that were refused and are not overdue as well."""
    later = "(due_open IS NULL OR due_open >= ?)"
    return query.attention(f"standing = {_REFUSED} AND {later}", at) + query.sent_back(later, at)


def _waiting(query: _Query) -> tuple[int, bool]:
    """Changes not yet at the city of what may be seen, and whether there are others."""
    if query.types is None:
        return query.one("SELECT count(*) FROM changes WHERE status = 'pending'"), False
    # the small parts of the outbox lead, each by its own index
    joined = "changes c INDEXED BY {index} CROSS JOIN records r ON r.id = c.record_id WHERE {where}"
    pending = joined.format(index="changes_pending", where="c.status = 'pending'")
    stuck = joined.format(index="changes_stuck", where="c.status IN ('refused', 'parked') AND c.settled = 0")
    seen = query.one(f"SELECT count(*) FROM {pending} {sight.clause(query.types, 'r.type')}", *query.types)
    all_pending = query.one("SELECT count(*) FROM changes WHERE status = 'pending'")
    unseen = sight.clause(query.types, "r.type").replace("AND r.type IN", "AND r.type NOT IN")
    return seen, seen < all_pending or bool(query.one(f"SELECT EXISTS (SELECT 1 FROM {stuck} {unseen})", *query.types))


def _drafts(db: Any, within: Collection[str] | None) -> int:
    if within is None:
        return int(db.execute("SELECT count(*) FROM drafts").fetchone()[0])
    return sum(decode_draft(body).type in within for (body,) in db.execute("SELECT body FROM drafts"))


def read_today(
    context: StoreContext, now: datetime, limit: int, within: Collection[str] | None = None
) -> tuple[TodayRow, ...]:
    """What needs somebody today: what only a person can settle first, then by how late it is; each record once."""
    at, day_end, _ = _bounds(now)
    with context.readers.connection() as db:
        types = sight.narrowed(db, within)
        rows: dict[str, TodayRow] = {}
        for reason, found in _today(db, at, day_end, limit, types):
            record = record_of(found)
            rows.setdefault(record.id, TodayRow(record, reason))
    return tuple(rows.values())[:limit]


def read_ahead(
    context: StoreContext, now: datetime, until: datetime, limit: int, within: Collection[str] | None = None
) -> DueAhead:
    """What falls due between two moments, soonest first, and how many there are in all."""
    with context.readers.connection() as db:
        query = _Query(db, sight.narrowed(db, within))
        between, values = "due_open >= ? AND due_open < ?", (moment_text(now), moment_text(until))
        sql = f"SELECT {rowcodec.COLUMNS} FROM {_indexed('records_due')} AND {between} {sight.clause(query.types)}"
        rows = db.execute(f"{sql} ORDER BY due_open LIMIT ?", (*values, *(query.types or ()), limit)).fetchall()
        return DueAhead(tuple(map(record_of, rows)), query.due(between, *values).total())


def _today(
    db: Any, at: str, day_end: str, limit: int, types: tuple[str, ...] | None
) -> Iterator[tuple[_Reason, tuple[Any, ...]]]:
    # indexes are named, because the planner would walk all records in order of rid to save itself the sorting
    attention, due, new = (_indexed(f"records_{name}") for name in ("attention", "due", "new"))
    wanted: tuple[tuple[_Reason, str, str, tuple[Any, ...]], ...] = (
        ("refused", f"({_SENT_BACK}) WHERE TRUE", "rid DESC", ()),
        ("refused", f"{attention} AND standing = {_REFUSED}", "rid DESC", ()),
        ("conflict", f"{attention} AND standing = {_CONFLICT}", "rid DESC", ()),
        ("overdue", f"{due} AND due_open < ?", "due_open", (at,)),
        ("due_today", f"{due} AND due_open >= ? AND due_open < ?", "due_open", (at, day_end)),
        ("new", new, "rid DESC", ()),
    )
    for reason, source, order, values in wanted:
        sql = f"SELECT {rowcodec.COLUMNS} FROM {source} {sight.clause(types)} ORDER BY {order} LIMIT ?"
        for row in db.execute(sql, (*values, *(types or ()), limit)):
            yield reason, row


def _bounds(now: datetime) -> tuple[str, str, str]:
    local = now.astimezone(HANOI)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return moment_text(now), moment_text(midnight), moment_text(midnight + timedelta(days=6 - local.weekday()))


def _indexed(index: str) -> str:
    """The records of a partial index, with its own condition, without which SQLite cannot use it."""
    where = {"records_due": "due_open IS NOT NULL", "records_attention": "standing > 1", "records_new": "is_new = 1"}
    return f"records INDEXED BY {index} WHERE {where[index]}"


def _plain(counts: Counter[str]) -> dict[str, int]:
    return {type_id: n for type_id, n in counts.items() if n > 0}


def _open_by_type(
    context: StoreContext, counters: list[tuple[str, str, int]], types: tuple[str, ...] | None
) -> dict[str, int]:
    found: Counter[str] = Counter()
    for type_id, state, n in counters:
        if (types is None or type_id in types) and state in context.plans.of(type_id).open_states:
            found[type_id] += n
    return dict(found)

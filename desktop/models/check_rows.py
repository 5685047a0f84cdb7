"""What somebody has to look at though no deadline says so: books that stand still, records that may be one. Without Qt; in
the background."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from desktop.book_keeping import standstill
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.models.rows import RowContext
from desktop.models.table import Row
from desktop.models.tags import Tag
from desktop.models.today_rows import CHECK
from desktop.settings import Settings
from sync.store import Store

COMPARED_AT_ONCE = 500
"""Records; some 30 ms."""


def stopped_rows(store: Store, context: RowContext, seen: Collection[str]) -> tuple[Row, ...]:
    """One row for all books of this PC: the clock, or a store that came back from a backup, stops them together."""
    if (found := standstill(store, context.catalog, seen)) is None:
        return ()
    type_id, why = found
    label = say(context.catalog.record_type(type_id).label)
    tag = Tag(tr("book.today_still"), "red", "!")
    return (Row(f"{CHECK}:book:{type_id}", (tag, tr(f"book.still_{why}"), label, tr("book.today"))),)


def backup_rows(profile: Path, settings: Settings, now: datetime) -> tuple[Row, ...]:
    """One row while no folder has a good backup of the last days."""
    from desktop.backups import stale_since

    if (since := stale_since(profile, settings, now)) is None:
        return ()
    tag = Tag(tr("office.today_backup"), "amber", "!")
    what = tr("office.today_backup_old", when=when(since, now)) if since else tr("office.today_backup_never")
    return (Row(f"{CHECK}:settings", (tag, what, "", tr("office.today_backup_who"))),)


def compare_some(store: Store) -> bool:
    """Compares what was written since, a little at a time: a ward that just arrived takes minutes. Whether there is more."""
    return store.alikes.settle(COMPARED_AT_ONCE) >= COMPARED_AT_ONCE


def twice_rows(store: Store, seen: Collection[str]) -> tuple[Row, ...]:
    tag = Tag(tr("double.today"), "amber", "≈")
    rings = tuple(Row(r.id, (tag, tr("double.ring"), r.title, "")) for r in store.records.rings(seen))
    if not (n := store.alikes.count(seen)):
        return rings
    return (*rings, Row(f"{CHECK}:duplicates", (tag, tr("double.today_work", n=n), "", tr("double.today_who"))))

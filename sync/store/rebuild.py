"""Bringing what is derived from records up to a changed catalogue, some records at a time: a cut goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from forms.definition import Catalog
from sync.store import projection, proposals, schema
from sync.store.context import read_meta, whole, write_meta
from sync.store.plan import PLAN_FORMAT, Plans, TypePlan
from sync.store.rows import BatchResolver, Touch, refresh
from sync.store.rows_by_type import RowsByType

BATCH = 500
"""Records of one transaction: about 50 ms, after which a window may paint itself."""
_REBUILDING = "lists_rebuilding"  # in meta

Prepared = Callable[[int], None]
"""Told how many per cent are done, 0 to 99; never called where there is nothing to do."""


def rebuild_outdated(
    connection: Any, plans: Plans, catalog: Catalog, prepared: Prepared = lambda percent: None
) -> None:
    """Make the list tables of new and changed record types, and describe their records again.

    A table that is not whole is not taken for one: the next opening goes on with it. ``prepared`` may raise to stop. A
    compiled catalogue that was looked through before is not again: a start need not read every definition.
    """
    mark = f"{PLAN_FORMAT} {proposals.FORMAT} {schema.NEWEST} {catalog.mark}" if catalog.mark else None
    looked_through = read_meta(connection, "catalog")
    if mark is not None and mark == looked_through:
        return
    from sync.store import renaming

    renaming.bring_over(connection, catalog)
    every = [plans.of(record_type.id) for record_type in catalog.record_types]
    changed = projection.outdated(connection, every)
    if changed or proposals.is_outdated(connection, plans):
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is made again
        progress = _Progress(connection, plans, changed, prepared)
        places = RowsByType(connection, [plan.id for plan in changed], progress.alive)
        for plan in changed:
            _rebuild(connection, plans, plan, places, progress.add)
        proposals.rebuild(connection, plans, progress.add, progress.alive)
    if mark != looked_through:
        write_meta(connection, "catalog", mark)


def _rebuild(connection: Any, plans: Plans, plan: TypePlan, places: RowsByType, done: Callable[[int], None]) -> None:
    """Several programs that open the store together share the work."""
    while True:
        with whole(connection):
            if projection.is_made(connection, plan):
                return
            type_id, made_by, after = read_meta(connection, _REBUILDING) or ("", "", -1)
            if (type_id, made_by) != (plan.id, plan.hash):
                projection.create_table(connection, plan)
                after = -1
            rids = places.next(plan.id, after, BATCH)
            if rids:
                refresh(connection, plans, rids, Touch(), BatchResolver(connection, plans, []), pointers=True)
                write_meta(connection, _REBUILDING, (plan.id, plan.hash, rids[-1]))
            else:
                projection.note_made(connection, plan)
                write_meta(connection, _REBUILDING, None)
        done(len(rids))


class _Progress:
    """What share of the records is through, counted from where an earlier opening was cut."""

    def __init__(self, connection: Any, plans: Plans, changed: Iterable[TypePlan], prepared: Prepared) -> None:
        self._prepared = prepared
        counts = connection.execute("SELECT type, sum(n) FROM counters GROUP BY type").fetchall()
        wanted = {plan.id for plan in changed}
        sources = plans.flows.sources if proposals.is_outdated(connection, plans) else {}
        self._all = sum(n * ((type_id in wanted) + (type_id in sources)) for type_id, n in counts)
        self._done = 0
        type_id, _, after = read_meta(connection, _REBUILDING) or ("", "", -1)
        if type_id in wanted:
            sql = "SELECT count(*) FROM records WHERE type = ? AND rid <= ?"
            self._done = connection.execute(sql, (type_id, after)).fetchone()[0]

    def add(self, records: int) -> None:
        if records:
            self._done += records
            self.alive()

    def alive(self) -> None:
        self._prepared(min(99, 100 * self._done // max(1, self._all)))

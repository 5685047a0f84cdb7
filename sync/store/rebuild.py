"""Bringing what is derived from records up to a changed catalogue."""

from __future__ import annotations

from typing import Any

from forms.definition import Catalog
from sync.store import projection, proposals, renaming, schema
from sync.store.context import read_meta, write_meta
from sync.store.plan import PLAN_FORMAT, Plans, TypePlan
from sync.store.rows import BatchResolver, Touch, refresh

BATCH = 2000


def rebuild_outdated(connection: Any, plans: Plans, catalog: Catalog) -> None:
    """Make the list tables of new and changed record types, and describe their records again.

    A type is one transaction, so that a cut leaves either the old table or the new one. A compiled catalogue that was
    looked through before is not again: a start need not read every definition.
    """
    mark = f"{PLAN_FORMAT} {proposals.FORMAT} {schema.NEWEST} {catalog.mark}" if catalog.mark else None
    looked_through = read_meta(connection, "catalog")
    if mark is not None and mark == looked_through:
        return
    renaming.bring_over(connection, catalog)
    every = [plans.of(record_type.id) for record_type in catalog.record_types]
    changed = projection.outdated(connection, every)
    if changed:
        _rebuild(connection, plans, changed)
    proposals.rebuild(connection, plans)
    if mark != looked_through:
        write_meta(connection, "catalog", mark)


def _rebuild(connection: Any, plans: Plans, changed: list[TypePlan]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for plan in changed:
            projection.create_table(connection, plan)
            _fill(connection, plans, plan)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _fill(connection: Any, plans: Plans, plan: TypePlan) -> None:
    after = -1
    while True:
        sql = "SELECT rid FROM records WHERE type = ? AND rid > ? ORDER BY rid LIMIT ?"
        rids = [rid for (rid,) in connection.execute(sql, (plan.id, after, BATCH))]
        if not rids:
            return
        refresh(connection, plans, rids, Touch(), BatchResolver(connection, plans, []), pointers=True)
        after = rids[-1]

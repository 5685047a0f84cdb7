"""The table that lists of one type are read from: the state and one column for each thing a list can be sorted by.

Made from the definition and made anew when the definition changes. An index is (state, column, row), so that a list
narrowed to some states and the whole list are both read from the front of an index. The index of a column other than
the default one is made when somebody first sorts a long list by it: most columns never are, and each would cost every
pulled record a page write.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlcipher3
import sqlcipher3.dbapi2

from forms.summaries import Summaries
from sync.store.plan import TypePlan

if TYPE_CHECKING:
    from sqlite_utils.db import Table

LONG_LIST = 3000
"""Rows from which sorting without an index is felt."""


def column(name: str) -> str:
    return f'"s_{name}"'


def create_table(connection: Any, plan: TypePlan) -> None:
    """An empty one in place of what is there; it counts as made once ``note_made`` was called."""
    connection.execute("DELETE FROM projections WHERE type = ?", (plan.id,))
    columns = {"rid": int, "state": str, **{f"s_{name}": bytes for name in plan.columns}}  # BLOB: kept as it is given
    table = _table(connection, plan)
    if table.exists():
        table.drop()
    table.create(columns, pk="rid", not_null={"state"})
    create_index(connection, plan, plan.default_sort.lstrip("-"))


def note_made(connection: Any, plan: TypePlan) -> None:
    """Every record of the type is in the table."""
    connection.execute("INSERT OR REPLACE INTO projections (type, hash) VALUES (?, ?)", (plan.id, plan.hash))


def index_name(plan: TypePlan, sort: str) -> str:
    return f"{plan.table}_by_{sort}"


def create_index(connection: Any, plan: TypePlan, sort: str) -> None:
    _table(connection, plan).create_index(["state", f"s_{sort}"], index_name(plan, sort), if_not_exists=True)


def _table(connection: Any, plan: TypePlan) -> Table:
    """Through sqlite-utils, which takes as long to import as a window to draw: only where a definition changed."""
    if getattr(sys, "frozen", False):  # a package carries one SQLite, not two
        sys.modules.setdefault("sqlite3", sqlcipher3)
        sys.modules.setdefault("sqlite3.dbapi2", sqlcipher3.dbapi2)
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False).table(plan.table)


def insert_sql(plan: TypePlan, *, replaces: bool) -> str:
    """A row that is there is asked for only where there may be one: that more than doubles what it costs."""
    marks = ", ".join("?" * (len(plan.columns) + 2))
    return f"INSERT {'OR REPLACE ' if replaces else ''}INTO {plan.table} VALUES ({marks})"


def columns_of(
    plan: TypePlan,
    rids: Sequence[int],
    states: Sequence[str],
    numbers: Sequence[str | None],
    *,
    updated: Sequence[str],
    found: Summaries,
) -> list[Sequence[Any]]:
    """Of rows for records of the type. Nothing is null: an empty text stands for it, which keyset comparisons can handle."""
    order, last = plan.state_order, len(plan.state_order)
    columns = {
        "_title": found.titles,
        **found.sort,
        "_number": numbers,
        "_due": found.due,
        "_updated": updated,
        "_state": [order.get(state, last) for state in states],
    }
    nothing = [None] * len(rids)
    return [rids, states, *(["" if v is None else v for v in columns.get(name, nothing)] for name in plan.columns)]


def is_made(connection: Any, plan: TypePlan) -> bool:
    row = connection.execute("SELECT hash FROM projections WHERE type = ?", (plan.id,)).fetchone()
    return bool(row and row[0] == plan.hash)


def outdated(connection: Any, plans: list[TypePlan]) -> list[TypePlan]:
    """The plans whose table is missing or was made from another definition."""
    made = dict(connection.execute("SELECT type, hash FROM projections").fetchall())
    return [plan for plan in plans if made.get(plan.id) != plan.hash]

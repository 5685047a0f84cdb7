"""What may be seen, as queries need it: the types of the officer's scopes that this PC has records of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def narrowed(connection: Any, within: Collection[str] | None) -> tuple[str, ...] | None:
    """Those of ``within`` that have records here, sorted; None when nothing here lies outside it, which is the case on most
    PCs and spares the queries a filter."""
    if within is None:
        return None
    present = {type_id for (type_id,) in connection.execute("SELECT DISTINCT type FROM counters WHERE n > 0")}
    seen = present & set(within)
    return None if seen == present else tuple(sorted(seen))


def clause(types: tuple[str, ...] | None, column: str = "type") -> str:
    """``AND type IN (…)`` for a query whose next parameters are ``types``; empty when everything may be seen."""
    if types is None:
        return ""
    # no type is called '': an empty list would make the planner refuse the indexes that are named
    places = ", ".join("?" * len(types)) or "''"
    return f"AND {column} IN ({places})"

"""What became of the morning's records, read back from the city and not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from forms.definition import Catalog
from sync.merge import difference
from sync.store import Store


class Summary(Struct):
    """Counts of records. ``delivered``: every service that must have it answered yes; ``lost``: made here and not whole
    at the city."""

    made_offline: int
    at_city: int
    delivered: int
    lost: int
    records: list[dict[str, Any]]


def summarise(
    store: Store,
    catalog: Catalog,
    made: Sequence[str],
    at_city: Sequence[dict[str, Any]],
    deliveries: Sequence[dict[str, Any]],
) -> Summary:
    """Compare what this PC shows with what the city's database holds, record by record and field by field."""
    held = {row["id"]: row for row in at_city}
    rows = []
    for record_id in made:
        record = store.records.load(record_id)
        city = held.get(record_id)
        mine = [d for d in deliveries if d["record_id"] == record_id]
        whole = (
            record is not None
            and city is not None
            and city["state"] == record.state
            and not difference(catalog.record_type(record.type), record.fields, city["fields"])[1]
        )
        rows.append(
            {
                "id": record_id,
                "type": record.type if record else None,
                "number": record.number if record else None,
                "at_city": whole,
                "deliveries": {d["service"]: d["status"] for d in mine},
            }
        )
    there = [row for row in rows if row["at_city"]]
    delivered = [r for r in there if r["deliveries"] and all(s == "accepted" for s in r["deliveries"].values())]
    return Summary(len(rows), len(there), len(delivered), len(rows) - len(there), rows)

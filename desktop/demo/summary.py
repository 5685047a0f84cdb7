"""What became of the morning's records, read back from the city and not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from forms.definition import Catalog
from sync.difference import difference
from sync.store import Store


class Became(Struct):
    """One record: whether the city holds it whole, and each service's answer."""

    id: str
    type: str
    number: str | None
    at_city: bool
    deliveries: dict[str, str]


class Summary(Struct):
    """Counts of records. ``delivered``: every service that must have it answered yes; ``lost``: made here and not whole
    at the city."""

    made_offline: int
    at_city: int
    delivered: int
    lost: int
    records: list[Became]


def summarise(
    store: Store,
    catalog: Catalog,
    made: Sequence[str],
    at_city: Sequence[dict[str, Any]],
    deliveries: Sequence[dict[str, Any]],
) -> Summary:
    """Compare what this PC shows with what the city's database holds, record by record and field by field."""
    held = {row["id"]: row for row in at_city}
    rows = [_become(store, catalog, record_id, held.get(record_id), deliveries) for record_id in made]
    there = [row for row in rows if row.at_city]
    delivered = [row for row in there if row.deliveries and set(row.deliveries.values()) == {"accepted"}]
    return Summary(len(rows), len(there), len(delivered), len(rows) - len(there), rows)


def _become(
    store: Store,
    catalog: Catalog,
    record_id: str,
    city: dict[str, Any] | None,
    deliveries: Sequence[dict[str, Any]],
) -> Became:
    record = store.records.load(record_id)
    if record is None:
        return Became(record_id, "", None, False, {})
    whole = (
        city is not None
        and city["state"] == record.state
        and not difference(catalog.record_type(record.type), record.fields, city["fields"])[1]
    )
    answers = {d["service"]: d["status"] for d in deliveries if d["record_id"] == record_id}
    return Became(record_id, record.type, record.number, whole, answers)

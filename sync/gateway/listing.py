"""What the city holds, for the operator: records and deliveries, one at a time, in a steady order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sync.gateway.feed import delivery_state
from sync.gateway.ledger import RECORD_SQL, version_of
from sync.gateway.parcels import STOPPED
from sync.gateway.storage import Row, Storage

_AT_ONCE = 1000


def records(storage: Storage, ward: str | None = None) -> Iterator[dict[str, Any]]:
    """Every record, or those of one ward, by ward and id, as NDJSON objects."""
    after = (ward or "", "")
    with storage.read() as session:
        while True:
            rows = session.all(f"{RECORD_SQL} WHERE (ward, id) > (?, ?) ORDER BY ward, id LIMIT ?", *after, _AT_ONCE)
            for version in map(version_of, rows):
                if ward is not None and version.ward != ward:
                    return
                head = {"id": version.id, "type": version.type, "state": version.state, "revision": version.revision}
                told = {"number": version.number, "fields": version.fields, "ward": version.ward}
                rest = {"scope": version.scope, "origin": version.origin, "updated_at": version.updated_at}
                yield {**head, **told, **rest, "conflicts": sorted(version.conflicts)}
            if len(rows) < _AT_ONCE:
                return
            after = (rows[-1][0], rows[-1][1])


def leases(storage: Storage, ward: str = "", device: str = "") -> list[Row]:
    """Every book that was lent, or those of a ward, or of a device, whatever became of it: ward, register, period, device ("":
    nobody's), its name, from, to, the highest number known, its suspension, since when, whether it has a grant there still."""
    with storage.read() as session:
        return session.all(
            "SELECT l.ward, l.register, l.period, l.device, coalesce(d.name, ''), l.start, l.upper, coalesce(b.known, 0), "
            "coalesce(d.suspended, ''), l.at, "
            "EXISTS (SELECT 1 FROM grants g WHERE g.device = l.device AND g.ward = l.ward) "
            "FROM leases l LEFT JOIN devices d ON d.id = l.device "
            "LEFT JOIN books b ON b.ward = l.ward AND b.register = l.register AND b.period = l.period "
            "WHERE (? = '' OR l.ward = ?) AND (? = '' OR l.device = ?) ORDER BY l.ward, l.register, l.period",
            ward,
            ward,
            device,
            device,
        )


def deliveries(storage: Storage, *, stopped: bool = False) -> Iterator[dict[str, Any]]:
    """Every delivery with its state, by ward, record and service, or those alone that are ``stopped``: not tried any more until
    an operator says."""
    which = f"WHERE status = '{STOPPED}' " if stopped else ""
    with storage.read() as session:
        rows = session.all(
            "SELECT ward, attempts, status, record_id, service, revision, status, number, message, problems, at "
            f"FROM deliveries {which}ORDER BY ward, record_id, service"
        )
    for row in rows:
        told: dict[str, Any] = msgspec.to_builtins(delivery_state(row[3:]))
        head = {"ward": row[0], "attempts": row[1], "stopped": row[2] == STOPPED}
        yield {**head, "number": None, "message": "", "problems": [], **told}

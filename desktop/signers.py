"""The names of officers whose own record nobody has made: papers that they signed name them all the same."""

from __future__ import annotations

from collections.abc import Iterable

from sync.store import Store
from sync.store.model import Record


def signer_name(store: Store, records: Iterable[Record], officer_id: str) -> str:
    """As this PC knows its officers, else as whoever took a step on one of ``records`` was called; "" where nobody says."""
    enrolment = store.enrolment
    here = iter(enrolment.officers if enrolment else ())
    acted = (row.change.officer for record in records for row in store.changes.history(record.id))
    return next((one.name for some in (here, acted) for one in some if one.id == officer_id and one.name), "")

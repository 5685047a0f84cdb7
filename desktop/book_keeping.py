"""Who keeps a legal book on this PC, for pages and verbs. No Qt."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from forms.definition import Catalog, RecordType
from forms.register_numbers import SERIES, register_name, series_names
from sync.voiding import HEADS

if TYPE_CHECKING:
    from sync.protocol import Lease, Officer
    from sync.store import Store


def books_here(
    store: Store,
    catalog: Catalog,
    record_type: RecordType,
    period: str | None = None,
    series: str | None = None,
    *,
    now: datetime,
) -> list[Lease]:
    """The books of the type that this PC numbers: of the period, else of the one now."""
    names = {register_name(record_type), *series_names(record_type, catalog)}
    if series:
        names = {f"{register_name(record_type)}{SERIES}{series}"}
    wanted = period if period is not None else current_period(record_type, now)
    return [lease for lease in store.numbers.leases() if lease.register in names and lease.period == wanted]


def current_period(record_type: RecordType, now: datetime) -> str:
    from sync.store.numbering import period_of

    return period_of(record_type.register, now) if record_type.register else ""


def may_hand_over(record_type: RecordType, officer: Officer | None) -> bool:
    """Whoever may number the book, and the heads of the office."""
    if officer is None or record_type.register is None or record_type.register.kind != "leased":
        return False
    roles = set(officer.roles)
    if roles & HEADS:
        return True
    return any(
        action.takes_number and (not action.roles or roles & set(action.roles)) for action in record_type.actions
    )

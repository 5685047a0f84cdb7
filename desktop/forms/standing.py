"""Where one record stands, place by place, in words: this PC, the city, each service that must have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from desktop.language import say, tr
from forms.definition import Catalog, RecordType
from sync.protocol import DeliveryState
from sync.store.model import HistoryRow, Record

Status = Literal["none", "saved", "waiting", "sent", "accepted", "refused", "conflict"]
SIGNS: dict[Status, str] = {
    "none": "○",
    "saved": "✓",
    "waiting": "◐",
    "sent": "◐",
    "accepted": "✓",
    "refused": "↩",
    "conflict": "≠",
}


class Place(Struct, frozen=True):
    """``reasons``: why it was refused, one sentence each."""

    name: str
    status: Status
    words: str
    reasons: tuple[str, ...] = ()
    number: str | None = None

    @property
    def sign(self) -> str:
        return SIGNS[self.status]


def places_of(
    catalog: Catalog,
    record_type: RecordType,
    record: Record | None,
    rows: Sequence[HistoryRow],
    deliveries: Sequence[DeliveryState],
) -> list[Place]:
    """In the order a record travels. A service is named before it has the record, so that the officer sees the way."""
    if record is None:
        pc, city = Place(tr("form.place.pc"), "none", ""), Place(tr("form.place.city"), "none", "")
    else:
        pc, city = Place(tr("form.place.pc"), "saved", tr("form.status.saved")), _city(record, rows)
    names = {service.id: say(service.label) for service in catalog.services}
    known = {delivery.service: delivery for delivery in deliveries}
    wanted = [d.service for d in record_type.deliveries]
    services = wanted + [service for service in known if service not in wanted]
    return [pc, city, *(_service(names.get(service, service), known.get(service)) for service in services)]


def _city(record: Record, rows: Sequence[HistoryRow]) -> Place:
    name = tr("form.place.city")
    refused = [row for row in rows if row.status == "refused"]
    if refused:
        reasons = tuple(dict.fromkeys(say(p.label) for row in refused for p in row.problems))
        return Place(name, "refused", tr("form.status.refused"), reasons)
    if record.standing == "conflict" or record.conflicts:
        return Place(name, "conflict", tr("form.status.conflict"))
    if any(row.status in ("pending", "parked") for row in rows) or record.standing == "here":
        return Place(name, "waiting", tr("form.status.waiting"))
    return Place(name, "accepted", tr("form.status.accepted"))


def _service(name: str, delivery: DeliveryState | None) -> Place:
    if delivery is None:
        return Place(name, "none", "")
    reasons: tuple[str, ...] = ()
    if delivery.status == "refused":
        reasons = tuple(dict.fromkeys(say(p.label) for p in delivery.problems)) or (
            (delivery.message,) if delivery.message else ()
        )
    words = tr(f"form.status.{delivery.status}")
    return Place(
        name, delivery.status, f"{words}, {delivery.number}" if delivery.number else words, reasons, delivery.number
    )


def refused_at_fields(rows: Sequence[HistoryRow], deliveries: Sequence[DeliveryState]) -> dict[str, str]:
    """Path → what the city or a service refused there; the newest word about a field wins."""
    refused: dict[str, str] = {}
    for delivery in deliveries:
        if delivery.status == "refused":
            refused.update({p.field: say(p.label) for p in delivery.problems if p.field})
    for row in reversed(rows):
        if row.status == "refused":
            refused.update({p.field: say(p.label) for p in row.problems if p.field})
    return refused

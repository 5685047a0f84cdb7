"""Where one record stands, place by place, in words: this PC, the city, each service that must have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from desktop.language import language, say, tr
from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.field_types import show
from sync.protocol import DeliveryState, FieldProblem
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
    """``reasons``: why it was refused, one sentence each; ``fields``: the paths they are about; ``note``: what it waits for."""

    name: str
    status: Status
    words: str
    reasons: tuple[str, ...] = ()
    number: str | None = None
    fields: tuple[str, ...] = ()
    note: str = ""

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
    changed = changed_since(rows)
    places = (_service(names.get(one, one), known.get(one), record_type, changed) for one in services)
    return [pc, city, *places]


def changed_since(rows: Sequence[HistoryRow]) -> frozenset[str]:
    """Fields that were changed here and are on their way to the city: what a service said about them is answered."""
    under_way = (row for row in rows if is_under_way(row))
    return frozenset(path.partition("/")[0] for row in under_way for path in row.change.after)


def is_under_way(row: HistoryRow) -> bool:
    """Whether the change waits here for the city's answer; what a correction took the place of does not."""
    return row.status in ("pending", "parked") and not row.is_settled


def is_to_mend(row: HistoryRow) -> bool:
    """Whether the city refused it and its officer has still to put it right here; another PC's is put right there."""
    return row.status == "refused" and not row.is_settled


def _city(record: Record, rows: Sequence[HistoryRow]) -> Place:
    name = tr("form.place.city")
    refused = [row for row in rows if is_to_mend(row)]
    if refused:
        reasons = tuple(dict.fromkeys(say(p.label) for row in refused for p in row.problems))
        return Place(name, "refused", tr("form.status.refused"), reasons)
    if record.standing == "conflict" or record.conflicts:
        return Place(name, "conflict", tr("form.status.conflict"))
    if record.standing == "hub" and (back := [row for row in rows if row.is_sent_back]):
        return Place(name, "refused", tr("form.status.sent_back_there", officer=back[0].change.officer.name))
    if record.standing == "hub":
        return Place(name, "waiting", tr("form.status.at_hub"))
    if any(is_under_way(row) for row in rows) or record.standing == "here":
        return Place(name, "waiting", tr("form.status.waiting"))
    return Place(name, "accepted", tr("form.status.accepted"))


def _service(name: str, delivery: DeliveryState | None, record_type: RecordType, changed: frozenset[str]) -> Place:
    if delivery is None:
        return Place(name, "none", "")
    if delivery.status == "refused":
        return _refused(name, delivery, record_type, changed)
    words = tr(f"form.status.{delivery.status}")
    if delivery.number:
        words = f"{words}, {delivery.number}"
    note = delivery.message if delivery.status != "accepted" else ""
    return Place(name, delivery.status, words, number=delivery.number, note=note)


def _refused(name: str, delivery: DeliveryState, record_type: RecordType, changed: frozenset[str]) -> Place:
    """Each field with the value that was refused; corrected, it waits until the city sends it on."""
    left = [p for p in delivery.problems if p.field.partition("/")[0] not in changed]
    if changed and not left:
        return Place(name, "waiting", tr("form.status.corrected"), number=delivery.number)
    reasons = tuple(dict.fromkeys(_reason(problem, record_type) for problem in left))
    if not reasons and delivery.message:
        reasons = (delivery.message,)
    words = tr("form.status.refused")
    fields = tuple(dict.fromkeys(p.field for p in left if p.field))
    return Place(name, "refused", words, reasons, delivery.number, fields)


def _reason(problem: FieldProblem, record_type: RecordType) -> str:
    """“Điện thoại “0912”: số không có thật”."""
    field = record_type.field_map.get(problem.field.partition("/")[0])
    words = say(problem.label)
    if field is None:
        return words
    value = "" if problem.value is None else f" “{_shown(field, problem.value)}”"
    return f"{say(field.label)}{value}: {words}"


def _shown(field: Field, value: object) -> str:
    """As the form writes it, where it is such a value; a service may quote a part."""
    try:
        text = show(field, value, language(), choices=field.choices)
    except (TypeError, ValueError, LookupError, AttributeError):
        text = ""
    return (text or str(value))[:80]


def refused_at_fields(rows: Sequence[HistoryRow], deliveries: Sequence[DeliveryState]) -> dict[str, str]:
    """Path → what the city or a service refused there; the newest word about a field wins."""
    refused: dict[str, str] = {}
    changed = changed_since(rows)
    for delivery in deliveries:
        if delivery.status == "refused":
            left = (p for p in delivery.problems if p.field and p.field.partition("/")[0] not in changed)
            refused.update({p.field: say(p.label) for p in left})
    for row in reversed(rows):
        if is_to_mend(row):
            refused.update({p.field: say(p.label) for p in row.problems if p.field})
    return refused

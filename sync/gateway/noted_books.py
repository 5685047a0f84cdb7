"""What the city does to a legal book, noted in the ward's own register, so that every PC of the ward can explain it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forms.book_notes import book_label, note_values, noted_state
from forms.definition import Catalog
from sync.clock import Clock
from sync.gateway.books import Book
from sync.gateway.ledger import Ledger
from sync.gateway.services import CITY, ServiceHand
from sync.gateway.storage import Session, Stream
from sync.ids import derived_id
from sync.protocol import RecordVersion

if TYPE_CHECKING:
    from sync.gateway.leases import Takeover


def note_stream(catalog: Catalog, ward: str) -> list[Stream]:
    """The stream of the notes; empty where the catalogue has none."""
    kind = catalog.book_notes
    return [(ward, catalog.record_type(kind).scope)] if kind and catalog.knows(kind) else []


def note_takeover(
    session: Session, catalog: Catalog, clock: Clock, book: Book, moved: Takeover, *, reason: str, at: str
) -> None:
    """``at``: when it was moved, from which with the numbers the note's id comes. The caller holds the notes' stream."""
    if not note_stream(catalog, book[0]):
        return
    ward, register, period = book
    assert catalog.book_notes is not None  # noqa: S101
    to = moved.lease.device
    gap = (moved.gap_from, moved.gap_to) if moved.gap_to >= moved.gap_from else None
    values = note_values(
        "restored" if moved.device_before == to else "takeover",
        book=register,
        label=book_label(catalog, register),
        period=period,
        reason=reason or "–",
        at=at,
        by="Thành phố",
        numbers=gap,
        devices=(moved.device_before, to),
    )
    record_type = catalog.record_type(catalog.book_notes)
    version = RecordVersion(
        id=derived_id("takeover", ward, register, period, str(moved.gap_to + 1), at),
        type=record_type.id,
        ward=ward,
        revision=0,
        state=noted_state(record_type),
        fields=values,
    )
    ledger = Ledger(session, catalog, clock.now())
    ledger.load([(ward, version.id)])
    if ledger.current(ward, version.id) is None:
        ServiceHand(catalog, clock, CITY).begin(ledger, version)
        ledger.write()

"""What of a record a service gets: a field that is not relevant keeps its value in the record and is left out."""

from __future__ import annotations

from collections.abc import Mapping

from forms.calendar import calendar_of
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from forms.wards import ward_facts
from sync.clock import Clock
from sync.gateway.wards import WardNames
from sync.locked_fields import FROZEN, VOID
from sync.protocol import Fields, RecordVersion

_KEPT = frozenset({FROZEN, VOID})
"""The engine's values that go along: persons as they were when the record was signed; why it was voided, which its state may not
tell."""


class Relevance:
    """Judges by the form's own rules."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._calendar = calendar_of(catalog)
        self._wards = WardNames()

    def entry(self, record: RecordVersion, references: Mapping[str, Fields]) -> RecordEntry:
        """The record as its rules see it. ``references``: fields of the records this one points to."""
        ward = ward_facts(record.ward, self._wards.name(record.ward))
        context = EntryContext(
            now=self._clock.now, ward=ward, officer=None, resolve=references.get, calendar=self._calendar
        )
        return RecordEntry(
            self._catalog.record_type(record.type),
            self._catalog,
            context,
            fields=record.fields,
            state=record.state,
            number=record.number,
            id=record.id,
        )

    def sendable(self, record: RecordVersion, references: Mapping[str, Fields]) -> Fields:
        """The fields for a service."""
        entry = self.entry(record, references)
        known = self._catalog.record_type(record.type).field_map
        return {
            name: value
            for name, value in record.fields.items()
            if name in _KEPT or (not name.startswith("_") and (name not in known or entry.is_relevant(name)))
        }

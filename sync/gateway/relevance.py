"""What of a record a service gets: a field that is not relevant keeps its value in the record and is left out."""

from __future__ import annotations

from collections.abc import Mapping

from forms.calendar import calendar_of
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from sync.clock import Clock
from sync.protocol import Fields, RecordVersion

_KEPT = "_frozen"  # the one engine value that goes along: persons as they were when the record was signed


class Relevance:
    """Judges relevance by the form's own rules."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._calendar = calendar_of(catalog)

    def sendable(self, record: RecordVersion, references: Mapping[str, Fields]) -> Fields:
        """The fields for a service. ``references``: fields of the records this one points to, which rules may look at."""
        record_type = self._catalog.record_type(record.type)
        ward = {"code": record.ward, "name": "", "org_code": "", "place": ""}
        context = EntryContext(
            now=self._clock.now, ward=ward, officer=None, resolve=references.get, calendar=self._calendar
        )
        entry = RecordEntry(
            record_type,
            self._catalog,
            context,
            fields=record.fields,
            state=record.state,
            number=record.number,
            id=record.id,
        )
        known = record_type.field_map
        return {
            name: value
            for name, value in record.fields.items()
            if name == _KEPT or (not name.startswith("_") and (name not in known or entry.is_relevant(name)))
        }

"""Makes a parcel of a record: what of it the service gets, what it points to, what goes into a document package."""

from __future__ import annotations

from typing import Any

import msgspec

from forms.definition import Catalog, RecordType
from forms.document_messages import elements_of
from forms.renames import catalog_in_first_names, to_first, to_present
from sync.clock import Clock
from sync.gateway.ledger import RECORD_SQL, version_of
from sync.gateway.parcel import Parcel
from sync.gateway.relevance import Relevance
from sync.gateway.storage import Row, Session
from sync.protocol import Fields, RecordVersion

CLAIMED = "ward, record_id, revision, attempts, faults, taken, resent"
"""The columns of ``deliveries`` that a parcel is made from."""


class Packing:
    """Services get and give fields under their first names, whatever packs call them."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._present = catalog
        self.catalog = catalog_in_first_names(catalog)
        self.relevance = Relevance(catalog, clock)

    def parcel(self, session: Session, service: str, row: Row, holder: str) -> Parcel | None:
        """The parcel of a row of ``CLAIMED``; None when there is no such record. Raises what rules and a type the
        catalogue lost raise."""
        ward, record_id, revision, attempts, faults, taken, resent = row
        found = session.one(f"{RECORD_SQL} WHERE ward = ? AND id = ?", ward, record_id)
        if found is None:
            return None
        record = version_of(found)
        versions = _references(session, self.catalog.record_type(record.type), record)
        return Parcel(
            service=service,
            revision=revision,
            attempts=attempts,
            record=record,
            fields=self._sendable(record, versions),
            references={version.id: version.fields for version in versions},
            holder=holder,
            faults=faults if attempts else 0,  # a newer revision begins anew
            is_taken=taken == revision,
            resent=resent,
            **self._packaged(record, versions),
        )

    def _fields(self, version: RecordVersion) -> Fields:
        """Under the pack's names, of which its rules speak."""
        if not self._present.knows(version.type):
            return version.fields
        return to_present(self._present.record_type(version.type), self._present).values(version.fields)

    def _sendable(self, record: RecordVersion, references: list[RecordVersion]) -> Fields:
        seen = {version.id: self._fields(version) for version in references}
        fields = self.relevance.sendable(msgspec.structs.replace(record, fields=self._fields(record)), seen)
        return to_first(self._present.record_type(record.type), self._present).values(fields)

    def _packaged(self, record: RecordVersion, references: list[RecordVersion]) -> dict[str, Any]:
        record_type = self._present.record_type(record.type)
        if record_type.messages is None or not record_type.messages.out:
            return {}
        seen = {version.id: self._fields(version) for version in references}
        entry = self.relevance.entry(msgspec.structs.replace(record, fields=self._fields(record)), seen)
        elements, sources = elements_of(record_type, entry)
        first = to_first(record_type, self._present)
        return {"elements": elements, "sources": {name: first.key(field) for name, field in sources.items()}}


def _references(session: Session, record_type: RecordType, record: RecordVersion) -> list[RecordVersion]:
    """The records this one points to, so that the service need not ask back. A dangling one is left out."""
    ids: list[str] = []
    for field in record_type.fields:
        value = record.fields.get(field.name)
        if field.type in ("person", "household", "organisation", "ref") and isinstance(value, str):
            ids.append(value)
        elif field.type == "refs" and isinstance(value, list):
            ids += [item for item in value if isinstance(item, str)]
    if not ids:
        return []
    rows = session.all(f"{RECORD_SQL} WHERE ward = ? AND id = ANY(?)", record.ward, ids)
    return [version_of(row) for row in rows]

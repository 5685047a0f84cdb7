"""Writing what a city service says: its answer to a delivery, or a record it sends, as a change with its name on it."""

from __future__ import annotations

import msgspec

from forms.definition import Catalog, RecordType
from forms.shapes import wrong_shapes
from sync.clock import Clock, moment_text
from sync.difference import difference
from sync.gateway.ledger import Entry, Ledger
from sync.ids import IdSource
from sync.protocol import Change, ChangeResult, Fields, Officer, RecordVersion

CITY = "city"
"""The hand of the city itself: records whose tool names no service, and marks the city puts on records."""
_encode = msgspec.msgpack.Encoder().encode


class ServiceHand:
    """Writes records in the name of one service. History shows the service where it shows officers."""

    def __init__(self, catalog: Catalog, clock: Clock, service: str) -> None:
        self._catalog = catalog
        self._clock = clock
        self._service = service
        self._ids = IdSource(clock)
        others = "Thành phố" if service == CITY else service
        label = next((s.label.vi for s in catalog.services if s.id == service), others)
        self._officer = Officer(service, label)

    def begin(self, ledger: Ledger, version: RecordVersion) -> None:
        """A new record from the service; scope, times and origin are put in here."""
        at = moment_text(self._clock.now())
        version = msgspec.structs.replace(
            version,
            scope=self._catalog.record_type(version.type).scope,
            fields={k: v for k, v in version.fields.items() if v is not None},
            created_at=at,
            updated_at=at,
            updated_by=self._officer.name,
            origin=self._service,
            pack=self._catalog.version,
        )
        change = self._change(version, 0, ({}, version.fields))
        self._keep(ledger, version, msgspec.structs.replace(change, kind="create", to_state=version.state))

    def mark(self, ledger: Ledger, current: RecordVersion, fields: Fields) -> bool:
        """As ``amend``, of a record that stays whose it is: the city says something about it."""
        return self.amend(ledger, current, fields, None, origin=current.origin)

    def amend(
        self, ledger: Ledger, current: RecordVersion, fields: Fields, number: str | None, *, origin: str | None = None
    ) -> bool:
        """New values and number of a present record; False when they are what it has already. ``origin``: this service,
        unless said otherwise."""
        merged = {k: v for k, v in {**current.fields, **fields}.items() if v is not None}
        number = number or current.number
        values = difference(self._catalog.record_type(current.type), current.fields, merged)
        if not values[1] and number == current.number:
            return False
        at = moment_text(self._clock.now())
        version = msgspec.structs.replace(
            current,
            fields=merged,
            number=number,
            updated_at=at,
            updated_by=self._officer.name,
            origin=self._service if origin is None else origin,
        )
        self._keep(ledger, version, self._change(version, current.revision, values))
        return True

    def owned(self, record_type: RecordType, fields: Fields) -> Fields:
        """Of what the service answers, the fields whose value is its to give, in a shape that can be stored."""
        mine = {f.name: fields[f.name] for f in record_type.fields if f.owner == self._service and f.name in fields}
        for name in wrong_shapes(record_type, mine):
            del mine[name]
        return mine

    def _change(self, version: RecordVersion, base: int, values: tuple[Fields, Fields]) -> Change:
        change_id = self._ids.new()
        return Change(
            change_id=change_id,
            save_id=change_id,
            record_id=version.id,
            type=version.type,
            ward=version.ward,
            kind="edit",
            before=values[0],
            after=values[1],
            base_revision=base,
            state=version.state,
            number=version.number,
            pack=self._catalog.version,
            officer=self._officer,
            at=version.updated_at,
        )

    def _keep(self, ledger: Ledger, version: RecordVersion, change: Change) -> None:
        # a service's own words are not delivered on: two services would answer each other without end
        revision = ledger.put(version, deliver=False)
        result = ChangeResult(change_id=change.change_id, status="accepted", revision=revision)
        ledger.note(Entry(change, _encode(change), result, version.scope, ""))

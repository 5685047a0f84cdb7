"""Which record of the city an object without an id means: the one with the same citizen number, code, or name and birth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from forms.definition import RecordType
from forms.exchange.same_record import Key, identity_keys, may_be_same, telling_keys
from sync.gateway.ledger import RECORD_SQL, version_of
from sync.gateway.storage import Session
from sync.ids import derived_id
from sync.protocol import Fields


class Known:
    """The records of one ward that a file may mean. The caller holds their streams."""

    def __init__(self, session: Session, ward: str) -> None:
        self._session = session
        self._ward = ward
        self._found: dict[Key, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)

    def look_for(self, wanted: Iterable[tuple[RecordType, Fields]]) -> None:
        """Read each type's records once and keep those that share a key with what is wanted: a ward has some ten
        thousand people, a file comes now and then."""
        keys: dict[str, set[Key]] = defaultdict(set)
        types: dict[str, RecordType] = {}
        for record_type, fields in wanted:
            types[record_type.id] = record_type
            keys[record_type.id].update(key for key, _ in telling_keys(record_type, fields))
        for record_type in types.values():
            if keys[record_type.id]:
                self._look(record_type, keys[record_type.id])

    def _look(self, record_type: RecordType, wanted: set[Key]) -> None:
        void = {state.id for state in record_type.states if state.kind == "void"}
        sql = f"{RECORD_SQL} WHERE ward = ? AND scope = ? AND type = ? ORDER BY id"
        rows = self._session.all(sql, self._ward, record_type.scope, record_type.id)
        # one that was merged into another or struck off is meant only where no other is
        for version in sorted(map(version_of, rows), key=lambda v: v.state in void):
            for key, _ in telling_keys(record_type, version.fields):
                if key in wanted:
                    self._found[key].append((version.id, version.fields))

    def meet(self, record_type: RecordType, fields: Fields) -> str:
        """The id of the record these fields mean: one the city has, one of this file, else a new one's."""
        fields = {name: value for name, value in fields.items() if value is not None}
        keys = identity_keys(record_type, fields)
        for key, _ in keys:
            for record_id, others in self._found[key]:
                if may_be_same(record_type, fields, others):
                    return record_id
        record_id = derived_id(self._ward, *keys[0][0])
        for key, _ in keys:
            self._found[key].append((record_id, fields))
        return record_id

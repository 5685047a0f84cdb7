"""The examples of the catalogue as one small world: records that point at each other by the ids written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from forms.catalog_reader import EXAMPLES_FILE
from forms.definition import Catalog, RecordType
from forms.definition_source import Source
from forms.exchange.values import read_values


class Example(Struct, frozen=True):
    """An invented record with canonical values. ``id``: as written, else "<type>-<place>"."""

    id: str
    type: str
    state: str
    number: str | None
    fields: dict[str, Any]


class ExampleWorld:
    """All examples of a catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.by_type: dict[str, tuple[Example, ...]] = {}
        for tool in catalog.tools:
            data = Source(Path(catalog.folder) / tool.id / EXAMPLES_FILE, []).data
            for record_type in tool.records:
                written = data.get(record_type.id.partition(".")[2]) if isinstance(data, dict) else None
                self.by_type[record_type.id] = tuple(
                    _example(one, place, record_type, catalog) for place, one in enumerate(written or (), start=1)
                )
        self._by_id = {one.id: one for examples in self.by_type.values() for one in examples}

    def of(self, type_id: str) -> tuple[Example, ...]:
        return self.by_type.get(type_id, ())

    def resolve(self, record_id: str) -> Mapping[str, Any] | None:
        one = self._by_id.get(record_id)
        return one.fields if one else None

    def related(self, type_id: str, field: str, record_id: str) -> Sequence[Example]:
        """Examples of a type that point at a record, by a field or by ``group/column``."""
        name, _, column = field.partition("/")
        return [one for one in self.of(type_id) if record_id in _values(one.fields.get(name), column)]


def _example(written: Mapping[str, Any], place: int, record_type: RecordType, catalog: Catalog) -> Example:
    fields = read_values(written.get("fields") or {}, record_type, catalog).fields
    number = written.get("number")
    return Example(
        id=str(written.get("id") or f"{record_type.id}-{place}"),
        type=record_type.id,
        state=str(written.get("state") or record_type.initial_state),
        number=str(number) if number is not None else None,
        fields=fields,
    )


def _values(value: Any, column: str) -> list[Any]:
    if column:
        return [row.get(column) for row in value or ()]
    return value if isinstance(value, list) else [value]

"""References written as objects: the person, household or organisation is found, or made once.

Matched by citizen number, else by the fields that together mean "the same one" (a person: exact name and birth date).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from desktop.commands.desk import Desk
from forms.definition import Label, RecordType
from forms.exchange import LineValues, read_values
from forms.exchange.values import Inline, reference_targets
from sync.ids import derived_id
from sync.store.model import Save

_PERSON = ("full_name", "dob")
_NUMBERS = ("citizen_number", "tax_code")
Key = tuple[str, ...]


class UnusableReferenceError(LookupError):
    """An inline object that means no record; ``field`` is where it, or its wrong part, stands."""

    def __init__(self, name: str, message: Label) -> None:
        super().__init__(message.vi)
        self.field = name
        self.label = message


class References:
    """Finds or makes what inline objects mean, within one intake."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ward = desk.enrolment.ward
        self._ids: dict[Key, list[str]] = {}
        self._made: dict[str, Mapping[str, Any]] = {}

    def resolve(self, record_id: str) -> Mapping[str, Any] | None:
        """The fields of a record, also of one that was made for this file and is not saved yet."""
        return self._made.get(record_id) or self._desk.store.records.resolve(record_id)

    def settle(self, values: LineValues) -> list[Save]:
        """Put ids in the places of the line's inline objects; the saves of those to be made.

        Raises UnusableReferenceError; then none of the line's records has been taken note of.
        """
        made: list[Save] = []
        try:
            for inline in values.inline:
                record_type = self._target(inline)
                fields = self._fields(inline, record_type)
                record_id = self._known(record_type, fields)
                if record_id is None:
                    save = self._make(record_type, fields)
                    record_id = save.id or ""
                    made.append(save)
                values.put(inline.place, record_id)
        except UnusableReferenceError:
            self.forget(made)
            raise
        return made

    def forget(self, made: list[Save]) -> None:
        """The line that brought these along was refused: they were not saved."""
        gone = {save.id or "" for save in made}
        for record_id in gone & self._made.keys():
            del self._made[record_id]
            for ids in self._ids.values():
                if record_id in ids:
                    ids.remove(record_id)

    def _target(self, inline: Inline) -> RecordType:
        """The record type the object is of: as it says, or the first whose fields it uses."""
        targets = reference_targets(inline.field)
        asked = inline.value.get("type")
        allowed = [t for t in targets if asked in (None, t)] if targets else [asked]
        names = set(inline.value) - {"type"}
        for type_id in allowed:
            if not isinstance(type_id, str):
                continue
            try:
                record_type = self._desk.catalog.record_type(type_id)
            except KeyError:
                continue
            if names and names <= record_type.field_map.keys():
                return record_type
        shown = ", ".join(targets) or "type"
        raise UnusableReferenceError(
            inline.name,
            Label(
                f"Không hiểu người hoặc bản ghi ghi ở đây; cần các mục của {shown}.",
                f"This object cannot be understood; it needs the fields of {shown}.",
            ),
        )

    def _fields(self, inline: Inline, record_type: RecordType) -> dict[str, Any]:
        given = {name: value for name, value in inline.value.items() if name != "type"}
        read = read_values(given, record_type, self._desk.catalog)
        if read.problems:
            problem = read.problems[0]
            raise UnusableReferenceError(f"{inline.name}/{problem.field}", problem.message)
        if read.inline:
            raise UnusableReferenceError(
                f"{inline.name}/{read.inline[0].name}",
                Label("Ở đây phải là mã bản ghi.", "This must be the id of a record."),
            )
        return {name: value for name, value in read.fields.items() if value is not None}

    def _known(self, record_type: RecordType, fields: Mapping[str, Any]) -> str | None:
        """The id of the record these fields mean, when this file or the store has it."""
        for key, named in _keys(record_type, fields):
            for record_id in self._ids.get(key, ()):
                if self._may_be(record_type, fields, self.resolve(record_id) or {}):
                    return record_id
            if not named:
                continue
            for record in sorted(self._desk.store.records.find(record_type.id, **named), key=lambda r: r.id):
                if self._may_be(record_type, fields, record.fields):
                    self._ids.setdefault(key, []).append(record.id)
                    return record.id
        made_before = self._derived(record_type, fields)
        return made_before if self._desk.store.records.load(made_before) is not None else None

    def _derived(self, record_type: RecordType, fields: Mapping[str, Any]) -> str:
        """The id that a record made for these fields gets, from whichever file they come."""
        return derived_id(self._ward, *_keys(record_type, fields)[0][0])

    def _may_be(self, record_type: RecordType, fields: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
        """Two with the same name and birth date are two persons when their numbers differ."""
        numbers = [f.name for f in record_type.fields if f.type in _NUMBERS]
        return all(None in (a := fields.get(n), b := others.get(n)) or a == b for n in numbers)

    def _make(self, record_type: RecordType, fields: Mapping[str, Any]) -> Save:
        record_id = self._derived(record_type, fields)
        for key, _ in _keys(record_type, fields):
            self._ids.setdefault(key, []).append(record_id)
        completed = self._completed(record_type, fields)
        self._made[record_id] = completed
        return Save(type=record_type.id, fields=completed, id=record_id, state=record_type.initial_state)

    def _completed(self, record_type: RecordType, fields: Mapping[str, Any]) -> dict[str, Any]:
        """With defaults and calculated fields. What is required is not asked for here: a register often knows of a
        person no more than a name, and the officer who next opens the record sees what is missing."""
        from desktop.commands.entries import entry_context
        from forms.entry import RecordEntry

        entry = RecordEntry(record_type, self._desk.catalog, entry_context(self._desk))
        for name, value in fields.items():
            if not entry.is_calculated(name):
                entry.put(name, value)  # past the locks: what the engine once wrote comes along
        return entry.fields


def identity_fields(record_type: RecordType) -> list[tuple[str, ...]]:
    """Fields that tell one record of a type from another, the surest first."""
    numbers = [(f.name,) for f in record_type.fields if f.type in _NUMBERS]
    others = [record_type.duplicate] if record_type.duplicate else []
    if set(_PERSON) <= record_type.field_map.keys() and _PERSON not in others:
        others.append(_PERSON)
    return [*numbers, *(names for names in others if names not in numbers)]


def _keys(record_type: RecordType, fields: Mapping[str, Any]) -> list[tuple[Key, dict[str, Any]]]:
    """What the fields can be told by, the surest first, each with the fields to search for; an object that none of the
    identity fields tell is known by all it says, and only within its file."""
    keys: list[tuple[Key, dict[str, Any]]] = []
    for names in identity_fields(record_type):
        named = {name: fields[name] for name in names if fields.get(name) is not None}
        if len(named) == len(names):
            keys.append(((record_type.id, *names, *(str(value) for value in named.values())), named))
    return keys or [((record_type.id, json.dumps(fields, ensure_ascii=False, sort_keys=True)), {})]

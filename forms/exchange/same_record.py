"""What tells one record from another: how a record written as an object is known again, on a PC and at the city.

By citizen number or tax code, else by the fields that together mean "the same one" (a person: exact name and birth date).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from forms.definition import RecordType

_PERSON = ("full_name", "dob")
_NUMBERS = ("citizen_number", "tax_code")
Key = tuple[str, ...]
"""The record type, the names of the fields, their values."""


def identity_fields(record_type: RecordType) -> list[tuple[str, ...]]:
    """Fields that tell one record of a type from another, the surest first."""
    numbers = [(f.name,) for f in record_type.fields if f.type in _NUMBERS]
    others = [record_type.duplicate] if record_type.duplicate else []
    if set(_PERSON) <= record_type.field_map.keys() and _PERSON not in others:
        others.append(_PERSON)
    return [*numbers, *(names for names in others if names not in numbers)]


def telling_keys(record_type: RecordType, fields: Mapping[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """What the fields can be told by, the surest first, each with the fields to search for."""
    for names in identity_fields(record_type):
        named = {name: fields[name] for name in names if fields.get(name) is not None}
        if len(named) == len(names):
            yield (record_type.id, *names, *(str(value) for value in named.values())), named


def identity_keys(record_type: RecordType, fields: Mapping[str, Any]) -> list[tuple[Key, dict[str, Any]]]:
    """As ``telling_keys``; an object that none of the identity fields tell is known by all it says, and only within its
    file. The first key is what a derived id is made of, so that PC and city give one person one id."""
    whole = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    return list(telling_keys(record_type, fields)) or [((record_type.id, whole), {})]


def may_be_same(record_type: RecordType, fields: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Two with the same name and birth date are two persons when their numbers differ."""
    numbers = [f.name for f in record_type.fields if f.type in _NUMBERS]
    return all(None in (a := fields.get(n), b := others.get(n)) or a == b for n in numbers)

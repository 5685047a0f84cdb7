"""The JSON shape of each field type's canonical value: the cheap check of what comes over a line.

Full parsing and the rules run where a person can answer for the value (``forms.entry``); the city only refuses what no
program of ours could have made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.definition import RecordType
from forms.field_definition import Field

_TEXT = (str,)
_SHAPES: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "money": (int,),
    "bool": (bool,),
    "many_of": (list,),
    "refs": (list,),
    "files": (list,),
    "group": (list,),
    "address": (dict,),
    "file": (dict,),
    "signature": (dict,),
}


_WHOLE = frozenset({"int", "money"})
_CODES = frozenset({"refs", "many_of"})
"""Lists of ids and of codes."""
_LARGEST = (1 << 63) - 1
"""That a database holds. What is typed or read from a file has to be smaller still (``forms.field_types.numbers``)."""
_DIGITS = 18
"""Of a number that surely is no larger."""


def allowed_types(field: Field) -> tuple[type, ...]:
    """Python types a canonical, non-null value of the field may have."""
    return _SHAPES.get(field.type, _TEXT)


def as_shape(record_type: RecordType, name: str, number: str) -> Any:
    """A register number, which is text, as the field that shows it has it: a certification number is an ``int``."""
    field = record_type.field_map.get(name)
    as_int = field is not None and field.type in _WHOLE and number.isdecimal() and len(number) <= _DIGITS
    return int(number) if as_int else number


def too_large(value: Any) -> bool:
    """Whether it is a whole number that no database holds."""
    return isinstance(value, int) and not -_LARGEST <= value <= _LARGEST


def shape_problem(field: Field, value: Any) -> bool:
    """Whether ``value`` cannot be a canonical value of the field."""
    if value is None:
        return False
    kinds = allowed_types(field)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return True
    if field.type in _CODES and isinstance(value, list):
        return not all(isinstance(item, str) for item in value)
    if field.type == "group" and isinstance(value, list):
        return any(
            not isinstance(row, dict) or not isinstance(row.get("_id"), str) or any(map(too_large, row.values()))
            for row in value
        )
    return too_large(value)


def wrong_shapes(record_type: RecordType, values: Mapping[str, Any]) -> list[str]:
    """Keys of ``values`` (fields or row paths) whose value has an impossible shape. Unknown fields pass: a newer pack
    may know them."""
    known, plain = record_type.field_map, _plain_types(record_type)
    wrong = []
    for key, value in values.items():
        kind = type(value)
        if value is None or (plain.get(key) is kind and (kind is str or not too_large(value))):  # most of all
            continue
        field = known.get(key)
        if field is not None:
            if shape_problem(field, value):
                wrong.append(key)
        elif "/" in key and _row_problem(known, key, value):
            wrong.append(key)
    return wrong


def _plain_types(record_type: RecordType) -> dict[str, type]:
    """Of the fields whose every value is text or a whole number: which."""
    known: dict[str, type] = record_type.__dict__.setdefault("_plain_types", {})
    if not known:
        whole = {f.name: int for f in record_type.fields if f.type in _WHOLE}
        known |= whole | {f.name: str for f in record_type.fields if f.type not in _SHAPES}
    return known


def _row_problem(known: Mapping[str, Field], key: str, value: Any) -> bool:
    group, _, rest = key.partition("/")
    field = known.get(group)
    if field is None:
        return False
    if field.type != "group":
        return True
    row_id, _, column = rest.partition("/")
    if not row_id:
        return True
    if not column:
        return not isinstance(value, dict) or value.get("_id") != row_id
    return any(f.name == column and shape_problem(f, value) for f in field.fields)

"""Field types: one table, and the four questions asked of it.

``parse`` is lenient with what people type and strict with JSON values that could not be meant. Values are canonical as
in docs/architecture.md, "Values".
"""

from __future__ import annotations

from typing import Any

from forms.field_definition import Choice, Field, FieldType
from forms.field_types.attachments import File, Files, Signature
from forms.field_types.base import Choices, FieldError, FieldKind, Resolve, Showing
from forms.field_types.dates import Date, Moment, PartialDate, Time
from forms.field_types.groups import Group
from forms.field_types.identifiers import CitizenNumber, Phone, TaxCode
from forms.field_types.numbers import DecimalNumber, Int, Money, Percent
from forms.field_types.places import Address, AdminUnit
from forms.field_types.references import Reference, References
from forms.field_types.selections import Bool, ManyOf, OneOf
from forms.field_types.texts import Code, Email, LongText, Text
from forms.label import Label

__all__ = [
    "FIELD_TYPES",
    "Choice",
    "FieldError",
    "FieldKind",
    "Label",
    "index_text",
    "parse",
    "show",
    "sort_value",
]

_reference = Reference()


def _parse_column(column: Field, value: Any) -> Any:
    return parse(column, value)


def _show_column(column: Field, value: Any, showing: Showing) -> str:
    return show(column, value, showing.language, resolve=showing.resolve)


FIELD_TYPES: dict[FieldType, FieldKind] = {
    "text": Text(),
    "longtext": LongText(),
    "code": Code(),
    "email": Email(),
    "int": Int(),
    "decimal": DecimalNumber(),
    "percent": Percent(),
    "money": Money(),
    "date": Date(),
    "date_partial": PartialDate(),
    "time": Time(),
    "datetime": Moment(),
    "bool": Bool(),
    "one_of": OneOf(),
    "many_of": ManyOf(),
    "person": _reference,
    "household": _reference,
    "organisation": _reference,
    "ref": _reference,
    "refs": References(),
    "citizen_number": CitizenNumber(),
    "tax_code": TaxCode(),
    "phone": Phone(),
    "admin_unit": AdminUnit(),
    "address": Address(),
    "file": File(),
    "files": Files(),
    "signature": Signature(),
    "group": Group(_parse_column, _show_column),
}


def parse(field: Field, value: Any, choices: Choices = ()) -> Any:
    """Canonical value of text as typed or of a JSON value; None when it is empty. Raises FieldError.

    ``choices``: the list to read a choice against; default: the field's own.
    """
    if value is None:
        return None
    return FIELD_TYPES[field.type].parse(field, value, choices or field.choices)


def show(
    field: Field,
    value: Any,
    language: str,
    *,
    choices: Choices = (),
    resolve: Resolve | None = None,
    masked: bool = False,
) -> str:
    """The value as an officer reads it; "" for null. ``masked``: fields marked so show only part of it (lists,
    exports); other fields are shown whole. ``resolve`` gives the fields of a referenced record, by id."""
    if value is None:
        return ""
    kind = FIELD_TYPES[field.type]
    try:
        text = kind.show(field, value, Showing(language, choices or field.choices, resolve))
    except (AttributeError, TypeError, ValueError, KeyError):  # not canonical: made by another program
        text = str(value)
    return kind.mask(text) if masked and field.masked and text else text


def index_text(field: Field, value: Any, choices: Choices = ()) -> str:
    """What the search box finds the value by, not yet folded; "" when it is not searched for."""
    if value is None:
        return ""
    try:
        return FIELD_TYPES[field.type].index(field, value, choices or field.choices)
    except (AttributeError, TypeError, ValueError, KeyError):
        return str(value)


def sort_value(field: Field, value: Any) -> str | int | float | None:
    """What lists sort by: text compares bytewise (SQLite BINARY). None sorts first."""
    if value is None:
        return None
    try:
        return FIELD_TYPES[field.type].sort(field, value)
    except (AttributeError, TypeError, ValueError, KeyError):
        return str(value)

"""What a field of a register is, as frozen data (beside ``forms.definition``): its type, its rules, its choices.

Every string that holds a rule is a CEL expression over the record's fields (see ``forms.expressions``).
"""

from typing import Any, Literal

from msgspec import Struct

from forms.label import Label

FieldType = Literal[
    "text",  # one line, NFC, trimmed, single spaces
    "longtext",  # several lines, NFC
    "code",  # text with a pattern; never folded or re-cased
    "email",
    "int",
    "decimal",  # canonical text, e.g. "1.5"
    "percent",  # decimal 0..100
    "money",  # whole đồng, int
    "date",  # "2026-11-22"
    "date_partial",  # "1950", "1950-03" or "1950-03-07"
    "time",  # "14:30"
    "datetime",  # UTC "2026-11-22T07:30:00Z", shown +07:00
    "bool",
    "one_of",  # the code of a choice
    "many_of",  # codes in the order of the choice list
    "person",  # id of a residence.citizen
    "household",  # id of a residence.household
    "organisation",  # id of a residence.organisation
    "ref",  # id of a record of one of `targets` (empty: any type)
    "refs",  # list of such ids
    "citizen_number",  # 12 digits
    "tax_code",
    "phone",  # "+84912345678"; hotlines keep their digits
    "admin_unit",  # 5-digit commune code
    "address",  # {"unit": "00070", "detail": "12 Hàng Bài", "original": "…"}
    "file",  # {"sha256", "name", "size", "media_type"}
    "files",  # list of such
    "signature",  # {"officer": id, "name": "…", "at": datetime}: who signed the line, and when
    "group",  # repeating rows: [{"_id": row id, …}, …]
]

DataClass = Literal["public", "internal", "personal", "sensitive"]


class Choice(Struct, frozen=True):
    """One entry of a list. ``data`` carries what a ``choice_filter`` or a rule reads (``choice.parent``, ``choice.fee``)."""

    code: str
    label: Label
    data: dict[str, Any] = {}
    valid_from: str | None = None
    valid_to: str | None = None


class Message(Struct, frozen=True):
    """A rule that must hold, and what to tell the officer when it does not."""

    rule: str
    message: Label
    warn: bool = False  # True: shown, does not block (old data, legal exceptions)


class Field(Struct, frozen=True, kw_only=True):
    name: str
    type: FieldType
    label: Label
    hint: Label | None = None
    required: bool | str = False  # True, or CEL: required when it holds
    required_from: str | None = None  # state from which `required` binds; default: the first state that is not a draft
    locked_from: str | None = None  # state from which the field can no longer be edited
    relevant: str | None = None
    constraints: tuple[Message, ...] = ()
    calculate: str | None = None  # the field is then read-only, unless `overridable`
    overridable: bool = False  # an officer may type over the calculation; clearing brings it back
    default: str | None = None  # CEL, evaluated once when the record is begun
    pattern: str | None = None  # regular expression the whole text must match
    choices: tuple[Choice, ...] = ()
    choice_list: str | None = None  # a shared list of the catalogue instead of `choices`
    choice_filter: str | None = None  # CEL over `choice` and the fields: cascades
    targets: tuple[str, ...] = ()  # record types a ref may point to
    fields: "tuple[Field, ...]" = ()  # columns of a group
    min_rows: int = 0
    data_class: DataClass | None = None  # default: the record type's
    masked: bool = False  # shown as 001090****** in lists, pickers, search hits; exports are whole, to be read again
    owner: str = "officer"  # "officer", "engine", or the id of the service whose value wins
    merge_group: str | None = None  # fields with the same name here merge together (amount and unit)
    search: bool = False  # its text is found by the search box
    width: Literal[3, 4, 6, 8, 9, 12] = 6  # twelfths of the form's width
    suggest: bool = False  # offer values used before in this field
    carry: bool = False  # kept when the next line of the same visit is begun
    was: str | None = None  # the first name the field had, when it is called otherwise now; it stays at later renamings
    retired: bool = False  # no longer asked for or shown in the form; what records hold of it is kept


class Section(Struct, frozen=True):
    id: str
    label: Label
    fields: tuple[Field, ...]
    relevant: str | None = None

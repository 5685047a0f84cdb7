"""The text of register numbers: which texts a register's format could have written, and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from forms.definition import Catalog, RecordType, Register
from forms.field_definition import Field

_PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_DIGITS = {
    "n": "[0-9]{1,18}",
    "yyyy": "[0-9]{4}",
    "yy": "[0-9]{2}",
    "mm": "[0-9]{2}",
    "dd": "[0-9]{2}",
    "book": "[0-9]{1,9}",
}


SERIES = "="  # between the name of a register and the value its series is of


def register_name(record_type: RecordType) -> str:
    """How leases and numbers name a register: ``tool.record/register``; "" when the type has none."""
    return f"{record_type.id}/{record_type.register.id}" if record_type.register else ""


def series_name(record_type: RecordType, fields: Mapping[str, Any]) -> str:
    """The series a record's number belongs to: its register, with ``=value`` where each value has its own."""
    register = record_type.register
    name = register_name(record_type)
    return f"{name}{SERIES}{fields.get(register.series_by) or ''}" if register and register.series_by else name


def series_names(record_type: RecordType, catalog: Catalog) -> tuple[str, ...]:
    """Every series of a type's register."""
    name, register = register_name(record_type), record_type.register
    if register is None or register.series_by is None or register.series_by not in record_type.field_map:
        return (name,) if name else ()
    field = record_type.field(register.series_by)
    return tuple(f"{name}{SERIES}{choice.code}" for choice in catalog.choices_of(field))


def register_of(series: str) -> str:
    """The register's name in the name of one of its series."""
    return series.partition(SERIES)[0]


def date_field(record_type: RecordType) -> Field | None:
    """The date by which a record belongs to a year of its book where nothing else says it: the one set when the number is taken,
    else the first that the list shows, the deadline's excepted, else that from which the deadline runs."""
    due = record_type.deadline.field if record_type.deadline else None
    since = record_type.deadline.start if record_type.deadline else None
    numbered = [name for action in record_type.actions if action.takes_number for name in action.sets]
    for name in (*numbered, *(column.field for column in record_type.list_view.columns), since):
        of = record_type.field_map.get(name or "")
        if of is not None and of.type in ("date", "datetime") and of.name != due:
            return of
    return None


def number_pattern(format_text: str) -> re.Pattern[str]:
    """A regular expression that finds the parts of a format again, by their names."""
    pattern, end, seen = "", 0, set[str]()
    for place in _PLACE.finditer(format_text):
        name = place[1]
        pattern += re.escape(format_text[end : place.start()])
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{_DIGITS.get(name, '.+?')})"
        seen.add(name)
        end = place.end()
    return re.compile(pattern + re.escape(format_text[end:]))


def is_numeric(register: Register) -> bool:
    """Whether the register's numbers are digits and separators only; the others carry codes of offices or devices, which
    older systems wrote in their own ways."""
    places = {place[1] for place in _PLACE.finditer(register.format)}
    return places <= _DIGITS.keys() and not any(c.isalpha() for c in _PLACE.sub("", register.format))


def could_be_of(register: Register, number: str) -> bool:
    """Whether a number from an old book can stand in this register. Numbers begin at one."""
    if not is_numeric(register):
        return True
    match = number_pattern(register.format).fullmatch(number)
    return match is not None and int(match.groupdict().get("n") or 1) > 0


def example_number(register: Register) -> str:
    """A number as a numeric register writes it."""
    return register.format.format(n=12, yyyy="2026", yy="26", mm="11", dd="22", book=1)

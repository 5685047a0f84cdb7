"""Register numbers for sample records: in order of date, without gaps, as the book would have given them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from forms.definition import RecordType, Register


class Numbered(Protocol):
    """A record that a register may number."""

    number: str | None
    numbered_at: datetime | None
    fields: dict[str, Any]


def give_numbers(record_type: RecordType, records: Sequence[Numbered], ward: Any) -> None:
    """Numbers every record that was taken into the register, by the moment it was."""
    register = record_type.register
    if register is None:
        return
    given: Counter[str] = Counter()
    waiting = [(record.numbered_at, record) for record in records if record.numbered_at is not None]
    for moment, record in sorted(waiting, key=lambda pair: pair[0]):
        period = {"year": f"{moment:%Y}", "day": f"{moment:%Y-%m-%d}", "none": ""}[register.period]
        given[period] += 1
        _number(register, record, moment, given[period], ward)


def _number(register: Register, record: Numbered, moment: datetime, n: int, ward: Any) -> None:
    book = 1 + (n - 1) // register.book_size if register.book_size else 1
    parts = {
        "n": n,
        "yyyy": f"{moment:%Y}",
        "yy": f"{moment:%y}",
        "mm": f"{moment:%m}",
        "dd": f"{moment:%d}",
        "org": _part(ward, "org_code"),
        "ward": _part(ward, "code"),
        "device": "Q1",
        "book": book,
    }
    record.number = register.format.format(**parts)
    record.fields[register.field] = record.number
    if register.book_field and register.book_format:
        record.fields[register.book_field] = register.book_format.format(**parts)


def _part(ward: Any, name: str) -> str:
    return str(ward.get(name, "") if isinstance(ward, Mapping) else getattr(ward, name, ""))

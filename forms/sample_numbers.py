"""Register numbers for sample records: in order of date, without gaps, as the book would have given them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from forms.definition import RecordType, Register
from forms.register_numbers import series_name
from forms.shapes import as_shape


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
    given: Counter[tuple[str, str]] = Counter()
    waiting = [(record.numbered_at, record) for record in records if record.numbered_at is not None]
    for moment, record in sorted(waiting, key=lambda pair: pair[0]):
        period = {"year": f"{moment:%Y}", "day": f"{moment:%Y-%m-%d}", "none": ""}[register.period]
        series = (series_name(record_type, record.fields), period)
        given[series] += 1
        record.number, shown = number_fields(record_type, register, moment, given[series], ward)
        record.fields.update(shown)


def number_fields(
    record_type: RecordType, register: Register, moment: datetime, n: int, ward: Any
) -> tuple[str, dict[str, Any]]:
    """(number, the fields that show number and book) of the ``n``-th entry of its period."""
    parts = {
        "n": n,
        "yyyy": f"{moment:%Y}",
        "yy": f"{moment:%y}",
        "mm": f"{moment:%m}",
        "dd": f"{moment:%d}",
        "org": _part(ward, "org_code"),
        "ward": _part(ward, "code"),
        "device": "Q1",
        "book": 1 + (n - 1) // register.book_size if register.book_size else 1,
    }
    number = register.format.format(**parts)
    texts = {register.field: number}
    if register.book_field and register.book_format:
        texts[register.book_field] = register.book_format.format(**parts)
    return number, {name: as_shape(record_type, name, text) for name, text in texts.items()}


def _part(ward: Any, name: str) -> str:
    return str(ward.get(name, "") if isinstance(ward, Mapping) else getattr(ward, name, ""))

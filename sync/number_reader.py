"""Reading register numbers: which book and which running number a text like ``0012/2026`` means."""

from __future__ import annotations

import re
from datetime import date
from functools import cached_property

from msgspec import Struct

from forms.definition import RecordType, Register
from forms.register_numbers import date_field, number_pattern
from sync.clock import HANOI, parse_moment
from sync.locked_fields import NUMBERED
from sync.protocol import Fields

FARTHEST = 20_000
"""Numbers that a book goes ahead by one word: more than a ward gives in one book between two syncs, less than what comes of a year
typed to the number (202611). A number that was mistyped in an imported list, or made up, stands on its record with a doubt; the book
does not follow it, since a book never goes back."""
PERIOD = "period"
"""In the mark of who gave a number: the period of its book, where that is not the one of the moment at which it was given."""
_MOST_DIGITS = 5  # with zeros before it
_WHOLE_DATE = 10
_NO_DAY = (None, None, None)


class Read(Struct, frozen=True):
    """A number understood: the period of its book and the running number."""

    period: str
    n: int


class NumberReader:
    """Reads the numbers of one type's register, by its format."""

    def __init__(self, register: Register, record_type: RecordType | None = None) -> None:
        """``record_type``: whose own date tells the year of history."""
        self._register = register
        self._type = record_type

    def read(self, number: str, fields: Fields, at: str | None, made_at: str | None = None) -> Read | None:
        """None when the text is not of this register's format. A period that neither the number nor the name of its book
        tells is that which the PC that gave it wrote down, else of ``at``, the moment it was given; of history, whose moment
        nobody knows, that of the record's own date; at last of ``made_at``. Without all that it cannot be understood."""
        match = self._number.fullmatch(number)
        if match is None or "n" not in match.groupdict():
            return None
        parts = match.groupdict()
        book = fields.get(self._register.book_field or "")
        if self._book and isinstance(book, str) and (found := self._book.fullmatch(book)):
            parts = {**found.groupdict(), **parts}
        period = self._period(parts, fields, (at, None if at else self._own_date(fields), made_at))
        return None if period is None else Read(period, int(parts["n"] or 0))

    def spellings(self, number: str) -> set[str]:
        """How older books may have written the same number: "7", "07", "0007"."""
        match = self._number.fullmatch(number)
        if match is None or "n" not in match.groupdict():
            return {number}
        start, end = match.span("n")
        texts = [str(int(match["n"])).zfill(digits) for digits in range(1, _MOST_DIGITS + 1)]
        return {number, *(f"{number[:start]}{text}{number[end:]}" for text in texts)}

    def is_volume(self, name: str) -> bool:
        """Whether a volume of this register is called so; its numbers run on from one volume of a period to the next."""
        return self._book is not None and self._book.fullmatch(name) is not None

    def _period(self, parts: dict[str, str | None], fields: Fields, moments: tuple[str | None, ...]) -> str | None:
        kind = self._register.period
        if kind == "none":
            return ""
        told = parts.get("yyyy") or (f"20{parts['yy']}" if parts.get("yy") else "")
        mark = fields.get(NUMBERED)
        if not told and isinstance(mark, dict) and isinstance(noted := mark.get(PERIOD), str):
            return noted
        year, month, day = next((found for at in moments if (found := _day(at))[0]), _NO_DAY)
        year = told or year
        if kind == "year":
            return year
        month, day = parts.get("mm") or month, parts.get("dd") or day
        return f"{year}-{month}-{day}" if year and month and day else None

    def _own_date(self, fields: Fields) -> str | None:
        value = fields.get(self._dated_by) if self._dated_by else None
        return value if isinstance(value, str) else None

    @cached_property
    def _dated_by(self) -> str:
        of = date_field(self._type) if self._type else None
        return of.name if of else ""

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return number_pattern(self._register.format)

    @cached_property
    def _book(self) -> re.Pattern[str] | None:
        return number_pattern(self._register.book_format) if self._register.book_format else None


def reader_of(record_type: RecordType | None) -> NumberReader | None:
    """None for a type without a register."""
    register = record_type.register if record_type else None
    return NumberReader(register, record_type) if register else None


def _day(at: str | None) -> tuple[str | None, str | None, str | None]:
    """Year, month and day in Hanoi of a date or moment, or nothing for what is none."""
    try:
        if at and len(at) == _WHOLE_DATE:
            day = date.fromisoformat(at)
            return f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
        local = parse_moment(at or "").astimezone(HANOI)
    except (ValueError, OverflowError):
        return _NO_DAY
    return f"{local.year:04d}", f"{local.month:02d}", f"{local.day:02d}"

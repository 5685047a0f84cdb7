"""Reading register numbers: which book and which running number a text like ``0012/2026`` means."""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

from forms.definition import Register
from forms.register_numbers import number_pattern
from sync.clock import HANOI, parse_moment
from sync.protocol import Fields

FARTHEST = 20_000
"""Numbers that a book goes ahead by one word: more than a ward gives in one book between two syncs, less than what comes of a year
typed to the number (202611). A number that was mistyped in an imported list, or made up, stands on its record with a doubt; the book
does not follow it, since a book never goes back."""


class Read(Struct, frozen=True):
    """A number understood: the period of its book and the running number."""

    period: str
    n: int


class NumberReader:
    """Reads the numbers of one register, by its format."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def read(self, number: str, fields: Fields, at: str | None) -> Read | None:
        """None when the text is not of this register's format. A period that neither the number nor the name of its
        book tells is taken from ``at``, the moment it was given; without that the number cannot be understood."""
        match = self._number.fullmatch(number)
        if match is None or "n" not in match.groupdict():
            return None
        parts = match.groupdict()
        book = fields.get(self._register.book_field or "")
        if self._book and isinstance(book, str) and (found := self._book.fullmatch(book)):
            parts = {**found.groupdict(), **parts}
        period = self._period(parts, at)
        return None if period is None else Read(period, int(parts["n"] or 0))

    def _period(self, parts: dict[str, str | None], at: str | None) -> str | None:
        kind = self._register.period
        if kind == "none":
            return ""
        year, month, day = _day(at)
        if told := parts.get("yyyy") or (f"20{parts['yy']}" if parts.get("yy") else ""):
            year = told
        if kind == "year":
            return year
        month, day = parts.get("mm") or month, parts.get("dd") or day
        return f"{year}-{month}-{day}" if year and month and day else None

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return number_pattern(self._register.format)

    @cached_property
    def _book(self) -> re.Pattern[str] | None:
        return number_pattern(self._register.book_format) if self._register.book_format else None


def _day(at: str | None) -> tuple[str | None, str | None, str | None]:
    """Year, month and day in Hanoi, or nothing for a moment that is none."""
    try:
        local = parse_moment(at or "").astimezone(HANOI)
    except (ValueError, OverflowError):
        return None, None, None
    return f"{local.year:04d}", f"{local.month:02d}", f"{local.day:02d}"

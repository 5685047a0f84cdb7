"""Reading register numbers: which book and which running number a text like ``0012/2026`` means."""

from __future__ import annotations

import re
from functools import cached_property

from msgspec import Struct

from forms.definition import RecordType, Register
from sync.clock import HANOI, parse_moment
from sync.protocol import Fields

_PLACE = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_DIGITS = {"n": "[0-9]{1,18}", "yyyy": "[0-9]{4}", "yy": "[0-9]{2}", "mm": "[0-9]{2}", "dd": "[0-9]{2}"}


class Read(Struct, frozen=True):
    """A number understood: the period of its book and the running number."""

    period: str
    n: int


def register_name(record_type: RecordType) -> str:
    """How leases name the book of a type: ``tool.record/register``; "" when it has none."""
    return f"{record_type.id}/{record_type.register.id}" if record_type.register else ""


class NumberReader:
    """Reads the numbers of one register, by its format."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def read(self, number: str, fields: Fields, at: str) -> Read | None:
        """None when the text is not of this register's format. A period that neither the number nor the name of its
        book tells is taken from ``at``, the moment it was given."""
        match = self._number.fullmatch(number)
        if match is None or "n" not in match.groupdict():
            return None
        parts = match.groupdict()
        book = fields.get(self._register.book_field or "")
        if self._book and isinstance(book, str) and (found := self._book.fullmatch(book)):
            parts = {**found.groupdict(), **parts}
        return Read(self._period(parts, at), int(parts["n"] or 0))

    def _period(self, parts: dict[str, str | None], at: str) -> str:
        if self._register.period == "none":
            return ""
        try:
            day = parse_moment(at).astimezone(HANOI)
        except (ValueError, OverflowError):
            return ""
        yy = parts.get("yy")
        year = parts.get("yyyy") or (f"20{yy}" if yy else f"{day.year:04d}")
        if self._register.period == "year":
            return year
        return f"{year}-{parts.get('mm') or f'{day.month:02d}'}-{parts.get('dd') or f'{day.day:02d}'}"

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return _pattern(self._register.format)

    @cached_property
    def _book(self) -> re.Pattern[str] | None:
        return _pattern(self._register.book_format) if self._register.book_format else None


def _pattern(format_text: str) -> re.Pattern[str]:
    """A regular expression that finds the parts of a format again."""
    pattern, end, seen = "", 0, set[str]()
    for place in _PLACE.finditer(format_text):
        name = place[1]
        pattern += re.escape(format_text[end : place.start()])
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{_DIGITS.get(name, '.+?')})"
        seen.add(name)
        end = place.end()
    return re.compile(pattern + re.escape(format_text[end:]))

"""The filters and small functions of print templates; ``forms.printing`` lists them. Null goes through as null."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from forms import identity
from forms.paper_values import DOTS, TextValue, numbers, shown
from forms.vietnamese import (
    amount_in_words,
    date_in_words,
    long_date,
    name_case,
    number_in_words,
    ordinal,
    show_date,
    show_moment,
    show_money,
    show_number,
    to_local,
)

GRID = Markup('class="grid" border="1" cellspacing="0" cellpadding="3" width="100%"')


def _words(value: Any) -> str:
    if isinstance(value, int):
        return amount_in_words(value)
    return date_in_words(value)


def _clock_date(value: str | datetime) -> str:
    local = to_local(value)
    return f"{local.hour:02d} giờ {local.minute:02d} phút, {long_date(local)}"


def _lines(value: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in str(value).split("\n"))


def _label(value: Any) -> str:
    return str(shown(value))


def _pad(value: Any, width: int = 2) -> str:
    return str(value).zfill(width)


def _upper(value: Any) -> str:
    return str(shown(value)).upper()


def _time(value: str | datetime) -> str:
    """A moment's hour, or a time of day as it is."""
    return value if isinstance(value, str) and "T" not in value else to_local(value).strftime("%H:%M")


def _or_null(convert: Callable[..., Any]) -> Callable[..., Any]:
    def apply(value: Any, *arguments: Any) -> Any:
        return None if value is None or shown(value) == DOTS else convert(value, *arguments)

    return apply


def _day(value: str | date | datetime) -> str:
    return show_date(str(value) if isinstance(value, TextValue) else value)


_CONVERT: dict[str, Callable[..., Any]] = {
    "date": _day,
    "moment": show_moment,
    "time": _time,
    "long_date": long_date,
    "clock_date": _clock_date,
    "words": _words,
    "number_words": number_in_words,
    "money": show_number,
    "dong": show_money,
    "number": show_number,
    "label": _label,
    "mask": identity.mask,
    "upper": _upper,
    "lines": _lines,
    "ordinal": ordinal,
    "name_case": name_case,
    "pad": _pad,
}
FILTERS = {name: _or_null(convert) for name, convert in _CONVERT.items()}


def qr(text: str | None, size: int = 96) -> Markup:
    """A QR code as an inline PNG, ``size`` px wide; nothing for null."""
    if not text:
        return Markup("")
    import segno

    code = segno.make(str(text), error="m", micro=False)
    data = code.png_data_uri(scale=6, border=2)
    return Markup('<img src="{}" width="{}" height="{}">').format(data, size, size)


def total(rows: Iterable[Any], name: str) -> int:
    """Sum of a column over rows of a group or over records; nulls are left out."""
    return sum(numbers(rows, name))


def box(value: Any) -> str:
    return "☒" if value else "☐"


def dots(n: int = 6) -> str:
    """A dotted line to be filled in by hand."""
    return "…" * n

"""Numbers. Typed text follows Vietnamese print: the point separates thousands, the comma decimals."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, Showing, wrong
from forms.vietnamese import clean
from forms.vietnamese_numbers import show_money

_LARGEST = 2**53 - 1  # every JSON reader keeps integers up to here exact
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,\s])\d{3}(\1\d{3})*", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_CURRENCY = re.compile(r"\s*(đồng|đ|₫|vnđ|vnd)\.?$", re.IGNORECASE)
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_DECIMAL_PLACES = 12


def whole(value: Any, key: str) -> int | None:
    """A whole number from JSON, a spreadsheet or text with thousands separated; None for empty text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong(key)
    if isinstance(value, str):
        text = clean(value)
        if not text:
            return None
        if _GROUPED.fullmatch(text):
            text = re.sub(r"[.,\s]", "", text)
        if not _WHOLE.fullmatch(text) or len(text) > 40:
            raise wrong(key)
        number = int(text)
    elif isinstance(value, float):
        if not math.isfinite(value) or not value.is_integer():
            raise wrong(key)
        number = int(value)
    else:
        number = value
    if abs(number) > _LARGEST:
        raise wrong("number_size")
    return number


class Int(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return whole(value, "int")

    def sort(self, field: Field, value: Any) -> int:
        return int(value)


class Money(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return whole(_CURRENCY.sub("", clean(value)) if isinstance(value, str) else value, "money")

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return show_money(value, showing.language)

    def sort(self, field: Field, value: Any) -> int:
        return int(value)


def decimal_text(value: Any, key: str) -> str | None:
    """Canonical decimal: plain digits, "." and no zeros that say nothing ("1.50" → "1.5", "-0" → "0")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise wrong(key)
    text = clean(value) if isinstance(value, str) else str(value)
    if not text:
        return None
    text = text.replace(" ", "")
    if "," in text:  # "1.234,5"
        text = text.replace(".", "").replace(",", ".", 1)
    elif text.count(".") > 1 and _GROUPED.fullmatch(text):  # "1.234.567"
        text = text.replace(".", "")
    try:
        number = Decimal(text) if isinstance(value, float) or _DECIMAL.fullmatch(text) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise wrong(key)
    if abs(number) > _LARGEST:
        raise wrong("number_size")
    if isinstance(value, float):
        number = round(number, _DECIMAL_PLACES)
    plain = f"{number:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"-0", ""} else plain.removeprefix("+")


class DecimalNumber(FieldKind):
    key = "decimal"

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return decimal_text(value, self.key)

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return str(value) if showing.language == "en" else str(value).replace(".", ",")

    def sort(self, field: Field, value: Any) -> float | None:
        try:
            return float(value)
        except ValueError:
            return None


class Percent(DecimalNumber):
    key = "percent"

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = decimal_text(value.strip().removesuffix("%") if isinstance(value, str) else value, self.key)
        if text is not None and not 0 <= float(text) <= 100:
            raise wrong(self.key)
        return text

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return super().show(field, value, showing) + "%"

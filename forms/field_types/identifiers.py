"""Numbers that name persons and organisations: the facts are those of ``forms.identity``."""

from __future__ import annotations

import re
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldError, FieldKind, Showing, as_text
from forms.identity import IdentityError, check_citizen_number, check_phone, check_tax_code, mask
from forms.vietnamese import clean


class CitizenNumber(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = clean(as_text(value, "text"))
        if not text:
            return None
        try:
            return check_citizen_number(text).number
        except IdentityError as error:
            raise FieldError(_going_on(error)) from None

    def mask(self, text: str) -> str:
        return mask(text)


class TaxCode(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = clean(as_text(value, "text"))
        if not text:
            return None
        try:
            return check_tax_code(text)
        except IdentityError as error:
            raise FieldError(_going_on(error)) from None

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return f"{value} {value.replace('-', '')}" if "-" in value else str(value)

    def mask(self, text: str) -> str:
        return mask(text)


class Phone(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = clean(as_text(value, "text"))
        if not text:
            return None
        try:
            return check_phone(text)[0]
        except IdentityError as error:
            raise FieldError(_going_on(error)) from None

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        """As it is dialled here: 0912 345 678, 024 3825 3536; hotlines as they are."""
        number = national(value)
        if re.fullmatch(r"0\d{9}", number):
            return f"{number[:4]} {number[4:7]} {number[7:]}"
        if re.fullmatch(r"02\d{9}", number):
            return f"{number[:3]} {number[3:7]} {number[7:]}"
        return number

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return national(value)

    def sort(self, field: Field, value: Any) -> str:
        return national(value)

    def mask(self, text: str) -> str:
        return f"******{text[-3:]}"


def national(value: Any) -> str:
    """The stored number as people dial and type it."""
    text = str(value)
    return "0" + text[3:] if text.startswith("+84") else text


def _going_on(error: IdentityError) -> Any:
    """Sentences of ``forms.identity`` stand for themselves; FieldError's words go on from the field's name."""
    label = error.label
    return type(label)(f"chưa đúng. {label.vi}", f"is not right. {label.en}")

"""Communes and addresses. An address keeps the text it was made from, since old street and unit names matter in law."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, Showing, as_text, wrong
from forms.field_types.texts import seen
from forms.units import AdministrativeUnits
from forms.vietnamese import clean, fold, sort_key

_PARTS = ("unit", "detail", "original")


@cache
def _units() -> AdministrativeUnits:
    return AdministrativeUnits()


def read_unit(value: Any) -> str | None:
    """The five-digit code of a code, of "Phường Hoàn Kiếm, Thành phố Hà Nội", or of a name that only one unit has."""
    text = clean(seen(as_text(value, "text")))
    if not text:
        return None
    if re.fullmatch(r"\d{1,5}", text, re.ASCII):
        code = text.zfill(5)
        if _units().get(code) is None:
            raise wrong("admin_unit", text=text)
        return code
    wanted = fold(text)
    found = [u for u in _units().search(text, limit=50) if wanted in (fold(u.name), fold(u.full_name))]
    if not found and (old := _units().legacy(text)):
        now = dict.fromkeys(unit.full_name for each in old for unit in each.successors)
        raise wrong("admin_unit_old", text=text[:60], now=" / ".join(now))
    if len(found) != 1:
        raise wrong("admin_unit_ambiguous" if found else "admin_unit", text=text[:60])
    return found[0].code


def unit_name(code: Any) -> str:
    unit = _units().get(code) if isinstance(code, str) else None
    return unit.full_name if unit else str(code or "")


class AdminUnit(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return read_unit(value)

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return unit_name(value)

    def sort(self, field: Field, value: Any) -> str:
        return sort_key(unit_name(value))


def typed_parts(text: str) -> dict[str, Any] | None:
    """The parts of an address that could not be read, kept as text (``forms.reading.as_typed``); None of any other text."""
    if not text.startswith("{"):
        return None
    try:
        parts = json.loads(text)
    except ValueError:
        return None
    return parts if isinstance(parts, dict) and parts and all(key in _PARTS for key in parts) else None


class Address(FieldKind):
    """``unit`` (code), ``detail`` (house, street, group), ``original`` (text as found); typed text is ``original``."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, str):
            value = typed_parts(value) or {"original": value}
        if not isinstance(value, dict) or not all(key in _PARTS for key in value):
            raise wrong("address")
        address: dict[str, str] = {}
        if value.get("unit") is not None and (unit := read_unit(value["unit"])):
            address["unit"] = unit
        for key in _PARTS[1:]:
            if value.get(key) is not None and (text := clean(seen(as_text(value[key], "address")))):
                address[key] = text[:2000]
        return address or None

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        if not isinstance(value, dict):
            return str(value)
        parts = [value.get("detail"), unit_name(value["unit"]) if value.get("unit") else None]
        return ", ".join(part for part in parts if part) or str(value.get("original") or "")

    def sort(self, field: Field, value: Any) -> str:
        return sort_key(self.show(field, value, Showing()))

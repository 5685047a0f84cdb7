"""Types of questions, names, and plain values: what of an XLSForm row needs no knowledge of the other rows."""

from __future__ import annotations

import re

from msgspec import Struct

from forms.field_checks import RESERVED_NAMES
from forms.label import Label
from forms.vietnamese import fold

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Kind(Struct, frozen=True):
    """``type`` of the field, ``value`` as rules see it, ``note`` when something of the question is lost."""

    type: str
    value: str
    note: Label | None = None
    pattern: str | None = None
    default: str | None = None
    label: Label | None = None  # of what the form fills in about itself


_GEO = Label("chưa lấy được vị trí từ máy: ghi bằng chữ “vĩ độ kinh độ”", "a position is typed: “latitude longitude”")
_AS_TEXT = Label("thành một dòng chữ", "becomes a line of text")
_FILE = Label("thành tệp đính kèm chọn từ máy", "becomes an attached file")
_POINT = r"-?\d{1,2}(\.\d+)?[ ,]+-?\d{1,3}(\.\d+)?([ ,]+-?\d+(\.\d+)?){0,2}"

KINDS: dict[str, Kind] = {
    "text": Kind("text", "str"),
    "string": Kind("text", "str"),
    "integer": Kind("int", "int"),
    "int": Kind("int", "int"),
    "decimal": Kind("decimal", "decimal"),
    "range": Kind("int", "int"),
    "date": Kind("date", "date"),
    "time": Kind("time", "time"),
    "datetime": Kind("datetime", "datetime"),
    "acknowledge": Kind("bool", "bool"),
    "trigger": Kind("bool", "bool"),
    "image": Kind("file", "file", _FILE),
    "photo": Kind("file", "file", _FILE),
    "audio": Kind("file", "file", _FILE),
    "video": Kind("file", "file", _FILE),
    "file": Kind("file", "file"),
    "background-audio": Kind("file", "file", _FILE),
    "geopoint": Kind("text", "str", _GEO, _POINT),
    "start-geopoint": Kind("text", "str", _GEO, _POINT),
    "geotrace": Kind("longtext", "str", _AS_TEXT),
    "geoshape": Kind("longtext", "str", _AS_TEXT),
    "barcode": Kind("text", "str", _AS_TEXT),
    "hidden": Kind("text", "str", Label("hiện như một mục thường", "is shown as any other field")),
    "start": Kind("datetime", "datetime", default="now()", label=Label("Bắt đầu lúc", "Started at")),
    "today": Kind("date", "date", default="today()", label=Label("Ngày nhập", "Entered on")),
    "username": Kind("text", "str", default="officer.name", label=Label("Người nhập", "Entered by")),
}
NOT_CARRIED = {
    "end", "deviceid", "device id", "phonenumber", "phone number", "simserial", "subscriberid", "subscriber id", "email",
    "audit", "xml-external", "csv-external",
}  # fmt: skip
"""Metadata: when, on which device and by whom a record was written is in its history anyway."""


def plain_name(text: str, taken: set[str]) -> str:
    """A name a field may have, near to what was written, that is not taken."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    name = re.sub(r"[^a-z0-9]+", "_", fold(words)).strip("_") or "field"
    if not name[0].isalpha():
        name = f"f_{name}"
    name = name[:50].strip("_")
    if name in RESERVED_NAMES:
        name = f"{name}_value"
    wanted, number = name, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def yes(text: str) -> bool | None:
    """A cell of required or readonly: True, False, or None for a rule."""
    word = text.strip().lower().removesuffix("()")
    if word in ("yes", "true", "1", "x", "có"):
        return True
    return False if word in ("", "no", "false", "0", "không") else None


def parameters(text: str) -> dict[str, str]:
    return dict(re.findall(r"([\w-]+)\s*=\s*([^\s;,]+)", text))


WIDTHS = (3, 4, 6, 8, 9, 12)


def width_of(appearance: str) -> int | None:
    """Of Enketo's grid theme (w1 … w12)."""
    found = re.search(r"\bw(\d{1,2})\b", appearance)
    return min(WIDTHS, key=lambda w: abs(w - int(found[1]) * 12 // 12)) if found else None

"""Files and signatures: what stands in the record; the bytes are the store's."""

from __future__ import annotations

import re
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldError, FieldKind, Showing, wrong
from forms.field_types.dates import Moment, show_with_seconds, shown
from forms.field_types.texts import seen
from forms.vietnamese import clean

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = frozenset({"sha256", "name", "size", "media_type"})
_MOMENT = Moment()


def read_file(value: Any) -> dict[str, Any]:
    """A file entry with exactly its four keys; raises FieldError."""
    if not isinstance(value, dict) or not set(value) <= _FILE:
        raise wrong("file")
    sha256, name, size = value.get("sha256"), value.get("name"), value.get("size")
    media_type = value.get("media_type", "application/octet-stream")
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256) and isinstance(name, str) and clean(seen(name))):
        raise wrong("file")
    if isinstance(size, bool) or not isinstance(size, int) or size < 0 or not isinstance(media_type, str):
        raise wrong("file")
    return {"sha256": sha256, "name": clean(seen(name))[:255], "size": size, "media_type": media_type}


def _is_empty(value: Any) -> bool:
    return value in ("", [], {})


class File(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return None if _is_empty(value) else read_file(value)

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return str(value.get("name", ""))

    def sort(self, field: Field, value: Any) -> str:
        return str(value.get("name", ""))


class Files(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if _is_empty(value):
            return None
        if not isinstance(value, list | tuple):
            raise wrong("list")
        return [read_file(item) for item in value]

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return "; ".join(str(item.get("name", "")) for item in value)

    def sort(self, field: Field, value: Any) -> int:
        return len(value)


class Signature(FieldKind):
    """Who signed the line, and when."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if _is_empty(value):
            return None
        if not isinstance(value, dict) or set(value) != {"officer", "name", "at"}:
            raise wrong("signature")
        officer, name = value["officer"], value["name"]
        if not isinstance(officer, str) or not officer or not isinstance(name, str):
            raise wrong("signature")
        try:
            at = _MOMENT.parse(field, value["at"], choices)
        except FieldError:
            raise wrong("signature") from None
        if at is None:
            raise wrong("signature")
        return {"officer": officer, "name": clean(seen(name)), "at": at}

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return f"{value.get('name', '')}, {shown(show_with_seconds, value.get('at', ''))}"

    def sort(self, field: Field, value: Any) -> str:
        return str(value.get("at", ""))

"""Links to other records: a person, a household, an organisation, any record, several."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, Resolve, Showing, wrong
from forms.vietnamese import clean

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}", re.ASCII)
_NAMING = ("_title", "full_name", "name", "title", "subject")
"""Where a record's name stands, best first; ``_title`` is what a store may add when it resolves."""
UNNAMED = "…"
"""A reference to what is not here, or has no name."""


def read_id(value: Any) -> str | None:
    """A record id; a typed name is no id yet and must be picked first."""
    if not isinstance(value, str):
        raise wrong("reference")
    text = clean(value)
    if not text:
        return None
    if not _ID.fullmatch(text):
        raise wrong("reference")
    return text


def name_of(fields: Mapping[str, Any] | None) -> str:
    """What a person calls the record: "" when it is not here or has no name."""
    if fields:
        for key in _NAMING:
            if isinstance(name := fields.get(key), str) and name:
                return name
    return ""


def shown_reference(value: Any, resolve: Resolve | None) -> str:
    fields = resolve(value) if resolve and isinstance(value, str) else None
    return name_of(fields) or (UNNAMED if value else "")


class Reference(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return read_id(value)

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return shown_reference(value, showing.resolve)

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return ""

    def sort(self, field: Field, value: Any) -> None:
        return None


class References(FieldKind):
    """Ids in the order given, each once."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        items = re.split(r"[;,\s]+", value.strip()) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise wrong("list")
        return list(dict.fromkeys(found for item in items if (found := read_id(item)))) or None

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return "; ".join(shown_reference(item, showing.resolve) for item in value)

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return ""

    def sort(self, field: Field, value: Any) -> int:
        return len(value)

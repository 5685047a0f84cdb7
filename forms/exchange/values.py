"""The values of a line in canonical form, with the references it makes and what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.entry_values import OVERRIDDEN
from forms.exchange.lines import LineProblem
from forms.field_definition import Choice, Field
from forms.field_types import FieldError, parse
from forms.field_types.groups import place_id
from forms.flow_book import NOT_NEEDED
from forms.label import Label

ENGINE_FIELDS = ("_frozen", "_temporary", "_sample", "_overridden", "_stops", "_void", "_same_number")
"""Engine fields an export writes and history may bring along."""
_ONE_REFERENCE = ("person", "household", "organisation", "ref")
_SHARED = {
    "person": ("residence.citizen",),
    "household": ("residence.household",),
    "organisation": ("residence.organisation",),
}


class Inline(Struct, frozen=True):
    """A reference written as an object: where it stands (keys and list positions from ``fields``), what it may be."""

    place: tuple[str | int, ...]
    field: Field
    value: dict[str, Any]

    @property
    def name(self) -> str:
        return "/".join(str(part) for part in self.place)


class LineValues(Struct, frozen=True):
    """Canonical values of the fields a line names (null clears). Inline references still stand in them as objects."""

    fields: dict[str, Any]
    inline: tuple[Inline, ...] = ()
    problems: tuple[LineProblem, ...] = ()

    def content(self) -> str:
        """The same text for the same content, whatever the order of keys: what derived ids are made of."""
        named = {k: v for k, v in self.fields.items() if v is not None}
        return json.dumps(named, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def put(self, place: tuple[str | int, ...], value: Any) -> None:
        """Set the value at the place of an inline reference."""
        at: Any = self.fields
        for part in place[:-1]:
            at = at[part]
        at[place[-1]] = value


def reference_targets(field: Field) -> tuple[str, ...]:
    """The record types a reference may point to; empty: any."""
    return _SHARED.get(field.type, field.targets)


def read_values(values: Mapping[str, Any], record_type: RecordType, catalog: Catalog) -> LineValues:
    """Parse every value named. Never raises for bad values: they are problems, each at its field."""
    fields: dict[str, Any] = {}
    inline: list[Inline] = []
    problems: list[LineProblem] = []
    known = record_type.field_map
    for name, value in values.items():
        field = known.get(name)
        if field is None:
            if name in ENGINE_FIELDS or name.startswith(NOT_NEEDED):
                fields[name] = value
            else:
                problems.append(_unknown(name, record_type))
            continue
        try:
            fields[name] = None if value is None else _read(field, value, (name,), catalog, inline)
        except _PathError as error:
            problems.append(LineProblem(error.path, error.label))
    return LineValues(fields, tuple(inline), tuple(problems))


class _PathError(Exception):
    def __init__(self, path: tuple[str | int, ...], label: Label) -> None:
        super().__init__(label.vi)
        self.path = "/".join(str(part) for part in path)
        self.label = label


def _unknown(name: str, record_type: RecordType) -> LineProblem:
    shown = name[:60]
    return LineProblem(
        shown, Label(f"Sổ này không có mục “{shown}”.", f"{record_type.label.en} has no field “{shown}”.")
    )


def _read(field: Field, value: Any, place: tuple[str | int, ...], catalog: Catalog, inline: list[Inline]) -> Any:
    if field.type == "group":
        return _rows(field, value, place, catalog, inline)
    if field.type == "refs" and isinstance(value, Sequence) and not isinstance(value, str):
        return [_reference(field, item, (*place, at), inline) for at, item in enumerate(value)] or None
    if field.type in _ONE_REFERENCE:
        return _reference(field, value, place, inline)
    choices: tuple[Choice, ...] = ()
    if field.type in ("one_of", "many_of"):
        choices = catalog.choices_of(field)
    return _parsed(field, value, place, choices)


def _parsed(field: Field, value: Any, place: tuple[str | int, ...], choices: tuple[Choice, ...] = ()) -> Any:
    try:
        return parse(field, value, choices)
    except FieldError as error:
        # the type's words go on from the field's name
        whole = Label(f"{field.label.vi} {error.label.vi}", f"{field.label.en} {error.label.en}")
        raise _PathError((*place, error.path) if error.path else place, whole) from error


def _reference(field: Field, value: Any, place: tuple[str | int, ...], inline: list[Inline]) -> Any:
    if isinstance(value, dict):
        inline.append(Inline(place, field, value))
        return value
    if field.type == "refs":
        parsed = _parsed(field, [value], place)
        return parsed[0] if parsed else None
    return _parsed(field, value, place)


def _rows(field: Field, value: Any, place: tuple[str | int, ...], catalog: Catalog, inline: list[Inline]) -> Any:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise _PathError(
            place, Label(f"“{field.label.vi}” phải là danh sách dòng.", f"“{field.label.en}” must be a list of rows.")
        )
    columns = {column.name: column for column in field.fields}
    rows: list[dict[str, Any]] = []
    for at, given in enumerate(value):
        row: dict[str, Any] = {"_id": given.get("_id") or _row_id(field.name, at, given)}
        if not isinstance(row["_id"], str) or "/" in row["_id"]:
            raise _PathError((*place, at, "_id"), Label("Mã dòng không đúng.", "The row's id is not usable."))
        for name, cell in given.items():
            if name == "_id":
                continue
            column = columns.get(name)
            here = (*place, at, name)
            if column is None:
                raise _PathError(here, Label("Không có cột này.", "There is no such column."))
            parsed = None if cell is None else _read(column, cell, here, catalog, inline)
            if parsed is not None:
                row[name] = parsed
        rows.append(row)
    if len({row["_id"] for row in rows}) != len(rows):
        raise _PathError(place, Label("Hai dòng cùng một mã.", "Two rows have the same id."))
    return rows or None


def holding_rows(
    record_type: RecordType, fields: Mapping[str, Any], present: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``fields`` of a line with ``_overridden`` naming the calculated groups whose rows came with it: what a citizen handed
    in must not make way for the list of another procedure. Rows with their place as id were calculated (an export
    writes them) and stay so. ``present``: fields of the record the line is about, if there is one."""
    held = set(fields.get(OVERRIDDEN) or (present or {}).get(OVERRIDDEN) or ())
    for field in record_type.fields:
        rows = fields.get(field.name) if field.type == "group" and field.calculate else None
        if isinstance(rows, list) and any(row.get("_id") != place_id(place) for place, row in enumerate(rows, 1)):
            held.add(field.name)
    return {**fields, OVERRIDDEN: sorted(held)} if held else dict(fields)


def _row_id(group: str, at: int, row: dict[str, Any]) -> str:
    """The id a row without one gets: the same whenever the same file is read."""
    text = json.dumps([group, at, row], ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

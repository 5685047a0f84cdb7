"""Checks of examples.yaml: each example is a record that the type's own rules accept in its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from forms.calendar import calendar_of
from forms.catalog_reader import ReadTool
from forms.definition import Catalog, RecordType
from forms.definition_source import Place, Source
from forms.entry import EntryContext, RecordEntry
from forms.field_checks import unknown
from forms.field_types import FieldError, parse
from forms.paper_offers import why_not
from forms.rule_checks import unknown_field

_KEYS = ("id", "state", "number", "fields")


class _Officer(Struct, frozen=True):
    id: str = "officer"
    name: str = "Cán bộ"
    roles: tuple[str, ...] = ()
    organisation: str = ""


def check_examples(read: ReadTool, catalog: Catalog) -> None:
    source = read.examples
    if source is None or source.data is None:
        return
    if not isinstance(source.data, dict):
        source.mistake((), "phải là một nhóm khóa: giá trị", "must be a mapping", "<record>: [ … ]")
        return
    types = {record.id.partition(".")[2]: record for record, _ in read.records}
    for name in source.data:
        if name not in types:
            unknown(source, (name,), "loại hồ sơ", "record type", name, sorted(types))
    for name, record_type in types.items():
        examples = source.data.get(name)
        if not isinstance(examples, list) or not examples:
            source.mistake((name,), f"thiếu ví dụ cho “{name}”", f"there is no example of “{name}”", f"{name}: [ … ]")
            continue
        entries = [_check_example(source, (name, n), each, record_type, catalog) for n, each in enumerate(examples)]
        _check_papers(source, (name,), record_type, [entry for entry in entries if entry is not None])


def _check_papers(source: Source, place: Place, record_type: RecordType, entries: list[RecordEntry]) -> None:
    """Each paper that is for some records only has an example it is for."""
    for printout in record_type.printouts:
        if printout.when is not None and all(why_not(printout, entry) for entry in entries):
            vi = f"không ví dụ nào in được “{printout.id}” (điều kiện “when”)"
            source.mistake(place, vi, f"no example can be printed as “{printout.id}” (its “when”)")


def _check_example(
    source: Source, place: Place, example: Any, record_type: RecordType, catalog: Catalog
) -> RecordEntry | None:
    """The example as an entry; None where it cannot be read."""
    if not isinstance(example, dict) or not isinstance(example.get("fields"), dict):
        source.mistake(
            place, "một ví dụ có state và fields", "an example has state and fields", "{state: …, fields: {…}}"
        )
        return None
    for key in example:
        if key not in _KEYS:
            unknown(source, (*place, key), "khóa", "key", key, list(_KEYS))
    states = [state.id for state in record_type.states]
    state = example.get("state", record_type.initial_state)
    if state not in states:
        unknown(source, (*place, "state"), "trạng thái", "state", str(state), states)
        return None
    fields = _fields(source, (*place, "fields"), example["fields"], record_type, catalog)
    entry = RecordEntry(
        record_type, catalog, _context(fields, catalog), fields=fields, state=state, number=example.get("number")
    )
    entry.recalculate()
    for problem in entry.problems(state):
        if problem.blocks:
            inner: Place = (*place, "fields", problem.path.partition("/")[0]) if problem.path else place
            source.mistake(inner, problem.message.vi, problem.message.en)
    return entry


def _fields(
    source: Source, place: Place, written: Mapping[str, Any], record_type: RecordType, catalog: Catalog
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in written.items():
        if name.startswith("_"):
            found[name] = value
            continue
        field = record_type.field_map.get(name)
        if field is None:
            unknown_field(source, (*place, name), name, list(record_type.field_map))
            continue
        try:
            choices = catalog.choices_of(field)
            text = source.written.get((*place, name))
            found[name] = parse(field, _as_written(field.type, value, text), choices)
        except FieldError as error:
            source.mistake((*place, name), f"{field.label.vi} {error.label.vi}", f"{field.label.en} {error.label.en}")
    return {name: value for name, value in found.items() if value is not None}


def _as_written(kind: str, value: Any, text: str | None) -> Any:
    """Digits that are no number (a code, a citizen number) keep what was written."""
    numeric = kind in ("int", "money", "decimal", "percent", "bool")
    return value if numeric or text is None or value is None else text


def _context(fields: Mapping[str, Any], catalog: Catalog) -> EntryContext:
    """Surroundings without other records, at a time when everything the example tells has happened."""
    moments = [text for text in fields.values() if isinstance(text, str) and text.endswith("Z") and "T" in text]
    latest = max((datetime.fromisoformat(text) for text in moments), default=datetime.now(UTC))
    moment = max(latest, datetime.now(UTC))
    ward = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.70", "place": "Hoàn Kiếm"}
    return EntryContext(lambda: moment, ward, _Officer(), lambda _id: None, calendar_of(catalog))

"""A record under the form's rules, for verbs: the same RecordEntry that a form has, without the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.errors import usage_error
from forms import wards
from forms.definition import RecordType

if TYPE_CHECKING:
    from forms.entry import EntryContext, RecordEntry
    from sync.store.model import Record


def entry_context(desk: Desk, resolve: Callable[[str], Mapping[str, Any] | None] | None = None) -> EntryContext:
    """What rules may ask about: the time, the ward, who is at work, other records, the working days."""
    from forms.calendar import calendar_of
    from forms.entry import EntryContext

    return EntryContext(
        now=desk.clock.now,
        ward=ward_facts(desk),
        officer=desk.officer,
        resolve=resolve or desk.resolve,
        calendar=calendar_of(desk.catalog),
        language=desk.language,
        find=lambda kind, field, value: desk.store.records.others(kind, field, value, desk.seen),
    )


def ward_facts(desk: Desk, ward: str = "") -> dict[str, str]:
    """The ward (its code; "": this PC's own) as rules and printouts know it."""
    code = ward or desk.enrolment.ward
    return wards.ward_facts(code, desk.enrolment.wards[code])


def open_entry(desk: Desk, record: Record) -> RecordEntry:
    from forms.entry import RecordEntry

    record_type = desk.catalog.record_type(record.type)
    entry = RecordEntry(
        record_type,
        desk.catalog,
        entry_context(desk),
        fields=record.fields,
        state=record.state,
        number=record.number,
        id=record.id,
    )
    entry.tell_time()
    return entry


def assignments(words: list[str], record_type: RecordType) -> dict[str, Any]:
    """``FIELD=VALUE`` words as raw values. Raises CommandError, bad usage.

    A value that begins with ``{`` or ``[`` is JSON (rows, files, addresses); an empty one clears the field.
    """
    import json

    values: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise usage_error(f"“{word}” phải có dạng MỤC=GIÁ_TRỊ.", f"“{word}” must be FIELD=VALUE.")
        if name.partition("/")[0] not in record_type.field_map:
            known = ", ".join(record_type.field_map)
            raise usage_error(f"Không có mục “{name}”. Có: {known}.", f"No field “{name}”. There are: {known}.")
        if text[:1] in ("{", "["):
            try:
                values[name] = json.loads(text)
            except ValueError as error:
                raise usage_error(f"{name}: JSON không đúng: {error}", f"{name}: not JSON: {error}") from error
        else:
            values[name] = text or None
    return values


def canonical(desk: Desk, record_type: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
    """Raw values as the form would understand them. Raises CommandError at the first that cannot be."""
    from desktop.commands.errors import CommandError
    from forms.exchange import read_values

    read = read_values(values, record_type, desk.catalog)
    if read.problems:
        problem = read.problems[0]
        raise CommandError(f"{problem.field}: {problem.message.vi}", f"{problem.field}: {problem.message.en}")
    return read.fields

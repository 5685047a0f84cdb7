"""Begins a RecordEntry for a page: what the entry may ask of the program around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from desktop.language import language
from forms import wards
from forms.definition import RecordType
from forms.entry import EntryContext, RecordEntry
from sync.ids import IdSource

if TYPE_CHECKING:
    from desktop.app import App
    from sync.store.model import Draft, Record


def ward_facts(app: App, ward: str = "") -> dict[str, str]:
    """The ward (its code; "": this PC's own) as rules and printouts know it."""
    code = ward or app.ward
    return wards.ward_facts(code, app.enrolment.wards.get(code, code) if app.enrolment else "")


def entry_context(app: App) -> EntryContext:
    """The surroundings of every entry of this window."""

    def now() -> datetime:
        return app.clock.now()

    return EntryContext(
        now=now,
        ward=ward_facts(app),
        officer=app.officer,
        resolve=app.resolve,
        calendar=app.calendar,
        language=language(),
        find=lambda kind, field, value: app.store.records.others(kind, field, value, app.seen),
    )


def new_entry(app: App, record_type: RecordType, values: Mapping[str, Any] | None = None) -> RecordEntry:
    """A new record with its defaults, and ``values`` put over them, also where only the program writes (the visit)."""
    entry = RecordEntry(record_type, app.catalog, entry_context(app))
    for name, value in (values or {}).items():
        if name in record_type.field_map:
            entry.put(name, value)
    if record_type.visit and entry.get(record_type.visit) in (None, ""):
        entry.put(record_type.visit, IdSource(app.clock).new())
    return entry


def entry_of(app: App, record: Record, fields: Mapping[str, Any] | None = None) -> RecordEntry:
    """A saved record for editing, as it is today; ``fields`` (a draft's) stand for its own."""
    record_type = app.catalog.record_type(record.type)
    entry = RecordEntry(
        record_type,
        app.catalog,
        entry_context(app),
        fields=dict(record.fields if fields is None else fields),
        state=record.state,
        number=record.number,
        id=record.id,
    )
    entry.tell_time()
    return entry


def draft_entry(app: App, record_type: RecordType, draft: Draft, record: Record | None) -> RecordEntry:
    """A form as it was left: of a saved record, or of one that never was."""
    entry = RecordEntry(
        record_type,
        app.catalog,
        entry_context(app),
        fields=dict(draft.fields),
        state=record.state if record else None,
        number=record.number if record else None,
        id=record.id if record else None,
    )
    entry.tell_time()
    return entry


def without_clock(entry: RecordEntry, opened: Mapping[str, Any]) -> dict[str, Any]:
    """The entry's values to compare with the record as it was ``opened``: what only the clock moved is as it was, since the
    officer did nothing there."""
    fields = entry.draft_fields
    for name, value in entry.by_clock.items():
        if fields.get(name) == value:
            fields[name] = opened.get(name)
    return {name: value for name, value in fields.items() if value is not None}


def copy_entry(app: App, entry: RecordEntry) -> RecordEntry:
    """The same record in a second entry, to try an action on."""
    return RecordEntry(
        entry.record_type,
        app.catalog,
        entry_context(app),
        fields=entry.draft_fields,
        state=entry.state,
        number=entry.number,
        id=entry.id,
    )

"""Records made ready to be shown as rows. Runs on a background thread, so it may resolve references and asks no widget."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from desktop.language import language, say, tr
from desktop.models.dates import when
from desktop.models.table import Cell, Column, Row
from desktop.models.tags import KnowsLateness, Tag, due_tag, standing_tag, state_tag
from forms.definition import Catalog, RecordType
from sync.protocol import Fields
from sync.store.model import Record

SPECIAL = {
    "_number": "frame.column_number",
    "_state": "frame.column_state",
    "_title": "frame.column_title",
    "_due": "frame.column_due",
    "_updated": "frame.column_updated",
}
RIGHT_ALIGNED = {"int", "decimal", "percent", "money"}
REFERENCES = {"person", "household", "organisation", "ref", "refs"}
MARKS = "_marks"


class RowContext(Struct, frozen=True):
    """What turning records into rows needs of the world."""

    catalog: Catalog
    now: Callable[[], datetime]
    calendar: KnowsLateness
    resolve: Callable[[str], Fields | None]


def columns_of(record_type: RecordType) -> tuple[Column, ...]:
    """The columns of the definition, with headings in the language in use, and one without heading for the marks."""
    made = [_column(column.field, column.width, column.sort, record_type) for column in record_type.list_view.columns]
    return (*made, Column(MARKS, ""))


def _column(name: str, width: int, sortable: bool, record_type: RecordType) -> Column:
    if name in SPECIAL:
        return Column(name, tr(SPECIAL[name]), width, sortable, stretch=name == "_title", main=name == "_title")
    of = record_type.field(name)
    stretch = of.type in REFERENCES or of.type in {"longtext", "address"} or (of.type == "text" and not width)
    main = stretch and re.search(rf"\b{name}\b", record_type.title) is not None
    return Column(of.name, say(of.label), width, sortable, of.type in RIGHT_ALIGNED, stretch, main)


def marks_of(record: Record) -> tuple[Tag, ...]:
    """What sets this record apart; one that is whole at the city has none, so that marks are seen."""
    marks = [] if record.standing == "city" else [standing_tag(record.standing)]
    if record.is_new:
        marks.append(Tag(tr("frame.mark_new"), "blue", "↓"))
    return tuple(marks)


def row_of(record: Record, record_type: RecordType, context: RowContext) -> Row:
    cells = tuple(cell_of(column.field, record, record_type, context) for column in record_type.list_view.columns)
    return Row(record.id, (*cells, marks_of(record)))


def cell_of(column: str, record: Record, record_type: RecordType, context: RowContext) -> Cell:
    """One cell: text, or a tag for state and deadline."""
    match column:
        case "_number":
            return number_of(record)
        case "_title":
            return record.title
        case "_state":
            return state_tag(record_type, record.state)
        case "_due":
            return due_tag(record, record_type, context.now(), context.calendar) or ""
        case "_updated":
            return when(record.updated_at, context.now()) if record.updated_at else ""
    return shown_value(column, record, record_type, context)


def number_of(record: Record) -> str:
    """The register number, else the temporary one with its sign, as on the paper that was handed out."""
    if record.number:
        return record.number
    temporary = record.fields.get("_temporary")
    return f"~ {temporary}" if temporary else ""


def shown_value(name: str, record: Record, record_type: RecordType, context: RowContext) -> str:
    """A field as lists show it: references by name, masked where the definition says so, on one line."""
    value = record.fields.get(name)
    if value is None:
        return ""
    from forms.field_types import show  # the day's work shows no fields, and a start waits for it

    of = record_type.field(name)
    if of.type == "group":
        return tr("frame.rows", n=len(value))
    choices = context.catalog.choices_of(of)
    text = show(of, value, language(), choices=choices, resolve=context.resolve, masked=of.masked)
    return " ".join(text.split())


class PreviewSection(Struct, frozen=True):
    heading: str
    lines: tuple[tuple[str, str], ...]  # label, text


def preview_of(record: Record, record_type: RecordType, context: RowContext) -> tuple[PreviewSection, ...]:
    """The filled fields of a record, by section, as the pane beside a list shows them."""
    sections = []
    for section in record_type.sections:
        told = [of for of in section.fields if of.name != record_type.visit]  # an id, which says nothing to anybody
        lines = [(say(of.label), shown_value(of.name, record, record_type, context)) for of in told]
        filled = tuple(line for line in lines if line[1])
        if filled:
            sections.append(PreviewSection(say(section.label), filled))
    return tuple(sections)

"""One thing entered twice: merging the records, taking it back, and saying that they are two. For pages and verbs; no Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry, RuleError
from forms.entry_context import Problem
from forms.label import Label
from forms.likeness import UNLIKE
from sync.store.model import Record, Save

if TYPE_CHECKING:
    from sync.protocol import Officer


def can_merge(record_type: RecordType, record: Record) -> bool:
    merging = record_type.merging
    return merging is not None and record.state in record_type.action(merging.action).from_


def merging_save(keep: Record, other: Record, catalog: Catalog, officer: Officer, context: EntryContext) -> Save:
    """``other`` becomes another id of ``keep``. Raises RuleError with what stands in the way."""
    record_type = catalog.record_type(other.type)
    merging = record_type.merging
    if merging is None or keep.type != other.type or keep.id == other.id:
        raise _rule("Hai bản ghi này không gộp được với nhau.", "These two records cannot be merged.")
    if keep.state == merging.state:
        raise _rule(
            "Bản ghi được giữ đã gộp vào bản ghi khác; hãy chọn bản ghi kia.",
            "The record to keep was merged into another; choose that one.",
        )
    entry = _entry(other, record_type, catalog, context)
    entry.perform(merging.action, officer, {merging.into: keep.id})
    return Save(type=other.type, fields=entry.fields, opened=other, action=merging.action)


def unmerging_save(record: Record, catalog: Catalog, officer: Officer, context: EntryContext) -> Save:
    """Raises RuleError where the record was not merged, or the officer may not."""
    record_type = catalog.record_type(record.type)
    merging = record_type.merging
    if merging is None or record.state != merging.state:
        raise _rule("Bản ghi này chưa được gộp vào bản ghi nào.", "This record was not merged into another.")
    entry = _entry(record, record_type, catalog, context)
    entry.perform(merging.undo, officer)
    return Save(type=record.type, fields=entry.fields, opened=record, action=merging.undo)


def apart_save(one: Record, other: Record) -> Save:
    """Says that the two are not the same; it travels with the older record and can be taken back by ``together_save``."""
    first, second = sorted((one, other), key=lambda record: record.id)
    fields = {**first.fields, f"{UNLIKE}{second.id}": True}
    return Save(type=first.type, fields=fields, opened=first, reason=f"Không trùng với: {second.title}")


def _entry(record: Record, record_type: RecordType, catalog: Catalog, context: EntryContext) -> RecordEntry:
    return RecordEntry(
        record_type, catalog, context, fields=record.fields, state=record.state, number=record.number, id=record.id
    )


def _rule(vi: str, en: str) -> RuleError:
    return RuleError([Problem("", Label(vi, en), blocks=True)])

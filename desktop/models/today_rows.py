"""The day's work as rows; runs in the background."""

from __future__ import annotations

from desktop.language import say, tr
from desktop.models.dates import local, when
from desktop.models.rows import RowContext
from desktop.models.table import Row
from desktop.models.tags import Tag, due_tag, standing_tag, state_tag
from forms.definition import RecordType
from forms.flow_book import flow_book
from sync.store.model import Draft, ProposalRow, Record, TodayRow

DRAFT, NEXT, REPORT, CHECK = "draft", "next", "report", "check"  # what a row's key begins with


def today_row(row: TodayRow, context: RowContext) -> Row:
    """One line of the day's work; runs in the background."""
    record = row.record
    record_type = context.catalog.record_type(record.type)
    work = work_of(record, record_type)
    state = say(record_type.state(record.state).label)
    return Row(record.id, (reason_tag(row, context), work, who_of(record, context), state))


def work_of(record: Record, record_type: RecordType) -> str:
    """What kind of work it is and whose: "Đăng ký khai sinh · Nguyễn Đình Khánh"; a title that says the kind stays."""
    label = say(record_type.label)
    kind = say(record_type.label) if label not in record.title else ""
    return " · ".join(part for part in (kind, record.title) if part)


def next_row(row: ProposalRow, context: RowContext) -> Row:
    """What comes next after a record, where that is the officer's work; opens the record, whose card begins it."""
    flow = flow_book(context.catalog).by_key[row.flow]
    record = row.record
    kind = say(context.catalog.record_type(record.type).label)
    tag = Tag(tr("frame.reason_next"), "blue", "→")
    return Row(f"{NEXT}:{record.id}:{row.flow}", (tag, say(flow.label), record.title, kind))


def draft_row(draft: Draft, context: RowContext, officer: str = "") -> Row:
    """A form that was begun and not saved: it stands first, so that nobody types it twice. On a shared PC it says whose it
    is, where it is not the ``officer``'s (an id) own."""
    label = say(context.catalog.record_type(draft.type).label)
    tag = Tag(tr("frame.reason_draft"), "grey", "✎")
    saved = tr("frame.draft_saved", time=f"{local(draft.updated_at):%H:%M}")
    if is_of_another(draft, officer):
        saved = tr("frame.draft_of", name=draft.by_name, time=when(draft.updated_at, context.now()))
    return Row(f"{DRAFT}:{draft.id}", (tag, draft.title or label, label, saved))


def is_of_another(draft: Draft, officer: str) -> bool:
    """Whether somebody else at this PC typed it."""
    return bool(draft.by) and draft.by != officer


def who_of(record: Record, context: RowContext) -> str:
    return record.subtitle or say(context.catalog.tool_of(record.type).short)


def reason_tag(row: TodayRow, context: RowContext) -> Tag:
    """Why the record is on today's page."""
    record_type = context.catalog.record_type(row.record.type)
    match row.reason:
        case "new":
            return Tag(tr("frame.reason_new"), "blue", "↓")
        case "refused" | "conflict":
            return standing_tag(row.reason)
        case _:
            due = due_tag(row.record, record_type, context.now(), context.calendar)
            return due or state_tag(record_type, row.record.state)

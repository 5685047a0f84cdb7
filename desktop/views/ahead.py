"""What will be late in the next working days if nothing happens, day by day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from PySide6.QtWidgets import QWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import clock_time, local, short_day, weekday
from desktop.models.rows import RowContext
from desktop.models.table import Column, Row
from desktop.models.tags import Tag, due_tag, state_tag
from desktop.models.today_rows import work_of
from desktop.views.table_page import TablePage
from desktop.widgets.basics import text_label
from sync.clock import HANOI
from sync.store.model import DueAhead, Record

WORKING_DAYS = 5  # after today: one week, always past its Sunday
MOST = 200
Loaded = tuple[date, DueAhead, int, tuple[Row, ...]]


class Ahead(TablePage):
    """Opens a record by Enter."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.ahead_title"), parent)
        self.subtitle = text_label(" ", "quiet", wrap=True)
        self.column.addWidget(self.subtitle)
        columns = (
            Column("due", tr("frame.column_why")),
            Column("title", tr("frame.column_work"), stretch=True, width=60),
            Column("subtitle", tr("frame.column_who"), stretch=True, width=30),
            Column("state", tr("frame.column_step"), width=30),
        )
        self.put_table(
            columns, name=tr("frame.ahead_title"), empty=tr("frame.ahead_none"), advice=tr("frame.ahead_none_advice")
        )
        self.table.opened.connect(app.open_record)

    def refresh(self) -> None:
        store, context, calendar, seen = self.app.store, self.app.rows, self.app.calendar, self.app.seen

        def load() -> Loaded:
            now = context.now()
            last = calendar.add_working_days(local(now).date(), WORKING_DAYS)
            until = datetime.combine(last + timedelta(days=1), time(), HANOI)
            found = store.ahead(now, until, MOST, seen)
            rows = tuple(ahead_row(record, context) for record in found.records)
            return last, found, store.overview(now, seen).due_week, rows

        self.app.background.run(load, self).then(self._show)

    def _show(self, loaded: Loaded) -> None:
        last, found, week, rows = loaded
        day = f"{weekday(last).lower()} {short_day(last, local(self.app.clock.now()).date())}"
        sentences = []
        if found.total:
            key = "frame.ahead_about" if found.total > week else "frame.ahead_week"
            sentences = [tr(key, n=found.total, day=day, week=week)]
        if found.total > len(rows):
            sentences.append(tr("frame.ahead_more", n=len(rows)))
        self.subtitle.setText(" ".join(sentences))
        self.show_rows(rows)


def ahead_row(record: Record, context: RowContext) -> Row:
    """One line; runs in the background."""
    record_type = context.catalog.record_type(record.type)
    tag = due_tag(record, record_type, context.now(), context.calendar)
    hour = clock_time(record.due_at) if record.due_at else ""
    if tag is not None and hour and hour not in tag.text:  # further days say the day alone
        tag = Tag(f"{tag.text} {hour}", tag.kind, tag.sign)
    who = record.subtitle or say(context.catalog.tool_of(record.type).short)
    return Row(record.id, (tag or "", work_of(record, record_type), who, state_tag(record_type, record.state)))

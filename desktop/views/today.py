"""The day's work first: what is late, what is due, what the city sent, what was refused, what waits for a choice."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import local, long_day, short_day
from desktop.models.quick import quick_starts
from desktop.models.rows import RowContext
from desktop.models.table import CellTable, Column, Row
from desktop.models.tags import Tag, due_tag, standing_tag, state_tag
from desktop.theme import MEDIUM, SMALL, TINY
from desktop.views.page import Page
from desktop.widgets.basics import Card, EmptyState, bare_column, button, text_label
from desktop.widgets.table import RowTable
from forms.definition import RecordType
from sync.store.model import Draft, Overview, Record, TodayRow

MOST_ROWS = 50
DRAFT = "draft"  # of a row's key
LEAST_TABLE = 220  # px: five rows; with large text the page scrolls instead of squeezing them
Loaded = tuple[tuple[Row, ...], Overview]


class Today(Page):
    """Opens a record by Enter; the figures and the buttons below are for a glance and a start."""

    filled = Signal(object)  # its rows are shown; the Overview they came with

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, long_day(local(app.clock.now()).date()), parent)
        self.subtitle = text_label(" ", "quiet", wrap=True)
        self.column.addWidget(self.subtitle)
        self.body = bare_column(self.column)
        self.body.setSpacing(app.look.px(SMALL))
        self._make_table()
        self._make_figures()
        self._make_starts()

    def _make_table(self) -> None:
        columns = (
            Column("due", tr("frame.column_why")),
            Column("title", tr("frame.column_work"), stretch=True, width=60),
            Column("subtitle", tr("frame.column_who"), stretch=True, width=30),
            Column("state", tr("frame.column_step"), width=30),
        )
        self.table = RowTable(CellTable(columns), self.app.look)
        self.table.setAccessibleName(tr("frame.today"))
        self.table.opened.connect(self._open)
        self.empty = EmptyState(self.app.look, tr("frame.nothing_due"), tr("frame.nothing_due_advice"))
        self.empty.hide()
        self.card = Card(self.app.look, padding=1)
        self.card.body.addWidget(self.table, 1)
        self.card.body.addWidget(self.empty, 1)
        self.card.setMinimumHeight(self.app.look.px(LEAST_TABLE))
        self.body.addWidget(self.card, 1)

    def _make_figures(self) -> None:
        self.body.addWidget(text_label(tr("frame.this_week"), "heading"))
        grid = QGridLayout()
        grid.setSpacing(self.app.look.px(MEDIUM))
        self._figures = {}
        for place, name in enumerate(("open", "due_week", "new", "conflicts")):
            card = Card(self.app.look)
            figure = text_label("–", "figure")
            card.body.setSpacing(0)
            card.body.addWidget(figure)
            card.body.addWidget(text_label(tr(f"frame.figure_{name}"), "quiet", wrap=True))
            card.body.addStretch(1)
            grid.addWidget(card, 0, place)
            grid.setColumnStretch(place, 1)
            self._figures[name] = figure
        self.body.addLayout(grid)

    def _make_starts(self) -> None:
        self.body.addWidget(text_label(tr("frame.quick_start"), "heading"))
        row = QHBoxLayout()
        row.setSpacing(self.app.look.px(SMALL))
        for place, record_type in enumerate(quick_starts(self.app.catalog, self.app.officer)):
            text = say(record_type.label)
            made = button(
                f"{text}   F2" if place == 0 else text,
                partial(self.app.begin, record_type.id),
                kind="main" if place == 0 else "",
            )
            row.addWidget(made)
        row.addWidget(button(f"{tr('frame.scan')}   F8", self.app.scan_requested.emit))
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addSpacing(self.app.look.px(TINY))

    def focus_first(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, key: str) -> None:
        kind, _, draft_id = key.partition(":")
        if kind != DRAFT:
            self.app.open_record(key)
            return
        self.app.background.run(lambda: self.app.store.drafts.get(draft_id)).then(self._continue)

    def _continue(self, draft: Draft | None) -> None:
        if draft is not None:
            self.app.draft_requested.emit(draft)

    def refresh(self) -> None:
        store, context = self.app.store, self.app.rows

        def load() -> Loaded:
            now = context.now()
            drafts = tuple(
                draft_row(draft, context) for draft in store.drafts.all() if context.catalog.knows(draft.type)
            )
            rows = tuple(today_row(row, context) for row in store.today(now, MOST_ROWS))
            return drafts + rows, store.overview(now)

        self.app.background.run(load).then(self._show)

    def _show(self, loaded: Loaded) -> None:
        rows, overview = loaded
        self.title.setText(long_day(local(self.app.clock.now()).date()))
        self.subtitle.setText(self._summary(overview))
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.table.show_rows(rows)
        self._figures["open"].setText(str(sum(overview.open_by_type.values())))
        for name in ("due_week", "new", "conflicts"):
            self._figures[name].setText(str(getattr(overview, name)))
        self.filled.emit(overview)

    def _summary(self, overview: Overview) -> str:
        work = overview.overdue + overview.due_today + overview.new + overview.refused + overview.conflicts
        if not work:
            sentences = [tr("frame.summary_none")]
        elif overview.overdue:
            sentences = [tr("frame.summary_late", n=work, late=overview.overdue)]
        else:
            sentences = [tr("frame.summary", n=work)]
        sentences += self._holiday()
        return " ".join(sentences)

    def _holiday(self) -> list[str]:
        today = local(self.app.clock.now()).date()
        tomorrow = today + timedelta(days=1)
        for day, key in ((today, "frame.holiday_today"), (tomorrow, "frame.holiday_tomorrow")):
            name = self.app.calendar.holiday(day)
            if name is not None:
                return [tr(key, day=short_day(day, today), name=say(name))]
        return []


def today_row(row: TodayRow, context: RowContext) -> Row:
    """One line of the day's work; runs in the background."""
    record = row.record
    record_type = context.catalog.record_type(record.type)
    work = _named(record, record_type)
    state = say(record_type.state(record.state).label)
    return Row(record.id, (reason_tag(row, context), work, _who(record, context), state))


def _named(record: Record, record_type: RecordType) -> str:
    """What kind of work it is and whose: "Đăng ký khai sinh · Nguyễn Đình Khánh"; a title that says the kind stays."""
    label = say(record_type.label)
    kind = say(record_type.label) if label not in record.title else ""
    return " · ".join(part for part in (kind, record.title) if part)


def draft_row(draft: Draft, context: RowContext) -> Row:
    """A form that was begun and not saved: it stands first, so that nobody types it twice."""
    label = say(context.catalog.record_type(draft.type).label)
    tag = Tag(tr("frame.reason_draft"), "grey", "✎")
    saved = tr("frame.draft_saved", time=f"{local(draft.updated_at):%H:%M}")
    return Row(f"{DRAFT}:{draft.id}", (tag, draft.title or label, label, saved))


def _who(record: Record, context: RowContext) -> str:
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

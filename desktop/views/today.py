"""The day's work first: what is late, what is due, what the city sent, what was refused, what waits for a choice."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import local, long_day, short_day, when
from desktop.models.quick import quick_starts
from desktop.models.table import CellTable, Column, Row
from desktop.models.today_rows import CHECK, DRAFT, NEXT, REPORT, draft_row, is_of_another, next_row, today_row
from desktop.theme import MEDIUM, SMALL, TINY
from desktop.views.page import Page
from desktop.widgets.basics import Card, EmptyState, OpeningCard, bare_column, button, text_label
from desktop.widgets.flow import FlowLine
from desktop.widgets.link_line import LinkLine
from desktop.widgets.table import RowTable
from desktop.widgets.table_or_words import TableOrWords
from sync.clock import moment_text
from sync.store.model import Draft, Overview

if TYPE_CHECKING:
    from desktop.reporting import Coming

MOST_ROWS = 50
REST_MS = 100  # after a start's first rows: bringing in rules and reports would hold up their painting
MOST_REPORTS = 4  # the list of reports has them all
PRESSING = ("refused", "conflict", "overdue")  # before the reports that are due; the rest after them
MOST_NEXT = 20  # what comes next after other records: below the day's own work
NEXT_DAYS = 60  # older proposals wait on their records' own pages
CHECKS_MS = 3000  # after that, and between two pieces of a ward that has just arrived: records are compared
YOURS_MS = 250  # after the first painting: the rule language is imported for it, which a start must not wait for
LEAST_TABLE = 220  # px: five rows; with large text the page scrolls instead of squeezing them
Loaded = tuple[tuple[Row, ...], tuple[Row, ...], Overview]  # what is late or stuck, the rest


class Today(Page):
    """Opens a record by Enter; the figures and the buttons below are for a glance and a start."""

    filled = Signal(object)  # its rows are shown; the Overview they came with

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, long_day(local(app.clock.now()).date()), parent)
        self._coming: tuple[date, tuple[Coming, ...]] | None = None  # as worked out on a day
        self._due: tuple[Row, ...] = ()  # reports to be made now
        self._is_new = True
        self._yours: tuple[Row, ...] = ()  # records whose next step is the officer's
        self._more_yours = False  # than are shown
        self._ahead = False
        self._stopped: tuple[Row, ...] = ()  # books that cannot be numbered now
        self._twice: tuple[Row, ...] = ()  # what may have been entered twice
        self._checks = QTimer(self)
        self._checks.setSingleShot(True)
        self._checks.setInterval(CHECKS_MS)
        self._checks.timeout.connect(self._ask_checks)
        self.subtitle = LinkLine()
        self.subtitle.linkActivated.connect(app.page_requested.emit)
        self.column.addWidget(self.subtitle)
        self.body = bare_column(self.column)
        self.body.setSpacing(app.look.px(SMALL))
        self._make_table()
        self._make_figures()
        self._make_starts()
        self._either = TableOrWords(self.table, self.empty, self.begin)

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
        self.empty = EmptyState(self.app.look, tr("frame.nothing_due"), "")
        self.empty.hide()
        self._say_empty()
        self.app.line.changed.connect(self._say_empty)
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
            card = self._figure_card(name)
            figure = text_label("–", "figure")
            card.body.setSpacing(0)
            card.body.addWidget(figure)
            card.body.addWidget(text_label(tr(f"frame.figure_{name}"), "quiet", wrap=True))
            card.body.addStretch(1)
            grid.addWidget(card, 0, place)
            grid.setColumnStretch(place, 1)
            self._figures[name] = figure
        self.body.addLayout(grid)

    def _figure_card(self, name: str) -> Card:
        """The figure of the week opens the list behind it."""
        look = self.app.look
        if name != "due_week":
            return Card(look)
        return OpeningCard(look, tr("frame.ahead_open"), lambda: self.app.page_requested.emit("ahead"))

    def _make_starts(self) -> None:
        self.body.addWidget(text_label(tr("frame.quick_start"), "heading"))
        starts = quick_starts(self.app.catalog, self.app.officer, self.app.begun)
        made = [
            button(
                f"{say(record_type.label)}   F2" if place == 0 else say(record_type.label),
                partial(self.app.begin, record_type.id),
                kind="main" if place == 0 else "",
            )
            for place, record_type in enumerate(starts)
        ]
        made.append(button(f"{tr('frame.scan')}   F8", self.app.scan_requested.emit))
        self.begin = made[0]
        row = FlowLine(self.app.look.px(SMALL))
        for each in made:
            row.add(each)
        self.body.addWidget(row)
        if self.app.seen and not self.app.begun:
            self.body.addWidget(text_label(tr("frame.other_ward", ward=self.app.ward_name), "quiet", wrap=True))
        self.body.addSpacing(self.app.look.px(TINY))

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        title, run = tr("frame.ahead_open"), lambda: self.app.page_requested.emit("ahead")
        rows = [ActionRow(id="today.ahead", title=title, run=run, icon="clock", group=tr("frame.today"))]
        if self._yours:
            title, run = tr("frame.yours_title"), lambda: self.app.page_requested.emit("yours")
            rows.append(ActionRow(id="today.yours", title=title, run=run, icon="check", group=tr("frame.today")))
        return rows

    def focus_first(self) -> None:
        self._either.focus()

    def _open(self, key: str) -> None:
        kind, _, draft_id = key.partition(":")
        if kind == NEXT:
            self.app.open_record(draft_id.partition(":")[0])
            return
        if kind == CHECK:
            self.app.page_requested.emit(draft_id)
            return
        if kind == REPORT:
            report_id, _, period = draft_id.partition(":")
            self.app.report_requested.emit(report_id, period)
            return
        if kind != DRAFT:
            self.app.open_record(key)
            return
        self.app.background.run(lambda: self.app.store.drafts.get(draft_id)).then(self._continue)

    def _continue(self, draft: Draft | None) -> None:
        if draft is None:
            self.refresh()  # saved or thrown away meanwhile
            return
        if is_of_another(draft, self.app.officer.id if self.app.officer else ""):
            from desktop.forms.dialogs import continue_another

            if not continue_another(self, draft.by_name, when(draft.updated_at, self.app.clock.now())):
                return
        self.app.draft_requested.emit(draft)

    def refresh(self) -> None:
        store, context, seen = self.app.store, self.app.rows, self.app.seen
        roles, me = (self.app.officer.roles, self.app.officer.id) if self.app.officer else ((), "")

        def load() -> Loaded:
            now = context.now()
            drafts = tuple(draft_row(draft, context, me) for draft in store.drafts.all(seen))
            work = store.today(now, MOST_ROWS, seen)
            pressing = tuple(today_row(row, context) for row in work if row.reason in PRESSING)
            rest = tuple(today_row(row, context) for row in work if row.reason not in PRESSING)
            since = moment_text(now - timedelta(days=NEXT_DAYS))
            following = store.proposals.waiting(roles, seen, since=since, limit=MOST_NEXT)
            rest += tuple(next_row(row, context) for row in following)
            return drafts + pressing, rest, store.overview(now, seen)

        self.app.background.run(load, self).then(self._show)

    def _show(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._show_all()
        self.filled.emit(loaded[2])
        if self._ahead:
            self._ahead = False
            QTimer.singleShot(REST_MS, self, self._ask_rest)
        else:
            self._ask_rest()

    def load_ahead(self) -> None:
        """At the start: what is judged by rules and counted for reports waits until the window was painted."""
        self._ahead = True
        super().load_ahead()

    def _ask_rest(self) -> None:
        if self._is_new:
            self._is_new = False
            QTimer.singleShot(YOURS_MS, self, self._ask_yours)
            self._checks.start()
        else:
            self._ask_yours()
            self._ask_checks()
        self._ask_reports()

    def _ask_yours(self) -> None:
        """What waits for the officer's signature or decision: judged by rules, so after the rest is shown."""
        app, seen, officer = self.app, self.app.seen, self.app.officer
        if officer is None:
            return

        def load() -> tuple[tuple[Row, ...], bool]:
            from desktop.forms.entries import entry_context  # not before the first page is shown
            from desktop.models.waiting_rows import MOST, waiting_for, waiting_row

            found = waiting_for(app.store, app.catalog, officer, seen, entry_context(app))
            rows = tuple(waiting_row(each, app.rows) for each in islice(found, MOST + 1))
            return rows[:MOST], len(rows) > MOST

        def show(found: tuple[tuple[Row, ...], bool]) -> None:
            yours = found if app.officer == officer else ((), False)
            if yours != (self._yours, self._more_yours):
                self._yours, self._more_yours = yours
                self._show_all()

        app.background.run(load, self).then(show)

    def _ask_checks(self) -> None:
        """Books that stand still, and what may have been entered twice: compared after the day's work is shown."""
        app, seen = self.app, self.app.seen

        def load() -> tuple[tuple[Row, ...], tuple[Row, ...], bool]:
            from desktop.models.check_rows import backup_rows, compare_some, stopped_rows, twice_rows

            more = compare_some(app.store)
            stopped = stopped_rows(app.store, app.rows, seen) + backup_rows(app.folder, app.settings, app.clock.now())
            return stopped, twice_rows(app.store, seen), more

        def show(found: tuple[tuple[Row, ...], tuple[Row, ...], bool]) -> None:
            *rows, more = found if seen == app.seen else ((), (), True)
            if rows != [self._stopped, self._twice]:
                self._stopped, self._twice = rows
                self._show_all()
            if more:
                self._checks.start()

        app.background.run(load, self).then(show)

    def _ask_reports(self) -> None:
        """Which reports are to be made now: after the day's work is shown, since it is worked out anew each day."""
        app, seen = self.app, self.app.seen
        register = app.catalog.report_register
        if register is None or not app.may_begin(app.catalog.record_type(register.record)):
            return
        day = local(app.clock.now()).date()
        coming = self._coming[1] if self._coming and self._coming[0] == day else None

        def load() -> tuple[tuple[Coming, ...], tuple[Row, ...]]:
            from desktop.models.due_reports import due_reports, report_row  # not before the first page is shown
            from desktop.reporting import coming_reports

            found = coming_reports(app.catalog, app.clock) if coming is None else coming
            return found, tuple(report_row(each, app.rows) for each in due_reports(app.store, app.rows, seen, found))

        def show(asked: tuple[tuple[Coming, ...], tuple[Row, ...]]) -> None:
            self._coming = (day, asked[0])
            due = asked[1] if seen == app.seen else ()
            if due != self._due:
                self._due = due
                self._show_all()

        app.background.run(load, self).then(show)

    def _show_all(self) -> None:
        first, rest, overview = self._loaded
        first, rest, others = self._with_steps(first), self._with_steps(rest), {row.key for row in first + rest}
        yours = tuple(row for row in self._yours if row.key not in others)
        rows = self._stopped + first + self._due[:MOST_REPORTS] + yours + self._twice + rest
        self.title.setText(long_day(local(self.app.clock.now()).date()))
        coming = sum(row.key.startswith(f"{NEXT}:") for row in rows)
        self.subtitle.setText(self._summary(overview, coming, len(self._yours)))
        self._either.show(rows=bool(rows))
        self._say_empty()
        if rows != self.table.table.rows:  # a day is asked for more often than it changes
            self.table.show_rows(rows)
        self._figures["open"].setText(str(sum(overview.open_by_type.values())))
        for name in ("due_week", "new", "conflicts"):
            self._figures[name].setText(str(getattr(overview, name)))

    def _say_empty(self) -> None:
        """An empty day at a PC that is being filled is no free day."""
        key = "frame.filling" if self.app.line.is_first_fill else "frame.nothing_due"
        words = tr(f"{key}_advice")
        if quick_starts(self.app.catalog, self.app.officer, self.app.begun):  # what F2 begins
            words = f"{words} {tr(f'{key}_begin')}"
        self.empty.say(tr(key), words)

    def _with_steps(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """Rows that are here for another reason and wait for the officer too say in their last column for what."""
        steps = {row.key: row.cells[-1] for row in self._yours}
        return tuple(Row(row.key, (*row.cells[:-1], steps[row.key])) if row.key in steps else row for row in rows)

    def _summary(self, overview: Overview, coming: int = 0, yours: int = 0) -> str:
        work = overview.today
        if not self.app.seen:
            sentences = [tr("frame.sees_nothing")]
        elif not work:
            sentences = [tr("frame.filling" if self.app.line.is_first_fill else "frame.summary_none")]
        elif overview.overdue:
            sentences = [tr("frame.summary_late", n=work, late=overview.overdue)]
        else:
            sentences = [tr("frame.summary", n=work)]
        if yours:  # the one sentence that leads somewhere
            colour = self.app.look.colour("link").name()
            sentences.append(f'<a href="yours" style="color: {colour}">{self._yours_told(yours)}</a>')
        if self._due:
            sentences.append(tr("frame.summary_reports", n=len(self._due)))
        if coming:
            sentences.append(tr("frame.summary_next", n=coming))
        if holidays := self._holiday():
            from html import escape  # its tables of names cost a start a millisecond, and most days are no holiday

            sentences += [escape(told, quote=False) for told in holidays]
        return " ".join(sentences)

    def _yours_told(self, yours: int) -> str:
        return tr("frame.summary_yours_more" if self._more_yours else "frame.summary_yours", n=yours)

    def _holiday(self) -> list[str]:
        today = local(self.app.clock.now()).date()
        tomorrow = today + timedelta(days=1)
        for day, key in ((today, "frame.holiday_today"), (tomorrow, "frame.holiday_tomorrow")):
            name = self.app.calendar.holiday(day)
            if name is not None:
                return [tr(key, day=short_day(day, today), name=say(name))]
        return []

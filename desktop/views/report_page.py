"""One report: its figures over a period, the records behind each of them, and the ways out (Excel, paper, register)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.forms.entries import ward_facts
from desktop.language import language, say, say_error, tr
from desktop.models.table import Cell, CellTable, Column, Row
from desktop.reporting import Counted, count_report, find_report, latest_window, write_report
from desktop.sight import shown_reports
from desktop.theme import SMALL
from desktop.views.page import Page
from desktop.widgets.basics import EmptyState, button, text_label
from desktop.widgets.table import RowTable
from desktop.widgets.wide_table import WideTable
from forms.definition import Printout
from forms.report_register import register_for, register_values
from forms.report_windows import Window, due_on, next_window, previous, window_of
from forms.reports import Heading, TableFigures, Value, shown_figure
from forms.vietnamese_dates import to_local
from sync.store.model import Touched

TOTAL, BEFORE = "total", "before"  # keys of the two last lines
RIGHT = frozenset({"number", "money", "percent", "decimal"})


class ReportPage(Page):
    """Counts in the background; Enter on a line shows its records."""

    def __init__(self, app: App, report_id: str, parent: QWidget | None = None) -> None:
        self.tool, self.report = find_report(app.catalog, report_id)
        super().__init__(app, say(self.report.label), parent)
        self.title.setWordWrap(True)
        self.head.setStretch(0, 1)
        self.head.setStretch(1, 0)  # the page's own empty end would take half of the line
        self._id = report_id
        self.window_shown: Window = latest_window(self.report, self.report.periods[0], app.clock)
        self.counted: Counted | None = None
        self._quiet = text_label(" ", "quiet", wrap=True)
        self.column.addWidget(self._quiet)
        self._make_head()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)  # that line is the system's, white also where all is dark
        self.tabs.setAccessibleName(say(self.report.label))
        self.column.addWidget(self.tabs, 1)
        self.tables: list[RowTable] = []

    def _make_head(self) -> None:
        """A row of its own: names of reports are long."""
        row = QHBoxLayout()
        row.setSpacing(self.app.look.px(SMALL))
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(tr("report.kind"))
        for period in self.report.periods:
            self.kinds.addItem(tr(f"report.period_{period}"), period)
        self.kinds.setVisible(self.kinds.count() > 1)
        self.kinds.currentIndexChanged.connect(self._choose_kind)
        row.addWidget(self.kinds)
        for text, step, name in (("‹", -1, "report.earlier"), ("›", 1, "report.later")):
            made = button(text, partial(self._step, step), tip=tr(name))
            made.setAccessibleName(tr(name))
            row.addWidget(made)
        row.addStretch(1)
        row.addWidget(button(tr("report.excel"), self.save_sheets))
        row.addWidget(button(tr("report.print"), self.preview))
        self._register = button(tr("report.register"), self.register, kind="main", tip=tr("report.register_tip"))
        self._register.setVisible(self._may_register())
        row.addWidget(self._register)
        self.column.addLayout(row)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        group = say(self.report.label)
        made: list[tuple[str, str, Callable[[], object], str]] = [
            ("report.excel", "export", self.save_sheets, ""),
            ("report.print", "print", self.preview, "Ctrl+P"),
            ("report.register", "check", self.register, "F9"),
            ("report.earlier", "previous", partial(self._step, -1), "Ctrl+Left"),
            ("report.later", "next", partial(self._step, 1), "Ctrl+Right"),
        ]
        return [
            ActionRow(id=name, title=tr(name), icon=icon, run=run, shortcut=key, group=group)
            for name, icon, run, key in made
        ]

    def concerns(self, touched: Touched) -> bool:
        return not touched.types.isdisjoint({table.over for table in self.report.tables})

    def focus_first(self) -> None:
        (self.tables[0] if self.tables else self.kinds).setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        app, key, spoken, seen = self.app, self.window_shown.key, language(), self.app.seen
        if self.report not in shown_reports(self.tool, app.seen):
            self.counted = None
            self._quiet.setText(tr("report.not_yours"))
            self.tabs.clear()
            return
        self._quiet.setText(tr("report.counting", window=say(self.window_shown.label)))
        task = app.background.run(
            lambda: count_report(app.store, app.catalog, app.clock, self._id, key, language=spoken, within=seen), self
        )
        task.then(self._show)

    def show_period(self, key: str) -> None:
        """Counts over a written period, unless it is the one that is shown."""
        window = window_of(self.report, key, to_local(self.app.clock.now()).date())
        if window.key == self.window_shown.key:
            return
        self.kinds.blockSignals(True)
        self.kinds.setCurrentIndex(self.kinds.findData(window.period))
        self.kinds.blockSignals(False)
        self.window_shown = window
        self.refresh()

    def _choose_kind(self) -> None:
        self.window_shown = latest_window(self.report, self.kinds.currentData(), self.app.clock)
        self.refresh()

    def _step(self, step: int) -> None:
        today = to_local(self.app.clock.now()).date()
        if step < 0:
            self.window_shown = previous(self.report, self.window_shown, today) or self.window_shown
        else:
            later = next_window(self.report, self.window_shown, today)
            if later.from_date <= today.isoformat():
                self.window_shown = later
        self.refresh()

    def _show(self, counted: Counted) -> None:
        if counted.figures.window.key != self.window_shown.key:
            return  # another period was chosen while this one was counted
        if self.report not in shown_reports(self.tool, self.app.seen):
            return  # another officer sat down
        self.counted = counted
        lines = [tr("report.window", window=say(counted.figures.window.label))]
        if self.report.to:
            lines.append(tr("report.to", to=say(self.report.to)))
        if counted.figures.window.to_date >= to_local(self.app.clock.now()).date().isoformat():
            lines.append(tr("report.still_runs"))
        self._quiet.setText("  ·  ".join(lines))
        place = max(self.tabs.currentIndex(), 0)
        held = self.tabs.hasFocus() or any(table.hasFocus() for table in self.tables)
        self.tabs.clear()
        self.tables = []
        earlier = {table.id: table for table in counted.before.tables} if counted.before else {}
        for table in counted.figures.tables:
            shown = self._table(table, earlier.get(table.id))
            self.tables.append(shown)
            empty = EmptyState(self.app.look, tr("report.nothing"), tr("report.nothing_advice"))
            self.tabs.addTab(shown if table.lines else empty, say(table.label))
        self.tabs.tabBar().setVisible(len(self.tables) > 1)
        self.tabs.setCurrentIndex(min(place, self.tabs.count() - 1))
        if held:
            self.focus_first()

    def _table(self, table: TableFigures, before: TableFigures | None) -> RowTable:
        names = [Column(f"_{n}", say(label), stretch=True, width=40) for n, label in enumerate(table.breakdown)]
        columns = [
            Column(c.id, say(c.label), right=c.show in RIGHT, stretch=c.show not in RIGHT) for c in table.columns
        ]
        shown = WideTable(CellTable((*names, *columns)), self.app.look, kept=max(len(names), 1))
        shown.setAccessibleName(say(table.label))
        shown.opened.connect(partial(self._open, table))
        rows = [self._row(str(n), line.names, line.values, table.columns) for n, line in enumerate(table.lines)]
        left = len(table.breakdown)
        for key, name, values in (
            (TOTAL, tr("report.total"), table.total),
            (BEFORE, tr("report.before"), before.total if before else None),
        ):
            if values is not None and table.lines:
                rows.append(self._row(key, (name, *[""] * (left - 1))[:left], values, table.columns))
        shown.show_rows(tuple(rows), keep=False)
        return shown

    def _row(self, key: str, names: tuple[str, ...], values: tuple[Value, ...], columns: tuple[Heading, ...]) -> Row:
        spoken = language()
        cells: list[Cell] = list(names)
        for value, column in zip(values, columns, strict=True):
            cells.append(shown_figure(value, column.show, spoken) if value is not None else "")
        return Row(key, tuple(cells))

    def _open(self, table: TableFigures, key: str) -> None:
        """A line of a table of records is that record; a line of figures shows the records it counts."""
        if self.counted is None or key == BEFORE:
            return
        if key != TOTAL and (record := table.lines[int(key)].record):
            self.app.open_record(record)
            return
        keys = () if key == TOTAL else table.lines[int(key)].keys
        ids = {i for column in table.columns for i in self.counted.trace.get((table.id, keys, column.id), [])}
        names = tr("report.total") if key == TOTAL else " · ".join(table.lines[int(key)].names)
        Behind(self.app, f"{say(table.label)}: {names}" if names else say(table.label), tuple(sorted(ids)), self).open()

    def _may_register(self) -> bool:
        catalog = self.app.catalog
        register = register_for(self.report, catalog)
        return register is not None and self.app.may_begin(catalog.record_type(register.record))

    def register(self) -> None:
        """Begins its record in the register of reports: the figures stand there as they were counted now."""
        counted, register = self.counted, register_for(self.report, self.app.catalog)
        if counted is None or register is None or not self._may_register():
            return
        due = due_on(counted.report, counted.figures.window, self.app.calendar)
        values = register_values(register, counted.report, counted.figures, counted.before, due)
        self.app.begin(register.record, values)

    def preview(self) -> None:
        """The report as a paper, before it is printed."""
        counted, app = self.counted, self.app
        if counted is None:
            return

        def make() -> str:
            return report_html(app, counted)

        app.background.run(make, self).then(partial(self._preview, counted))

    def _preview(self, counted: Counted, html: str) -> None:
        from desktop.forms.print_preview import PrintPreview

        report = counted.report
        paper = Printout(id=report.id, label=report.label, template="", landscape=report.landscape)
        PrintPreview(self.app, paper, html, 1, self).open()

    def save_sheets(self, path: Path | None = None) -> None:
        counted, spoken = self.counted, language()
        if counted is None:
            return
        if path is None:
            folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
            words = re.sub(r'[\\/:*?"<>|]+', "-", say(self.report.label))
            name = str(Path(folder) / f"{words} {self.window_shown.key}.xlsx")
            chosen, _ = QFileDialog.getSaveFileName(self, tr("report.excel"), name, "Excel (*.xlsx)")
            if not chosen:
                return
            path = Path(chosen).with_suffix(".xlsx")
        target = path
        task = self.app.background.run(lambda: write_report(counted, target, "", language=spoken), self)
        task.then(lambda _none: self.app.notice(tr("report.written", file=str(target)), "blue"))
        task.failed(
            lambda error: self.app.notice(tr("report.not_written", file=str(target), why=say_error(error)), "red")
        )


class Behind(QDialog):
    """The records one line counts; Enter opens one."""

    MOST = 2000

    def __init__(self, app: App, title: str, ids: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._app = app
        self.resize(app.look.px(760), app.look.px(520))
        column = QVBoxLayout(self)
        column.setSpacing(app.look.px(SMALL))
        column.addWidget(text_label(title, "heading", wrap=True))
        self._count = text_label(tr("report.behind", n=len(ids)), "quiet")
        column.addWidget(self._count)
        columns = (
            Column("number", tr("frame.column_number"), width=18),
            Column("title", tr("frame.column_title"), stretch=True, width=50),
            Column("who", tr("frame.column_who"), stretch=True, width=30),
            Column("state", tr("frame.column_state"), width=20),
        )
        self.table = RowTable(CellTable(columns), app.look)
        self.table.opened.connect(self._open)
        column.addWidget(self.table, 1)
        app.background.run(partial(self._rows, ids), self).then(self._show)

    def _rows(self, ids: tuple[str, ...]) -> tuple[Row, ...]:
        from desktop.models.rows import number_of
        from desktop.models.tags import state_tag

        catalog = self._app.catalog
        return tuple(
            Row(r.id, (number_of(r), r.title, r.subtitle, state_tag(catalog.record_type(r.type), r.state)))
            for r in self._app.store.records.load_many(list(ids[: self.MOST]))
        )

    def _show(self, rows: tuple[Row, ...]) -> None:
        self.table.show_rows(rows)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, record_id: str) -> None:
        self.accept()
        self._app.open_record(record_id)


def report_html(app: App, counted: Counted) -> str:
    """The paper of a report. Reads the store: in the background."""
    from forms.printing import PrintContext, render_report

    context = PrintContext(
        ward=ward_facts(app),
        officer=app.officer,
        now=app.clock.now,
        resolve=app.resolve,
        related=app.store.records.pointing_at,
    )
    return render_report(counted.figures, counted.report, app.catalog, context=context, before=counted.before)

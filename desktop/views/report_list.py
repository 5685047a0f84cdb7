"""Which reports there are, over which days, and until when each must have been sent."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabBar, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import short_day
from desktop.models.quick import own_tools
from desktop.models.table import Column, Row
from desktop.models.tags import Tag, state_tag
from desktop.reporting import SOON_DAYS, Coming, coming_reports, kept_report
from desktop.sight import shown_reports
from desktop.views.table_page import TablePage
from desktop.widgets.basics import text_label
from forms.definition import RecordType
from forms.vietnamese_dates import to_local
from sync.store.model import Record, Touched

Found = tuple[Coming, Record | None, bool]  # what is kept of it, and whether it is the officer's own work
OWN, OTHERS = 0, 1  # tabs


class ReportList(TablePage):
    """Opens a report by Enter. One's own come first; the others that one may read have a tab of their own."""

    chosen = Signal(str)  # tool.report

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("report.title"), parent)
        self.column.addWidget(text_label(tr("report.about"), "quiet", wrap=True))
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setAccessibleName(tr("report.title"))
        for key in ("report.own", "report.others"):
            self.tabs.addTab(tr(key))
        self.tabs.hide()
        self.tabs.currentChanged.connect(self._show_tab)
        self.column.addWidget(self.tabs)
        self._found: tuple[Found, ...] = ()
        columns = (
            Column("due", tr("report.column_due")),
            Column("name", tr("report.column_name"), stretch=True, width=60),
            Column("window", tr("report.column_window"), stretch=True, width=36),
            *((Column("made", tr("report.column_made"), width=18),) if self._known() else ()),
            Column("to", tr("report.column_to"), width=26),
            Column("tool", tr("report.column_tool"), width=20),
        )
        self.put_table(columns, name=tr("report.title"), empty=tr("report.none"), advice=tr("report.none_advice"))
        self.table.opened.connect(self.chosen)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        return [
            ActionRow(
                id="report.open",
                title=tr("report.open"),
                icon="chart",
                run=lambda: self.chosen.emit(self.table.current_key()),
                enabled=lambda: bool(self.table.current_key()),
                group=tr("report.title"),
            )
        ]

    def concerns(self, touched: Touched) -> bool:
        """What is due follows from the calendar; what is made, from the register of reports."""
        register = self.app.catalog.report_register
        return register is not None and not touched.types.isdisjoint({register.record, *register.restricted.values()})

    def refresh(self) -> None:
        app, seen, known, officer = self.app, self.app.seen, self._known(), self.app.officer

        def load() -> tuple[Found, ...]:
            own = own_tools(app.catalog, officer, ())  # as the rail has them
            return tuple(
                (each, kept_report(app.store, app.catalog, each) if known else None, each.tool.id in own)
                for each in coming_reports(app.catalog, app.clock)
                if each.report in shown_reports(each.tool, seen)
            )

        self.app.background.run(load).then(self._show)

    def _show(self, found: tuple[Found, ...]) -> None:
        self._found = found
        own = sum(mine for _, _, mine in found)
        for tab, key, n in ((OWN, "report.own", own), (OTHERS, "report.others", len(found) - own)):
            self.tabs.setTabText(tab, f"{tr(key)} ({n})")
        self.tabs.setVisible(0 < own < len(found))  # else there is nothing to part
        self._show_tab()

    def _show_tab(self) -> None:
        wanted, known = self.tabs.currentIndex() == OWN, self._known()
        parted = len({mine for _, _, mine in self._found}) > 1
        shown = [(each, kept) for each, kept, mine in self._found if not parted or mine == wanted]
        self.show_rows(tuple(self._row(each, kept, known) for each, kept in shown))

    def _row(self, each: Coming, kept: Record | None, known: bool) -> Row:
        to = say(each.report.to) if each.report.to else ""
        window = say(each.window.label).partition(" (")[0]  # its days stand on the report itself
        settled = kept is not None and self._type_of(kept).state(kept.state).kind in ("final", "void")
        made: Tag | str = state_tag(self._type_of(kept), kept.state) if kept else ""
        if known and kept is None and each.due is not None:
            made = tr("report.not_made")
        name, window = say(each.report.label), window[0].upper() + window[1:]
        standing = (made,) if known else ()
        return Row(each.id, (self._due(each, settled, known), name, window, *standing, to, say(each.tool.short)))

    def _known(self) -> bool:
        """Whether the register of reports may be seen: only then is it known which were made."""
        register = self.app.catalog.report_register
        return register is not None and register.record in self.app.seen

    def _type_of(self, record: Record) -> RecordType:
        return self.app.catalog.record_type(record.type)

    def _due(self, each: Coming, settled: bool, known: bool) -> Tag | str:
        if each.due is None or each.days_left is None:
            return ""
        today = to_local(self.app.clock.now()).date()
        day = short_day(to_local(f"{each.due}T00:00:00+07:00").date(), today)
        if settled or (each.days_left < 0 and not known):
            return Tag(day, "grey")
        if each.days_left < 0:
            return Tag(tr("report.late_days", day=day, n=-each.days_left), "red", "!")
        if each.days_left == 0:
            return Tag(tr("report.due_today", day=day), "amber", "◷")
        if each.days_left <= SOON_DAYS:
            return Tag(tr("report.due_in", day=day, n=each.days_left), "amber", "◷")
        return Tag(day, "grey")

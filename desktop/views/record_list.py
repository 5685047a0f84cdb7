"""The list of one register: narrow, filter, sort, leaf through, open."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QHBoxLayout, QHeaderView, QLineEdit, QPushButton

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, tr
from desktop.models.rows import MARKS, columns_of, row_of
from desktop.models.standing import filling_note
from desktop.models.table import CellTable, Row
from desktop.theme import SMALL
from desktop.views.batch_offers import batch_button, batch_rows
from desktop.views.book_printing import BookPrinting
from desktop.views.chosen_rows import ChosenRows
from desktop.views.page import Page
from desktop.views.pager import Pager
from desktop.views.preview import Preview
from desktop.widgets.basics import Card, EmptyState, button
from desktop.widgets.flow import FlowLine
from desktop.widgets.table import RowTable
from forms.definition import RecordType
from sync.store.model import ListQuery, Touched
from sync.store.model import Page as RecordPage

PAGE_SIZE = 50
TYPING_PAUSE_MS = 150
WIDE = 1280  # px of window from which the record is shown beside the list, less the rail
Loaded = tuple[RecordPage, tuple[Row, ...]]


class RecordList(Page):
    """Asks for one page at a time by keyset, so that the 900,000th row is as near as the first."""

    def __init__(self, app: App, record_type: RecordType, *, titled: bool = True) -> None:
        super().__init__(app, say(record_type.label))
        self.record_type = record_type
        self._query = ListQuery(type=record_type.id, sort=record_type.list_view.sort, limit=PAGE_SIZE)
        self._asked = 0
        self._records: RecordPage | None = None
        self.title.setVisible(titled)
        self.printing = BookPrinting(app, record_type, self)
        self._make_text()
        if self.printing.can_print():
            self.head.addWidget(button(tr("frame.book_print"), self.print_list, tip="Ctrl+P"))
        if record_type.register is not None:
            open_book = partial(app.page_requested.emit, f"book:{record_type.id}")
            self.head.addWidget(button(tr("book.open"), open_book, tip=f"{tr('book.open_tip')} (Ctrl+B)"))
        if offered := batch_button(app, record_type, self):
            self.head.addWidget(offered)
        if app.may_begin(record_type):
            self.head.addWidget(button(tr("frame.new_key"), self.begin, kind="main"))
        self.fold(self.head, self.text)
        if record_type.list_view.filters:
            self.column.addWidget(self._make_filters())
        self._make_table()
        self.chosen = ChosenRows(app.look, self.act_on_chosen, self.drop_chosen)
        self.column.addWidget(self.chosen)
        self.pager = Pager(app.look, self._turn)
        self.column.addWidget(self.pager)

    def _make_text(self) -> None:
        self.text = QLineEdit()
        self.text.setPlaceholderText(tr("frame.narrow"))
        self.text.setAccessibleName(tr("frame.narrow"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(self.app.look.px(140))
        self.text.setMaximumWidth(self.app.look.px(280))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._narrow)
        self.text.textChanged.connect(lambda _text: self._pause.start())
        self.text.returnPressed.connect(self.focus_table)
        self.text.installEventFilter(self)
        self.head.insertWidget(1, self.text, 2)  # beside the title; at the left where that stands in the tab

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The list lies under the line: ↓ goes into it, and Ctrl+A, where there is no text to take, means its rows."""
        if watched is self.text and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            every = event.matches(QKeySequence.StandardKey.SelectAll) and not self.text.text()
            if (every or event.key() == Qt.Key.Key_Down) and not self.table.isHidden():
                self.focus_table()
                if every:
                    self.table.selectAll()
                return True
        return super().eventFilter(watched, event)

    def _make_filters(self) -> FlowLine:
        row = FlowLine(self.app.look.px(SMALL) - 2)
        self._chips = QButtonGroup(self)
        self._chips.setExclusive(True)
        self._add_chip(row, tr("frame.all"), ()).setChecked(True)
        for chosen in self.record_type.list_view.filters:
            self._add_chip(row, say(chosen.label), chosen.states)
        return row

    def _add_chip(self, row: FlowLine, text: str, states: tuple[str, ...]) -> QPushButton:
        chip = button(text, partial(self.filter_by, states), kind="chip")
        chip.setCheckable(True)
        self._chips.addButton(chip)
        row.add(chip)
        return chip

    def _make_table(self) -> None:
        self.table = RowTable(CellTable(columns_of(self.record_type)), self.app.look)
        self.table.setAccessibleName(say(self.record_type.label))
        self.table.opened.connect(self.app.open_record)
        self.table.moved.connect(self._show_preview)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.selectionModel().selectionChanged.connect(
            lambda *_: self.chosen.show_count(len(self.table.chosen_keys()))
        )
        self.table.below.connect(lambda: self._turn("next"))
        self.table.above.connect(lambda: self._turn("previous"))
        self.table.horizontalHeader().setSectionsClickable(True)
        self.table.horizontalHeader().sectionClicked.connect(self._sort_by)
        self.empty = EmptyState(self.app.look, "", "")
        if self.app.may_begin(self.record_type):
            self.empty.add_button(button(tr("frame.new_key"), self.begin))
        self.empty.hide()
        card = Card(self.app.look, padding=1)
        card.body.addWidget(self.table, 1)
        card.body.addWidget(self.empty, 1)
        self.preview = Preview(self.app)
        self.preview.hide()
        side_by_side = QHBoxLayout()
        side_by_side.setSpacing(self.app.look.px(SMALL))
        side_by_side.addWidget(card, 5)
        side_by_side.addWidget(self.preview, 3)
        self.column.addLayout(side_by_side, 1)
        self._mark_sort()

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        group = say(self.record_type.label)
        return [
            ActionRow(
                id="list.new",
                title=tr("frame.new"),
                icon="plus",
                shortcut="Ctrl+N",
                run=self.begin,
                enabled=partial(self.app.may_begin, self.record_type),
                group=group,
            ),
            ActionRow(
                id="list.narrow",
                title=tr("frame.narrow"),
                icon="search",
                shortcut="Ctrl+F",
                run=self.focus_text,
                group=group,
            ),
            ActionRow(
                id="list.print",
                title=tr("frame.book_print"),
                icon="print",
                shortcut="Ctrl+P",
                run=self.print_list,
                enabled=self.printing.can_print,
                group=group,
            ),
            ActionRow(
                id="list.first",
                title=tr("frame.first"),
                icon="first",
                shortcut="Ctrl+Home",
                run=partial(self._turn, "first"),
                group=group,
            ),
            ActionRow(
                id="list.last",
                title=tr("frame.last"),
                icon="last",
                shortcut="Ctrl+End",
                run=partial(self._turn, "last"),
                group=group,
            ),
            ActionRow(
                id="list.group",
                title=tr("group.action"),
                icon="check",
                shortcut="Ctrl+G",
                run=self.act_on_chosen,
                enabled=lambda: len(self.table.chosen_keys()) > 1,
                group=group,
            ),
            *self._book_rows(group),
            *batch_rows(self.app, self.record_type, self),
        ]

    def _book_rows(self, group: str) -> list[ActionRow]:
        """A numbered book can be checked number by number."""
        if self.record_type.register is None:
            return []
        run = partial(self.app.page_requested.emit, f"book:{self.record_type.id}")
        return [
            ActionRow(id="list.book", title=tr("book.open"), icon="book", shortcut="Ctrl+B", run=run, group=group),
        ]

    def begin(self) -> None:
        self.app.begin(self.record_type.id)

    def print_list(self) -> None:
        """Ctrl+P: pages of the book, or what the list shows now."""
        self.printing.ask(self._query, self._records.total if self._records else 0)

    def act_on_chosen(self) -> None:
        """Ctrl+G: one action for all the rows that are chosen."""
        from desktop.views.group_sheet import GroupSheet  # with it the rule language

        keys, page = self.table.chosen_keys(), self._records
        if len(keys) < 2 or page is None or self.app.officer is None:
            return
        by_id = {record.id: record for record in page.records}
        chosen = tuple(by_id[key] for key in keys if key in by_id)
        GroupSheet(self.app, self.record_type, chosen, self.window()).open()

    def drop_chosen(self) -> None:
        self.table.stand_on(self.table.currentIndex().row())
        self.focus_table()

    def focus_first(self) -> None:
        self.focus_table()

    def focus_table(self) -> None:
        """The list, or the box that narrows it while there is none."""
        if self.table.isHidden():
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_text(self) -> None:
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.selectAll()

    def concerns(self, touched: Touched) -> bool:
        return self.record_type.id in touched.types

    def filter_by(self, states: tuple[str, ...]) -> None:
        self._ask(ListQuery(type=self._query.type, sort=self._query.sort, states=states, text=self._query.text))

    def _narrow(self) -> None:
        query = self._query
        self._ask(ListQuery(type=query.type, sort=query.sort, states=query.states, text=self.text.text().strip()))

    def _sort_by(self, section: int) -> None:
        column = self.table.table.columns[section]
        if not column.sortable:
            return
        sort = f"-{column.name}" if self._query.sort == column.name else column.name
        query = self._query
        self._ask(ListQuery(type=query.type, sort=sort, states=query.states, text=query.text))
        self._mark_sort()

    def _mark_sort(self) -> None:
        header: QHeaderView = self.table.horizontalHeader()
        names = [column.name for column in self.table.table.columns]
        name = self._query.sort.lstrip("-")
        header.setSortIndicatorShown(name in names and name != MARKS)
        if name in names:
            down = self._query.sort.startswith("-")
            order = Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder
            header.setSortIndicator(names.index(name), order)

    def _turn(self, to: str) -> None:
        """Another page: "first", "previous", "next" or "last"."""
        page, query = self._records, self._query
        plain = ListQuery(type=query.type, sort=query.sort, states=query.states, text=query.text)
        match to:
            case "first":
                self._ask(plain)
            case "last":
                self._ask(ListQuery(type=query.type, sort=query.sort, states=query.states, text=query.text, last=True))
            case "next" if page and page.has_after:
                self._ask(_beside(plain, page, after=True))
            case "previous" if page and page.has_before:
                self._ask(_beside(plain, page, after=False))

    def refresh(self) -> None:
        self._ask(self._query, keep=True)

    def _ask(self, query: ListQuery, *, keep: bool = False) -> None:
        """Loads in the background; an answer that is no longer the newest question's is dropped."""
        self._query = query
        self._asked += 1
        asked = self._asked
        store, record_type, context = self.app.store, self.record_type, self.app.rows

        def load() -> Loaded:
            page = store.records.page(query)
            return page, tuple(row_of(record, record_type, context) for record in page.records)

        self.app.background.run(load, self).then(lambda loaded: self._show(loaded, asked, keep))

    def _show(self, loaded: Loaded, asked: int, keep: bool) -> None:
        if asked != self._asked:
            return
        self._records, rows = loaded
        if not rows and self.table.hasFocus():
            self.text.setFocus()
        self.table.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        self.table.show_rows(rows, keep=keep)
        self.pager.show_page(self._records)
        self._choose_layout()
        if not rows:
            self._explain_nothing()

    def _explain_nothing(self) -> None:
        if self._query.text or self._query.states:
            advice = f"{tr('frame.nothing_found_advice')} {filling_note(self.app.line)}".strip()
            self.empty.say(tr("frame.nothing_found"), advice)
        else:
            name = say(self.record_type.label).lower()
            advice = "frame.empty_list_advice" if self.app.may_begin(self.record_type) else "frame.empty_list_wait"
            self.empty.say(tr("frame.empty_list", name=name), filling_note(self.app.line) or tr(advice))

    def _show_preview(self, record_id: str) -> None:
        if self.preview.isHidden() or self._records is None:
            return
        self.preview.show_record(next((r for r in self._records.records if r.id == record_id), None), self.record_type)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose_layout()

    def _choose_layout(self) -> None:
        """List and record side by side where both have room, and there is a record."""
        wide = self.window().width() >= WIDE * self.app.look.scale and self.table.table.rowCount() > 0
        if wide == self.preview.isHidden():
            self.preview.setVisible(wide)
            self._show_preview(self.table.current_key())


def _beside(query: ListQuery, page: RecordPage, *, after: bool) -> ListQuery:
    """The query for the page after, or before, one that is shown."""
    return ListQuery(
        type=query.type,
        sort=query.sort,
        states=query.states,
        text=query.text,
        after=page.end if after else None,
        before=None if after else page.start,
        limit=PAGE_SIZE,
    )

"""The page of a legal book for whoever inspects it: every number from 1 to the last, who keeps it now, what happened to it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QWidget

from desktop import book_audit
from desktop.actions import ActionRow
from desktop.app import App
from desktop.book_keeping import books_here, current_period, why_not_handed_over, with_later
from desktop.language import say, say_error, tr
from desktop.models.table import Column, Row
from desktop.models.tags import Tag
from desktop.theme import SMALL
from desktop.views.table_page import TablePage
from desktop.widgets.basics import Card, Notice, button, text_label
from forms.wards import ward_facts
from sync.store.audit import AuditRow, BookAudit
from sync.store.model import HandOver, StoreError, Touched

if TYPE_CHECKING:
    from forms.label import Label
    from forms.list_paper import ListPaper
    from sync.protocol import Lease

MOST_NOTES = 3  # the newest; all of them stand on the paper
MOST_ROWS = 5000  # drawn; filters and the search look through all
_SIGNS = {"given": ("green", "✓"), "void": ("grey", "✕"), "unused": ("amber", "–"), "missing": ("red", "!")}


Book = tuple[str, str, str]
"""ward, series, period"""


class Loaded(Struct, frozen=True):
    here: Book
    books: tuple[Book, ...]
    audit: BookAudit
    leases: tuple[Lease, ...]
    given_back: tuple[HandOver, ...]
    stopped: str | None


class BookPage(TablePage):
    def __init__(self, app: App, type_id: str, parent: QWidget | None = None) -> None:
        self.record_type = app.catalog.record_type(type_id)
        super().__init__(app, tr("book.title", name=say(self.record_type.label)), parent)
        self.loaded: Loaded | None = None
        self._chosen: Book | None = None
        self._make_tools()
        self.notice = Notice(app.look, "", "amber")
        self._confirm = button(tr("book.confirm_clock"), self.confirm_clock)
        self.notice.layout().addWidget(self._confirm)  # type: ignore[union-attr]
        self.notice.hide()
        self.column.addWidget(self.notice)
        self._holder = text_label("", "quiet", wrap=True)
        self.column.addWidget(self._holder)
        names = ("n", "stand", "at", "by", "device", "record", "why")
        headings = dict(zip(names, book_audit.columns(), strict=True))
        columns = (
            Column("n", headings["n"], right=True),
            Column("stand", headings["stand"]),
            Column("what", tr("book.column_what"), stretch=True, width=60, main=True),
            Column("by", headings["by"], stretch=True, width=22),
            Column("at", headings["at"]),
            Column("device", headings["device"]),
        )
        self.put_table(columns, name=self.title.text(), empty=tr("book.empty"), advice=tr("book.empty_advice"))
        self.table.opened.connect(self._open)
        self._sum = text_label("", "heading", wrap=True)
        self.column.addWidget(self._sum)
        self._notes = Card(app.look)
        self._notes.body.addWidget(text_label(tr("book.happened"), "label"))
        self._note_lines = text_label("", "quiet", wrap=True)
        self._notes.body.addWidget(self._note_lines)
        self._notes.hide()
        self.column.addWidget(self._notes)

    def _make_tools(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(self.app.look.px(SMALL))
        self.which, self.filter, self.text = QComboBox(), QComboBox(), QLineEdit()
        self.which.setAccessibleName(tr("book.which"))
        self.which.setMaximumWidth(self.app.look.px(230))
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.filter.setAccessibleName(tr("book.filter"))
        for name in book_audit.FILTERS:
            self.filter.addItem(tr(f"book.filter_{name}"), name)
        self.text.setPlaceholderText(tr("book.find"))
        self.text.setAccessibleName(tr("book.find"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(self.app.look.px(110))
        self.text.setMaximumWidth(self.app.look.px(240))
        for widget in (self.which, self.filter, self.text):
            line.addWidget(widget)
        line.addStretch(1)
        self._hand = button(tr("book.hand_over"), self.hand_over)
        buttons = (self._hand, button(tr("book.excel"), self.save_sheet), button(tr("book.print"), self.preview))
        for made in buttons:
            line.addWidget(made)
        self.column.addLayout(line)
        self.fold(line, *buttons)
        self.which.activated.connect(self._choose)
        self.filter.currentIndexChanged.connect(self._show_rows)
        self.text.textChanged.connect(self._show_rows)
        self.text.returnPressed.connect(self.focus_first)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        group = self.title.text()
        rows = (
            ("book.print", "print", self.preview, "Ctrl+P", lambda: self.loaded is not None),
            ("book.excel", "export", self.save_sheet, "", lambda: self.loaded is not None),
            ("book.find", "search", self.text.setFocus, "Ctrl+F", lambda: True),
            ("book.hand_over", "sync", self.hand_over, "", self._hand.isEnabled),
            ("book.confirm_clock", "clock", self.confirm_clock, "", self._confirm.isVisible),
            ("book.explain", "plus", self.explain, "", self._may_explain),
        )
        return [
            ActionRow(id=key, title=tr(key), icon=icon, run=run, shortcut=shortcut, enabled=enabled, group=group)
            for key, icon, run, shortcut, enabled in rows
        ]

    def concerns(self, touched: Touched) -> bool:
        return bool(touched.types & {self.record_type.id, self.app.catalog.book_notes or ""})

    def refresh(self) -> None:
        store, record_type, chosen, catalog = self.app.store, self.record_type, self._chosen, self.app.catalog
        if record_type.id not in self.app.seen:
            return
        now, wards = self.app.clock.now(), self._wards()

        def load() -> Loaded:
            period = current_period(record_type, now)
            of_wards = [[(ward, *book) for book in store.audits.books(record_type.id, ward)] for ward in wards]
            of_wards = [found or [(ward, "", period)] for ward, found in zip(wards, of_wards, strict=True)]
            here = chosen or next((book for book in of_wards[0] if book[2] == period), of_wards[0][0])
            ward, series, wanted = here
            handed = [h for h in store.numbers.hand_overs.all() if h.register.partition("/")[0] == record_type.id]
            return Loaded(
                here,
                tuple(book for found in of_wards for book in found),
                store.audits.audit(record_type.id, wanted, series, ward),
                tuple(books_here(store, catalog, record_type, now=now, ward=ward)),
                tuple(h for h in handed if h.ward == ward),
                store.numbers.standstill(record_type.id),
            )

        self.app.background.run(load, self).then(self._show)

    def _wards(self) -> list[str]:
        """Whose books this PC may number: its own ward's first."""
        wards = self.app.enrolment.wards if self.app.enrolment else {}
        return sorted(wards, key=lambda ward: ward != self.app.ward) or [""]

    def _ward_name(self, ward: str) -> str:
        """ "" on a PC of one ward, where it need not be said."""
        wards = self.app.enrolment.wards if self.app.enrolment else {}
        return wards.get(ward, ward) if len(wards) > 1 else ""

    def _show(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._show_books(loaded)
        self._show_keeper(loaded)
        self._sum.setText(book_audit.summary(loaded.audit) if loaded.audit.rows else "")
        lines = [book_audit.note_line(note) for note in reversed(loaded.audit.notes)]
        if loaded.audit.unread:
            lines.insert(0, tr("book.unread", n=len(loaded.audit.unread)))
        self._note_lines.setText("\n".join(lines[:MOST_NOTES]))
        self._notes.setVisible(bool(lines))
        self._show_rows()

    def _show_books(self, loaded: Loaded) -> None:
        books = loaded.books if loaded.here in loaded.books else (loaded.here, *loaded.books)
        self.which.clear()
        for ward, series, period in books:
            parts = (ward_facts(ward, self._ward_name(ward))["place"], series, period)
            name = " · ".join(part for part in parts if part) or say(self.record_type.label)
            self.which.addItem(name, (ward, series, period))
        self.which.setCurrentIndex(books.index(loaded.here))
        # the search gives way
        self.which.setMinimumWidth(min(self.which.sizeHint().width(), self.which.maximumWidth()))
        self.which.view().setMinimumWidth(self.which.view().sizeHintForColumn(0) + self.app.look.px(24))

    def _show_keeper(self, loaded: Loaded) -> None:
        register = self.record_type.register
        leased = register is not None and register.kind == "leased"
        self.notice.setVisible(loaded.stopped is not None)
        self._confirm.setVisible(loaded.stopped in ("skew", "set_back"))
        if loaded.stopped:
            self.notice.text.setText(tr(f"book.still_{loaded.stopped}"))
        why_not = self._why_not_handed_over(loaded)
        self._hand.setVisible(leased)
        self._hand.setText(tr("book.take_back" if loaded.given_back and not loaded.leases else "book.hand_over"))
        self._hand.setEnabled(why_not is None and bool(loaded.leases or loaded.given_back))
        self._hand.setToolTip(say(why_not) if why_not else "")
        self._holder.setVisible(leased)
        self._holder.setText("  ".join(self._keeper_lines(loaded)))
        self.fit_lines()

    def _keeper_lines(self, loaded: Loaded) -> list[str]:
        device = self.app.enrolment.device if self.app.enrolment else ""
        lines = [tr("book.holder_here", device=device, next=lease.next) for lease in loaded.leases[:1]]
        for each in loaded.given_back[:2]:
            to = tr("book.going_to", device=each.to) if each.to else ""
            lines.append(tr("book.holder_going", to=to, stage=tr(f"book.stage_{each.stage}")))
        if lines and (why_not := self._why_not_handed_over(loaded)):  # a tip is not seen from the keyboard
            lines.append(say(why_not))
        return lines or [tr("book.holder_other")]

    def _why_not_handed_over(self, loaded: Loaded) -> Label | None:
        return why_not_handed_over(self.record_type, self.app.officer, self.app.enrolment, loaded.here[0])

    def _show_rows(self) -> None:
        if self.loaded is None:
            return
        wanted, text = self.filter.currentData(), self.text.text()
        shown = [row for row in self.loaded.audit.rows if book_audit.is_shown(row, wanted, text)]
        nothing = bool(self.loaded.audit.rows) and not shown
        self.empty.say(
            tr("book.nothing" if nothing else "book.empty"),
            tr("book.nothing_advice" if nothing else "book.empty_advice"),
        )
        self.show_rows(tuple(self._row(row, place) for place, row in enumerate(shown[:MOST_ROWS])))

    def _row(self, row: AuditRow, place: int) -> Row:
        kind, sign = _SIGNS[row.status]
        if "twice" in row.odd:
            kind, sign = "red", "‼"
        tag = Tag(book_audit.stand(row), kind, sign)  # type: ignore[arg-type]  # of the table above
        number, _, at, by, device, *_ = book_audit.cells(row)
        return Row(f"{place}:{row.record_id or ''}", (number, tag, book_audit.what(row), by, at, device))

    def _choose(self) -> None:
        self._chosen = tuple(self.which.currentData())
        self.refresh()

    def _open(self, key: str) -> None:
        if record_id := key.partition(":")[2]:
            self.app.open_record(record_id)

    def preview(self) -> None:
        """The book as it is filtered now, as a paper."""
        loaded, app = self.loaded, self.app
        if loaded is None:
            return
        made = self._paper(loaded)

        def make() -> str:
            from desktop.forms.papers import print_surroundings
            from forms.list_paper import render_list

            return render_list(made, app.catalog, print_surroundings(app, loaded.here[0]))

        app.background.run(make, self).then(self._preview)

    def _paper(self, loaded: Loaded) -> ListPaper:
        """What is shown now; where this PC has books of several wards, it says whose."""
        wanted, text, whose = self.filter.currentData(), self.text.text(), self._ward_name(loaded.here[0])
        return book_audit.paper(loaded.audit, self.app.catalog, self.record_type, wanted, text, whose=whose)

    def _preview(self, html: str) -> None:
        from desktop.forms.print_preview import PrintPreview
        from forms.list_paper import LIST_PRINTOUT

        PrintPreview(self.app, LIST_PRINTOUT, html, 1, self).open()

    def save_sheet(self, path: Path | None = None) -> None:
        loaded = self.loaded
        if loaded is None:
            return
        if path is None:
            folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
            whose = " ".join(part for part in (self._ward_name(loaded.here[0]), loaded.audit.period) if part)
            name = f"{tr('book.sheet')} {self.record_type.id} {whose}.xlsx".replace("/", "-")
            chosen, _ = QFileDialog.getSaveFileName(self, tr("book.excel"), str(Path(folder) / name), "Excel (*.xlsx)")
            if not chosen:
                return
            path = Path(chosen).with_suffix(".xlsx")
        target, made = path, self._paper(loaded)
        task = self.app.background.run(lambda: book_audit.write_sheet(target, made), self)
        task.then(lambda _none: self.app.notice(tr("book.saved", file=str(target)), "blue"))
        task.failed(lambda error: self.app.notice(say_error(error), "red"))

    def confirm_clock(self) -> None:
        from desktop.views.book_sheets import ClockSheet

        if self.app.officer is not None:
            sheet = ClockSheet(self.app, self.window())
            sheet.confirmed.connect(self._confirm_clock)
            sheet.open()

    def _confirm_clock(self, reason: str) -> None:
        store, officer = self.app.store, self.app.officer
        task = self.app.background.run(lambda: store.numbers.confirm_clock(officer, reason), self)
        task.then(partial(self._did, "book.confirmed"))

    def hand_over(self) -> None:
        from desktop.views.book_sheets import HandOverSheet

        loaded = self.loaded
        if loaded is None or self._why_not_handed_over(loaded):
            return
        if loaded.leases:
            whose = self._ward_name(loaded.here[0])
            sheet = HandOverSheet(self.app, self.record_type, loaded.leases, self.window(), whose=whose)
            sheet.chosen.connect(partial(self._hand_over, loaded.leases))
            sheet.open()
        elif loaded.given_back:
            self._take_back(loaded.given_back)

    def _hand_over(self, leases: tuple[Lease, ...], to: str, reason: str) -> None:
        """``leases``: those that the sheet named; another book may be on the page by now."""
        officer, store = self.app.officer, self.app.store
        if officer is None:
            return
        begin = store.numbers.hand_overs.begin
        task = self.app.background.run(lambda: [begin(x, officer, reason, to) for x in with_later(store, leases)], self)
        task.then(partial(self._did, "book.handed"))
        task.failed(self._say_failed)

    def _take_back(self, given_back: tuple[HandOver, ...]) -> None:
        take_back = self.app.store.numbers.hand_overs.take_back
        told = "book.taken_back" if all(h.stage == "waiting" for h in given_back) else "book.asks_again"
        task = self.app.background.run(lambda: [take_back(each) for each in given_back], self)
        task.then(partial(self._did, told))
        task.failed(self._say_failed)

    def _did(self, told: str, _answer: object) -> None:
        self.app.notice(tr(told), "blue")
        self.refresh()

    def _say_failed(self, error: Exception) -> None:
        self.app.notice(say_error(error) if isinstance(error, StoreError) else repr(error), "red")

    def _may_explain(self) -> bool:
        kind = self.app.catalog.book_notes
        missing = self.loaded is not None and self.loaded.audit.count("missing") > 0
        own = self.loaded is not None and self.loaded.here[0] == self.app.ward  # a note is begun in this PC's own ward
        return own and missing and kind is not None and self.app.may_begin(self.app.catalog.record_type(kind))

    def explain(self) -> None:
        """Begins a note about the unexplained numbers one stands on, else about the first of them."""
        loaded, kind = self.loaded, self.app.catalog.book_notes
        if loaded is None or kind is None or not self._may_explain():
            return
        row = next((row for row in loaded.audit.rows if row.status == "missing"), None)
        if row is not None:
            values = {"kind": "paper", "book": loaded.audit.register, "period": loaded.audit.period or None}
            numbers = {"from_n": row.n, "to_n": row.to}
            label = book_audit.title(loaded.audit, self.app.catalog, self.record_type).partition(" · ")[0]
            self.app.begin(kind, {**values, **numbers, "book_label": label})

    def focus_first(self) -> None:
        (self.table if self.table.isVisible() else self.which).setFocus(Qt.FocusReason.OtherFocusReason)

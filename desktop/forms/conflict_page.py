"""Two PCs wrote different values: a person picks, field by field (promise 4). Nothing is lost either way."""

from __future__ import annotations

from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.forms.conflict_sides import Pick, picks_of
from desktop.forms.conflict_table import ConflictTable
from desktop.forms.history_view import HistoryView
from desktop.forms.record_body import scrolled
from desktop.forms.record_header import NoticeLine
from desktop.language import say, say_error, tr
from desktop.widgets.basics import button, text_label
from desktop.widgets.flow import FlowLine
from sync.difference import put_path
from sync.store.histories import HistoryStanding
from sync.store.model import HistoryRow, Record, Save, Touched

if TYPE_CHECKING:
    from desktop.app import App

LONGEST_TITLE = 40  # letters of another record's title on a button; the whole is its tip


class ConflictPage(QWidget):
    closed = Signal()
    saved = Signal(str)
    title_changed = Signal(str)
    open_requested = Signal(str)
    next_requested = Signal(str)  # another record in conflict

    def __init__(self, app: App, record_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.app = app
        self.record_id = record_id
        self.record: Record | None = app.store.records.load(record_id)
        self._busy = False
        self._save_button: QPushButton | None = None
        self.open_button: QPushButton | None = None
        self.next_button: QPushButton | None = None
        px = app.look.px
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(px(18), px(12), px(18), px(8))
        self._column.setSpacing(px(8))
        self._column.addWidget(text_label(tr("form.conflict.title"), "title", wrap=True))
        self._about = text_label("", "quiet", wrap=True)
        self._column.addWidget(self._about)
        self.notice = NoticeLine(app, self)
        self._column.addWidget(self.notice)
        self._body = QWidget()
        self._body.setObjectName("pageBody")
        inner = QVBoxLayout(self._body)
        inner.setContentsMargins(0, 0, px(4), 0)
        inner.setSpacing(px(10))
        self.table: ConflictTable | None = None
        self._table_place = QVBoxLayout()
        inner.addLayout(self._table_place)
        self._buttons = FlowLine(px(8))
        inner.addWidget(self._buttons)
        inner.addWidget(text_label(tr("form.conflict.keys"), "quiet", wrap=True))
        inner.addWidget(text_label(tr("form.conflict.history"), "heading"))
        self.history: HistoryView | None = None
        if self.record is not None:
            self.history = HistoryView(app, app.catalog.record_type(self.record.type))
            inner.addWidget(self.history)
        inner.addStretch(1)
        self._column.addWidget(scrolled(self._body), 1)
        self._show()
        app.touched.connect(self._touched)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        if self.table is None:
            return []
        group = tr("form.conflict.title")
        rows = [
            ActionRow(
                id="resolve",
                title=tr("form.conflict.save"),
                run=self.save,
                shortcut="Ctrl+S",
                main=True,
                enabled=lambda: self.table is not None and not self.table.left,
                group=group,
            )
        ]
        rows += [
            ActionRow(id=f"resolve.all.{side}", title=text, run=partial(self.pick_all, side), group=group)
            for side, text in self._sides()
        ]
        return rows

    def can_leave(self) -> bool:
        return True

    def focus_first(self) -> None:
        (self.table or self.next_button or self.open_button or self).setFocus()

    def pick_all(self, side: int) -> None:
        if self.table is not None:
            self.table.pick_all(side)

    def save(self) -> None:
        """Writes the picked values as a change of their own, with the values that lost still in history."""
        record, officer, table = self.record, self.app.officer, self.table
        if record is None or officer is None or table is None or table.left or self._busy:
            return
        fields: dict[str, Any] = dict(record.fields)
        for path, value in table.chosen.items():
            put_path(fields, path, value)
        save = Save(type=record.type, fields=fields, opened=record, kind="resolve")
        store = self.app.store
        self._busy = True
        self.app.background.run(lambda: store.save([save], officer)[0]).then(self._saved).failed(self._failed)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if (control and event.key() == Qt.Key.Key_S) or event.key() == Qt.Key.Key_F9:
            self.save()
        else:
            super().keyPressEvent(event)

    def _saved(self, record: Record) -> None:
        """The way on: the record itself, or the next one that waits for a choice."""
        self._busy = False
        self.saved.emit(record.id)
        self.record = record
        self._show()
        self.notice.say(tr("form.conflict.done"), "green")
        if self.open_button is not None:
            self.open_button.setFocus(Qt.FocusReason.OtherFocusReason)
        store, seen = self.app.store, self.app.seen
        self.app.background.run(lambda: store.records.conflicts(2, within=seen).records, self).then(self._offer_next)

    def _offer_next(self, waiting: tuple[Record, ...]) -> None:
        """``waiting``: the first records still in conflict."""
        following = next((record for record in waiting if record.id != self.record_id), None)
        if following is None or self.table is not None:
            self.notice.say(f"{tr('form.conflict.done')} {tr('form.conflict.last')}", "green")
            return
        run = partial(self.next_requested.emit, following.id)
        title = shorten(following.title, LONGEST_TITLE, placeholder="…")
        self.next_button = button(tr("form.conflict.next", title=title), run, kind="main", tip=following.title)
        self._buttons.add(self.next_button)
        if self.open_button is not None and self.open_button.hasFocus():
            self.next_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, error: Exception) -> None:
        self._busy = False
        self.notice.say(tr("form.save.refused", reason=say_error(error)), "red")

    def _sides(self) -> list[tuple[int, str]]:
        """One button for each officer whose value waits, then the city's."""
        found = self.table.sides if self.table else ()
        sides = [(n, tr("form.conflict.all_of", name=side.name)) for n, side in enumerate(found[:-1])]
        return [*sides, (len(found) - 1, tr("form.conflict.all_theirs"))] if found else []

    def _show(self) -> None:
        record = self.record
        if record is None or not record.conflicts:
            self._about.setText(tr("form.conflict.none" if record else "form.missing"))
            self._put_table([])
            if record is not None:
                self._buttons.add(self._make_open(""))
                self._read_history()
            return
        record_type = self.app.catalog.record_type(record.type)
        parts = (say(record_type.label), record.number or "", record.title, record.subtitle)
        name = " · ".join(dict.fromkeys(part for part in parts if part))
        self.title_changed.emit(name)
        self._about.setText(tr("form.conflict.sub", record=name))
        self._put_table(picks_of(self.app, record_type, record, self._known()))
        self._read_history()

    def _read_history(self) -> None:
        store, record_id = self.app.store, self.record_id

        def read() -> tuple[HistoryStanding, tuple[HistoryRow, ...]]:
            return store.histories.standing(record_id), store.changes.history(record_id)

        self.app.background.run(read).then(self._show_history)

    def _show_history(self, found: tuple[HistoryStanding, tuple[HistoryRow, ...]]) -> None:
        if self.history is not None:
            self.history.show_rows(found[1], found[0], self.record_id)
            self._tell_who()

    def _known(self) -> tuple[HistoryRow, ...]:
        return self.history.rows if self.history is not None else ()

    def _tell_who(self) -> None:
        """Who wrote the city's value shows when the history is here; what was picked stays, by what was picked."""
        record, before = self.record, self.table
        if record is None or before is None or self._busy:
            return
        picks = picks_of(self.app, self.app.catalog.record_type(record.type), record, self._known())
        if picks == before.picks:
            return
        chosen, here, focused = before.chosen, before.here, before.hasFocus()
        self._put_table(picks)
        if self.table is not None:
            self.table.pick_again(
                {p.path: o.side for p in picks for o in p.options if p.path in chosen and o.value == chosen[p.path]}
            )
            self.table.stand(here)
            self.table.show()  # a layout shows it later, and what is not shown takes no focus
            if focused:
                self.table.setFocus()

    def _put_table(self, picks: list[Pick]) -> None:
        if self.table is not None:
            self.table.hide()
            self.table.deleteLater()
            self.table = None
        self._buttons.clear()
        if not picks:
            return
        self.table = ConflictTable(self.app, picks, self._body)
        self._table_place.addWidget(self.table)
        self._save_button = button(tr("form.conflict.save_left", n=self.table.left), self.save, kind="main")
        self._buttons.add(self._save_button)
        for side, text in self._sides():
            self._buttons.add(button(text, partial(self.pick_all, side)))
        self._buttons.add(self._make_open("flat"))
        self.table.picked.connect(self._show_left)
        self._show_left()

    def _make_open(self, kind: str) -> QPushButton:
        self.open_button = button(tr("form.conflict.open"), lambda: self.open_requested.emit(self.record_id), kind=kind)
        return self.open_button

    def _show_left(self) -> None:
        left = self.table.left if self.table else 0
        if self._save_button is None:
            return
        self._save_button.setEnabled(not left)
        self._save_button.setText(tr("form.conflict.save_left", n=left) if left else tr("form.conflict.save"))

    def _touched(self, touched: Touched) -> None:
        """Someone else may resolve it first; what is picked here stays while its field is still in question."""
        if self.record_id in touched.records and not self._busy:
            store = self.app.store
            self.app.background.run(lambda: store.records.load(self.record_id)).then(self._came)
            self._read_history()

    def _came(self, record: Record | None) -> None:
        if record is None or self.record is None or record.conflicts == self.record.conflicts:
            return
        self.record = record
        kept = dict(self.table.places) if self.table else {}
        self._show()
        if self.table is not None:
            self.table.pick_again(kept)

"""Records that may have been entered twice: both side by side, merged by a person, or told apart for good."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.doubles import reason_of, shortened
from desktop.language import say, say_error, tr
from desktop.merging import apart_save, can_merge, merging_save, unmerging_save
from desktop.models.table import Column, Row
from desktop.theme import SMALL
from desktop.views.table_page import TablePage
from desktop.widgets.basics import Card, button, text_label
from desktop.widgets.flow import FlowLine
from desktop.widgets.growing import TallArea
from sync.store.alikes import AlikePair
from sync.store.model import Record, Save, Touched

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 500
MOST_FIELDS = 8
LEAST_TABLE, LEAST_GRID = 130, 90  # px: the headings and two pairs stay in sight, and three lines of what is beside
LONGEST = 240  # characters of a value beside the other; the whole stands in its tip


class Doubles(TablePage):
    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("double.title"), parent)
        self.pairs: tuple[AlikePair, ...] = ()
        self._busy = False
        self._last_merged: str | None = None
        self._about = text_label(tr("double.about"), "quiet", wrap=True)
        self.column.addWidget(self._about)
        columns = (
            Column("why", tr("double.column_why")),
            Column("first", tr("double.column_first"), stretch=True, width=40, main=True),
            Column("second", tr("double.column_second"), stretch=True, width=40),
            Column("kind", tr("double.column_kind"), stretch=True, width=18),
        )
        self.put_table(columns, name=tr("double.title"), empty=tr("double.empty"), advice=tr("double.empty_advice"))
        self.table.setMinimumHeight(app.look.px(LEAST_TABLE))
        self.table.opened.connect(lambda _key: self._focus_buttons())
        self.table.moved.connect(lambda _key: self._show_pair())
        self._beside = Card(app.look, padding=10)
        self._grid_place = self._beside.body
        self._grid: QWidget | None = None
        self._buttons = FlowLine(app.look.px(SMALL))
        self._beside.body.addWidget(self._buttons)
        self._beside.hide()
        self.column.addWidget(self._beside)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        rows: tuple[tuple[str, str, Callable[[], None], str], ...] = (
            ("double.keep_first", "check", partial(self.merge, keep_first=True), "Ctrl+1"),
            ("double.keep_second", "check", partial(self.merge, keep_first=False), "Ctrl+2"),
            ("double.apart", "close", self.apart, "Ctrl+3"),
            ("double.undo", "back", self.undo, "Ctrl+Z"),
        )
        return [
            ActionRow(
                id=key, title=tr(key), icon=icon, run=run, shortcut=shortcut, group=tr("double.title"),
                enabled=(lambda: self._last_merged is not None) if key == "double.undo" else (lambda: bool(self.pair)),
            )
            for key, icon, run, shortcut in rows
        ]  # fmt: skip

    def concerns(self, touched: Touched) -> bool:
        catalog = self.app.catalog
        return any(catalog.knows(t) and catalog.record_type(t).alike for t in touched.types)

    def refresh(self) -> None:
        store, seen = self.app.store, self.app.seen

        def load() -> tuple[tuple[AlikePair, ...], int]:
            store.alikes.settle()
            return store.alikes.pairs(seen, MOST), store.alikes.count(seen)

        self.app.background.run(load, self).then(self._show)

    @property
    def pair(self) -> AlikePair | None:
        key = self.table.current_key()
        return next((pair for pair in self.pairs if _key(pair) == key), None)

    def _show(self, loaded: tuple[tuple[AlikePair, ...], int]) -> None:
        self.pairs, total = loaded
        about = tr("double.about")
        if total > len(self.pairs):
            about += " " + tr("double.more", shown=len(self.pairs), n=total)
        self._about.setText(about)
        self.show_rows(tuple(self._row(pair) for pair in self.pairs))
        self._show_pair()

    def _row(self, pair: AlikePair) -> Row:
        record_type = self.app.catalog.record_type(pair.first.type)
        cells = (reason_of(record_type, pair.rule), _named(pair.first), _named(pair.second), say(record_type.label))
        return Row(_key(pair), cells)

    def _show_pair(self) -> None:
        pair = self.pair
        self._beside.setVisible(pair is not None)
        if self._grid is not None:
            self._grid.hide()
            self._grid.deleteLater()
            self._grid = None
        self._buttons.clear()
        if pair is None:
            return
        self._grid = TallArea(self._make_grid(pair))  # with large letters it scrolls; nothing in it is cut
        self._grid.setMinimumHeight(self.app.look.px(LEAST_GRID))
        self._beside.body.insertWidget(0, self._grid)
        record_type = self.app.catalog.record_type(pair.first.type)
        if record_type.merging is not None:
            for key, keep_first, other in (
                ("double.keep_first", True, pair.second),
                ("double.keep_second", False, pair.first),
            ):
                made = button(tr(key), partial(self.merge, keep_first=keep_first), kind="main" if keep_first else "")
                made.setEnabled(can_merge(record_type, other))
                self._buttons.add(made)
        self._buttons.add(button(tr("double.apart"), self.apart))
        self._buttons.add(button(tr("double.open_first"), partial(self.app.open_record, pair.first.id), kind="flat"))
        self._buttons.add(button(tr("double.open_second"), partial(self.app.open_record, pair.second.id), kind="flat"))

    def _make_grid(self, pair: AlikePair) -> QWidget:
        """The fields that differ first, then those that made the two look alike."""
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self.app.look.px(14))
        grid.setVerticalSpacing(self.app.look.px(3))
        for place, name in enumerate(("double.field", "double.older", "double.newer")):
            grid.addWidget(text_label(tr(name), "label"), 0, place)
        for row, (label, one, other) in enumerate(self._lines(pair), start=1):
            grid.addWidget(text_label(label, "quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            shown = shortened(one, other, LONGEST)
            for column, text, part in ((1, one, shown[0]), (2, other, shown[1])):
                told = text_label(part, "quiet" if one == other else "", wrap=True)
                told.setToolTip(text if part != text else "")
                grid.addWidget(told, row, column, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        return box

    def _lines(self, pair: AlikePair) -> list[tuple[str, str, str]]:
        from desktop.forms.change_words import shown_value

        record_type = self.app.catalog.record_type(pair.first.type)
        a, b = pair.first.fields, pair.second.fields
        fields = [f for f in record_type.fields if (a.get(f.name) or b.get(f.name)) and f.type not in ("files", "file")]
        fields.sort(key=lambda f: (a.get(f.name) == b.get(f.name), f.name not in pair.rule.fields))
        lines = [
            (say(f.label), shown_value(self.app, f, a.get(f.name)), shown_value(self.app, f, b.get(f.name)))
            for f in fields[:MOST_FIELDS]
        ]
        made = (f"{_day(pair.first)}, {pair.first.updated_by}", f"{_day(pair.second)}, {pair.second.updated_by}")
        return [*lines, (tr("frame.column_updated"), *made)]

    def merge(self, *, keep_first: bool) -> None:
        pair = self.pair
        if pair is None:
            return
        keep, other = (pair.first, pair.second) if keep_first else (pair.second, pair.first)

        def make() -> Save:
            from desktop.forms.entries import entry_context

            assert self.app.officer is not None  # noqa: S101
            return merging_save(keep, other, self.app.catalog, self.app.officer, entry_context(self.app))

        self._last_merged = other.id
        self._write(make, tr("double.merged", title=keep.title))

    def apart(self) -> None:
        pair = self.pair
        if pair is not None:
            self._write(lambda: apart_save(pair.first, pair.second), tr("double.apart_done"))

    def undo(self) -> None:
        """Takes back the merging done last on this page."""
        record_id, store = self._last_merged, self.app.store
        if record_id is None:
            return

        def make() -> Save:
            from desktop.forms.entries import entry_context

            record = store.records.load(record_id)
            assert record is not None and self.app.officer is not None  # noqa: S101
            return unmerging_save(record, self.app.catalog, self.app.officer, entry_context(self.app))

        self._last_merged = None
        self._write(make, tr("double.unmerged"))

    def _write(self, make: Callable[[], Save], told: str) -> None:
        officer, store = self.app.officer, self.app.store
        if officer is None or self._busy:
            return
        self._busy = True
        task = self.app.background.run(lambda: store.save([make()], officer), self)
        task.then(lambda _saved: self._did(told))
        task.failed(self._failed)

    def _did(self, told: str) -> None:
        self._busy = False
        self.app.notice(told, "blue")
        self.refresh()
        self.focus_first()

    def _failed(self, error: Exception) -> None:
        self._busy = False
        self._last_merged = None
        problems = getattr(error, "problems", ())
        reason = say(problems[0].message) if problems and hasattr(problems[0].message, "vi") else say_error(error)
        self.app.notice(tr("double.failed", reason=reason), "red")

    def _focus_buttons(self) -> None:
        first = self._buttons.findChild(QWidget)
        if first is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)


def _key(pair: AlikePair) -> str:
    return f"{pair.first.id}/{pair.second.id}"


def _named(record: Record) -> str:
    parts = (record.number or "", record.title, *record.subtitle.split("·"))
    return " · ".join(part.strip() for part in parts if part.strip())


def _day(record: Record) -> str:
    from forms.vietnamese_dates import show_moment

    return show_moment(record.created_at) if record.created_at else ""

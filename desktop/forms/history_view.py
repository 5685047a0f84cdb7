"""Who did what to a record, when, old and new value, and where each change stands. Nothing is ever taken out of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from desktop.forms.change_words import changed_lines, describe_change
from desktop.language import language, say, tr
from desktop.models.dates import local, when
from desktop.models.tags import change_tag, chosen_tag
from desktop.widgets.basics import Card, tag_label, text_label
from desktop.widgets.scrolled_place import scroll_kept
from forms.definition import RecordType
from sync.merge import DONE_ALREADY
from sync.store.model import HistoryRow

if TYPE_CHECKING:
    from desktop.app import App
    from sync.store.histories import HistoryStanding, Look

MISSING: tuple[HistoryStanding, ...] = ("part", "failed")
NARROW = 440  # px; below it the column of tags would be cut off
MOST = 60  # rows drawn; more than most records ever see, and the last line says where the others are


class HistoryView(QWidget):
    """A table of rows that may be several lines high; ``details`` False leaves the values out (conflict page).

    While it is on the screen the city is asked for what it has of the record; a line above the rows says so, and what is
    missing where there is no line.
    """

    def __init__(
        self, app: App, record_type: RecordType, parent: QWidget | None = None, *, details: bool = True
    ) -> None:
        super().__init__(parent)
        self._app, self._type, self._details = app, record_type, details
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._card: QWidget | None = None
        self._note: QLabel | None = None
        self._places: dict[str, QWidget] = {}  # change id -> the first cell of its row
        self._drawn: tuple[object, ...] = ()
        self._record_id = ""
        self._look: Look | None = None  # held while this is on the screen
        self.standing: HistoryStanding = "whole"
        self.rows: tuple[HistoryRow, ...] = ()
        app.line.changed.connect(self._say)

    def show_rows(self, rows: Sequence[HistoryRow], standing: HistoryStanding = "whole", record_id: str = "") -> None:
        """What is known here now of the record ("": nobody is to be asked for more). Who reads goes on where he was."""
        was_missing = self.standing in MISSING and record_id == self._record_id
        self.rows, self.standing, self._record_id = tuple(rows), standing, record_id
        self._draw_again()
        self._say()
        self._follow(asks=not was_missing)

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        self._follow(asks=True)

    def hideEvent(self, event: QHideEvent, /) -> None:
        self._look = None
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        if self._card is not None:
            self._draw_again()

    @property
    def _is_narrow(self) -> bool:
        """Large letters on a small screen: where a change stands then has no column of its own."""
        return self.width() < self._app.look.px(NARROW)

    def _draw_again(self) -> None:
        """Unless what is drawn is the same."""
        drawn = (self.rows, local(self._app.clock.now()).date(), language(), self._app.look, self._is_narrow)
        if drawn != self._drawn:
            self._drawn = drawn
            with scroll_kept(self, self._places) as places:
                self._draw(places)
                self._places = places

    def _follow(self, *, asks: bool) -> None:
        """While this is looked at, syncs bring what the city has; when something is missing now, one begins at once."""
        if not self._record_id or not self.isVisible():
            self._look = None
            return
        if self._look is None or self._look.record_id != self._record_id:
            self._look = self._app.store.histories.look(self._record_id)
            asks = True
        if asks and self.standing in MISSING:
            self._app.fetch_soon()

    def _draw(self, places: dict[str, QWidget]) -> None:
        """The rows anew, noted in ``places``."""
        if self._card is not None:
            self._card.hide()
            self._card.deleteLater()
        card = Card(self._app.look, padding=8, parent=self)
        self._card = card
        self._column.insertWidget(0, card)
        self._note = text_label("", "quiet", wrap=True, parent=card)
        card.body.addWidget(self._note)
        rows = self.rows
        if rows:
            grid = QGridLayout()
            grid.setHorizontalSpacing(self._app.look.px(14))
            grid.setVerticalSpacing(self._app.look.px(6))
            columns = ("who", "what") if self._is_narrow else ("when", "who", "what", "where")
            for n, key in enumerate(columns):
                grid.addWidget(text_label(tr(f"form.history.{key}"), "label"), 0, n)
                grid.setColumnStretch(n, {"who": 1, "what": 3}.get(key, 0))
            for n, row in enumerate(rows[:MOST], start=1):
                places[row.change.change_id] = self._add_row(grid, n, row)
            card.body.addLayout(grid)
        if len(rows) > MOST:
            told = tr("form.history.cut", shown=MOST, all=len(rows), id=rows[0].change.record_id)
            card.body.addWidget(_wrapped(told, "hint"))
        self._say()
        card.show()

    def _say(self) -> None:
        """Where the rest of the history is; nothing while all of it is here."""
        if self._note is None:
            return
        text = self._told()
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _told(self) -> str:
        if self.standing == "cut":
            return tr("form.history.older", count=len(self.rows))
        if self.standing == "only_here":
            return tr("form.history.only_here" if self.rows else "form.history.none_there")
        if self.standing in MISSING:
            line = self._app.line
            if self._app.sync is None or line.state in ("down", "refused"):
                return tr("form.history.here" if self.rows else "form.history.none_here")
            return tr("form.history.failed" if self.standing == "failed" else "form.history.coming")
        return "" if self.rows else tr("form.history.none")

    def _add_row(self, grid: QGridLayout, n: int, row: HistoryRow) -> QWidget:
        """The first cell of the row."""
        change = row.change
        moment = text_label(_when(change.at, self._app.clock.now()))
        who = [_wrapped(change.officer.name, "")]
        if not row.is_own and change.device:
            who.append(_wrapped(tr("form.history.device", device=change.device), "hint"))
        what = [_wrapped(describe_change(self._type, change), "")]
        if self._details and change.kind != "create":
            what += [_wrapped(text, "hint") for text in changed_lines(self._app, self._type, change)]
        for problem in row.problems:
            # a hint: nothing is wrong, or nothing is to be done about it any more, or not here
            is_news = problem.message == DONE_ALREADY.vi or row.is_settled
            text = say(problem.label)
            what.append(_wrapped(text, "hint") if is_news else _wrapped(f"⚠ {text}", "problem"))
        tag = tag_label(chosen_tag() if is_chosen(row, self.rows) else change_tag(row.status))
        if self._is_narrow:
            cells = [_cell(moment, *who), _cell(*what, tag)]
        else:
            cells = [_cell(moment), _cell(*who), _cell(*what), _cell(tag)]
        for column, cell in enumerate(cells):
            grid.addWidget(cell, n, column)
        return cells[0]


def is_chosen(row: HistoryRow, rows: Sequence[HistoryRow]) -> bool:
    """Whether the choice that a change waited for was made here and is not sent yet; ``rows``: the history, newest first."""
    if row.status != "conflict":
        return False
    later = takewhile(lambda other: other is not row, rows)
    return any(other.change.kind == "resolve" and other.status in ("pending", "parked") for other in later)


def _when(moment: str, now: datetime) -> str:
    """As it is written, where another PC wrote something else than a moment."""
    try:
        return when(moment, now)
    except ValueError:
        return moment[:20]


def _cell(*lines: QWidget) -> QWidget:
    """Lines one below the other, from the top."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(1)
    for line in lines:
        column.addWidget(line)
    column.addStretch(1)
    return made


def _wrapped(text: str, role: str) -> QLabel:
    return text_label(text, role, wrap=True)

"""Making a list for everybody at once: what is asked, how many come of it and who is left out, then the making itself."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressBar, QWidget

from desktop import batches
from desktop.app import App
from desktop.batches import Tally, Told
from desktop.forms.entries import entry_context
from desktop.forms.form_view import FormView
from desktop.language import language, say, say_error, tr
from desktop.models.table import CellTable, Column, Row
from desktop.models.tags import Tag
from desktop.views.dialogs import StepSheet
from desktop.widgets.basics import button, text_label
from desktop.widgets.table import RowTable
from forms.batches import question
from forms.entry import RecordEntry
from forms.flow_definition import Flow

TYPING_PAUSE_MS = 300
LOOK_MS = 120  # between two looks at how far the background is
WHO = 22  # characters of a source's name
LINES = 2000  # told in the table; more are only counted


class Work:
    """One counting or making under way, seen from both threads: the background writes, the window looks."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.stop = False

    def watch(self, tally: Tally) -> bool:
        self.tally = tally
        return not self.stop


class BatchSheet(StepSheet):
    """Esc stops what is being made; what was written stays, and another run makes the rest."""

    def __init__(self, app: App, flow: Flow, window: QWidget) -> None:
        super().__init__(app.look, say(flow.label), window, width=720)
        self.app, self.flow = app, flow
        self.asked = question(flow, app.catalog.record_type(flow.to or ""))
        self.entry = RecordEntry(self.asked, app.catalog, entry_context(app))
        self.counted: Tally | None = None  # for the answers that stand there now
        self.outcome: Tally | None = None
        self._work: Work | None = None
        self._making = False
        self._make_body()
        self._pause = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.count)
        self._clock = QTimer(self, interval=LOOK_MS)
        self._clock.timeout.connect(self._look)
        self.view.changed.connect(self._changed)
        self.view.typed.connect(self._changed)
        self.resize(self.minimumWidth(), min(app.look.px(560), window.height() - 60))
        self.view.walk.go_to_first()
        self.count()

    def _make_body(self) -> None:
        self.view = FormView(self.app, self.entry, self, only=frozenset(self.flow.asks))
        self.make_button = button(tr("batch.make"), self.make, kind="main")
        self.view.finished.connect(self.make_button.setFocus)
        self.body.addWidget(self.view)
        self.summary = text_label("", "heading", wrap=True)
        self.summary.setAccessibleName(tr("batch.outcome"))
        self.body.addWidget(self.summary)
        self.bar = QProgressBar()
        self.bar.setAccessibleName(tr("batch.progress"))
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(self.look.px(8))
        self.bar.hide()
        self.body.addWidget(self.bar)
        columns = (
            Column("who", tr("batch.column_who"), WHO),
            Column("what", ""),
            Column("why", tr("batch.column_why"), stretch=True, main=True),
        )
        self.table = RowTable(CellTable(columns), self.look)
        self.table.setAccessibleName(tr("batch.left_out"))
        self.table.opened.connect(self._open)
        self.table.hide()
        self.body.addWidget(self.table, 1)
        self.body.addStretch(0)
        self.foot.addWidget(self.make_button)
        self.stop_button = button(tr("batch.stop"), self.stop)
        self.stop_button.hide()
        self.foot.addWidget(self.stop_button)
        self.close_button = button(tr("batch.close"), self.reject)
        self.foot.addWidget(self.close_button)

    # counting --------------------------------------------------------------------------------------------------------

    def _changed(self, _paths: object = None) -> None:
        if self._making:
            return
        self._halt()
        self.counted = self.outcome = None
        self.make_button.setEnabled(False)
        self._pause.start()

    def count(self) -> None:
        """What would be made for these answers; nothing while one of them is missing."""
        self._halt()
        self.counted = None
        if self._blocking():
            self.summary.setText(tr("batch.answer_first"))
            self._show_told(Tally())
            self._arrange()
            return
        work = self._begin()
        desk, flow, given = desk_of(self.app), self.flow, self._given()
        task = self.app.background.run(partial(batches.count, flow, given, desk, work.watch), self)
        task.then(partial(self._counted, work)).failed(partial(self._failed, work))
        self._arrange()

    def _counted(self, work: Work, tally: Tally) -> None:
        if work is not self._work or tally.stopped:
            return
        self._end()
        self.counted = tally
        self.summary.setText(_said("batch.would_make", tally))
        self._show_told(tally)
        self._arrange()

    # making ----------------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Makes what was counted. Answers that changed since, or problems, come first."""
        self.view.flush()
        if self._making or self._blocking() or self.counted is None:
            self.view.show_all_problems()
            return
        self._making = True
        self.bar.setRange(0, max(self.counted.made, 1))
        self.bar.setValue(0)
        work = self._begin()
        desk, flow, given = desk_of(self.app), self.flow, self._given()
        task = self.app.background.run(partial(batches.make, flow, given, desk, work.watch), self)
        task.then(partial(self._made, work)).failed(partial(self._failed, work))
        self._arrange()
        self.stop_button.setFocus()

    def _made(self, work: Work, tally: Tally) -> None:
        self._end()
        self.outcome, self.counted = tally, None
        self.summary.setText(_said("batch.stopped" if tally.stopped else "batch.made", tally))
        self._show_told(tally)
        self._arrange()
        self.close_button.setFocus()

    def stop(self) -> None:
        """After the hundred that is being written."""
        if self._making and self._work is not None:
            self._work.stop = True

    def _failed(self, work: Work, error: Exception) -> None:
        if work is not self._work:
            return
        made = work.tally.made if self._making else 0
        self._end()
        self.summary.setText(tr("batch.failed", **number_words(made), reason=say_error(error)))
        self._arrange()

    # the work under way ----------------------------------------------------------------------------------------------

    def _begin(self) -> Work:
        self._work = Work()
        self._clock.start()
        self._look()
        return self._work

    def _end(self) -> None:
        self._work, self._making = None, False
        self._clock.stop()

    def _halt(self) -> None:
        """Forgets a counting that is no longer wanted."""
        if self._work is not None and not self._making:
            self._work.stop = True
            self._end()

    def _look(self) -> None:
        if self._work is None:
            return
        tally = self._work.tally
        if self._making:
            self.bar.setValue(tally.made)
            self.stop_button.setEnabled(not self._work.stop)
            self.summary.setText(
                tr("batch.making", **number_words(tally.made), of=number_words(self.bar.maximum())["number"])
            )
        else:
            self.summary.setText(tr("batch.counting", **number_words(tally.made)))

    def _given(self) -> dict[str, Any]:
        return {name: self.entry.get(name) for name in self.flow.asks}

    def _blocking(self) -> bool:
        return any(problem.blocks for problem in self.entry.problems())

    # what is shown ---------------------------------------------------------------------------------------------------

    def _show_told(self, tally: Tally) -> None:
        kinds = (
            (tally.refused, Tag(tr("batch.refused"), "red", "✗")),
            (tally.dropped, Tag(tr("batch.dropped"), "grey", "–")),
            (tally.noted, Tag(tr("batch.noted"), "amber", "!")),
        )
        rows = [_row(told, tag) for list_of, tag in kinds for told in list_of]
        self.table.show_rows(tuple(rows[:LINES]), keep=False)
        self.table.setVisible(bool(rows))

    def _arrange(self) -> None:
        making, counted = self._making, self.counted
        self.view.setEnabled(not making)
        self.bar.setVisible(making)
        self.stop_button.setVisible(making)
        self.stop_button.setEnabled(True)
        self.close_button.setVisible(not making)
        self.make_button.setVisible(not making and self.outcome is None)
        self.make_button.setEnabled(counted is not None and counted.made > 0)
        self.make_button.setText(
            tr("batch.make_n", **number_words(counted.made)) if counted and counted.made else tr("batch.make")
        )

    def _open(self, record_id: str) -> None:
        """The source of a line, to see what is the matter; the list is made later from there on."""
        if not self._making:
            self.reject()
            self.app.open_record(record_id)

    def take_step(self) -> None:
        self.make()

    def reject(self) -> None:
        if self._making:
            self.stop()
            return
        self._halt()
        super().reject()


def desk_of(app: App) -> batches.Desk:
    """Who does it, where and by which rules; only for an officer at work."""
    assert app.officer is not None  # noqa: S101 - the action is offered to nobody else
    return batches.Desk(app.store, app.catalog, entry_context(app), app.officer, app.may_begin)


def _row(told: Told, tag: Tag) -> Row:
    return Row(told.id, (told.title, tag, told.message.get(language())))


def _said(key: str, tally: Tally) -> str:
    parts = [tr(key, **number_words(tally.made))]
    if tally.existing:
        parts.append(tr("batch.existing", **number_words(tally.existing)))
    if tally.refused:
        parts.append(tr("batch.left_out_n", **number_words(len(tally.refused))))
    if tally.noted:
        parts.append(tr("batch.noted_n", **number_words(len(tally.noted))))
    return " · ".join(parts)


def number_words(count: int) -> dict[str, Any]:
    """A count for a sentence: ``n`` chooses the plural, ``number`` is shown."""
    shown = f"{count:,}"
    return {"n": count, "number": shown.replace(",", ".") if tr("frame.thousands") == "." else shown}

"""One action on the records chosen in a list: which one, for how many it holds, who is left out and why, then the doing."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QProgressBar, QWidget

from desktop import group_acting
from desktop.app import App
from desktop.batches import Tally, Told
from desktop.forms.entries import entry_context
from desktop.forms.form_view import FormView
from desktop.group_acting import Choice
from desktop.language import language, say, say_error, tr
from desktop.models.table import CellTable, Column, Row
from desktop.views.batch_sheet import LOOK_MS, WHO, Work, desk_of, number_words
from desktop.views.dialogs import StepSheet
from desktop.widgets.basics import button, text_label
from desktop.widgets.table import RowTable
from forms.definition import RecordType
from forms.entry import RecordEntry
from sync.store.model import Record


class GroupSheet(StepSheet):
    """Esc stops after the record that is being written; what is done stays done."""

    def __init__(self, app: App, record_type: RecordType, records: tuple[Record, ...], window: QWidget) -> None:
        super().__init__(app.look, tr("group.title", **number_words(len(records))), window, width=720)
        self.app, self.record_type, self.records = app, record_type, records
        self.outcome: Tally | None = None
        self.view: FormView | None = None
        self._choices: tuple[Choice, ...] = ()
        self._work: Work | None = None
        self._make_body()
        self._clock = QTimer(self, interval=LOOK_MS)
        self._clock.timeout.connect(self._look)
        self.resize(self.minimumWidth(), min(app.look.px(480), window.height() - 60))
        task = app.background.run(partial(group_acting.choices, records, record_type, desk_of(app)), self)
        task.then(self._offer).failed(self._failed)

    def _make_body(self) -> None:
        self.pick = QComboBox()
        self.pick.setAccessibleName(tr("group.pick"))
        self.pick.setEnabled(False)
        self.pick.currentIndexChanged.connect(self._picked)
        self.body.addWidget(self.pick)
        self.summary = text_label(tr("group.looking"), "heading", wrap=True)
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
            Column("why", tr("batch.column_why"), stretch=True, main=True),
        )
        self.table = RowTable(CellTable(columns), self.look)
        self.table.setAccessibleName(tr("group.left_out"))
        self.table.opened.connect(self._open)
        self.table.hide()
        self.body.addWidget(self.table, 1)
        self.body.addStretch(0)
        self.go_button = button(tr("group.go"), self.go, kind="main")
        self.go_button.setEnabled(False)
        self.foot.addWidget(self.go_button)
        self.close_button = button(tr("batch.close"), self.reject)
        self.foot.addWidget(self.close_button)

    @property
    def choice(self) -> Choice | None:
        index = self.pick.currentIndex()
        return self._choices[index] if 0 <= index < len(self._choices) else None

    def _offer(self, found: tuple[Choice, ...]) -> None:
        self._choices = found
        self.pick.blockSignals(True)  # one look at the first of them, when all are in
        for choice in found:
            counts = {**number_words(len(choice.able)), "of": number_words(len(self.records))["number"]}
            self.pick.addItem(tr("group.choice", action=say(choice.action.label), **counts))
        self.pick.blockSignals(False)
        self.pick.setEnabled(len(found) > 0)
        if not found:
            self.summary.setText(tr("group.nothing"))
            self.close_button.setFocus()
            return
        self._picked()
        self.pick.setFocus()

    def _picked(self, _index: int = 0) -> None:
        """The answers the action asks for once, for all of them, and who is left out."""
        choice = self.choice
        if choice is None:
            return
        if self.view is not None:
            self.body.removeWidget(self.view)
            self.view.deleteLater()
            self.view = None
        if choice.action.asks:
            entry = RecordEntry(self.record_type, self.app.catalog, entry_context(self.app), state=choice.able[0].state)
            self.view = FormView(self.app, entry, self, only=frozenset(choice.action.asks), unlocked=True)
            self.view.finished.connect(self.go_button.setFocus)
            self.body.insertWidget(1, self.view)
        self._say(tr("group.ready", **number_words(len(choice.able))), choice.left)
        self.go_button.setText(tr("group.go_n", **number_words(len(choice.able)), action=say(choice.action.label)))
        self.go_button.setEnabled(True)

    def go(self) -> None:
        choice = self.choice
        if choice is None or self._work is not None or self.outcome is not None or not self._answered(choice):
            return
        inputs = {name: self.view.entry.get(name) for name in choice.action.asks} if self.view is not None else {}
        self._work = work = Work()
        self.bar.setRange(0, len(choice.able))
        self.bar.setValue(0)
        self.bar.show()
        for widget in (self.pick, self.view, self.go_button):
            if widget is not None:
                widget.setEnabled(False)
        self._clock.start()
        task = self.app.background.run(partial(group_acting.act, choice, inputs, desk_of(self.app), work.watch), self)
        task.then(self._done).failed(self._failed)

    def _answered(self, choice: Choice) -> bool:
        if self.view is None:
            return True
        self.view.flush()
        entry, missing = self.view.entry, {}
        for name in choice.action.asks:
            problem = entry.problem(name)
            if problem is not None and problem.blocks:
                missing[name] = problem.message.get(language())
            elif entry.get(name) in (None, "", []):
                missing[name] = tr("form.ask.missing", label=say(self.record_type.field(name).label))
        if missing:
            self.view.show_refused(missing)
            self.view.walk.go_to(next(iter(missing)))
        return not missing

    def _done(self, tally: Tally) -> None:
        self._end()
        self.outcome = tally
        key = "group.stopped" if tally.stopped else "group.done"
        self._say(tr(key, **number_words(tally.made)), tuple(tally.refused))
        self.close_button.setFocus()

    def _failed(self, error: Exception) -> None:
        self._end()
        self.summary.setText(tr("form.save.refused", reason=say_error(error)))
        self.close_button.setFocus()

    def _end(self) -> None:
        self._work = None
        self._clock.stop()
        self.bar.hide()

    def _look(self) -> None:
        if self._work is not None:
            self.bar.setValue(self._work.tally.looked_at)
            self.summary.setText(tr("group.doing", **number_words(self._work.tally.made)))

    def _say(self, words: str, left: tuple[Told, ...]) -> None:
        self.summary.setText(f"{words} {tr('group.left', **number_words(len(left)))}" if left else words)
        self.table.show_rows(tuple(Row(t.id, (t.title, t.message.get(language()))) for t in left), keep=False)
        self.table.setVisible(bool(left))

    def _open(self, record_id: str) -> None:
        if self._work is None:
            self.reject()
            self.app.open_record(record_id)

    def take_step(self) -> None:
        self.go()

    def reject(self) -> None:
        if self._work is not None:
            self._work.stop = True
            return
        super().reject()

"""“Tự kiểm tra”: every part of the program tried on this PC, for the IT staff to look at with the officer."""

from __future__ import annotations

import time

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.app import App
from desktop.language import language, say, tr
from desktop.models.tags import Tag
from desktop.selftest.apart import LONGEST, Answer, SelfTest
from desktop.selftest.bench import Outcome
from desktop.selftest.run import STEPS
from desktop.theme import MEDIUM, SMALL, TINY
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import Card, Notice, bare_column, restyle, tag_label, text_label
from forms.disk_words import disk_words

EVERY_MS = 150
_KINDS = {"ok": "green", "failed": "red", "skipped": "grey", "running": "blue", "waiting": "grey"}


class StepCard(Card):
    """One step: its state, its name, how long it took; under it what was seen and what to do."""

    def __init__(self, app: App, name: str) -> None:
        super().__init__(app.look, padding=SMALL)
        self.outcome: Outcome | None = None
        self.tag = tag_label(Tag(tr("selftest.state_waiting")))
        self.took = text_label("", "quiet")
        self.said = text_label("", "quiet", wrap=True)
        self.todo = text_label("", "problem", wrap=True)
        self.todo.hide()
        self.said.hide()
        row = QHBoxLayout()
        row.setSpacing(app.look.px(SMALL))
        row.addWidget(text_label(tr(f"selftest.step_{name}"), "heading"))
        row.addStretch(1)
        row.addWidget(self.took)
        row.addWidget(self.tag)
        self.body.addLayout(row)
        self.body.addWidget(self.said)
        self.body.addWidget(self.todo)

    def show_state(self, state: str) -> None:
        self.tag.setText(tr(f"selftest.state_{state}"))
        self.tag.setProperty("kind", _KINDS[state])
        restyle(self.tag)

    def show_outcome(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.show_state(outcome.status)
        seconds = f"{max(outcome.seconds, 0.1):.1f}"
        self.took.setText(tr("selftest.seconds", n=seconds.replace(".", ",") if language() == "vi" else seconds))
        self.said.setText(say(outcome.said))
        self.said.show()
        self.todo.setText(f"→ {say(outcome.todo)}" if outcome.todo else "")
        self.todo.setVisible(outcome.todo is not None)


class SelfTestSheet(Sheet):
    """Begins at once. Closing it ends the test."""

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("selftest.heading"), window, width=680)
        self._app = app
        self._test: SelfTest | None = None
        self._answer = Answer()
        self._began = 0.0
        self.body.addWidget(text_label(tr("selftest.about"), "quiet", wrap=True))
        self.outcome = Notice(app.look, "")
        self.body.addWidget(self.outcome)
        column = bare_column(self.body)
        column.setSpacing(app.look.px(TINY))
        column.setContentsMargins(0, 0, app.look.px(MEDIUM), 0)
        self._column = column
        self.cards: dict[str, StepCard] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        self.add_button(tr("selftest.copy"), self.copy)
        self.add_button(tr("selftest.again"), self.begin)
        self.add_button(tr("selftest.close"), self.reject, kind="main")
        self.finished.connect(self._end)
        self.resize(self.minimumWidth(), min(app.look.px(700), window.height() - app.look.px(40)))
        self.begin()

    @property
    def is_running(self) -> bool:
        return self._test is not None

    def begin(self) -> None:
        """All steps from the first one on."""
        self._end()
        for card in self.cards.values():
            card.deleteLater()
        while self._column.count():
            self._column.takeAt(0)
        self.cards = {name: StepCard(self._app, name) for name in STEPS}
        for card in self.cards.values():
            self._column.addWidget(card)
        self._column.addStretch(1)
        self._answer, self._began = Answer(), time.monotonic()
        enrolment = self._app.enrolment
        try:
            self._test = SelfTest(self._app.folder, language(), enrolment.url if enrolment else "")
        except OSError as error:
            self._say(tr("selftest.not_run", reason=say(disk_words(error))), "red")
            return
        self._say(tr("selftest.running"), "blue")
        self._timer.start()
        self._look()

    def copy(self) -> None:
        """The whole result, with versions and figures, as JSON: what the IT staff ask for."""
        QGuiApplication.clipboard().setText(msgspec.json.format(msgspec.json.encode(self._answer), indent=2).decode())
        self._app.notice(tr("selftest.copied"))

    def _look(self) -> None:
        if self._test is None:
            return
        over = self._test.is_over or time.monotonic() - self._began > LONGEST
        self._answer = answer = self._test.read()
        for outcome in answer.steps:
            card = self.cards.get(outcome.name)
            if card is not None and card.outcome is None:
                card.show_outcome(outcome)
        running = next((card for card in self.cards.values() if card.outcome is None), None)
        if over:
            self._conclude(answer, running)
        elif running is not None:
            running.show_state("running")

    def _conclude(self, answer: Answer, broken: StepCard | None) -> None:
        """``broken``: where it broke off, if it did."""
        bad = sum(outcome.status == "failed" for outcome in answer.steps)
        if not answer.finished and self._test is not None:
            if broken is not None:
                broken.show_state("failed")
            self._say(tr("selftest.not_run", reason=self._test.complaint()), "red")
        else:
            self._say(tr("selftest.some_failed", n=bad) if bad else tr("selftest.all_well"), "red" if bad else "green")
        self._end()

    def _say(self, text: str, kind: str) -> None:
        self.outcome.text.setText(text)
        self.outcome.setProperty("kind", kind)
        restyle(self.outcome)
        restyle(self.outcome.text)

    def _end(self) -> None:
        self._timer.stop()
        if self._test is not None:
            self._test.end()
            self._test = None

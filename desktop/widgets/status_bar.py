"""The bar that always tells where the records stand: the line, what waits, what is saved, what needs a person."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.app import App
from desktop.language import tr
from desktop.models.dates import clock_time
from desktop.models.standing import attention_sentence, fill_sentence, line_sentence, waiting_sentence
from desktop.theme import MEDIUM, STATUS_HEIGHT
from desktop.widgets.basics import button, text_label
from sync.store.model import Overview


class StatusBar(QFrame):
    outbox_wanted = Signal()
    conflicts_wanted = Signal()

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self._app = app
        self._overview: Overview | None = None
        self._files = 0  # attached ones that the city has not got
        self._saved_at: datetime | None = None
        self._sign = text_label("")
        self._line = text_label("")
        self._line.setMinimumWidth(1)  # gives way to the window
        self._waiting = button("", self.outbox_wanted.emit, tip=tr("frame.outbox_tip"))
        self._attention = button("", self._open_attention)
        self._saved = text_label("")
        self._update = button("", lambda: app.page_requested.emit("settings"), tip=tr("update.tip"))
        self.switch = button("", app.turn_line, tip=tr("frame.line_rehearsal"))
        self._words = ""
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(app.look.px(MEDIUM), 0, app.look.px(MEDIUM), 0)
        row.setSpacing(app.look.px(6))
        for part in (self._sign, self._line, self._waiting, self._attention):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self._update)
        row.addWidget(self._saved)
        row.addWidget(self.switch)
        self.setFixedHeight(app.look.px(STATUS_HEIGHT))
        app.line.changed.connect(self._say)
        app.updates_changed.connect(self._say)
        self._say()

    def show_counts(self, overview: Overview) -> None:
        self._overview = overview
        self._say()

    def show_files(self, files: int) -> None:
        if files != self._files:
            self._files = files
            self._say()

    def note_saved(self) -> None:
        """A record was just written to this PC's disk."""
        self._saved_at = self._app.clock.now()
        self._say()

    def _open_attention(self) -> None:
        """Where what it tells stands: what was sent back alone is in the outbox."""
        conflicts = self._overview is None or self._overview.conflicts
        (self.conflicts_wanted if conflicts else self.outbox_wanted).emit()

    def focus_first(self) -> None:
        """The first of what can be opened from here."""
        for made in (self._waiting, self._attention):
            if made.isVisible():
                made.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return

    def _say(self) -> None:
        enrolled = self._app.enrolment is not None
        kind, sign, words = line_sentence(self._app.line, enrolled, self._app.clock.now())
        self._sign.setText(sign)
        self._sign.setStyleSheet(f"color: {getattr(self._app.look.colours, kind)}")
        line = self._app.line
        fill = fill_sentence(line)
        if line.busy and fill:
            words = fill  # what is new at a new PC; the rest of what a sync does goes without saying
        elif line.busy and line.state != "down":
            words = tr("frame.line_busy")
        elif fill:
            words = f"{words} · {fill}"
        self._words = words
        self._line.setToolTip(line.reason)
        for made, text in (
            (self._waiting, waiting_sentence(self._overview, self._files)),
            (self._attention, attention_sentence(self._overview)),
        ):
            made.setText(text)
            made.setVisible(bool(text))
        updates = self._app.updates
        waits = updates.waiting if updates is not None else ""
        self._update.setText(tr("update.waits", version=waits) if waits else "")
        rehearsal = self._app.rehearsal
        self.switch.setVisible(rehearsal is not None)
        self.switch.setText(tr(rehearsal.next_step) if rehearsal is not None else "")
        self._saved.setText(tr("frame.saved_at", time=clock_time(self._saved_at)) if self._saved_at else "")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Nothing is cut at its edge: on a narrow window when it was saved goes first (the form says it too), then the
        end of the sentence about the line."""
        self._line.setText(self._words)
        self._saved.setVisible(bool(self._saved.text()))
        self._update.setVisible(bool(self._update.text()))
        for least in (self._saved, self._update):
            if self._over() > 0:
                least.hide()
        over = self._over()
        if over > 0:
            metrics = self._line.fontMetrics()
            room = max(0, metrics.horizontalAdvance(self._words) - over)
            self._line.setText(metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, room))
        self._row.activate()

    def _over(self) -> int:
        """How many pixels what is shown is wider than the bar."""
        self._row.invalidate()
        return self._row.sizeHint().width() - self.width()

"""The bar that always tells where the records stand: the line, what waits, what is saved, what needs a person."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from desktop.app import App
from desktop.language import tr
from desktop.models.dates import clock_time
from desktop.models.standing import attention_sentence, line_sentence, waiting_sentence
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
        self._saved_at: datetime | None = None
        self._sign = text_label("")
        self._line = text_label("")
        self._waiting = button("", self.outbox_wanted.emit, tip=tr("frame.outbox_tip"))
        self._attention = button("", self.conflicts_wanted.emit, tip=tr("frame.conflicts_tip"))
        self._saved = text_label("")
        row = QHBoxLayout(self)
        row.setContentsMargins(app.look.px(MEDIUM), 0, app.look.px(MEDIUM), 0)
        row.setSpacing(app.look.px(6))
        for part in (self._sign, self._line, self._waiting, self._attention):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self._saved)
        self.setFixedHeight(app.look.px(STATUS_HEIGHT))
        app.line.changed.connect(self._say)
        self._say()

    def show_counts(self, overview: Overview) -> None:
        self._overview = overview
        self._say()

    def note_saved(self) -> None:
        """A record was just written to this PC's disk."""
        self._saved_at = self._app.clock.now()
        self._say()

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
        self._line.setText(tr("frame.line_busy") if self._app.line.busy and self._app.line.state != "down" else words)
        self._line.setToolTip(self._app.line.reason)
        for made, text in (
            (self._waiting, waiting_sentence(self._overview)),
            (self._attention, attention_sentence(self._overview)),
        ):
            made.setText(text)
            made.setVisible(bool(text))
        self._saved.setText(tr("frame.saved_at", time=clock_time(self._saved_at)) if self._saved_at else "")

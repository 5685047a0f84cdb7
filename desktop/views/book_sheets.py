"""Two questions about a legal book: to which PC it goes, and whether the clock is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from desktop.language import say, tr
from desktop.models.dates import local
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import button, text_label
from forms.definition import RecordType

if TYPE_CHECKING:
    from desktop.app import App
    from sync.protocol import Lease


class HandOverSheet(Sheet):
    chosen = Signal(str, str)  # device, reason

    def __init__(
        self, app: App, record_type: RecordType, leases: tuple[Lease, ...], window: QWidget, *, whose: str = ""
    ) -> None:
        """``whose``: the ward, where it has to be said."""
        name = ", ".join(filter(None, (say(record_type.label), whose)))
        super().__init__(app.look, tr("book.hand_title", name=name), window, width=560)
        last = ", ".join(str(lease.next - 1) for lease in leases)
        self.body.addWidget(text_label(tr("book.hand_about", last=last), wrap=True))
        form = QFormLayout()
        form.setVerticalSpacing(app.look.px(8))
        self.to, self.reason = QLineEdit(), QLineEdit()
        for box, key in ((self.to, "book.hand_to"), (self.reason, "book.hand_reason")):
            box.setAccessibleName(tr(key))
            form.addRow(text_label(tr(key), "quiet"), box)
        self.to.setPlaceholderText(tr("book.hand_to_hint"))
        self.body.addLayout(form)
        self.problem = text_label("", "problem", wrap=True)
        self.body.addWidget(self.problem)
        self.add_button(tr("frame.close"), self.reject)
        self.go = button(tr("book.hand_go"), self._go, kind="main")
        self.go.setDefault(True)
        self.foot.addWidget(self.go)
        self.to.setFocus()

    def _go(self) -> None:
        reason = self.reason.text().strip()
        if not reason:
            self.problem.setText(tr("book.hand_needs"))
            self.reason.setFocus()
            return
        self.chosen.emit(self.to.text().strip().upper(), reason)
        self.accept()


class ClockSheet(Sheet):
    confirmed = Signal(str)  # with what it was compared

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("book.confirm_title"), window, width=560)
        now = f"{local(app.clock.now()):%H:%M, %d/%m/%Y}"
        officer = app.officer.name if app.officer else ""
        self.body.addWidget(text_label(tr("book.confirm_about", now=now, officer=officer), wrap=True))
        self.reason = QLineEdit(tr("book.confirm_default"))
        self.reason.setAccessibleName(tr("book.confirm_reason"))
        form = QFormLayout()
        form.addRow(text_label(tr("book.confirm_reason"), "quiet"), self.reason)
        self.body.addLayout(form)
        self.add_button(tr("frame.close"), self.reject)
        self.go = button(tr("book.confirm"), self._go, kind="main")
        self.go.setDefault(True)
        self.foot.addWidget(self.go)

    def _go(self) -> None:
        self.confirmed.emit(self.reason.text().strip() or tr("book.confirm_default"))
        self.accept()


class ReasonSheet(Sheet):
    """A question that is answered by a reason alone."""

    given = Signal(str)

    def __init__(self, app: App, title: str, about: str, go: str, window: QWidget) -> None:
        super().__init__(app.look, title, window, width=560)
        self.body.addWidget(text_label(about, wrap=True))
        self.reason = QLineEdit()
        self.reason.setAccessibleName(tr("conflicts.reason"))
        form = QFormLayout()
        form.addRow(text_label(tr("conflicts.reason"), "quiet"), self.reason)
        self.body.addLayout(form)
        self.problem = text_label("", "problem", wrap=True)
        self.body.addWidget(self.problem)
        self.add_button(tr("frame.close"), self.reject)
        self.go = button(go, self._go, kind="main")
        self.go.setDefault(True)
        self.foot.addWidget(self.go)
        self.reason.setFocus()

    def _go(self) -> None:
        if reason := self.reason.text().strip():
            self.given.emit(reason)
            self.accept()
        else:
            self.problem.setText(tr("book.hand_needs"))

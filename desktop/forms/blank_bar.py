"""The line of a preview that accounts for pre-printed blanks: which number, and whether it came out well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLineEdit, QWidget

from desktop.forms.papers import next_serial
from desktop.language import language, tr
from desktop.widgets.basics import button, restyle, text_label
from forms.definition import Printout

if TYPE_CHECKING:
    from desktop.app import App


class BlankBar(QWidget):
    """First asks for the number on the blank, offering the one after the last; then whether the blank can be used."""

    good = Signal()
    spoiled = Signal(str, str)  # serial, why

    def __init__(self, app: App, printout: Printout, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("previewBar")
        self._app, self._printout = app, printout
        line = QHBoxLayout(self)
        line.setContentsMargins(12, 4, 12, 8)
        line.setSpacing(8)
        self._name = text_label(tr("form.blank.serial"), "quiet")
        line.addWidget(self._name)
        self.box = QLineEdit(next_serial(app.store.prints.last_serial(printout.id)))
        self.box.setAccessibleName(tr("form.blank.serial"))
        self.box.setMaximumWidth(app.look.px(170))
        line.addWidget(self.box)
        self.words = text_label(tr("form.blank.ask"), "quiet", wrap=True)
        line.addWidget(self.words, 1)
        self._spoiled = button(tr("form.blank.spoiled"), self._ask_why, kind="danger")
        self._good = button(tr("form.blank.good"), self.good.emit, kind="main")
        for made in (self._spoiled, self._good):
            made.hide()
            line.addWidget(made)
        self.box.setFocus()

    @property
    def serial(self) -> str:
        return self.box.text().strip()

    def is_ready(self) -> bool:
        """Whether this blank may be printed on; says why not."""
        why = self._app.store.prints.why_not(self._printout.id, self.serial) if self.serial else tr("form.blank.ask")
        vi, _, en = why.partition(" (")
        self._say(en.rstrip(")") if en and language() == "en" else vi, "problem" if why else "quiet")
        if why:
            self.box.setFocus()
        return not why

    def ask_after(self) -> None:
        self._say(tr("form.blank.after", serial=self.serial), "")
        self._between(printed=True)
        self._good.setFocus()

    def note_spoiled(self, reason: str) -> None:
        """The blank is lost; the next one is offered."""
        serial = self.serial
        self.spoiled.emit(serial, reason)
        self.box.setText(next_serial(serial))
        self._say(tr("form.blank.ask"), "quiet")
        self._between(printed=False)
        self.box.setFocus()

    def _between(self, *, printed: bool) -> None:
        self._spoiled.setVisible(printed)
        self._good.setVisible(printed)
        self.box.setVisible(not printed)
        self._name.setVisible(not printed)

    def _ask_why(self) -> None:
        title = tr("form.blank.reason_title", serial=self.serial)
        reason, told = QInputDialog.getText(self, title, tr("form.blank.reason"))
        if told and reason.strip():
            self.note_spoiled(reason.strip())

    def _say(self, text: str, role: str) -> None:
        self.words.setText(text)
        self.words.setObjectName(role)
        restyle(self.words)

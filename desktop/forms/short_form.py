"""The short form under a picker: the few fields that make a shared person, household or organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.forms.entries import new_entry
from desktop.forms.people import first_of
from desktop.language import say, say_error, tr
from forms.definition import RecordType
from sync.store.model import Record, Save, SaveRefused

if TYPE_CHECKING:
    from desktop.app import App


def short_fields(record_type: RecordType) -> frozenset[str]:
    """Fields asked in place: required ones, those that tell duplicates apart, those that are searched, the first
    number, date and address. What has a default needs no asking."""
    identifying = (first_of(record_type, t) for t in ("citizen_number", "tax_code", "date_partial", "address", "phone"))
    wanted = {f.name for f in identifying if f is not None} | set(record_type.duplicate)
    wanted |= {f.name for f in record_type.fields if f.required and f.default is None}
    shown = (f for f in record_type.fields if f.name in wanted)
    return frozenset(f.name for f in shown if f.owner == "officer" and f.calculate is None)


def values_from_text(record_type: RecordType, text: str) -> dict[str, Any]:
    """What was typed in the picker goes into the number when it is digits, else into the first text field."""
    digits = text.replace(" ", "").replace(".", "")
    if digits.isdigit():
        number = first_of(record_type, "citizen_number", "tax_code", "phone")
        return {number.name: digits} if number else {}
    name = first_of(record_type, "text")
    return {name.name: text.strip()} if name and text.strip() else {}


class ShortForm(QFrame):
    created = Signal(str)
    closed = Signal()

    def __init__(
        self, app: App, record_type: RecordType, values: Mapping[str, Any], parent: QWidget | None = None
    ) -> None:
        from desktop.forms.form_view import FormView

        super().__init__(parent)
        self.setObjectName("shortForm")
        self._app = app
        self._type = record_type
        self._busy = False
        self.entry = new_entry(app, record_type, values)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        title = QLabel(tr("form.short.title", label=record_type.label.get(app.language)), self)
        title.setObjectName("heading")
        column.addWidget(title)
        self.view = FormView(app, self.entry, self, only=short_fields(record_type))
        column.addWidget(self.view)
        self._note = QLabel(self)
        self._note.setObjectName("problem")
        self._note.setWordWrap(True)
        self._note.hide()
        column.addWidget(self._note)
        buttons = QHBoxLayout()
        self.save_button = QPushButton(tr("form.short.save"), self)
        self.save_button.setProperty("kind", "main")
        self.save_button.clicked.connect(self.save)
        cancel = QPushButton(tr("form.cancel"), self)
        cancel.clicked.connect(self.closed)
        buttons.addWidget(self.save_button)
        buttons.addWidget(cancel)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self.view.finished.connect(self.save_button.setFocus)

    def focus_first(self) -> None:
        self.view.walk.go_to_first()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter on the button saves; Esc closes only this form."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.save_button.hasFocus():
            self.save()
        else:
            event.ignore()

    def save(self) -> None:
        """Creates the shared record, so that every tool finds it at once."""
        self.view.flush()
        blocking = [p for p in self.entry.problems(self._final_state()) if p.blocks]
        if blocking or self._busy:
            self.view.show_all_problems()
            self._say(" ".join(p.message.get(self._app.language) for p in blocking[:3]))
            if blocking:
                self.view.walk.go_to(blocking[0].path)
            return
        officer = self._app.officer
        if officer is None:
            return
        self._busy = True
        store, save = self._app.store, Save(type=self._type.id, fields=dict(self.entry.fields))
        task = self._app.background.run(lambda: store.save([save], officer), self)
        task.then(self._saved).failed(self._failed)

    def _final_state(self) -> str:
        return self._type.initial_state

    def _saved(self, records: tuple[Record, ...]) -> None:
        self.created.emit(records[0].id)

    def _failed(self, error: Exception) -> None:
        self._busy = False
        if isinstance(error, SaveRefused):
            self.view.show_refused({p.field: say(p.label) for p in error.problems})
        self._say(tr("form.save.refused", reason=say_error(error)))

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))

"""Several references: one line to add, and what was picked below, each with a button to take it out."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.field_widgets.reference import ReferenceField
from desktop.forms.host import FormHost
from forms.field_definition import Field


class _AddLine(ReferenceField):
    """Picks like any reference, but keeps nothing: the list below does."""

    def present(self, value: Any) -> None:
        if not self._dirty:
            self.line.clear()

    def pick(self, record_id: str) -> None:
        super().pick(record_id)
        self.line.clear()

    def keep(self, text: str) -> None:
        """Stays in the line until it is picked or taken away: the value is a list, which text is no part of."""

    def go_on(self) -> None:
        """Picked by Enter: the line is free for another; Enter in the empty line goes on."""

    def _show_about(self, record_id: str) -> None:
        """The list below names what was picked."""


class ReferencesField(FieldWidget):
    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._ids: list[str] = []
        self._locked = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._add = _AddLine(field, host, path, self)
        self._add.committed.connect(self._added)
        self._add.left.connect(self.left)
        self._add.resized.connect(self.resized)
        self._column.addWidget(self._add)
        self._rows: list[QWidget] = []
        self.setFocusProxy(self._add.line)

    @property
    def focus_target(self) -> QWidget:
        return self._add.line

    def present(self, value: Any) -> None:
        ids = list(value) if isinstance(value, list) else []
        if ids == self._ids and self._rows:
            return
        self._ids = ids
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(record_id) for record_id in ids]
        self.resized.emit()

    def set_locked(self, locked: bool) -> None:
        if locked != self._locked:
            self._locked = locked
            self._add.setVisible(not locked)
            ids, self._ids = self._ids, []
            self.present(ids)

    def flush(self) -> None:
        self._add.flush()

    def unsettled(self) -> str:
        return self._add.line.text().strip()

    def _row(self, record_id: str) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(8, 0, 0, 0)
        one = Field(name=self.field.name, type="ref", label=self.field.label, targets=self.field.targets)
        name = QLabel(self.host.shown(one, record_id) or self.host.say("picker.unknown"), row)
        name.setTextFormat(Qt.TextFormat.PlainText)
        line.addWidget(name, 1)
        if not self._locked:
            out = QToolButton(row)
            out.setObjectName("fieldButton")
            out.setText("×")
            out.setToolTip(self.host.say("picker.remove"))
            out.setAccessibleName(f"{self.host.say('picker.remove')}: {name.text()}")
            out.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            out.clicked.connect(lambda: self._removed(record_id))
            line.addWidget(out)
        self._column.addWidget(row)
        return row

    def _added(self, record_id: object) -> None:
        if isinstance(record_id, str) and record_id and record_id not in self._ids:
            self.committed.emit([*self._ids, record_id])

    def _removed(self, record_id: str) -> None:
        self.committed.emit([i for i in self._ids if i != record_id] or None)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)

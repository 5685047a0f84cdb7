"""Text that was written before in the same field: the first letters bring it back. Free typing stays free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop.background import Task
from desktop.forms.field_widgets.line import LineField
from desktop.forms.host import FormHost
from desktop.forms.popup import Suggestion
from forms.field_definition import Field
from forms.vietnamese import fold

if TYPE_CHECKING:
    from sync.store import Store

SEARCH_PAUSE = 150  # ms
LOOK_THROUGH = 40  # newest records that match
SHOWN = 6


def used_before(store: Store, type_id: str, name: str, text: str) -> list[str]:
    """Values of one field that contain the text, newest first, each once. A query: in the background."""
    wanted = fold(text)
    found: dict[str, None] = {}
    for hit in store.search.find(text, types=(type_id,), limit=LOOK_THROUGH):
        value = (store.records.resolve(hit.id) or {}).get(name)
        if isinstance(value, str) and wanted in fold(value) and value != text:
            found[value] = None
    return list(found)[:SHOWN]


class SuggestedField(LineField):
    """Nothing is picked unless the officer goes into the list: Enter on plain typing keeps what was typed."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._task: Task[list[str]] | None = None
        self._in_list = False
        self._search = QTimer(self, singleShot=True, interval=SEARCH_PAUSE)
        self._search.timeout.connect(self._find)
        self.line.textEdited.connect(lambda _: self._search.start())

    def on_key(self, event: QKeyEvent) -> None:
        popup = self.host.popup()
        if popup.is_open_for(self.line):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                event.accept()
                popup.move_current(1 if event.key() == Qt.Key.Key_Down else -1)
                self._in_list = True
                return
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                popup.dismiss()
                return
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._in_list:
                popup.accept()
        super().on_key(event)

    def _left(self) -> None:
        self._search.stop()
        if self.host.popup().is_open_for(self.line):
            self.host.popup().dismiss()
        super()._left()

    def _find(self) -> None:
        if self._task is not None:
            self._task.cancel()
        app, text = self.host.app, self.line.text().strip()
        if len(text) < 2 or self.line.composing:
            self._show([])
            return
        type_id, name = self.host.entry.record_type.id, self.field.name
        self._task = app.background.run(lambda: used_before(app.store, type_id, name, text), self)
        self._task.then(self._show)

    def _show(self, values: list[str]) -> None:
        self._in_list = False
        if self.line.hasFocus() and not self.line.isReadOnly():
            rows = [Suggestion(value, (value,)) for value in values]
            self.host.popup().open(self.line, rows, self._pick, current=-1)

    def _pick(self, row: Suggestion) -> None:
        self._dirty = False
        self.line.setModified(False)
        self.committed.emit(row.key)
        self.line.setText(row.key)

"""A ward or commune by folded search, and an address: that unit with the house number and street before it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.forms.field_widgets.base import FieldWidget, lock_line, mark
from desktop.forms.field_widgets.line import SHORT, LineEdit, LineField, forward_list_keys, is_open_key
from desktop.forms.host import FormHost
from desktop.forms.popup import Suggestion
from forms.field_definition import Field
from forms.field_types.places import typed_parts
from forms.units import Unit, bare_name
from forms.vietnamese import fold

HANOI = "01"
FOUND_AT_MOST = 9


class UnitField(LineField):
    """Type any part of the name, with or without accents. Hanoi's units come first; the province stands beside each. A name
    from before July 2025 is answered with what became of that unit, and a person picks."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self.line.textEdited.connect(self._search)

    def text_of(self, value: Any, *, masked: bool = False) -> str:
        unit = self.host.app.units.get(value) if isinstance(value, str) and value else None
        return unit.full_name if unit else str(value or "")

    def on_key(self, event: QKeyEvent) -> None:
        popup = self.host.popup()
        open_here = popup.is_open_for(self.line)
        if is_open_key(event):
            event.accept()
            self._search(self.line.text() if self._dirty else "")
        elif open_here and (step := forward_list_keys(event)) is not None:
            event.accept()
            popup.move_current(step)
        elif open_here and event.key() == Qt.Key.Key_Escape:
            event.accept()
            popup.dismiss()
        elif open_here and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            popup.accept()
            self.left.emit()
        else:
            super().on_key(event)

    def flush(self) -> None:
        """What names one unit is that unit; other text goes to the entry, which says what is wrong."""
        if self._pause is not None:
            self._pause.stop()
        if not self._dirty:
            return
        text = self.line.text().strip()
        found = self._found(text) if text else []
        self._dirty = False
        self.committed.emit(found[0].code if len(found) == 1 else text or None)

    def _paused(self) -> None:
        """Half a name is no unit."""

    def half_typed(self) -> dict[str, str]:
        return {self.path: self.line.text()} if self._dirty else {}

    def _left(self) -> None:
        if self.host.popup().is_open_for(self.line):
            self.host.popup().dismiss()
        super()._left()

    def _found(self, text: str) -> list[Unit]:
        """Hanoi first, then the rest of the country. The name of a province alone names none of its wards: Enter after
        "Hà Nội" must not put the first of them on a paper."""
        found = self.host.app.units.search(text, province_code=HANOI, limit=FOUND_AT_MOST)
        typed = set(fold(text).split())
        return [
            unit
            for unit in found
            if typed <= set(fold(unit.name).split()) or not typed <= set(fold(unit.province).split())
        ]

    def _search(self, text: str) -> None:
        if self.line.isReadOnly():
            return
        units, was = self._found(text), self._was(text)
        now = {unit.code: Suggestion(unit.code, (unit.name, unit.province)) for unit in units}
        here = (unit for unit in units if unit.province_code == HANOI)
        named = {unit.code: now[unit.code] for unit in here if bare_name(unit.name) == bare_name(text)}
        # what is called so now, what was called so once, what only has such words
        first = {**named, **was, **named}
        rows = {**first, **now, **first}
        most = max(FOUND_AT_MOST, len(first))
        current = -1 if len(was) > 1 and not named else 0  # of several that an old ward became a person picks
        self.host.popup().open(self.line, list(rows.values())[:most], lambda row: self.pick(row.key), current=current)

    def _was(self, text: str) -> dict[str, Suggestion]:
        """What became of the wards that were called so, by code."""
        rows: dict[str, Suggestion] = {}
        for old in self.host.app.units.legacy(text):
            was = self.host.say("address.was", name=old.full_name)
            for unit in old.successors:
                rows.setdefault(unit.code, Suggestion(unit.code, (unit.name, was)))
        return rows

    def pick(self, code: str) -> None:
        self._dirty = False
        if self._pause is not None:
            self._pause.stop()
        self.line.setModified(False)
        self._value = code
        self.committed.emit(code)
        self.line.setText(self.text_of(code))
        self.line.setCursorPosition(0)


class _UnitPart(UnitField):
    """Shows the unit's part of the whole address that the entry has."""

    def present(self, value: Any) -> None:
        super().present(value.get("unit") if isinstance(value, dict) else value)


class AddressField(FieldWidget):
    """Two lines of one value: street first, as it is spoken, then the ward."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._value: dict[str, Any] = {}
        self.detail = LineEdit(self._key, self)
        self.detail.setMinimumHeight(30)
        self.detail.setPlaceholderText(host.say("address.detail"))
        self.detail.setAccessibleName(f"{host.label(field.label)}: {host.say('address.detail')}")
        self.unit = _UnitPart(field, host, path, self)
        self.unit.line.setPlaceholderText(host.say("address.unit"))
        self.unit.line.setAccessibleName(f"{host.label(field.label)}: {host.say('address.unit')}")
        self._original = QLabel(self)
        self._original.setObjectName("hint")
        self._original.setTextFormat(Qt.TextFormat.PlainText)
        self._original.setWordWrap(True)
        self._original.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.detail, 3)
        row.addWidget(self.unit, 2)
        column.addLayout(row)
        column.addWidget(self._original)
        self.setFocusProxy(self.detail)
        self.detail.textEdited.connect(lambda _: self.typed.emit())
        self.detail.abandoned.connect(self._detail_left)
        self.unit.committed.connect(self._unit_given)
        self.unit.left.connect(self.left)

    @property
    def focus_target(self) -> QWidget:
        return self.detail

    def present(self, value: Any) -> None:
        parts = typed_parts(value) if isinstance(value, str) else value
        self._value = dict(parts) if isinstance(parts, dict) else {}
        if not (self.detail.hasFocus() and self.detail.isModified()):
            text = str(self._value.get("detail") or "")
            if text != self.detail.text():
                self.detail.setText(text)
                self.detail.setCursorPosition(0)  # the house comes first; the end of a long one is in the tip
            self.detail.setToolTip(text if len(text) > SHORT else "")
        self.unit.present(self._value)
        original = str(self._value.get("original") or "")
        if original:
            self._original.setText(self.host.say("address.original", text=original))
        if self._original.isVisibleTo(self) != bool(original):
            self._original.setVisible(bool(original))
            self.resized.emit()

    def set_locked(self, locked: bool) -> None:
        lock_line(self.detail, locked=locked)
        self.unit.set_locked(locked)

    def set_wrong(self, wrong: bool) -> None:
        mark(self.detail, wrong=wrong)
        mark(self.unit.line, wrong=wrong)

    def flush(self) -> None:
        self._detail_left()
        self.unit.flush()

    def commit_typed(self) -> None:
        if not self.detail.composing and self.detail.isModified():
            self._give(detail=self.detail.text().strip())

    def _key(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            event.accept()
            self._detail_left()
            self.unit.line.setFocus()

    def _detail_left(self) -> None:
        if self.detail.isModified() and self.detail.text().strip() != str(self._value.get("detail") or ""):
            self._give(detail=self.detail.text().strip())
        self.detail.setModified(False)

    def _unit_given(self, code: object) -> None:
        self._give(unit=code)

    def _give(self, **parts: Any) -> None:
        value = {k: v for k, v in {**self._value, **parts}.items() if v}
        self._value = value
        self.committed.emit(value or None)

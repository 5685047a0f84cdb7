"""One of a list: type any part of a choice, with or without accents; arrows and Alt+Down show the list."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygon
from PySide6.QtWidgets import QWidget

from desktop.forms.field_widgets.line import LineField, forward_list_keys, is_open_key
from desktop.forms.host import FormHost
from desktop.forms.popup import Suggestion
from forms.field_definition import Choice, Field
from forms.vietnamese import fold

MOST = 200  # choices listed at once; typing narrows the rest


def matching(choices: tuple[Choice, ...], text: str, language: str) -> list[Choice]:
    """Choices whose label or code has every word of ``text``, those that begin with it first; both sides folded."""
    words = fold(text).split()
    if not words:
        return list(choices)
    whole = " ".join(words)
    found: list[tuple[int, Choice]] = []
    for choice in choices:
        name = fold(choice.label.get(language))
        hay = f"{name} {fold(choice.code)} {fold(choice.label.get('en' if language == 'vi' else 'vi'))}"
        if all(word in hay for word in words):
            rank = 0 if fold(choice.code) == whole else 1 if name.startswith(whole) else 2
            found.append((rank, choice))
    found.sort(key=lambda pair: pair[0])
    return [choice for _, choice in found]


class ListArrow(QWidget):
    """The triangle at the right end of a list field; a click shows the list."""

    def __init__(self, owner: LineField) -> None:
        super().__init__(owner.line)
        self._owner = owner
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFixedWidth(22)
        owner.line.setTextMargins(0, 0, 18, 0)

    def place(self) -> None:
        line = self._owner.line
        self.setGeometry(line.width() - 24, 2, 22, line.height() - 4)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().text() if self._owner.isEnabled() else self.palette().mid())
        x, y = self.width() // 2, self.height() // 2
        painter.drawPolygon(QPolygon([QPoint(x - 4, y - 2), QPoint(x + 4, y - 2), QPoint(x, y + 3)]))

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        self._owner.line.setFocus()
        if isinstance(self._owner, ChoiceField):
            self._owner.toggle_list()


class ChoiceField(LineField):
    """A type-ahead list over the form's one popup. What matches nothing is kept as typed, and said below."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        self._choices: tuple[Choice, ...] = ()
        super().__init__(field, host, path, parent)
        self._arrow = ListArrow(self)
        self.line.installEventFilter(self)
        self.line.textEdited.connect(self._search)

    def eventFilter(self, watched: object, event: object, /) -> bool:
        from PySide6.QtCore import QEvent

        if isinstance(event, QEvent) and event.type() == QEvent.Type.Resize:
            self._arrow.place()
        return False

    def set_choices(self, choices: tuple[Choice, ...]) -> None:
        self._choices = choices

    def set_locked(self, locked: bool) -> None:
        super().set_locked(locked)
        self._arrow.setVisible(not locked)

    def text_of(self, value: Any, *, masked: bool = False) -> str:
        for choice in self._choices:
            if choice.code == value:
                return self.host.label(choice.label)
        return super().text_of(value, masked=masked)

    def on_key(self, event: QKeyEvent) -> None:
        popup = self.host.popup()
        open_here = popup.is_open_for(self.line)
        if is_open_key(event):
            event.accept()
            self.toggle_list()
            return
        step = forward_list_keys(event)
        if step is not None and not self.line.isReadOnly():
            event.accept()
            if open_here:
                popup.move_current(step)
            else:
                self.show_list("")
            return
        if open_here and event.key() == Qt.Key.Key_Escape:
            event.accept()
            popup.dismiss()
            return
        if open_here and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            popup.accept()
            if event.key() == Qt.Key.Key_Tab:
                return
        super().on_key(event)

    def flush(self) -> None:
        """A text that can only mean one choice means it; any other is left for the entry to judge."""
        if self._dirty:
            text = self.line.text().strip()
            found = matching(self._choices, text, self.host.language) if text else []
            exact = [c for c in found if fold(self.host.label(c.label)) == fold(text) or c.code == text]
            pick = exact[0] if len(exact) == 1 else found[0] if len(found) == 1 else None
            if pick is not None:
                self._pick(pick.code)
                return
        super().flush()

    def _paused(self) -> None:
        """A half-typed choice is no choice; it is judged on leaving."""

    def half_typed(self) -> dict[str, str]:
        return {self.path: self.line.text()} if self._dirty else {}

    def _left(self) -> None:
        popup = self.host.popup()
        if popup.is_open_for(self.line):
            popup.dismiss()
        super()._left()

    def _search(self, text: str) -> None:
        self.show_list(text)

    def toggle_list(self) -> None:
        if self.line.isReadOnly():
            return
        if self.host.popup().is_open_for(self.line):
            self.host.popup().dismiss()
        else:
            self.show_list("")

    def show_list(self, text: str) -> None:
        found = matching(self._choices, text, self.host.language)[:MOST]
        rows = [Suggestion(c.code, (self.host.label(c.label),)) for c in found]
        if not self.field.required and not text and self._value is not None:
            rows.append(Suggestion("", (self.host.say("empty"),)))
        current = next((n for n, c in enumerate(found) if c.code == self._value), 0) if not text else 0
        self.host.popup().open(self.line, rows, lambda row: self._pick(row.key), current=current)

    def _pick(self, code: str) -> None:
        self._dirty = False
        if self._pause is not None:
            self._pause.stop()
        self.line.setModified(False)
        self.committed.emit(code or None)
        self._value = code or None
        self.line.setText(self.text_of(self._value))

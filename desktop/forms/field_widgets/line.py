"""Every type that is typed in one line: text, codes, numbers, money, times, phones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from desktop.forms.field_widgets.base import FieldWidget, lock_line
from desktop.forms.host import FormHost
from desktop.widgets.basics import text_label
from forms.field_definition import Field

SHORT = 10  # letters that every field has room for
LONG = 24  # letters above which a locked text may need more than its line
PAUSE = 250  # ms without typing after which rules run
NUMBERS = frozenset({"int", "decimal", "percent", "money"})
LATIN_ONLY = frozenset({"code", "email", "int", "decimal", "percent", "money", "phone", "citizen_number", "tax_code"})


_BY_KEY = frozenset({Qt.FocusReason.OtherFocusReason, Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason})
_COMES_BACK = frozenset(
    {
        Qt.FocusReason.PopupFocusReason,
        Qt.FocusReason.ActiveWindowFocusReason,
        Qt.FocusReason.MenuBarFocusReason,
    }
)  # to where one was typing


class LineEdit(QLineEdit):
    """A QLineEdit that tells when it is entered and left, and whether an input method is composing in it."""

    entered = Signal()
    abandoned = Signal()

    def __init__(self, on_key: Callable[[QKeyEvent], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.composing = False
        self._on_key = on_key

    def inputMethodEvent(self, event: QInputMethodEvent, /) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """The field hears of a key first: it accepts the event to keep it from the line."""
        event.ignore()
        self._on_key(event)
        if not event.isAccepted():
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        """Entered by a key, the whole text is chosen: what is typed then takes the place of what stood there."""
        self.entered.emit()
        super().focusInEvent(event)
        if event.reason() in _BY_KEY and not self.isReadOnly():
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self.composing = False
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.abandoned.emit()
        if event.reason() not in _COMES_BACK:
            self.setCursorPosition(0)  # of a name longer than its line the beginning stays in sight


class LineField(FieldWidget):
    """Free typing; parsed after a pause and on leaving, shown in its usual form only after leaving."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._value: Any = None
        self._dirty = False
        self._typed_into: object = (
            None  # the entry that was typed into: until it is saved the officer sees what he typed
        )
        self.line = LineEdit(self._key, self)
        self.line.setMinimumHeight(30)
        if field.type in NUMBERS:
            self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        if field.type in LATIN_ONLY:
            self.line.setInputMethodHints(Qt.InputMethodHint.ImhLatinOnly | Qt.InputMethodHint.ImhNoPredictiveText)
        self._row = self.make_row()
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self.line, 1)
        self.setFocusProxy(self.line)
        self._pause: QTimer | None = None
        self._whole: QLabel | None = None
        self.line.textEdited.connect(self._typed)
        self.line.entered.connect(self._entered)
        self.line.abandoned.connect(self._left)

    def make_row(self) -> QHBoxLayout:
        """Where the line stands; a widget with more below it makes room here."""
        return QHBoxLayout(self)

    @property
    def focus_target(self) -> QWidget:
        return self.line

    def present(self, value: Any) -> None:
        self._value = value
        if self._dirty or (self.line.hasFocus() and self.line.isModified()):
            return
        text = self.text_of(value, masked=self._is_masked())
        if text != self.line.text():
            self.line.setText(text)
            if not self.line.hasFocus():
                self.line.setToolTip(text if len(text) > SHORT else "")
                self.line.setCursorPosition(0)  # the beginning of a long value says more than its end
            self._show_whole()

    def _is_masked(self) -> bool:
        return self.field.masked and not self.line.hasFocus() and self._typed_into is not self.host.entry

    def text_of(self, value: Any, *, masked: bool = False) -> str:
        return self.host.shown(self.field, value, masked=masked)

    def set_locked(self, locked: bool) -> None:
        lock_line(self.line, locked=locked)
        self._show_whole()

    def _show_whole(self) -> None:
        """A long text that nobody types in stands there on as many lines as it needs: it is read, and no key moves along it.
        In a table it stays in its row."""
        text = self.line.text()
        wanted = self.line.isReadOnly() and self.field.type == "text" and len(text) > LONG and "/" not in self.path
        if self._whole is None:
            if not wanted:
                return
            self._whole = text_label("", "locked", wrap=True, parent=self)
            self._whole.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._whole.setMinimumHeight(self.line.minimumHeight())
            self._whole.setAccessibleName(self.line.accessibleName())
            self._row.insertWidget(0, self._whole, 1)
        if self._whole.isVisibleTo(self) == wanted and (self._whole.text() == text or not wanted):
            return
        self._whole.setText(text)
        self._whole.setVisible(wanted)
        self.line.setVisible(not wanted)
        self.resized.emit()

    def flush(self) -> None:
        if self._pause is not None:
            self._pause.stop()
        if self._dirty:
            self._dirty = False
            self.committed.emit(self.line.text())

    def commit_typed(self) -> None:
        if type(self)._paused is LineField._paused:
            self._paused()

    def on_key(self, event: QKeyEvent) -> None:
        """Enter goes on. Subclasses take what they need first."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            event.accept()
            self.flush()
            self.left.emit()

    def _key(self, event: QKeyEvent) -> None:
        if self.row_key is not None:
            self.row_key(event)
        if not event.isAccepted():
            self.on_key(event)

    def _typed(self, _text: str) -> None:
        self._dirty = True
        self._typed_into = self.host.entry
        if self._pause is None:
            self._pause = QTimer(self, singleShot=True, interval=PAUSE)
            self._pause.timeout.connect(self._paused)
        self._pause.start()
        self.typed.emit()

    def _paused(self) -> None:
        if self.line.composing:
            if self._pause is not None:
                self._pause.start()
            return
        self.flush()

    def _entered(self) -> None:
        if self.field.masked and not self._dirty:
            self.line.setText(self.text_of(self._value))

    def _left(self) -> None:
        self.flush()
        self.line.setModified(False)
        self.present(self.host.entry.get(self.path))


def forward_list_keys(event: QKeyEvent) -> int | None:
    """The step an arrow key makes in an open list; None for any other key."""
    return {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
        Qt.Key(event.key())
    )


def is_open_key(event: QKeyEvent) -> bool:
    """Alt+Down opens a list or a calendar."""
    return event.key() == Qt.Key.Key_Down and bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)

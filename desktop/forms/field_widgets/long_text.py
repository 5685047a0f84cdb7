"""Text of several lines: Enter breaks a line, Tab goes on, and the box grows with what is written."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QInputMethodEvent
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.field_widgets.line import PAUSE
from desktop.forms.host import FormHost
from forms.field_definition import Field

FEWEST_LINES, MOST_LINES = 2, 12


class TextBox(QPlainTextEdit):
    abandoned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.composing = False
        self.setTabChangesFocus(True)

    def inputMethodEvent(self, event: QInputMethodEvent, /) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self.composing = False
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.abandoned.emit()


class LongTextField(FieldWidget):
    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self.box = TextBox(self)
        self._shown = ""
        self._lines = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        self.setFocusProxy(self.box)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self._paused)
        self.box.textChanged.connect(self._changed)
        self.box.abandoned.connect(self.flush)
        self._fit()

    @property
    def focus_target(self) -> QWidget:
        return self.box

    def present(self, value: Any) -> None:
        text = value if isinstance(value, str) else ""
        if self.box.hasFocus() and self.box.toPlainText() != self._shown:
            return
        self._shown = text
        if text != self.box.toPlainText() and not (self.box.hasFocus() and text == self.box.toPlainText().strip()):
            self.box.setPlainText(text)
        self._fit()

    def set_locked(self, locked: bool) -> None:
        if self.box.isReadOnly() != locked:
            self.box.setReadOnly(locked)
            self.box.setFocusPolicy(Qt.FocusPolicy.ClickFocus if locked else Qt.FocusPolicy.StrongFocus)
            self.box.style().unpolish(self.box)
            self.box.style().polish(self.box)

    def flush(self) -> None:
        self._pause.stop()
        text = self.box.toPlainText()
        if text != self._shown:
            self._shown = text
            self.committed.emit(text)

    def commit_typed(self) -> None:
        self._paused()

    def _changed(self) -> None:
        self._fit()
        if self.box.toPlainText() != self._shown:
            self._pause.start()
            self.typed.emit()

    def _paused(self) -> None:
        if self.box.composing:
            self._pause.start()
        else:
            self.flush()

    def _fit(self) -> None:
        lines = max(FEWEST_LINES, min(self.box.document().size().toSize().height(), MOST_LINES))
        if lines != self._lines:
            self._lines = lines
            self.box.setFixedHeight(lines * self._line_height() + self._edges())
            self.resized.emit()

    def _line_height(self) -> int:
        """px of a line as Qt lays it out; ``lineSpacing`` rounds once where that rounds above and below."""
        self.box.ensurePolished()
        metrics = QFontMetricsF(self.box.font())
        return math.ceil(metrics.ascent()) + math.ceil(metrics.descent()) + math.ceil(max(metrics.leading(), 0))

    def _edges(self) -> int:
        """px above and below the lines, and one that Qt wants free: without it a text that fits is given a scroll bar, which
        takes room from it."""
        margins = self.box.contentsMargins()
        return margins.top() + margins.bottom() + round(2 * self.box.document().documentMargin()) + 1

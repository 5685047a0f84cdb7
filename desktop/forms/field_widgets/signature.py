"""Who signed the line, and when. The officer signed in may put his name; nobody else's can be typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.host import FormHost
from forms.field_definition import Field
from forms.vietnamese import moment_text


class SignatureField(FieldWidget):
    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._who = QLabel(host.say("signature.none"), self)
        self._who.setObjectName("signature")
        self._who.setTextFormat(Qt.TextFormat.PlainText)
        self._who.setWordWrap(True)  # a name and a moment are wider than the narrow field, and may not be cut
        self._who.setMinimumHeight(30)
        self._who.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sign = QPushButton(host.say("signature.sign"), self)
        self._sign.setAutoDefault(False)
        self._sign.clicked.connect(self._signed)
        self._line.addWidget(self._who, 1)
        self._line.addWidget(self._sign)
        self._locked = False

    @property
    def focus_target(self) -> QWidget:
        return self._sign

    def present(self, value: Any) -> None:
        text = self.host.shown(self.field, value)
        self._who.setText(text or self.host.say("signature.none"))
        self._sign.setVisible(not self._locked and not text)
        self.resized.emit()

    def set_locked(self, locked: bool) -> None:
        self._locked = locked
        self._sign.setVisible(not locked)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter goes on like everywhere in a form; Space signs."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._sign.hasFocus():
            self.left.emit()
        else:
            event.ignore()

    def _signed(self) -> None:
        officer = self.host.app.officer
        if officer is not None:
            at = moment_text(self.host.app.clock.now())
            self.committed.emit({"officer": officer.id, "name": officer.name, "at": at})
        self.left.emit()

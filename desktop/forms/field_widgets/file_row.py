"""One attached file in a form: its name, how large, where it stands, and what can be done with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from desktop.forms.attachments import shown_size
from desktop.forms.host import FormHost
from desktop.language import tr
from desktop.theme import SMALL, TINY
from desktop.widgets.basics import LineButton, text_label
from desktop.widgets.flow import FlowLine
from sync.store.model import FileStanding


class FileRow(QWidget):
    """``opened``, ``removed``: somebody wants that."""

    opened = Signal()
    removed = Signal()

    def __init__(self, file: dict[str, Any], host: FormHost, parent: QWidget, *, locked: bool) -> None:
        super().__init__(parent)
        self.file = file
        self.name = str(file.get("name", ""))
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(0)
        name = LineButton(self.name, self.opened.emit, self)
        name.setProperty("kind", "flat")
        name.setStyleSheet("text-align: left")
        name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        head.addWidget(name, 1)
        if not locked:
            out = QToolButton(self)
            out.setObjectName("fieldButton")
            out.setText("×")
            out.setToolTip(host.say("file.remove"))
            out.setAccessibleName(f"{host.say('file.remove')}: {self.name}")
            out.clicked.connect(self.removed.emit)
            head.addWidget(out)
        lines.addLayout(head)
        foot = QHBoxLayout()
        foot.setContentsMargins(host.app.look.px(SMALL), 0, 0, 0)
        self._standing = FlowLine(host.app.look.px(TINY), self)  # a column of a table has no room for it in one line
        size = shown_size(int(file.get("size", 0)))
        self._size, self._state = text_label(size, "quiet"), text_label("", "quiet", wrap=True)
        self._standing.add(self._size)
        self._standing.add(self._state)
        self._state.hide()
        self._open = QPushButton(host.say("file.open"), self)
        self._open.setProperty("kind", "flat")
        self._open.setToolTip(host.say("file.open_tip", name=self.name))
        self._open.setAccessibleName(self._open.toolTip())
        self._open.setAutoDefault(False)
        self._open.clicked.connect(self.opened.emit)
        self._open.setStyleSheet(
            "padding: 0 5px"
        )  # a line of text high, so that rows do not jump when it comes and goes
        self._standing.add(self._open)
        self._open.hide()
        foot.addWidget(self._standing, 1)
        lines.addLayout(foot)
        self._why = text_label("", "quiet", wrap=True)
        self._why.setContentsMargins(host.app.look.px(SMALL), 0, 0, 0)
        self._why.hide()
        lines.addWidget(self._why)

    @property
    def sha256(self) -> str:
        return str(self.file.get("sha256", ""))

    @property
    def state_text(self) -> str:
        return f"{self._size.text()} {self._state.text()}".strip()

    def show_standing(self, standing: FileStanding) -> None:
        where = tr(f"form.file.state_{standing.state}", percent=standing.percent)
        self._size.setText(f"{self._size.text().removesuffix(' ·')} ·")
        self._state.setText(where)
        self._state.show()
        self._why.setText(f"⚠ {standing.why}")
        self._why.setVisible(bool(standing.why))
        self._open.setVisible(standing.state == "missing")

"""Over every page: what has to be read before work goes on as usual, until somebody says that he has."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.app import App
from desktop.language import tr
from desktop.lasting_notices import LastingNotice, drop_notice, lasting_notices
from desktop.models.dates import when
from desktop.widgets.basics import button, text_label


class LastingBar(QWidget):
    """Takes no room while there is nothing to say, and never the focus by itself."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        px = app.look.px
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(px(12), px(8), px(12), px(8))
        self._column.setSpacing(px(6))
        for notice in lasting_notices(app.folder):
            if said := self._said(notice):
                self._column.addWidget(self._line(notice, said))
        self.setVisible(self._column.count() > 0)

    def _said(self, notice: LastingNotice) -> str:
        """Empty where this version has no such sentence, or the sentence other figures: a later version kept it, which says it
        when it is back. No window must fail to open for that."""
        try:
            return f"! {when(notice.at, self._app.clock.now())}: {tr(notice.name, **notice.values)}"
        except (KeyError, IndexError, ValueError, TypeError, OSError):
            return ""

    def _line(self, notice: LastingNotice, said: str) -> QFrame:
        px = self._app.look.px
        frame = QFrame(self)
        frame.setObjectName("notice")
        frame.setProperty("kind", "amber")
        row = QHBoxLayout(frame)
        row.setContentsMargins(px(12), px(6), px(6), px(6))
        text = text_label(said, wrap=True, parent=frame)
        row.addWidget(text, 1)
        if hand_on := self._for_support(notice):
            row.addWidget(self._copies(hand_on))
        read = button(tr("frame.notice_read"), partial(self._read, notice, frame))
        read.setAccessibleDescription(said)
        row.addWidget(read)
        return frame

    def _for_support(self, notice: LastingNotice) -> str:
        """What only whoever supports the ward can use, a command or a folder; the sentence itself is for the officer."""
        try:
            return tr(f"{notice.name}_support", **notice.values)
        except (KeyError, IndexError, ValueError, TypeError, OSError):
            return ""

    def _copies(self, text: str) -> QPushButton:
        def run() -> None:
            QGuiApplication.clipboard().setText(text)
            copy.setText(tr("office.copied_for_support"))

        copy = button(tr("office.copy_for_support"), run, tip=text)
        return copy

    def _read(self, notice: LastingNotice, frame: QFrame) -> None:
        drop_notice(self._app.folder, notice)
        self._column.removeWidget(frame)
        frame.hide()
        frame.deleteLater()
        self.setVisible(self._column.count() > 0)

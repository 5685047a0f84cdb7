"""Dialogs that are as tall as their words need: Qt takes a guess for words that wrap, and cuts what comes later."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QWidget

FRAME = 60  # px of the screen left for the window's own frame


class GrowingDialog(QDialog):
    """Grows with its content, as far as the screen is; never shrinks under the hand."""

    def event(self, event: QEvent, /) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self.grow()
        return done

    def grow(self) -> None:
        layout = self.layout()
        if layout is None or not layout.hasHeightForWidth():
            return
        self.grow_to(layout.totalMinimumHeightForWidth(self.width()))  # of a list that scrolls not the whole

    def grow_to(self, height: int) -> None:
        needed = min(height, self.screen().availableGeometry().height() - FRAME)
        if needed > self.height():
            self.resize(self.width(), needed)


class TallArea(QScrollArea):
    """Wants the height its widget has at its width, and scrolls where it is given less."""

    def __init__(self, widget: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(widget.minimumWidth())
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setWidget(widget)
        self.viewport().setAutoFillBackground(False)
        widget.setAutoFillBackground(False)
        widget.installEventFilter(self)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int, /) -> int:
        return self.widget().heightForWidth(width)

    def eventFilter(self, watched: object, event: QEvent, /) -> bool:
        """What stands in it has got taller: whoever laid this out has to ask again."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return False

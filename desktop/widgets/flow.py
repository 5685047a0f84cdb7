"""A line of small widgets that goes on in the next line where it is full: none is squeezed, none is cut."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

_CHANGES = (
    QEvent.Type.LayoutRequest,
    QEvent.Type.FontChange,
    QEvent.Type.StyleChange,
    QEvent.Type.ShowToParent,
    QEvent.Type.HideToParent,
)


class FlowLine(QWidget):
    """``gap`` px between two widgets and between two lines.

    A widget and no QLayout: a layout written in Python is asked for its height by Qt while its page is being taken down,
    when there is nobody left to answer.
    """

    def __init__(self, gap: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bare")
        self._held: list[QWidget] = []
        self._gap = gap
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def held(self) -> tuple[QWidget, ...]:
        return tuple(self._held)

    def add(self, widget: QWidget) -> None:
        self._held.append(widget)
        widget.setParent(self)
        widget.installEventFilter(self)
        widget.show()
        self._change()

    def clear(self) -> None:
        """Lets go of every widget."""
        for widget in self._held:
            widget.hide()
            widget.deleteLater()
        self._held = []
        self._change()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int, /) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), self._place(max(self.width(), 1), move=False))

    def minimumSizeHint(self) -> QSize:
        least = QSize(0, 0)
        for widget in self._held:
            least = least.expandedTo(widget.minimumSizeHint() if widget.hasHeightForWidth() else widget.sizeHint())
        return least

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._place(self.width(), move=True)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """Words that grow (another figure on a chip) push their neighbours, and so does what comes and goes."""
        if event.type() in _CHANGES:
            self._change()
        return super().eventFilter(watched, event)

    def _change(self) -> None:
        self._place(self.width(), move=True)
        self.updateGeometry()

    def _place(self, width: int, *, move: bool) -> int:
        """Places (or only measures) every widget; the height used, in px."""
        x = y = tallest = 0
        for widget in self._held:
            if widget.isHidden():
                continue
            size = _size_in(width, widget)
            if x > 0 and x + size.width() > width:
                x, y, tallest = 0, y + tallest + self._gap, 0
            if move:
                widget.setGeometry(x, y, size.width(), size.height())
            x += size.width() + self._gap
            tallest = max(tallest, size.height())
        return y + tallest


def _size_in(width: int, widget: QWidget) -> QSize:
    """As it wants to be; words that wrap are no wider than the line."""
    size = widget.sizeHint()
    if size.width() <= width or not widget.hasHeightForWidth():
        return size
    wide = max(width, widget.minimumSizeHint().width())
    return QSize(wide, widget.heightForWidth(wide))

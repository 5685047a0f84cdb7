"""Yes or no, and several of a list, as boxes to tick."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QWidget

from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.host import FormHost
from desktop.forms.layout import Cell, GridFlow, clear_layout
from forms.field_definition import Choice, Field

TICK = 26  # px of a box's line


class _EnterGoesOn(QObject):
    """Enter on a tick box goes to the next field; Space ticks."""

    def __init__(self, owner: FieldWidget) -> None:
        super().__init__(owner)
        self._owner = owner

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        if enter:
            self._owner.left.emit()
        return enter


class _Words(QLabel):
    """The words beside a box; a click on them ticks it. A QCheckBox's own words do not wrap."""

    def __init__(self, text: str, box: QCheckBox, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._box = box
        self.setWordWrap(True)

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        if self._box.isEnabled():
            self._box.setFocus()
            self._box.click()


class YesNoField(FieldWidget):
    """One box. Its words are the field's label, so the cell shows none above it."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self.box = QCheckBox(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        layout.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        self._words = _Words(host.label(field.label), self.box, self)
        layout.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        self.setFocusProxy(self.box)
        self.box.installEventFilter(_EnterGoesOn(self))
        self.box.clicked.connect(self._ticked)

    @property
    def focus_target(self) -> QWidget:
        return self.box

    def present(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    def leave_out_words(self) -> None:
        """In a table its column's heading says them."""
        self._words.setText("")

    def _ticked(self, checked: bool) -> None:
        self.committed.emit(checked)


class _Tick(Cell):
    """A box of a list with its words, as wide as they need; on a form narrower than that they stand whole in the tip."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = QCheckBox(text, self)
        self.box.setMinimumHeight(TICK)
        self.box.setToolTip(text)

    def fit(self) -> int:
        """px that box and words need, once the style sheet has reached them."""
        self.box.ensurePolished()
        return self.box.sizeHint().width()

    def height_with(self, width: int, label_height: int) -> int:
        return max(self.box.sizeHint().height(), TICK)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        self.box.setGeometry(0, 0, min(self.fit(), self.width()), self.height())


class ManyField(FieldWidget):
    """A box a choice, in columns; the value keeps the order of the list."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._grid = GridFlow(self, gap_x=10, gap_y=2)
        self._boxes: dict[str, QCheckBox] = {}
        self._enter = _EnterGoesOn(self)
        self._value: list[str] = []

    @property
    def focus_target(self) -> QWidget:
        return next(iter(self._boxes.values()), self)

    def set_choices(self, choices: tuple[Choice, ...]) -> None:
        codes = [c.code for c in choices]
        if codes == list(self._boxes):
            return
        clear_layout(self._grid)
        self._boxes = {}
        ticks = [_Tick(self.host.label(choice.label), self) for choice in choices]
        widest = max((tick.fit() for tick in ticks), default=0)  # the same for all: the boxes stand below each other
        for choice, tick in zip(choices, ticks, strict=True):
            tick.box.installEventFilter(self._enter)
            tick.box.clicked.connect(self._ticked)
            tick.least_width = widest
            self._boxes[choice.code] = tick.box
            self._grid.add(tick, 12 if self.field.width <= 6 else 6)
        self.present(self._value)

    def present(self, value: Any) -> None:
        self._value = list(value) if isinstance(value, list) else []
        for code, box in self._boxes.items():
            box.setChecked(code in self._value)

    def set_wrong(self, wrong: bool) -> None:
        """The words below are enough: there is no single box to mark."""

    def _ticked(self) -> None:
        self.committed.emit([code for code, box in self._boxes.items() if box.isChecked()] or None)

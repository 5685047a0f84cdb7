"""The table of a conflict: each field with the values written on PCs, the city's, and what stood before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from desktop.forms.conflict_sides import Option, Pick, Side
from desktop.language import tr
from desktop.widgets.basics import Card, restyle, text_label

if TYPE_CHECKING:
    from desktop.app import App


LEAST_COLUMN = 80  # px of a side's column


class OptionBox(QLabel):
    """One value that can be picked. A label, since a button's words do not wrap."""

    clicked = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("conflictOption")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        self.clicked.emit()


def _yielding(label: QLabel) -> QLabel:
    """Takes the width its column has, and as many lines as that needs: with large letters nothing lies to the side."""
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    label.setMinimumWidth(LEAST_COLUMN)
    return label


class ConflictTable(Card):
    """Arrows move, Space picks; the mouse works too. Colour never stands alone: a picked value has ● and a bold edge."""

    picked = Signal()

    def __init__(self, app: App, picks: list[Pick], parent: QWidget | None = None) -> None:
        super().__init__(app.look, padding=10, parent=parent)
        self._picks = picks
        self.places: dict[str, int] = {}  # path -> side
        self.sides = picks[0].sides
        self._here = (0, 0)
        self._buttons: dict[tuple[int, int], OptionBox] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        grid = QGridLayout()
        grid.setHorizontalSpacing(app.look.px(14))
        grid.setVerticalSpacing(app.look.px(8))
        self._add_heads(grid, self.sides)
        for row, pick in enumerate(picks):
            self._add_row(grid, row, pick)
        self.body.addLayout(grid)

    @property
    def picks(self) -> list[Pick]:
        """What is shown."""
        return self._picks

    @property
    def here(self) -> tuple[int, int]:
        """Row and column one stands on."""
        return self._here

    @property
    def options(self) -> list[OptionBox]:
        """The values to pick from, field by field, from this PC to the city."""
        return [self._buttons[place] for place in sorted(self._buttons)]

    @property
    def befores(self) -> list[str]:
        """What stood before, field by field."""
        return [pick.before for pick in self._picks]

    @property
    def left(self) -> int:
        """How many fields still wait for a pick."""
        return len(self._picks) - len(self.places)

    @property
    def chosen(self) -> dict[str, Any]:
        """Path → the value picked."""
        by_path = {pick.path: pick for pick in self._picks}
        return {
            path: next(o.value for o in by_path[path].options if o.side == side) for path, side in self.places.items()
        }

    def pick(self, path: str, side: int) -> None:
        self.places[path] = side
        self._show()
        self.picked.emit()

    def pick_all(self, side: int) -> None:
        """Of a side that has nothing to say about a field, the city's value stands."""
        for pick in self._picks:
            sides = [o.side for o in pick.options]
            self.places[pick.path] = side if side in sides else sides[-1]
        self._show()
        self.picked.emit()

    def stand(self, place: tuple[int, int]) -> None:
        """Goes on where one stood in the table before this one."""
        row, column = place
        self._stand(min(row, len(self._picks) - 1), column)

    def pick_again(self, places: Mapping[str, int]) -> None:
        """After the record changed: picks whose field is still in question."""
        for pick in self._picks:
            side = places.get(pick.path)
            if side is not None and any(o.side == side for o in pick.options):
                self.places[pick.path] = side
        self._show()
        self.picked.emit()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        row, column = self._here
        columns = [c for r, c in self._buttons if r == row]
        match event.key():
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                step = -1 if event.key() == Qt.Key.Key_Up else 1
                self._stand(max(0, min(row + step, len(self._picks) - 1)), column)
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                place = columns.index(column) + (-1 if event.key() == Qt.Key.Key_Left else 1)
                self._stand(row, columns[max(0, min(place, len(columns) - 1))])
            case Qt.Key.Key_Space:
                self.pick(self._picks[row].path, column)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._stand(min(row + 1, len(self._picks) - 1), column)
            case _:
                super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        super().focusInEvent(event)
        self._show()

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self._show()

    def _add_heads(self, grid: QGridLayout, sides: tuple[Side, ...]) -> None:
        grid.addWidget(text_label(tr("form.conflict.field"), "label"), 0, 0)
        grid.setColumnStretch(0, 1)
        for n, side in enumerate(sides):
            grid.addWidget(_yielding(text_label(side.head, "label", wrap=True)), 0, n + 1)
            grid.setColumnStretch(n + 1, 2)
        grid.addWidget(text_label(tr("form.conflict.before"), "label", wrap=True), 0, len(sides) + 1)
        grid.setColumnStretch(len(sides) + 1, 1)

    def _add_row(self, grid: QGridLayout, row: int, pick: Pick) -> None:
        grid.addWidget(text_label(pick.label, wrap=True), row + 1, 0)
        for option in pick.options:
            told = (pick.label, pick.sides[option.side].title, option.text, option.who)
            made = OptionBox(": ".join(part for part in told if part), self)
            made.clicked.connect(partial(self._clicked, row, option))
            self._buttons[row, option.side] = made
            _yielding(made)
            grid.addWidget(made, row + 1, option.side + 1)
        grid.addWidget(text_label(pick.before, "quiet", wrap=True), row + 1, len(pick.sides) + 1)
        self._show_row(row)

    def _clicked(self, row: int, option: Option) -> None:
        self.setFocus()
        self._here = (row, option.side)
        self.pick(self._picks[row].path, option.side)

    def _stand(self, row: int, column: int) -> None:
        columns = [c for r, c in self._buttons if r == row]
        self._here = (row, column if column in columns else columns[0])
        self._show()

    def _show(self) -> None:
        for row in range(len(self._picks)):
            self._show_row(row)

    def _show_row(self, row: int) -> None:
        pick = self._picks[row]
        for option in pick.options:
            made = self._buttons[row, option.side]
            is_picked = self.places.get(pick.path) == option.side
            who = f"\n{option.who}" if option.who else ""
            made.setText(f"{'●' if is_picked else '○'} {option.text}{who}")
            here = self.hasFocus() and self._here == (row, option.side)
            if (made.property("picked"), made.property("here")) != (is_picked, here):
                made.setProperty("picked", is_picked)
                made.setProperty("here", here)
                restyle(made)

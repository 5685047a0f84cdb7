"""The table of a conflict: each field with the values written on PCs, the city's, and what stood before."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from desktop.forms.change_words import field_of, shown_value
from desktop.language import tr
from desktop.models.dates import when
from desktop.widgets.basics import Card, restyle, text_label
from forms.definition import RecordType
from sync.difference import get_path
from sync.store.model import Record

if TYPE_CHECKING:
    from desktop.app import App


LEAST_COLUMN = 80  # px of a side's column


class Option(Struct, frozen=True):
    """``side``: 0… for the values of officers, the last for the city's. ``who``: officer and time, for the heading."""

    side: int
    value: Any
    text: str


class Pick(Struct, frozen=True):
    path: str
    label: str
    before: str
    options: tuple[Option, ...]
    heads: tuple[tuple[str, str], ...]  # (title, who and when) of each side


def picks_of(app: App, record_type: RecordType, record: Record) -> list[Pick]:
    """One row a field. This PC's officer stands first, so that "mine" is always on the left."""
    own = app.officer.name if app.officer else ""
    officers: dict[str, str] = {}
    for candidates in record.conflicts.values():
        for candidate in candidates:
            officers.setdefault(candidate.officer, candidate.at)
    order = sorted(officers, key=lambda name: (name != own, name))
    now = app.clock.now()
    heads = [
        (tr("form.conflict.here") if n == 0 else tr("form.conflict.other"), f"{name}, {when(officers[name], now)}")
        for n, name in enumerate(order)
    ]
    heads.append(
        (
            tr("form.conflict.city"),
            ", ".join(p for p in (record.updated_by, when(record.updated_at, now) if record.updated_at else "") if p),
        )
    )
    picks = []
    for path, candidates in record.conflicts.items():
        field, label = field_of(record_type, path)

        def text(value: Any, field: Any = field) -> str:
            return shown_value(app, field, value) if field is not None else str(value)

        options = [Option(order.index(c.officer), c.value, text(c.value)) for c in candidates]
        city = get_path(record.fields, path)
        options.append(Option(len(order), city, text(city)))
        before = text(candidates[0].before) if candidates else ""
        picks.append(Pick(path, label, before, tuple(options), tuple(heads)))
    return picks


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
        self.sides = [who.rpartition(",")[0] or who for _, who in picks[0].heads]
        self._here = (0, 0)
        self._buttons: dict[tuple[int, int], OptionBox] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        grid = QGridLayout()
        grid.setHorizontalSpacing(app.look.px(14))
        grid.setVerticalSpacing(app.look.px(8))
        self._add_heads(grid, picks[0].heads)
        for row, pick in enumerate(picks):
            self._add_row(grid, row, pick)
        self.body.addLayout(grid)

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

    def _add_heads(self, grid: QGridLayout, heads: tuple[tuple[str, str], ...]) -> None:
        grid.addWidget(text_label(tr("form.conflict.field"), "label"), 0, 0)
        grid.setColumnStretch(0, 1)
        for n, (title, who) in enumerate(heads):
            grid.addWidget(_yielding(text_label(f"{title}\n{who}", "label", wrap=True)), 0, n + 1)
            grid.setColumnStretch(n + 1, 2)
        grid.addWidget(text_label(tr("form.conflict.before"), "label", wrap=True), 0, len(heads) + 1)
        grid.setColumnStretch(len(heads) + 1, 1)

    def _add_row(self, grid: QGridLayout, row: int, pick: Pick) -> None:
        grid.addWidget(text_label(pick.label, wrap=True), row + 1, 0)
        for option in pick.options:
            made = OptionBox(f"{pick.label}: {pick.heads[option.side][0]}: {option.text}", self)
            made.clicked.connect(partial(self._clicked, row, option))
            self._buttons[row, option.side] = made
            _yielding(made)
            grid.addWidget(made, row + 1, option.side + 1)
        grid.addWidget(text_label(pick.before, "quiet", wrap=True), row + 1, len(pick.heads) + 1)
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
            made.setText(f"{'●' if is_picked else '○'} {option.text}")
            here = self.hasFocus() and self._here == (row, option.side)
            if (made.property("picked"), made.property("here")) != (is_picked, here):
                made.setProperty("picked", is_picked)
                made.setProperty("here", here)
                restyle(made)

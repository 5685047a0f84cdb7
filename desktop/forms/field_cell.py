"""One field's place in the grid: label above, input, and below it a hint or what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from desktop.forms.field_widgets import make_field_widget
from desktop.forms.field_widgets.switches import YesNoField
from desktop.forms.host import FormHost
from desktop.forms.layout import STAR, Cell
from desktop.widgets.broken_lines import breakable
from forms.field_definition import Field

LABEL_GAP = 3  # px between label and input
NOTE_GAP = 3
LONG_HINT, LONG_HINT_WIDTH = 36, 170  # characters, px at 100 %
LEAST_WIDTHS = {
    "date": 124,
    "date_partial": 124,
    "datetime": 164,
    "one_of": 132,
    "many_of": 200,
    "person": 240,
    "household": 240,
    "organisation": 240,
    "ref": 200,
    "refs": 240,
    "address": 380,
    "admin_unit": 200,
    "citizen_number": 132,
    "phone": 124,
    "files": 160,
    "file": 160,
    "signature": 200,
    "longtext": 240,
}  # px at 100 %: what a usual value needs


class FieldCell(Cell):
    """Places its parts by hand: a layout object for each of sixty cells would cost more than the cells."""

    visited = Signal()

    def __init__(
        self, field: Field, host: FormHost, path: str, parent: QWidget | None = None, *, bare: bool = False
    ) -> None:
        super().__init__(parent)
        self.field, self.host, self.path = field, host, path
        self.has_been_left = False
        self._label_height = 0
        self._label_heights: dict[int, int] = {}
        self.least_width = 0 if bare else host.app.look.px(LEAST_WIDTHS.get(field.type, 0))
        self._required = False
        self._hinted = True
        self._label: QLabel | None = None
        self._hint: QLabel | None = None
        self._problem: QLabel | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.input = make_field_widget(field, host, path, self)
        self.input.resized.connect(self._relayout)
        self.input.focus_target.setAccessibleName(host.label(field.label))
        if bare and isinstance(self.input, YesNoField):
            self.input.leave_out_words()
        if not bare and not isinstance(self.input, YesNoField) and field.type != "group":
            self._label = QLabel(self)
            self._label.setObjectName("label")
            self._label.setWordWrap(True)
            self._label.setBuddy(self.input.focus_target)
            self.set_required(False)
        if field.hint is not None and not bare:
            if len(host.label(field.hint)) > LONG_HINT:
                self.least_width = max(self.least_width, host.app.look.px(LONG_HINT_WIDTH))
            self._hint = self._note("hint", host.label(field.hint))

    def set_required(self, required: bool) -> None:
        """Marks the label; the word is in the accessible name, the star alone would be a riddle to a reader."""
        text = self.host.label(self.field.label) + (STAR if required else "")
        if self._label is not None and self._label.text() != text:
            self._label.setText(text)
            self._label_heights.clear()
            name = self.host.label(self.field.label)
            said = f"{name}, {self.host.say('required')}" if required else name
            self.input.focus_target.setAccessibleName(said)

    def set_hinted(self, hinted: bool) -> None:
        """Whether the hint is of use: it tells how to fill the field in."""
        if hinted != self._hinted:
            self._hinted = hinted
            if self._hint is not None:
                self._relayout()

    def set_problem(self, message: str | None, *, blocks: bool = True) -> None:
        """Shows or clears the words below the input; a sign stands before them, since colour never stands alone."""
        text = f"{'⚠' if blocks else '!'} {message}" if message else ""
        if self._problem is None:
            if not text:
                return
            self._problem = self._note("problem", "")
        if self._problem.text() == text and self._problem.isVisibleTo(self) == bool(text):
            return
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        if self._problem.property("warning") != (not blocks):
            self._problem.setProperty("warning", not blocks)
            self._problem.style().unpolish(self._problem)
            self._problem.style().polish(self._problem)
        self.input.set_wrong(bool(text) and blocks)
        self.input.focus_target.setAccessibleDescription(message or "")
        self._relayout()

    @property
    def problem_text(self) -> str:
        return self._problem.text() if self._problem is not None else ""

    def label_height_for(self, width: int) -> int:
        if self._label is None:
            return 0
        if width not in self._label_heights:
            self._label_heights[width] = self._label.heightForWidth(width)
        return self._label_heights[width]

    def set_label_height(self, height: int) -> None:
        if height != self._label_height:
            self._label_height = height
            self._place()

    def height_with(self, width: int, label_height: int) -> int:
        height = self._top(label_height) + self._input_height(width)
        for note in self._notes():
            height += NOTE_GAP + note.heightForWidth(width)
        return height

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def heightForWidth(self, width: int, /) -> int:
        return self.height_with(width, max(self._label_height, self.label_height_for(width)))

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        self._place()

    def event(self, event: QEvent, /) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            if self.heightForWidth(self.width()) != self.height():
                self.updateGeometry()
            self._place()
        return super().event(event)

    def _top(self, label_height: int) -> int:
        """Where the input begins; a table and a tick box bring their own words."""
        return label_height + LABEL_GAP if label_height and self.field.type != "group" else 0

    def _input_height(self, width: int) -> int:
        if self.input.hasHeightForWidth():
            return self.input.heightForWidth(width)
        return max(self.input.sizeHint().height(), self.input.minimumSizeHint().height())

    def _notes(self) -> list[QLabel]:
        if self._problem is not None and self._problem.isVisibleTo(self):
            return [self._problem]
        return [self._hint] if self._hint is not None and self._hinted else []

    def _place(self) -> None:
        width = self.width()
        y = self._top(max(self._label_height, self.label_height_for(width)))
        if self._label is not None:
            own = self._label.heightForWidth(width)
            self._label.setGeometry(0, max(y - LABEL_GAP - own, 0), width, own)
        height = self._input_height(width)
        self.input.setGeometry(0, y, width, height)
        y += height
        shown = self._notes()
        if self._hint is not None:
            self._hint.setVisible(self._hint in shown)
        for note in shown:
            own = note.heightForWidth(width)
            note.setGeometry(0, y + NOTE_GAP, width, own)
            y += NOTE_GAP + own

    def _relayout(self) -> None:
        self.updateGeometry()
        self._place()

    def _note(self, name: str, text: str) -> QLabel:
        note = QLabel(breakable(text), self)
        note.setObjectName(name)
        note.setWordWrap(True)
        note.setTextFormat(Qt.TextFormat.PlainText)
        return note

"""The lines taken in during one visit, with what the citizen pays for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from desktop.forms.layout import clear_layout
from desktop.forms.side_cards import fee_field
from desktop.language import say, tr
from desktop.widgets.basics import Card, LineButton, button, restyle, text_label
from forms.definition import RecordType
from forms.vietnamese import show_money
from sync.store.model import Record

if TYPE_CHECKING:
    from desktop.app import App


class VisitTable(Card):
    open_requested = Signal(str)
    next_requested = Signal()

    def __init__(self, app: App, record_type: RecordType, parent: QWidget | None = None) -> None:
        super().__init__(app.look, padding=10, parent=parent)
        self._type = record_type
        self._fee = fee_field(record_type)
        self.total = 0
        self.body.addWidget(text_label(tr("form.card.visit"), "heading"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self.body.addLayout(self._rows)
        self._sum = text_label("", "strong", wrap=True)
        self.body.addWidget(self._sum)
        self.next_button = button(tr("form.visit.next"), self.next_requested.emit, tip="Ctrl+N")
        self.next_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.body.addWidget(self.next_button)
        self.hide()

    def show_lines(self, lines: Sequence[Record], here: str = "") -> None:
        """``here``: id of the line whose page this is."""
        clear_layout(self._rows)
        self.total = 0
        for line in lines:
            fee = line.fields.get(self._fee.name) if self._fee else None
            self.total += fee if isinstance(fee, int) else 0
            self._rows.addWidget(self._line(line, line.id == here))
        left = unfinished(self._type, lines)
        count = tr("form.visit.lines", count=len(lines))
        if self._type.register is not None and lines:
            done = sum(bool(line.number) for line in lines)
            count = tr("form.visit.numbered", done=done, count=len(lines))
        self._sum.setObjectName("problem" if left and len(left) < len(lines) else "strong")
        restyle(self._sum)
        money = tr("form.visit.total", total=show_money(self.total)) if self._fee else ""
        self._sum.setText(" · ".join(part for part in (count, money) if part))
        self.setVisible(bool(lines))

    def _line(self, line: Record, is_here: bool) -> QWidget:
        """A sign and words for how far it is: "✓ 12 · Bằng tốt nghiệp", "○ Giấy khai sinh · Đối chiếu"."""
        state = say(self._type.state(line.state).label)
        is_open = bool(unfinished(self._type, [line]))
        words = " · ".join(part for part in (line.number, line.title, "" if line.number else state) if part)
        made = LineButton(f"{'○' if is_open else '✓'} {words}", self._opener(line.id), self)
        if is_here:
            made.setProperty("kind", "line_here")
            made.setAccessibleName(f"{words}, {tr('form.visit.here')}")
        return made

    def _opener(self, record_id: str) -> Callable[[], None]:
        return lambda: self.open_requested.emit(record_id)


def unfinished(record_type: RecordType, lines: Sequence[Record]) -> list[Record]:
    """Lines without their number, of a type that has a register, that are still under way."""
    if record_type.register is None:
        return []
    under_way = ("draft", "open", "waiting")
    return [line for line in lines if not line.number and record_type.state(line.state).kind in under_way]


def next_line_values(record_type: RecordType, record: Record) -> dict[str, object]:
    """What the next line of the visit begins with: the visit and the fields that carry over."""
    kept = {f.name for f in record_type.fields if f.carry} | ({record_type.visit} if record_type.visit else set())
    return {n: v for n, v in record.fields.items() if n in kept and v not in (None, "")}

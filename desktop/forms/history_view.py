"""Who did what to a record, when, old and new value, and where each change stands. Nothing is ever taken out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from desktop.forms.side_cards import field_labels
from desktop.language import language, say, tr
from desktop.models.dates import when
from desktop.models.tags import change_tag
from desktop.widgets.basics import Card, tag_label, text_label
from forms.definition import RecordType
from forms.field_definition import Field
from forms.field_types import show
from forms.flow_book import NOT_NEEDED
from sync.locked_fields import SAME_NUMBER
from sync.merge import DONE_ALREADY
from sync.protocol import Change
from sync.store.model import HistoryRow

if TYPE_CHECKING:
    from desktop.app import App

MOST = 60  # rows drawn; more than most records ever see, and the last line says where the others are


class HistoryView(QWidget):
    """A table of rows that may be several lines high; ``details`` False leaves the values out (conflict page)."""

    def __init__(
        self, app: App, record_type: RecordType, parent: QWidget | None = None, *, details: bool = True
    ) -> None:
        super().__init__(parent)
        self._app, self._type, self._details = app, record_type, details
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._card: QWidget | None = None
        self.rows: tuple[HistoryRow, ...] = ()

    def show_rows(self, rows: Sequence[HistoryRow]) -> None:
        self.rows = tuple(rows)
        if self._card is not None:
            self._card.hide()
            self._card.deleteLater()
        card = Card(self._app.look, padding=8, parent=self)
        self._card = card
        self._column.insertWidget(0, card)
        if not rows:
            card.body.addWidget(text_label(tr("form.history.none"), "quiet"))
            return
        grid = QGridLayout()
        grid.setHorizontalSpacing(self._app.look.px(14))
        grid.setVerticalSpacing(self._app.look.px(6))
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 3)
        for n, key in enumerate(("when", "who", "what", "where")):
            grid.addWidget(text_label(tr(f"form.history.{key}"), "label"), 0, n)
        for n, row in enumerate(rows[:MOST], start=1):
            self._add_row(grid, n, row)
        card.body.addLayout(grid)
        if len(rows) > MOST:
            told = tr("form.history.cut", shown=MOST, all=len(rows), id=rows[0].change.record_id)
            card.body.addWidget(_wrapped(told, "hint"))
        card.show()

    def _add_row(self, grid: QGridLayout, n: int, row: HistoryRow) -> None:
        top = Qt.AlignmentFlag.AlignTop
        change = row.change
        grid.addWidget(text_label(when(change.at, self._app.clock.now())), n, 0, top)
        grid.addWidget(_wrapped(change.officer.name, ""), n, 1, top)
        what = QWidget(self)
        lines = QVBoxLayout(what)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(1)
        lines.addWidget(_wrapped(describe_change(self._type, change), ""))
        if self._details and change.kind != "create":
            for text in changed_lines(self._app, self._type, change):
                lines.addWidget(_wrapped(text, "hint"))
        for problem in row.problems:
            is_news = problem.message == DONE_ALREADY.vi  # nothing is wrong and nothing is to be done
            text = say(problem.label)
            lines.addWidget(_wrapped(text, "hint") if is_news else _wrapped(f"⚠ {text}", "problem"))
        grid.addWidget(what, n, 2)
        grid.addWidget(tag_label(change_tag(row.status)), n, 3, top)


def describe_change(record_type: RecordType, change: Change) -> str:
    """One line: what the officer did, by the words on the buttons and the labels of the fields."""
    labels = ", ".join(field_labels(record_type, list(change.after)))
    match change.kind:
        case "create":
            return _begun(record_type, change)
        case "action":
            known = {a.id: a for a in record_type.actions}
            name = say(known[change.action].label) if change.action in known else change.action or ""
            return f"{name} · {change.number}" if change.number else name
        case "resolve":
            return tr("form.history.resolve", fields=labels)
        case "void":
            return tr("form.history.void", reason=change.reason or "")
        case _:
            if not change.after and change.in_place_of:
                return tr("form.history.taken_back")
            return _engine_words(change) or tr("form.history.edit", fields=labels)


def _begun(record_type: RecordType, change: Change) -> str:
    """A record that was begun past its first state (an old book, a copy after a disaster) took none of the steps before, so
    that nobody takes it for one that was signed here."""
    states = {s.id: s for s in record_type.states}
    state = states.get(change.to_state or record_type.initial_state)
    if state is None or (state.id == record_type.initial_state and not change.number):
        return tr("form.history.create")
    told = tr("form.history.begun_in", state=say(state.label))
    return f"{told} · {change.number}" if change.number else told


def _engine_words(change: Change) -> str:
    """What an edit of the engine's own fields means; "" for one of the form's."""
    if SAME_NUMBER in change.after:
        return tr("form.history.same_number")
    marks = [value for key, value in change.after.items() if key.startswith(NOT_NEEDED)]
    if not marks:
        return ""
    return tr("form.history.not_needed" if marks[0] else "form.history.needed", reason=change.reason or "")


def changed_lines(app: App, record_type: RecordType, change: Change) -> Iterator[str]:
    """ "Phone: 0987… → 0912…", one line a field; rows of a group by their column."""
    for path in sorted({*change.before, *change.after}):
        field, label = field_of(record_type, path)
        if field is None:
            continue
        old = shown_value(app, field, change.before.get(path))
        new = shown_value(app, field, change.after.get(path))
        yield tr("form.history.old_new", label=label, old=old, new=new)


def field_of(record_type: RecordType, path: str) -> tuple[Field | None, str]:
    """The field or group column a path means, and how to call it; a whole row is called by its group."""
    name, *rest = path.split("/")
    field = record_type.field_map.get(name)
    if field is None or len(rest) < 2:
        return field, say(field.label) if field else name
    column = next((c for c in field.fields if c.name == rest[1]), None)
    return column, f"{say(field.label)}, {say(column.label)}" if column else name


def shown_value(app: App, field: Field, value: Any) -> str:
    """A value of the past in words; a row of a group as its cells; empty is said, not left blank."""
    if value in (None, "", []):
        return tr("form.empty")
    if field.type == "group":
        rows = value if isinstance(value, list) else [value]
        return "; ".join(_row_text(app, field, row) for row in rows if isinstance(row, dict))
    choices = app.catalog.choices_of(field) if field.type in {"one_of", "many_of"} else ()
    return show(field, value, language(), choices=choices, resolve=app.resolve, masked=field.masked)


def _row_text(app: App, field: Field, row: dict[str, Any]) -> str:
    return ", ".join(shown_value(app, c, row[c.name]) for c in field.fields if row.get(c.name) not in (None, ""))


def _wrapped(text: str, role: str) -> QLabel:
    return text_label(text, role, wrap=True)

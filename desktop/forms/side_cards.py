"""The column beside the form: when it is due, what it costs, its number, and where the record stands (promise 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.forms.old_fields import old_lines
from desktop.forms.refused_fields import KEY
from desktop.forms.standing import Place, places_of
from desktop.language import language, say, tr
from desktop.models.dates import in_sentence, local, long_day, short_day
from desktop.models.tags import due_tag
from desktop.widgets.basics import Card, button, text_label
from forms.definition import RecordType
from forms.entry import RecordEntry
from forms.field_definition import Field
from forms.field_types import show
from sync.locked_fields import SAME_NUMBER
from sync.protocol import DeliveryState
from sync.store.model import HistoryRow, Record

if TYPE_CHECKING:
    from desktop.app import App


class SideCard(Card):
    """A heading, one strong line and quieter ones below; hidden while it has nothing to say."""

    def __init__(self, app: App, title: str, parent: QWidget | None = None) -> None:
        super().__init__(app.look, padding=10, parent=parent)
        self._app = app
        self._title = text_label(title, "heading", parent=self)
        self.body.addWidget(self._title)
        self._lines: list[QWidget] = []
        self._said: tuple[object, ...] | None = None

    def say(self, *lines: tuple[str, str] | QWidget, title: str = "") -> None:
        """(text, role) pairs; the same lines again cost nothing, since this runs after every keystroke."""
        if lines == self._said and not title:
            return
        self._said = lines
        if title:
            self._title.setText(title)
        for widget in self._lines:
            widget.hide()
            widget.deleteLater()
        self._lines = []
        for line in lines:
            widget = line if isinstance(line, QWidget) else text_label(line[0], line[1], wrap=True, parent=self)
            self.body.addWidget(widget)
            self._lines.append(widget)
        self.setVisible(bool(lines))


class SideCards(QWidget):
    resolve_requested = Signal()
    field_requested = Signal(str)

    def __init__(self, app: App, record_type: RecordType, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app, self._type = app, record_type
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(app.look.px(10))
        self.conflict = SideCard(app, tr("form.card.conflict"), self)
        due = record_type.field_map[record_type.deadline.field] if record_type.deadline else None
        self.due = SideCard(app, say(due.label) if due else "", self)
        self.fee = SideCard(app, tr("form.card.fee"), self)
        self.number = SideCard(app, tr("form.card.number"), self)
        self.standing = SideCard(app, tr("form.card.standing"), self)
        self.old = SideCard(app, tr("pack.old_fields"), self)
        for card in (self.conflict, self.due, self.fee, self.number, self.standing, self.old):
            card.hide()
            column.addWidget(card)
        column.addStretch(1)
        self._fee_field = fee_field(record_type)
        self._shown: tuple[RecordEntry, Record | None] | None = None
        app.line.changed.connect(self._line_changed)

    def _line_changed(self) -> None:
        """What a number waits for changes with the line."""
        if self._shown is not None:
            self._show_number(*self._shown)

    def show_entry(self, entry: RecordEntry, record: Record | None) -> None:
        """What follows from the fields; cheap, since it runs after every change."""
        self._shown = (entry, record)
        self._show_due(entry, record)
        self._show_fee(entry)
        self._show_number(entry, record)
        self.old.say(*old_lines(self._app, entry))
        if record is not None and record.conflicts:
            labels = ", ".join(field_labels(self._type, record.conflicts))
            open_it = button(tr("form.card.conflict.open"), self.resolve_requested.emit, kind="main")
            self.conflict.say((labels, ""), open_it)
        else:
            self.conflict.say()

    def show_standing(
        self, record: Record | None, rows: Sequence[HistoryRow], deliveries: Sequence[DeliveryState]
    ) -> None:
        """Where the record is: this PC, the city, each service that must have it."""
        title = tr("form.card.standing") if record is not None else tr("form.card.standing.new")
        lines: list[tuple[str, str] | QWidget] = []
        for place in places_of(self._app.catalog, self._type, record, rows, deliveries):
            lines.append(
                (
                    f"{place.sign} {place.name}: {place.words}" if place.words else f"{place.sign} {place.name}",
                    role_of(place),
                )
            )
            lines += [(reason, "problem") for reason in place.reasons]
            if place.fields:
                go = partial(self.field_requested.emit, place.fields[0])
                lines.append(button(f"{tr('form.refused.go')}  {KEY}", go))
            if place.note:
                lines.append((place.note, "hint"))
        self.standing.say(*lines, title=title)

    def _show_due(self, entry: RecordEntry, record: Record | None) -> None:
        deadline = self._type.deadline
        value = entry.get(deadline.field) if deadline else None
        if not isinstance(value, str) or not value:
            self.due.say()
            return
        now = self._app.clock.now()
        at, today = local(value), local(now).date()
        day = short_day(at.date(), today)
        strong = (
            tr("form.due.today", time=f"{at:%H:%M}", date=day)
            if at.date() == today
            else f"{at:%H:%M} {in_sentence(long_day(at.date()))}"
        )
        lines: list[tuple[str, str] | QWidget] = [(strong, "strong")]
        if record is not None and (tag := due_tag(record, self._type, now, self._app.calendar)) is not None:
            late, stands = tag.kind == "red", tag.kind == "grey" and bool(tag.sign)
            if late or stands:  # the day itself stands above
                lines.append((str(tag), "problem" if late else "hint"))
        self.due.say(*lines)

    def _show_fee(self, entry: RecordEntry) -> None:
        field = self._fee_field
        value = entry.get(field.name) if field is not None else None
        if field is None or value is None:
            self.fee.say()
            return
        self.fee.say((show(field, value, language()), "strong"), title=say(field.label))

    def _show_number(self, entry: RecordEntry, record: Record | None) -> None:
        register = self._type.register
        if register is None:
            self.number.say()
            return
        field = self._type.field_map.get(register.field)
        title = say(field.label) if field else tr("form.card.number")
        number = entry.number or entry.get(register.field)
        temporary = entry.get(register.temporary_field) if register.temporary_field else None
        if number:
            others = entry.fields.get(SAME_NUMBER) or ()
            same = [(tr("form.card.number.same", count=len(others)), "problem")] if others else []
            is_void = self._type.state(entry.state).kind == "void"
            void = [(tr("form.card.number.void"), "hint")] if is_void else []
            self.number.say((str(number), "strong"), *void, *same, title=title)
        elif temporary:
            self.number.say((str(temporary), "strong"), (self._service_words(record), "hint"), title=title)
        else:
            self.number.say((self._when_numbered(entry, record), "hint"), title=title)

    def _service_words(self, record: Record | None) -> str:
        """What the city's number waits for, by the line as it really is."""
        if record is None:
            return tr("form.card.number.service_new")
        return tr(f"form.card.number.service_{'up' if self._app.line.state == 'up' else 'down'}")

    def _when_numbered(self, entry: RecordEntry, record: Record | None) -> str:
        if self._type.register is not None and self._type.register.kind == "service":
            return self._service_words(record)
        action = next((a for a in self._type.actions if a.takes_number and entry.state in a.from_), None)
        if action is not None:
            return tr("form.card.number.auto", action=say(action.label))
        waits = record is not None and self._type.state(entry.state).kind != "void"  # what was refused gets none
        return tr("form.card.number.awaiting") if waits else tr("form.card.number.none")


def fee_field(record_type: RecordType) -> Field | None:
    """What the citizen pays: the calculated amount, the last one when several lead to it."""
    money = [f for f in record_type.fields if f.type == "money" and f.calculate is not None]
    return money[-1] if money else None


def role_of(place: Place) -> str:
    return "problem" if place.status == "refused" else ""


def field_labels(record_type: RecordType, paths: Iterable[str]) -> list[str]:
    """Labels of the fields that ``paths`` (also row paths) are about, each once, in the form's order."""
    names = {path.split("/")[0] for path in paths}
    return [say(f.label) for f in record_type.fields if f.name in names]

"""A person, household, organisation or any other record: type a name or number, pick, or add a new one in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.background import Task
from desktop.forms.card_picture import ask_for_picture, read_picture
from desktop.forms.cards import read_card
from desktop.forms.field_widgets.line import LineField, forward_list_keys, is_open_key
from desktop.forms.host import FormHost
from desktop.forms.layout import GridFlow, bring_into_sight
from desktop.forms.people import SHARED, TARGETS, columns_of, find_suggestions, out_of_use, targets_of
from desktop.forms.popup import Suggestion
from desktop.language import tr
from desktop.models.standing import filling_note
from desktop.sight import works_at_home
from desktop.widgets.basics import text_label
from forms.definition import RecordType
from forms.field_definition import Field
from forms.field_types.references import UNNAMED

if TYPE_CHECKING:
    from desktop.forms.short_form import ShortForm

SEARCH_PAUSE = 120  # ms
NEW = "\0new"
PICTURE = "\0picture"


def _as_typed(text: str) -> str:
    """Text that can be mistaken for no id: one word is put in quotation marks, which are not shown."""
    return text if " " in text else f"“{text}”"


class ReferenceField(LineField):
    """The PersonPicker. The line shows who was picked; typing searches in the background, old answers are dropped."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self.targets = targets_of(field)
        self._task: Task[list[Suggestion]] | None = None
        self.is_person = TARGETS["person"][0] in self.targets
        self._hint = host.say("picker.person" if self.is_person else "picker.record")
        self.line.setPlaceholderText(self._hint)
        self._search = QTimer(self, singleShot=True, interval=SEARCH_PAUSE)
        self._search.timeout.connect(self._find)
        self.line.textEdited.connect(self._changed)
        self.short: ShortForm | None = None
        self._hangs_in: GridFlow | None = None  # where the short form hangs
        self._begun_from = ""  # what was typed when the short form was opened
        self._about: QLabel | None = None
        self._gone: QLabel | None = None
        self._rows: list[Suggestion] = []
        self._found_for = ""  # the text the rows belong to
        self._entering = False  # Enter was pressed before the search had answered

    def make_row(self) -> QHBoxLayout:
        """The line stands in a column, so that the short form can hang below it."""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        row = QHBoxLayout()
        self._column.addLayout(row)
        return row

    def present(self, value: Any) -> None:
        if self.short is None:  # while a new one is being made the line keeps what was typed
            super().present(value)
        self._show_about(value if isinstance(value, str) else "")

    def text_of(self, value: Any, *, masked: bool = False) -> str:
        if not isinstance(value, str) or not value:
            return ""
        if value == self.host.entry.raw(self.path):
            return value.strip("“”")
        shown = super().text_of(value, masked=masked)
        return shown if shown and shown != UNNAMED else self.host.say("picker.unknown")

    def on_key(self, event: QKeyEvent) -> None:
        popup = self.host.popup()
        open_here = popup.is_open_for(self.line)
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        if enter and "|" in self.line.text():
            event.accept()
            self.take_card(self.line.text())
        elif is_open_key(event) or (not open_here and event.key() == Qt.Key.Key_Down):
            event.accept()
            self._find()
        elif open_here and (step := forward_list_keys(event)) is not None:
            event.accept()
            popup.move_current(step)
        elif open_here and event.key() == Qt.Key.Key_Escape:
            event.accept()
            popup.dismiss()
        elif enter and self._dirty and (not open_here or self._found_for != self._text()) and self._text():
            event.accept()  # what stands in the list may belong to fewer letters: it is asked for anew
            self._entering = True
            self._find()
        elif open_here and enter and not popup.rows:
            event.accept()  # it says that nobody is found
            popup.dismiss()
            self.flush()
            self.go_on()
        elif open_here and enter:
            event.accept()
            marked = popup.current
            popup.accept()
            if marked is not None and not marked.command:
                self.go_on()
        elif event.key() == Qt.Key.Key_Escape and self.short is not None:
            event.accept()
            self.close_short()
        elif open_here and event.key() == Qt.Key.Key_Tab and self._only_row() is not None:
            popup.accept()
        else:
            super().on_key(event)

    def flush(self) -> None:
        """Typed text that was not picked is no reference: a single match is taken, else it stays as typed and the entry says
        what to do."""
        if self._pause is not None:
            self._pause.stop()
        if not self._dirty:
            return
        text = self.line.text().strip()
        if text == "":
            self._dirty = False
            self.committed.emit(None)
        elif self._found_for == text and (only := self._only_row()) is not None:
            self.pick(only.key)
        elif "|" not in text:
            self.keep(text)

    def keep(self, text: str) -> None:
        """Text that names nobody yet."""
        self._dirty = False
        self.committed.emit(_as_typed(text))

    def go_on(self) -> None:
        """Picked by Enter: the next field."""
        self.left.emit()

    def _text(self) -> str:
        return self.line.text().strip()

    def scan(self) -> None:
        """F8: the next text typed here is a card's."""
        self.line.setFocus()
        self.line.selectAll()
        self.line.setPlaceholderText(self.host.say("picker.scan"))

    def take_card(self, text: str) -> None:
        """Text of a card: whoever has that number is picked; nobody, and a new one is begun with it."""
        self.host.popup().dismiss()
        self._search.stop()
        card = read_card(text, self.host.catalog, self.targets)
        if isinstance(card, str):
            self._dirty = False
            self.line.clear()
            self.host.app.notice(self.host.say("picker.card", reason=card), "red")
            return
        type_id, number_field, values = card
        store = self.host.app.store
        task = self.host.app.background.run(
            lambda: store.records.find(type_id, **{number_field: values[number_field]}), self
        )
        task.then(lambda found: self.pick(found[0].id) if found else self.begin_new(type_id, values))

    def pick(self, record_id: str) -> None:
        self._dirty = False
        self._search.stop()
        self.line.setModified(False)
        self.line.setPlaceholderText(self._hint)
        self._value = record_id
        self.committed.emit(record_id)
        self.line.setText(self.text_of(record_id))
        self.line.setCursorPosition(0)
        self._show_about(record_id)

    def begin_new(self, type_id: str, values: dict[str, Any]) -> None:
        """Opens the short form under the line; what was typed stays there, in case the officer thinks better of it."""
        from desktop.forms.short_form import ShortForm  # late: it holds a form, which holds this

        text = self.line.text() if self._dirty else ""
        self._dirty = False
        self._drop_short()
        record_type = self.host.catalog.record_type(type_id)
        grid, cell = self._grid_around()
        short = ShortForm(self.host.app, record_type, values, cell.parentWidget() if grid is not None else self)
        short.created.connect(self._created)
        short.closed.connect(self.close_short)
        self.short, self._hangs_in = short, grid
        self._begun_from = "" if "|" in text else text  # a card's text is no name
        if grid is not None:
            grid.hang(short, cell)
            short.show()
        else:
            self._column.addWidget(short)
        self.resized.emit()
        short.focus_first()
        QTimer.singleShot(0, short, lambda: bring_into_sight(short, short.focusWidget() or short.view))

    def _grid_around(self) -> tuple[GridFlow | None, QWidget]:
        """The form's grid and the cell in it this field stands in: half a line is too narrow for a form."""
        cell: QWidget = self
        while (above := cell.parentWidget()) is not None:
            grid = above.layout()
            if isinstance(grid, GridFlow):
                return grid, cell
            cell = above
        return None, self

    def _show_about(self, record_id: str) -> None:
        """Number, birth date and place under the name: who it is among all of that name. Before them what has become of it,
        so that nothing is begun for the dead; where nothing can be done about it any more, without a sign."""
        if not record_id and self._about is None and self._gone is None:
            return
        record = self.host.app.load(record_id) if record_id else None
        gone, parts = "", []
        if record is not None:
            record_type, language = self.host.catalog.record_type(record.type), self.host.language
            gone = out_of_use(record_type, record.state, language)
            if record.type in SHARED:
                parts = [part for part in columns_of(record_type, record.fields, "", None, language) if part]
        if gone and self.host.entry.is_locked(self.path):
            gone, parts = "", [gone, *parts]
        self._about = self._line_below(self._about, " · ".join(parts), "hint")
        self._gone = self._line_below(self._gone, f"! {gone}" if gone else "", "problem")
        self.resized.emit()

    def _line_below(self, label: QLabel | None, text: str, role: str) -> QLabel | None:
        """A label right under the line, made when there is first something to say."""
        if label is None:
            if not text:
                return None
            label = text_label("", role, wrap=True, parent=self)
            label.setProperty("warning", True)
            self._column.insertWidget(1, label)
        label.setText(text)
        label.setVisible(bool(text))
        return label

    def close_short(self) -> None:
        """Cancelled: what was typed stands in the line again, to be picked or typed on. Of what was typed in the form it
        asks first."""
        if self.short is None:
            return
        from desktop.forms.dialogs import drop_typed

        if self.short.view.has_typed and not drop_typed(self):
            return
        self._drop_short()
        self.line.setFocus()
        if self._begun_from:
            self.line.setText(self._begun_from)
            self._dirty = True

    def _drop_short(self) -> None:
        if self.short is None:
            return
        self.short.hide()
        if self._hangs_in is not None:
            self._hangs_in.take_down(self.short)
        self.short.deleteLater()
        self.short = None
        self.resized.emit()

    def hideEvent(self, event: QHideEvent, /) -> None:
        """A field that no longer applies takes its short form along; another page in front of it does not."""
        super().hideEvent(event)
        cell = self.parentWidget()
        if self.isHidden() or (cell is not None and cell.isHidden()):
            self._drop_short()

    def _created(self, record_id: str) -> None:
        self._drop_short()
        self.line.setFocus()
        self.pick(record_id)
        self.left.emit()

    def _changed(self, _text: str) -> None:
        self._entering = False
        self._search.start()

    def _paused(self) -> None:
        """Half a name is no person: nothing is committed until one is picked."""

    def half_typed(self) -> dict[str, str]:
        """What was typed and not picked; while a new one is being made, the name it began with."""
        text = self._begun_from if self.short is not None else self.line.text() if self._dirty else ""
        return {self.path: _as_typed(text.strip())} if text.strip() and "|" not in text else {}

    def _left(self) -> None:
        self._search.stop()
        self._entering = False
        if self._dirty and self._text() and self._found_for != self._text() and self.short is None:
            self._find()  # left faster than the search: a single match is still taken
        popup = self.host.popup()
        if popup.is_open_for(self.line):
            popup.dismiss()
        super()._left()

    def _only_row(self) -> Suggestion | None:
        found = [row for row in self._rows if not row.command]
        return found[0] if len(found) == 1 else None

    def _find(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._search.stop()
        text = self._text() if self._dirty else ""
        if not text or "|" in text:
            self._rows = []
            self._show([] if "|" in text else self._commands(text), text)
            return
        app, language, targets, seen = self.host.app, self.host.language, self.targets, self.host.app.seen
        self._task = app.background.run(
            lambda: find_suggestions(app.store, app.catalog, text, targets, language, within=seen), self
        )
        self._task.then(lambda rows: self._show(rows + self._commands(text), text))

    def _commands(self, text: str) -> list[Suggestion]:
        rows = []
        for target in self._creatable():
            is_person = target.id in TARGETS["person"]
            words = self.host.say(
                "picker.new_person" if is_person else "picker.new", label=self.host.label(target.label)
            )
            rows.append(Suggestion(NEW + target.id, (words,), command=True, data=text))
            if is_person and not text:
                rows.append(Suggestion(PICTURE, (tr("scan.from_picture"),), command=True))
        return rows

    def _creatable(self) -> list[RecordType]:
        """Shared records may be added in place; a dossier or a book is begun at its own desk. Where nothing may be begun none."""
        catalog, app = self.host.catalog, self.host.app
        if not works_at_home(app.officer, app.enrolment):
            return []
        known = {r.id for r in catalog.record_types}
        return [catalog.record_type(t) for t in self.targets if t in SHARED and t in known]

    def _show(self, rows: list[Suggestion], text: str) -> None:
        self._rows, self._found_for = rows, text
        entering, self._entering = self._entering, False
        if self.line.isReadOnly():
            return
        if not self.line.hasFocus():
            kept = self.host.entry.raw(self.path) == _as_typed(text) if text else False
            if kept and self.short is None and (only := self._only_row()) is not None:
                self.pick(only.key)
        elif entering and self._only_row() is not None:
            self.flush()
            self.go_on()
        elif entering and not rows:
            self.flush()
            self.left.emit()
        else:
            self.host.popup().open(self.line, rows, self._picked, note=self._note(rows, text))

    def _note(self, rows: list[Suggestion], text: str) -> str:
        """What the list cannot say: that nobody is found, and that who is sought may be on the way to a new PC."""
        if not text or "|" in text:
            return ""
        nobody = "" if any(not row.command for row in rows) else self.host.say("picker.nobody", text=text)
        return f"{nobody} {filling_note(self.host.app.line)}".strip()

    def ask_picture(self) -> None:
        """A picture of the card instead of a scanner."""
        if (path := ask_for_picture(self)) is not None:
            host = self.host
            said = lambda reason: host.app.notice(host.say("picker.card", reason=reason), "red")  # noqa: E731
            read_picture(host.app.background, path, self, self.take_card, said)

    def _picked(self, row: Suggestion) -> None:
        if row.key == PICTURE:
            self.ask_picture()
            return
        if not row.key.startswith(NEW):
            self.pick(row.key)
            return
        from desktop.forms.short_form import values_from_text

        type_id = row.key[len(NEW) :]
        typed = row.data if isinstance(row.data, str) else ""
        self.begin_new(type_id, values_from_text(self.host.catalog.record_type(type_id), typed))

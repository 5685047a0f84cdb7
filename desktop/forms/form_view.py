"""A record type drawn from its definition: numbered sections on a twelve-column grid.

The view renders what the entry publishes and nothing else: every ``entry.set`` returns the paths that changed, and
those cells are refreshed. What does not fit on the first screen is built right after it is shown, in slices, so that
the largest form opens as fast as a small one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QWidget

from desktop.forms.field_cell import FieldCell
from desktop.forms.field_problems import FieldProblems
from desktop.forms.field_walk import FieldWalk
from desktop.forms.field_widgets.group import GroupField
from desktop.forms.host import FormHost
from desktop.forms.layout import GridFlow
from desktop.forms.popup import SuggestionPopup
from forms.definition import RecordType
from forms.entry import RecordEntry, RuleError
from forms.entry_values import TYPED
from forms.field_definition import Field, Section

if TYPE_CHECKING:
    from desktop.app import App

FIRST_SCREEN = 14  # fields built before the form is shown
SLICE = 0.008  # s of building between two turns of the event loop
UNSEEN = 200  # ms until the first of them where nothing is painted; else it comes right after the first paint


def fields_in_cards(record_type: RecordType) -> frozenset[str]:
    """Fields the side cards show already."""
    register, deadline = record_type.register, record_type.deadline
    names = [register.field, register.temporary_field] if register else []
    names += [deadline.field] if deadline else []
    return frozenset(name for name in (*names, record_type.visit) if name)


class FormView(QWidget):
    """The fields of one record. ``only`` limits it to some of them (a short form, what an action asks), ``unlocked``
    lets them be typed in a state that locks them, since an action may ask for what an edit may not touch."""

    changed = Signal(object)  # frozenset of paths, after the officer changed one
    typed = Signal()  # a keystroke, before anything is parsed
    finished = Signal()  # Enter in the last field

    def __init__(
        self,
        app: App,
        entry: RecordEntry,
        parent: QWidget | None = None,
        *,
        only: Collection[str] | None = None,
        unlocked: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("formView")
        self.app, self.entry = app, entry
        self.cells: dict[str, FieldCell] = {}
        self.set_by_officer: set[str] = set()
        self._popup: SuggestionPopup | None = None
        self._unlocked = unlocked
        self._may_write = app.may_write(entry.record_type)
        self._headings: dict[str, QLabel] = {}
        self._grid = GridFlow(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        sections = entry.record_type.sections
        self._waiting: deque[tuple[Section, Field]] = deque(
            (section, field) for section in sections for field in section.fields if only is None or field.name in only
        )
        self._with_headings = only is None
        self._in_cards = fields_in_cards(entry.record_type)
        doubtable = (field.name for _, field in self._waiting if field.name not in self._in_cards)
        self._problems = FieldProblems(doubtable)
        self._problems.judge_whole(entry)
        self._host = FormHost(app, entry, self.popup, self._problems)
        self.walk = FieldWalk(self)
        self._is_painted = False
        self._slices = QTimer(self, singleShot=True)
        self._slices.timeout.connect(self._build_slice)
        self._build(FIRST_SCREEN)
        if self._waiting:
            self._slices.start(UNSEEN)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        super().paintEvent(event)
        if self._waiting and not self._is_painted:
            self._slices.start(0)
        self._is_painted = True

    def popup(self) -> SuggestionPopup:
        """The form's one list of suggestions; a child of the window, so that nothing clips it."""
        window = self.window()
        if self._popup is None or self._popup.parentWidget() is not window:
            self._popup = SuggestionPopup(window, self.app.look)
        return self._popup

    def build_all(self) -> None:
        """Builds what still waits; before printing a picture, counting or jumping to a field."""
        if self._waiting:
            self._build(len(self._waiting))

    @property
    def is_complete(self) -> bool:
        return not self._waiting

    def cell(self, path: str) -> FieldCell | None:
        """The cell of a field or of a row's field; builds up to it when it waits."""
        name, _, rest = path.partition("/")
        if name not in self.cells and self._waiting:
            self.build_all()
        cell = self.cells.get(name)
        if rest and cell is not None and isinstance(cell.input, GroupField):
            return cell.input.cell(path) or cell
        return cell

    def put(self, path: str, value: Any) -> None:
        """The officer's value; widgets come here, and tests."""
        self._problems.refused.pop(path, None)
        try:
            changed = self.entry.put(path, value) if self._unlocked else self.entry.set(path, value)
        except RuleError as error:
            self._problems.refused[path] = error.problems[0].message.get(self._host.language)
            self.refresh({path})
            return
        self.set_by_officer.add(path)
        self.refresh(changed | {path})
        self.changed.emit(changed)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Values the program brings; the officer has touched none of them."""
        changed: set[str] = set(values)
        for name, value in values.items():
            changed |= self.entry.put(name, value)
        self.refresh(changed)

    def refresh(self, paths: Iterable[str]) -> None:
        """Shows the entry's state of ``paths``."""
        relevance_before = {n: not c.isHidden() for n, c in self.cells.items()}
        groups: dict[str, set[str]] = {}
        self._grid.setEnabled(False)
        paths = set(paths) | self._problems.judge_whole(self.entry)
        for path in paths:
            name, _, rest = path.partition("/")
            if rest:
                groups.setdefault(name, set()).add(path)
            elif name in self.cells:
                self._refresh_cell(self.cells[name])
        for name, rows in groups.items():
            cell = self.cells.get(name)
            if cell is not None and isinstance(cell.input, GroupField):
                cell.input.refresh(rows)
        moved = any(relevance_before.get(n) != (not c.isHidden()) for n, c in self.cells.items())
        if moved:
            self._number_sections()
        self._grid.setEnabled(True)
        if moved:
            self._grid.invalidate()
            self.updateGeometry()

    def refresh_all(self) -> None:
        self.refresh(list(self.cells))
        for cell in self.cells.values():
            if isinstance(cell.input, GroupField):
                cell.input.refresh(None)

    def let_write(self, *, allowed: bool) -> None:
        """Whether anything may be typed at all, beside what the entry locks."""
        if allowed != self._may_write:
            self._may_write = allowed
            self.refresh_all()

    def show_all_problems(self) -> None:
        """From now on fields not visited yet tell what they lack too."""
        self.build_all()
        self._problems.all_told = True
        self.refresh_all()

    def show_refused(self, problems: Mapping[str, str]) -> None:
        """What the store, the city or a service refused, at the fields it is about, until they are changed."""
        self.build_all()
        self._problems.refused = dict(problems)
        self.refresh_all()

    def flush(self) -> None:
        """Commits whatever is typed and not yet committed."""
        for cell in list(self.cells.values()):
            cell.input.flush()

    def commit_typed(self) -> None:
        """Brings the entry up to the last keystroke without disturbing the typing."""
        for cell in list(self.cells.values()):
            cell.input.commit_typed()

    def draft_fields(self) -> dict[str, Any]:
        """What a draft keeps: the entry's values, and as typed what cannot be committed yet."""
        fields = self.entry.draft_fields
        half: dict[str, str] = {}
        for cell in self.cells.values():
            half |= cell.input.half_typed()
        return fields | {TYPED: fields.get(TYPED, {}) | half} if half else fields

    def show_entry(self, entry: RecordEntry) -> None:
        """Another entry of the same type under the same widgets: after a save, or when the city's version came."""
        self.entry = self._host.entry = entry
        self.set_by_officer.clear()
        self._problems.begin_anew()
        self.refresh_all()

    def unsettled(self) -> dict[str, str]:
        """What still stands as mere text after ``flush``, by path."""
        return {path: text for path, cell in self.cells.items() if (text := cell.input.unsettled())}

    @property
    def has_typed(self) -> bool:
        """Whether the officer has put anything in here, also what is not parsed yet."""
        self.commit_typed()
        half = any(cell.input.half_typed() or cell.input.unsettled() for cell in self.cells.values())
        return bool(self.set_by_officer) or half

    def can_type(self, path: str) -> bool:
        """Whether the officer could change the field now."""
        cell = self.cell(path)
        return cell is not None and self.is_usable(self.cells[path.partition("/")[0]])

    def is_usable(self, cell: FieldCell) -> bool:
        return not cell.isHidden() and not self._is_fixed(cell)

    def _is_shown(self, cell: FieldCell) -> bool:
        """What the program fills in is shown once it says something, and not twice: number and deadline have cards."""
        if self._unlocked:
            return True  # an action may ask for what only becomes relevant with it
        if not self.entry.is_relevant(cell.path):
            return False
        if not self._with_headings or cell.field.owner == "officer":
            return True
        return cell.path not in self._in_cards and self.entry.get(cell.path) not in (None, "", [])

    def _is_fixed(self, cell: FieldCell) -> bool:
        if self._unlocked:
            return False
        if not self._may_write:
            return True
        calculated = self.entry.is_calculated(cell.path) and not cell.field.overridable
        return self.entry.is_locked(cell.path) or calculated or cell.field.owner != "officer"

    def _is_closed(self, cell: FieldCell) -> bool:
        """Whether nothing is typed here any more; what the program fills in was never typed."""
        if self._unlocked or cell.field.owner != "officer" or self.entry.is_calculated(cell.path):
            return False
        return not self._may_write or self.entry.is_locked(cell.path)

    def _build_slice(self) -> None:
        self._build(len(self._waiting), until=time.monotonic() + SLICE)
        if self._waiting:
            self._slices.start(0)

    def _build(self, most: int, until: float | None = None) -> None:
        """Builds the next fields with the layout held still: else every cell shown would lay the form out again."""
        self._grid.setEnabled(False)
        for _ in range(min(most, len(self._waiting))):
            self._build_next()
            if until is not None and time.monotonic() > until:
                break
        self._number_sections()
        self._grid.setEnabled(True)
        self._grid.invalidate()
        self.updateGeometry()

    def _build_next(self) -> None:
        section, field = self._waiting.popleft()
        if self._with_headings and section.id not in self._headings:
            heading = QLabel(self)
            heading.setObjectName("heading")
            heading.setWordWrap(True)
            if self._headings:
                heading.setContentsMargins(0, 8, 0, 0)
            self._headings[section.id] = heading
            self._grid.add(heading)
        cell = FieldCell(field, self._host, field.name, self)
        cell.input.committed.connect(lambda value, path=field.name: self.put(path, value))
        cell.input.left.connect(lambda path=field.name: self.walk.go_on_from(path))
        cell.input.typed.connect(self.typed)
        if isinstance(cell.input, GroupField):
            cell.input.row_changed.connect(self.put)
            cell.input.rows_changed.connect(lambda name=field.name: self._rows_changed(name))
        self.cells[field.name] = cell
        self._refresh_cell(cell)
        if not self._is_shown(cell):
            cell.hide()  # said outright: a layout shows whatever was never hidden, a moment later
        asked = not self._with_headings and field.type == "bool"  # alone in a dialog its words have the whole line
        self._grid.add(cell, 12 if field.type == "group" or asked else field.width)
        if self.isVisible() and self._is_shown(cell):
            cell.show()

    def _rows_changed(self, name: str) -> None:
        """A row came or went: everything that counts rows or adds them up may have changed."""
        self.set_by_officer.add(name)
        self.refresh_all()
        self.changed.emit(frozenset({name}))

    def _refresh_cell(self, cell: FieldCell) -> None:
        entry, path = self.entry, cell.path
        relevant = self._is_shown(cell)
        if cell.isHidden() == relevant:
            cell.setVisible(relevant)
        if not relevant:
            return
        if cell.field.type in {"one_of", "many_of"}:
            cell.input.set_choices(entry.choices(path))
        cell.input.set_locked(self._is_fixed(cell))
        cell.set_required(entry.is_required(path))
        cell.set_hinted(not self._is_closed(cell))
        cell.input.present(entry.get(path))
        visited = self._problems.all_told or path in self.set_by_officer
        self._problems.show_at(cell, entry, visited=visited)

    def _number_sections(self) -> None:
        """Headings count what is shown, so a section that is not relevant leaves no gap."""
        number = 0
        for section in self.entry.record_type.sections:
            heading = self._headings.get(section.id)
            if heading is None:
                continue
            shown = any(f.name in self.cells and not self.cells[f.name].isHidden() for f in section.fields)
            heading.setVisible(shown)
            if shown:
                number += 1
                heading.setText(f"{number} · {section.label.get(self._host.language)}")

"""Where the keyboard stands in a form and where it goes next: to a field, from field to field by Enter, to the person to
be scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from desktop.forms.field_cell import FieldCell
from desktop.forms.field_widgets.reference import ReferenceField
from desktop.forms.layout import bring_into_sight

if TYPE_CHECKING:
    from desktop.forms.form_view import FormView


class FieldWalk:
    def __init__(self, view: FormView) -> None:
        self._view = view

    @property
    def here(self) -> str:
        """The field one stands in, "" for none."""
        focus = self._view.focusWidget()
        paths = (path for path, cell in self._view.cells.items() if focus is not None and cell.isAncestorOf(focus))
        return next(paths, "")

    def go_to(self, path: str) -> None:
        cell = self._view.cell(path)
        if cell is not None:
            self._enter(cell)

    def go_to_first(self, *, in_sight: bool = False) -> bool:
        """The first field that can be typed in, an empty one preferred; False when there is none. ``in_sight``: one that can be
        seen as the form is scrolled now."""
        view = self._view
        usable = [cell for cell in view.cells.values() if view.is_usable(cell)]
        if in_sight:
            usable = [cell for cell in usable if not cell.input.focus_target.visibleRegion().isEmpty()]
        first = next((c for c in usable if view.entry.get(c.path) in (None, "")), usable[0] if usable else None)
        if first is not None:
            first.input.focus_target.setFocus()
        return first is not None

    def go_on_from(self, path: str) -> None:
        """Enter: the next field that can be typed in; behind the last one the form is finished."""
        view, name = self._view, path.split("/", maxsplit=1)[0]
        view.cell(name)
        names = list(view.cells)
        for later in names[names.index(name) + 1 :]:
            if self._takes_keys(view.cells[later]):
                self._enter(view.cells[later])
                return
        if not view.is_complete:
            view.build_all()
            self.go_on_from(path)
        else:
            view.finished.emit()

    def scan_card(self) -> None:
        """F8: into the person field one stands in, else the first one that is empty."""
        view = self._view
        pickers = [c for c in view.cells.values() if isinstance(c.input, ReferenceField) and c.input.is_person]
        usable = [c for c in pickers if view.is_usable(c)]
        here = next((c for c in usable if c.isAncestorOf(view.focusWidget() or view)), None)
        chosen = here or next((c for c in usable if view.entry.get(c.path) is None), None)
        if chosen is not None and isinstance(chosen.input, ReferenceField):
            chosen.input.scan()

    def _takes_keys(self, cell: FieldCell) -> bool:
        """Whether the keyboard has something to do there: a signed line or the one file is there already has not."""
        target = cell.input.focus_target
        return (
            self._view.is_usable(cell) and target.isVisibleTo(cell) and target.focusPolicy() != Qt.FocusPolicy.NoFocus
        )

    def _enter(self, cell: FieldCell) -> None:
        """Also into sight, once what came or went above it has been laid out."""
        cell.input.focus_target.setFocus()
        QTimer.singleShot(0, cell, lambda: bring_into_sight(cell, cell.input.focus_target))

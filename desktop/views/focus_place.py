"""Where the focus stands on a page, told so that it is found again on the same page made anew in another language."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from desktop.forms.form_view import FormView

Place = tuple[str | tuple[str, int], ...]
"""From the page downwards: (class, how many of that class stand before it); at the end perhaps a field's path."""


def place_in(page: QWidget) -> Place:
    """Empty when the focus is elsewhere."""
    here = QApplication.focusWidget()
    if here is None or not page.isAncestorOf(here):
        return ()
    steps: list[str | tuple[str, int]] = []
    while here is not None and here is not page:
        above = here.parentWidget()
        if above is None:
            return ()
        if isinstance(above, FormView) and (path := _field_at(above, here)):
            steps = [path]
        else:
            steps.insert(0, (type(here).__name__, _siblings(above, here).index(here)))
        here = above
    return tuple(steps)


def stand_in(page: QWidget, place: Place) -> None:
    """Puts the focus there; where the page has become another one it stays where the page itself put it."""
    widget = page
    for step in place:
        if isinstance(step, str):
            if isinstance(widget, FormView):
                widget.walk.go_to(step)
            return
        name, number = step
        below = [child for child in _children(widget) if type(child).__name__ == name]
        if number >= len(below):
            return
        widget = below[number]
    if place:
        widget.setFocus(Qt.FocusReason.OtherFocusReason)


def _children(widget: QWidget) -> list[QWidget]:
    return [child for child in widget.children() if isinstance(child, QWidget)]


def _siblings(above: QWidget, widget: QWidget) -> list[QWidget]:
    return [child for child in _children(above) if type(child) is type(widget)]


def _field_at(view: FormView, cell: QWidget) -> str:
    return next((path for path, each in view.cells.items() if each is cell), "")

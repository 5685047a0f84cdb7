"""What somebody reads stays where it is when the widget around it is drawn anew with more in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QScrollArea, QWidget


@contextmanager
def scroll_kept(widget: QWidget, places: Mapping[str, QWidget]) -> Iterator[dict[str, QWidget]]:
    """Around what draws ``widget`` anew. ``places``: name -> a widget in it, from top to bottom; the block fills in those that
    stand there afterwards. Where the widget begins above what is seen, the first one in sight stays where it was; else
    nothing moves."""
    area = _area_of(widget)
    now: dict[str, QWidget] = {}
    if area is None or not area.verticalScrollBar().value():
        yield now
        return
    bar = area.verticalScrollBar()
    value = bar.value()
    seen = _first_in_sight(area, widget, places, value)
    yield now
    _lay_out(area, widget)
    if seen is not None and seen[0] in now:
        value = _top(area, now[seen[0]]) - seen[1]
    bar.setValue(value)


def _first_in_sight(
    area: QScrollArea, widget: QWidget, places: Mapping[str, QWidget], value: int
) -> tuple[str, int] | None:
    """Its name, and how far below the upper edge it is."""
    if _top(area, widget) >= value:
        return None
    for name, each in places.items():
        top = _top(area, each)
        if top + each.height() > value:
            return name, top - value
    return None


def _lay_out(area: QScrollArea, widget: QWidget) -> None:
    """Now, and not when the next event comes: until then what is too far down could not be scrolled to."""
    content = area.widget()
    at: QWidget | None = widget
    while at is not None and at is not area:
        if (layout := at.layout()) is not None:
            layout.invalidate()
            layout.activate()
        at = at.parentWidget() if at is not content else None
    if (whole := content.layout()) is not None:
        wide = whole.hasHeightForWidth()
        height = whole.totalHeightForWidth(content.width()) if wide else whole.totalSizeHint().height()
        content.resize(content.width(), max(height, area.viewport().height()))


def _top(area: QScrollArea, widget: QWidget) -> int:
    return widget.mapTo(area.widget(), QPoint(0, 0)).y()


def _area_of(widget: QWidget) -> QScrollArea | None:
    at = widget.parentWidget()
    while at is not None and not isinstance(at, QScrollArea):
        at = at.parentWidget()
    return at

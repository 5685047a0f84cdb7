"""A line of fields and buttons that becomes two where there is no room: large letters on a small screen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget


class Fold:
    """``moved`` stand in ``line``, and in ``under``, a line of their own below it, wherever they would squeeze the others."""

    def __init__(self, line: QHBoxLayout, under: QHBoxLayout, moved: Sequence[QWidget]) -> None:
        self._line = line
        self._under = under
        self._moved = tuple((widget, line.indexOf(widget), line.stretch(line.indexOf(widget))) for widget in moved)
        under.setSpacing(line.spacing())
        under.addStretch(1)
        self.folded = False

    def fit(self, width: int) -> None:
        """For so many px."""
        folded = self._needed() > width
        if folded == self.folded:
            return
        self.folded = folded
        for widget, place, stretch in self._moved:
            (self._line if folded else self._under).removeWidget(widget)
            if folded:
                self._under.insertWidget(self._under.count() - 1, widget, stretch)
            else:
                self._line.insertWidget(place, widget, stretch)

    def _needed(self) -> int:
        """px of all that is shown, none of it squeezed."""
        layouts = (self._line, self._under)
        items = [layout.itemAt(n) for layout in layouts for n in range(layout.count())]
        shown = [w for item in items if item is not None and (w := item.widget()) is not None and not w.isHidden()]
        widths = [min(max(w.minimumSizeHint().width(), w.minimumWidth()), w.maximumWidth()) for w in shown]
        return sum(widths) + self._line.spacing() * max(len(widths) - 1, 0)

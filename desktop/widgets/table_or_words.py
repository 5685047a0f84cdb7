"""A table, or in its place the words that say why it is empty."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


class TableOrWords:
    """Shows one of two, and says where the hand stands. A table that is hidden under it gives the focus to ``instead``: Qt would
    carry it off to the page's next part, or out of the page. The first rows take it back, unless somebody has gone on."""

    def __init__(self, table: QWidget, words: QWidget, instead: QWidget) -> None:
        self._table, self._words, self._instead = table, words, instead
        self._gave_way = False
        words.hide()

    def show(self, *, rows: bool) -> None:
        stands_in = self._table.window().focusWidget()
        if not rows and stands_in is self._table:
            self._give_way()
        self._table.setVisible(rows)
        self._words.setVisible(not rows)
        if rows and self._gave_way and stands_in is self._instead:
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)
        self._gave_way = self._gave_way and not rows

    def focus(self) -> None:
        """To the rows, also to those that are still to come."""
        if self._table.isHidden():
            self._give_way()
        else:
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give_way(self) -> None:
        self._instead.setFocus(Qt.FocusReason.OtherFocusReason)
        self._gave_way = True

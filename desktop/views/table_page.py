"""A page that is one table, or says why it is empty."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.models.table import CellTable, Column, Row
from desktop.views.page import Page
from desktop.widgets.basics import Card, EmptyState
from desktop.widgets.table import RowTable
from desktop.widgets.table_or_words import TableOrWords


class TablePage(Page):
    """``put_table`` once, when what stands above it is there; ``show_rows`` whenever the rows are known."""

    table: RowTable
    empty: EmptyState

    def put_table(self, columns: Sequence[Column], *, name: str, empty: str, advice: str) -> None:
        """``name`` for a screen reader; ``empty`` and ``advice`` in place of a table without rows."""
        self.table = RowTable(CellTable(columns), self.app.look)
        self.table.setAccessibleName(name)
        self.empty = EmptyState(self.app.look, empty, advice)
        self._either = TableOrWords(self.table, self.empty, self)
        card = Card(self.app.look, padding=1)
        card.body.addWidget(self.table, 1)
        card.body.addWidget(self.empty, 1)
        self.column.addWidget(card, 1)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        self._either.show(rows=bool(rows))
        self.table.show_rows(rows)

    def focus_first(self) -> None:
        self._either.focus()

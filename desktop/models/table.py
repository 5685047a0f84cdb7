"""Rows of cells as a table model: lists, today's page, the outbox. Holds what it is given and asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.models.tags import Tag

Index = QModelIndex | QPersistentModelIndex
Cell = str | Tag | tuple[Tag, ...]
TAG_ROLE = Qt.ItemDataRole.UserRole + 1  # a tuple of tags, painted instead of text
_NOWHERE = QModelIndex()


class Column(Struct, frozen=True):
    """A column as the header shows it. ``width`` in characters, 0: by content; ``stretch``: takes what room is left;
    ``main``: what the row is about, kept readable before any other (else the first that stretches)."""

    name: str
    heading: str
    width: int = 0
    sortable: bool = False
    right: bool = False
    stretch: bool = False
    main: bool = False


class Row(Struct, frozen=True):
    """``key`` tells rows apart when they are shown anew: a record id, a change id."""

    key: str
    cells: tuple[Cell, ...]


class CellTable(QAbstractTableModel):
    def __init__(self, columns: Sequence[Column], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: tuple[Row, ...] = ()
        self._headings = [column.heading for column in self.columns]  # as there is room for them

    def show_headings(self, headings: Sequence[str]) -> bool:
        """Each as it is to stand there, in lines; whether one of them changed."""
        if list(headings) == self._headings:
            return False
        self._headings = list(headings)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._headings) - 1)
        return True

    def show(self, rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def row_of(self, key: str) -> int:
        """The place of a row, -1 when it is not here."""
        return next((n for n, row in enumerate(self.rows) if row.key == key), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._headings[section]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.columns[section].heading
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.columns[section])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        cell = row.cells[index.column()]
        if isinstance(cell, Tag):
            return _tags((cell,), role)
        if isinstance(cell, tuple):
            return _tags(cell, role)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cell
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(self.columns[index.column()])
        return None


def _tags(tags: tuple[Tag, ...], role: int) -> Any:
    if role == TAG_ROLE:
        return tags
    if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
        return ", ".join(str(tag) for tag in tags)
    return None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter

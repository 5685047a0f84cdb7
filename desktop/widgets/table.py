"""A table whose rows are opened by Enter or double click; looks and keys are the same on every page."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from desktop.models.table import CellTable, Row
from desktop.theme import ROW_HEIGHT, SMALL, Look
from desktop.widgets.tag_delegate import TagDelegate


class RowTable(QTableView):
    """Selects whole rows, one at a time. The last row leaves the table by PageDown (``below``), the first by PageUp."""

    opened = Signal(str)  # key of the row
    moved = Signal(str)  # key of the row one stands on now, "" for none
    above = Signal()
    below = Signal()

    def __init__(self, model: CellTable, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.table = model
        self.setModel(model)
        self.setItemDelegate(TagDelegate(look, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(look.px(ROW_HEIGHT))
        self.verticalHeader().setMinimumSectionSize(look.px(ROW_HEIGHT))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(look.px(48))
        self.doubleClicked.connect(self._open)
        self.selectionModel().currentRowChanged.connect(self._tell_moved)

    def show_rows(self, rows: tuple[Row, ...], *, keep: bool = True) -> None:
        """Puts new rows in; stays on the row it stood on when that is still there, else on the nearest."""
        key, place = self.current_key(), max(self.currentIndex().row(), 0)
        self.table.show(rows)
        if rows:
            found = self.table.row_of(key) if keep and key else -1
            self.selectRow(found if found >= 0 else min(place if keep else 0, len(rows) - 1))
        self._share_width()

    def current_key(self) -> str:
        index = self.currentIndex()
        return self.table.rows[index.row()].key if 0 <= index.row() < len(self.table.rows) else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, last = self.currentIndex().row(), self.table.rowCount() - 1
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._open(self.currentIndex())
            case Qt.Key.Key_PageDown if row >= last:
                self.below.emit()
            case Qt.Key.Key_PageUp if row <= 0:
                self.above.emit()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._share_width()

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self.table.rows[index.row()].key)

    def _tell_moved(self) -> None:
        self.moved.emit(self.current_key())

    def _share_width(self) -> None:
        """Every column as wide as its words; what room is left goes to the columns that stretch, and what is missing
        is taken from them, so that tags and numbers are never the ones cut."""
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        wanted = [self._wanted_width(section) for section in range(header.count())]
        elastic = [n for n, column in enumerate(self.table.columns) if column.stretch] or [0]
        room = self.viewport().width() - sum(wanted)
        least = self._look.px(90)
        for place, section in enumerate(elastic):
            part = room // (len(elastic) - place)
            width = max(wanted[section] + part, min(least, wanted[section]))
            room -= width - wanted[section]
            wanted[section] = width
        for section, width in enumerate(wanted):
            header.resizeSection(section, width)

    def _wanted_width(self, section: int) -> int:
        column = self.table.columns[section]
        content = max(self.sizeHintForColumn(section) + self._look.px(SMALL), 0)
        heading = self.horizontalHeader().sectionSizeHint(section) if column.heading else 0
        limit = self.fontMetrics().averageCharWidth() * (column.width or 34) + self._look.px(24)
        return max(min(content, max(limit, heading)), heading)

"""A table whose rows are opened by Enter or double click; looks and keys are the same on every page."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QTableView, QWidget

from desktop.models.table import CellTable, Row
from desktop.theme import ROW_HEIGHT, Look
from desktop.widgets.tag_delegate import TagDelegate

LEAST_STRETCH = 120  # px a column that gives way keeps
KEPT_COLUMNS = 3
GOOD_STRETCH = 220  # px below which marks give way first


class RowTable(QTableView):
    """Selects whole rows, one at a time. The last row leaves the table by PageDown (``below``), the first by PageUp."""

    opened = Signal(str)  # key of the row
    moved = Signal(str)  # key of the row one stands on now, "" for none
    above = Signal()
    below = Signal()

    def __init__(self, model: CellTable, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setViewport(QWidget())  # one of our own: to wrap Qt's own, PySide builds every class of widgets, 10 ms
        self.table = model
        self.setModel(model)
        self._delegate = TagDelegate(look, self)
        self.setItemDelegate(self._delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        header.setMinimumSectionSize(look.px(20))
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

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        index = self.currentIndex()
        if not self.hasFocus() or not index.isValid():
            return
        box = self.visualRect(index)
        box.setLeft(1)
        box.setRight(self.viewport().width() - 2)
        painter = QPainter(self.viewport())
        painter.setPen(QPen(self._look.colour("focus"), 2))
        painter.drawRect(box.adjusted(0, 1, 0, -1))
        painter.end()

    def _share_width(self) -> None:
        """Every column as wide as its words. What room is left goes to the columns that stretch; what is missing is
        taken first from marks, which keep their signs, and then from the columns that stretch."""
        header = self.horizontalHeader()
        wanted, elastic = self._wanted_widths(brief=False)
        least, good = self._look.px(LEAST_STRETCH), self._look.px(GOOD_STRETCH)
        if sum(wanted) - sum(max(wanted[n] - good, 0) for n in elastic) > self.viewport().width():
            wanted, elastic = self._wanted_widths(brief=True)
        elastic = self._hide_what_does_not_fit(wanted, elastic, least)
        room = self.viewport().width() - sum(wanted)
        for place, section in enumerate(elastic):
            part = room // (len(elastic) - place)
            width = max(wanted[section] + part, min(least, wanted[section]), self._heading_width(section))
            room -= width - wanted[section]
            wanted[section] = width
        self._cut_marks(wanted, least)
        for section, width in enumerate(wanted):
            header.resizeSection(section, width)

    def _cut_marks(self, wanted: list[int], least: int) -> None:
        """What is then still missing (large letters on a small screen) the widest column gives: its words are shortened
        with …, and whole in their tip. Nothing is ever left to a sideways scroll."""
        over = sum(wanted) - self.viewport().width()
        for section in sorted(range(len(wanted)), key=lambda n: -wanted[n]):
            given = min(max(over, 0), max(wanted[section] - least, 0))
            wanted[section] -= given
            over -= given

    def _hide_what_does_not_fit(self, wanted: list[int], elastic: list[int], least: int) -> list[int]:
        """Columns from the right, headed ones only and never the first three: nobody finds what lies to the side, and
        the record itself shows all. A hidden column gets the width 0; returns the columns that still stretch."""
        columns = self.table.columns
        goes = [n for n in reversed(range(len(columns))) if n >= KEPT_COLUMNS and columns[n].heading]
        given = sum(max(wanted[n] - least, 0) for n in elastic)
        hidden: set[int] = set()
        while goes and sum(wanted) - given > self.viewport().width():
            section = goes.pop(0)
            hidden.add(section)
            given -= max(wanted[section] - least, 0) if section in elastic else 0
            wanted[section] = 0
        for section in range(len(columns)):
            self.setColumnHidden(section, section in hidden)
        return [section for section in elastic if section not in hidden]

    def _wanted_widths(self, *, brief: bool) -> tuple[list[int], list[int]]:
        """The width of each column, and which of them stretch, the widest last: it gives what the others
        could not."""
        columns = self.table.columns
        self._delegate.brief = frozenset(n for n, column in enumerate(columns) if brief and not column.heading)
        wanted = [self._wanted_width(section) for section in range(len(columns))]
        elastic = [n for n, column in enumerate(columns) if column.stretch] or [0]
        return wanted, sorted(elastic, key=lambda section: wanted[section])

    def _wanted_width(self, section: int) -> int:
        column = self.table.columns[section]
        content = max(self.sizeHintForColumn(section), 0)
        heading = self._heading_width(section)
        limit = self.fontMetrics().averageCharWidth() * (column.width or 34) + self._look.px(24)
        return max(min(content, limit) if column.stretch else content, heading)

    def _heading_width(self, section: int) -> int:
        """Of the bold words, with the place of the sort arrow."""
        column = self.table.columns[section]
        if not column.heading:
            return 0
        metrics = QFontMetrics(self._look.font(strong=True))
        return metrics.horizontalAdvance(column.heading) + self._look.px(46 if column.sortable else 26)

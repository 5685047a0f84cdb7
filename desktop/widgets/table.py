"""A table whose rows are opened by Enter or double click; looks and keys are the same on every page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from desktop.models.table import CellTable, Row
from desktop.theme import ROW_HEIGHT, Look
from desktop.widgets.broken_lines import broken_lines, narrowest
from desktop.widgets.tag_delegate import TagDelegate

LEAST_STRETCH = 120  # px a column that gives way keeps
KEPT_COLUMNS = 3
LEAST_MAIN = 170  # px the main column keeps: below it other columns are left out
A_NAME = 160  # px of a person's name, which other columns keep as long as the main one is readable
TWO_LINES = 175  # px of the main column below which rows get a second line, when it shows less than
MUCH_CUT = 0.7  # of what its words need
WIDE_STIFF = 180  # px behind which a tag or a step gives way to a main column under GOOD_STRETCH
LEAST_STIFF = 136  # px a tag or a date with a long heading keeps
GOOD_STRETCH = 220  # px below which marks give way first
BESIDE_HEADING = 26  # px of its edges
SORT_ARROW = 20  # px
_MOST_TURNS = 6


class RowTable(QTableView):
    """Selects whole rows, one at a time. The last row leaves the table by PageDown (``below``), the first by PageUp."""

    opened = Signal(str)  # key of the row
    moved = Signal(str)  # key of the row one stands on now, "" for none
    above = Signal()
    below = Signal()

    def __init__(
        self, model: CellTable, look: Look, parent: QWidget | None = None, *, keeps_columns: bool = False
    ) -> None:
        """``keeps_columns``: every one is shown, and may lie to the side: figures stand nowhere else."""
        super().__init__(parent)
        self._look = look
        self._keeps_columns = keeps_columns
        self._lines_tried = (
            ((False, 1), (False, 2), (False, 3)) if keeps_columns else ((False, 1), (False, 2), (True, 2))
        )
        self._turned: tuple[QSize, int] | None = None
        self._turns = 0  # resized so often with the same rows, though its own size stayed
        self._headings: dict[tuple[int, int], int] = {}  # px of a column's heading on so many lines
        self.setViewport(QWidget())  # one of our own: to wrap Qt's own, PySide builds every class of widgets, 10 ms
        self.table = model
        self.setModel(model)
        self._delegate = TagDelegate(look, self)
        self.setItemDelegate(self._delegate)
        self._measured: dict[tuple[int, bool], int] = {}  # width of a column's words, whole or brief
        self._measured_rows: tuple[Row, ...] = ()
        self._measured_in: tuple[str, bool, bool] | None = None  # the letters, and how they stand
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        sideways = Qt.ScrollBarPolicy.ScrollBarAsNeeded if keeps_columns else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(sideways)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(look.px(ROW_HEIGHT))
        self.verticalHeader().setMinimumSectionSize(look.px(ROW_HEIGHT))
        self.dress_header(self.horizontalHeader())
        self.doubleClicked.connect(self._open)
        self.selectionModel().currentRowChanged.connect(self._tell_moved)

    def dress_header(self, header: QHeaderView) -> None:
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideNone)  # it would count without the edges: see _write_headings
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(self._look.px(20))

    def show_rows(self, rows: tuple[Row, ...], *, keep: bool = True) -> None:
        """Puts new rows in; stays on the row it stood on when that is still there, else on the nearest. Rows that were
        chosen with it stay chosen."""
        key, place = self.current_key(), max(self.currentIndex().row(), 0)
        chosen = self.chosen_keys() if keep else []
        self.table.show(rows)
        if rows:
            found = self.table.row_of(key) if keep and key else -1
            self.stand_on(found if found >= 0 else min(place if keep else 0, len(rows) - 1))
            if len(chosen) > 1:
                self._choose(chosen)
        self._share_width()

    def current_key(self) -> str:
        index = self.currentIndex()
        return self.table.rows[index.row()].key if 0 <= index.row() < len(self.table.rows) else ""

    def chosen_keys(self) -> list[str]:
        """Keys of all rows that are chosen, in the order of the table."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self.table.rows[place].key for place in places if place < len(self.table.rows)]

    def stand_on(self, place: int) -> None:
        """On this row alone, whatever keys are held down (Qt's ``selectRow`` looks at them)."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.selectionModel().setCurrentIndex(self.table.index(place, 0), flags)

    def _choose(self, keys: Sequence[str]) -> None:
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for place in map(self.table.row_of, keys):
            if place >= 0:
                self.selectionModel().select(self.table.index(place, 0), flags)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, last = self.currentIndex().row(), self.table.rowCount() - 1
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._open(self.currentIndex())
            case Qt.Key.Key_Home | Qt.Key.Key_End if not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
                self.stand_on(0 if event.key() == Qt.Key.Key_Home else last)  # Qt would go to a column, which none sees
            case Qt.Key.Key_PageDown if row >= last:
                self.below.emit()
            case Qt.Key.Key_PageUp if row <= 0:
                self.above.emit()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._keep_the_bar()
        self._share_width()

    def _keep_the_bar(self) -> None:
        """Without the scroll bar there is room for headings on one line, which leaves less to the main column: its rows may then
        stand in two lines and want the bar, with which they stand in one and want none. Once that goes round, the bar stays."""
        about = (self.size(), id(self.table.rows))
        self._turns = self._turns + 1 if about == self._turned else 0
        self._turned = about
        wanted = (
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn if self._turns > _MOST_TURNS else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        )
        if self._turns in (0, _MOST_TURNS + 1) and self.verticalScrollBarPolicy() != wanted:
            self.setVerticalScrollBarPolicy(wanted)

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self.table.rows[index.row()].key)

    def _tell_moved(self) -> None:
        self.moved.emit(self.current_key())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.paint_over(event)
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

    def paint_over(self, event: QPaintEvent) -> None:
        """What stands over the cells, beneath the frame of the row one stands on."""

    def _share_width(self) -> None:
        """Every column as wide as its words. What room is left goes to the columns that stretch; what is missing is
        taken first from headings, which then stand on two lines, then from marks, which keep their signs, then from the columns that stretch, then from the widest of the
        others, and last from the main one, which says what the row is about and then stands in two lines."""
        header, room = self.horizontalHeader(), self.viewport().width()
        least, good = self._look.px(LEAST_STRETCH), self._look.px(GOOD_STRETCH)
        for brief, lines in self._lines_tried:
            wanted, elastic = self._wanted_widths(brief=brief, lines=lines)
            if sum(wanted) - sum(max(wanted[n] - good, 0) for n in elastic) <= room:
                break
        main, whole = elastic[-1], wanted[elastic[-1]]
        if not self._keeps_columns:
            elastic = self._hide_what_does_not_fit(wanted, elastic, least)
        self._cut(wanted, elastic[:-1], self._look.px(A_NAME), sum(wanted) - room)
        self._cut(wanted, [main], good, sum(wanted) - room)
        behind = [n for n in range(main + 1, len(wanted)) if n not in elastic and self.table.columns[n].heading]
        if not self._keeps_columns:  # one long step below would take the place of what every row is about
            self._cut(wanted, sorted(behind, key=lambda n: -wanted[n]), self._look.px(WIDE_STIFF), sum(wanted) - room)
        self._cut(wanted, [main], self._look.px(LEAST_MAIN), sum(wanted) - room)
        self._cut(wanted, elastic[:-1], least, sum(wanted) - room)
        if not self._keeps_columns:
            over = sum(wanted) - whole + min(whole, self._look.px(LEAST_MAIN)) - room
            stiff = [n for n in range(len(wanted)) if n not in elastic and self.table.columns[n].heading]
            self._cut(wanted, sorted(stiff, key=lambda n: -wanted[n]), self._look.px(LEAST_STIFF), over)
            self._cut(wanted, [main], least, sum(wanted) - room)
            self._cut(wanted, sorted(stiff, key=lambda n: -wanted[n]), least, sum(wanted) - room)
        spare = max(room - sum(wanted), 0)
        for place, section in enumerate(elastic):
            part = spare // (len(elastic) - place)
            spare -= part
            wanted[section] += part
        for section, width in enumerate(wanted):
            header.resizeSection(section, width)
        self._write_headings(wanted, lines)
        self._wrap(main, wanted[main] < min(whole * MUCH_CUT, self._look.px(TWO_LINES)))

    @staticmethod
    def _cut(wanted: list[int], sections: Sequence[int], least: int, over: int) -> None:
        """Takes ``over`` px from columns in this order, each down to ``least``: their words are shortened with …, and
        whole in their tip. Nothing is ever left to a sideways scroll."""
        for section in sections:
            given = min(max(over, 0), max(wanted[section] - least, 0))
            wanted[section] -= given
            over -= given

    def _wrap(self, main: int, two_lines: bool) -> None:
        """Rows of two lines where the main column is too narrow for one (large letters on a small screen)."""
        self._delegate.wrapped = main if two_lines else -1
        if self.wordWrap() != two_lines:
            self.setWordWrap(two_lines)
            height = self._look.px(ROW_HEIGHT) + (self.fontMetrics().lineSpacing() if two_lines else 0)
            self.verticalHeader().setDefaultSectionSize(height)

    def _hide_what_does_not_fit(self, wanted: list[int], elastic: list[int], least: int) -> list[int]:
        """Columns from the right, headed ones only, until the main column has a readable width and nothing lies to the
        side, where nobody finds it; the record itself shows all. The first column and the main one stay, and three in
        all. A hidden column gets the width 0; returns the columns that still stretch."""
        columns, room, main = self.table.columns, self.viewport().width(), elastic[-1]
        goes = [n for n in reversed(range(1, len(columns))) if columns[n].heading and n != main]
        headed = sum(bool(column.heading) for column in columns)
        hidden: set[int] = set()
        kept = min(wanted[main], self._look.px(LEAST_MAIN))

        def needed() -> int:
            others = (min(width, least) if n in elastic else width for n, width in enumerate(wanted) if n != main)
            return kept + sum(others)

        while goes and headed - len(hidden) > KEPT_COLUMNS and needed() > room:
            section = goes.pop(0)
            hidden.add(section)
            wanted[section] = 0
        for section in range(len(columns)):
            self.setColumnHidden(section, section in hidden)
        return [section for section in elastic if section not in hidden]

    def _write_headings(self, widths: Sequence[int], most: int) -> None:
        """Broken and shortened to the width of each column; whole in their tip."""
        metrics = QFontMetrics(self._look.font(strong=True))
        header, edges = self.horizontalHeader(), self._look.px(BESIDE_HEADING)
        sorted_by = header.sortIndicatorSection() if header.isSortIndicatorShown() else -1
        shown = []
        for section, column in enumerate(self.table.columns):
            room = widths[section] - edges - (self._look.px(SORT_ARROW) if section == sorted_by else 0)
            shown.append("\n".join(broken_lines(column.heading, metrics, room, most)) if widths[section] else "")
        if self.table.show_headings(shown):
            self.updateGeometries()

    def _wanted_widths(self, *, brief: bool, lines: int) -> tuple[list[int], list[int]]:
        """The width of each column, and which of them stretch, the main one last: it gives what the others
        could not."""
        columns = self.table.columns
        self._delegate.brief = frozenset(n for n, column in enumerate(columns) if brief and not column.heading)
        wanted = [self._wanted_width(section, lines) for section in range(len(columns))]
        elastic = [n for n, column in enumerate(columns) if column.stretch] or [0]
        main = next((n for n in elastic if columns[n].main), elastic[0])
        return wanted, sorted(elastic, key=lambda section: (section == main, wanted[section]))

    def _wanted_width(self, section: int, lines: int) -> int:
        column = self.table.columns[section]
        content = self._content_width(section)
        heading = self._heading_width(section, lines)
        limit = self.fontMetrics().averageCharWidth() * (column.width or 34) + self._look.px(24)
        least = self.horizontalHeader().minimumSectionSize()
        return max(min(content, limit) if column.stretch else content, heading, least)

    def _content_width(self, section: int) -> int:
        """As ``sizeHintForColumn``, which asks the style about every row, each time: here it is asked about the widest cell,
        once, though a window that opens shares its width several times."""
        rows = self.table.rows
        letters = (self.font().key(), self.wordWrap(), self.testAttribute(Qt.WidgetAttribute.WA_WState_Polished))
        if rows is not self._measured_rows or letters != self._measured_in:
            self._measured, self._measured_rows, self._measured_in = {}, rows, letters
        brief = section in self._delegate.brief
        if (section, brief) not in self._measured:
            widest = self._delegate.widest([row.cells[section] for row in rows], self.fontMetrics(), brief=brief)
            hint = self.sizeHintForIndex(self.table.index(widest, section)).width() if rows else 0
            self._measured[section, brief] = max(hint, 0)
        return self._measured[section, brief]

    def _heading_width(self, section: int, lines: int) -> int:
        """Of the bold words on so many lines, with the place of the sort arrow: on one line of any column that may be
        sorted, so that sorting moves nothing, else of the one that is."""
        column, header = self.table.columns[section], self.horizontalHeader()
        if not column.heading:
            return 0
        if (section, lines) not in self._headings:
            metrics = QFontMetrics(self._look.font(strong=True))
            self._headings[section, lines] = narrowest(column.heading, metrics, lines)
        arrow = (
            column.sortable
            if lines == 1
            else header.isSortIndicatorShown() and header.sortIndicatorSection() == section
        )
        return self._headings[section, lines] + self._look.px(BESIDE_HEADING + (SORT_ARROW if arrow else 0))

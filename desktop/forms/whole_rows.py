"""Rows of tables stay whole when a page ends: QTextDocument breaks them between any two lines of text.

Qt knows no break before a row. So the row above the end of a page is made as tall as the room that is left; the next one then
begins the next page, under the table's repeated head, and the grid closes at the foot of the page.
"""

from __future__ import annotations

from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument, QTextFormat, QTextTable, QTextTableCellFormat

LEAST_OF_TABLE = 130.0  # px: its heading and two lines
LEAST_OF_SIGNATURES = 90.0  # px: lower blocks of one row are lines of a form
LARGEST_BROUGHT = 120.0  # px of text that may go along with the signatures
TALLEST_WHOLE = 0.5  # of the page: a taller row (long text laid out in a table) may break, else half a page stays empty
_NEAR_TOP = 40.0  # px: what begins there is the first on its page
_EDGE = 2.5  # px between the top of a page and the first row there: border and rounding
_CLOSE = 10.0  # px left open, less than a line: the next row's first line has no room and takes its row along


def keep_whole(document: QTextDocument, height: float) -> None:
    """Moves what would break at the end of a page of ``height`` px: blocks of one row (a name alone, away from its role,
    would be no signature), tables of which only the head would stand below, and the rows of longer tables."""
    for frame in document.rootFrame().childFrames():
        if not isinstance(frame, QTextTable):
            continue
        top, bottom = _extent(document, frame)
        broken = (top + _EDGE) // height != (bottom - 1) // height
        if frame.rows() == 1:
            alone = top >= height and top % height < _NEAR_TOP and _begins_page(document, frame, top - top % height)
            if (
                (broken or alone)
                and LEAST_OF_SIGNATURES < bottom - top < height
                and _brings_along(document, frame, height)
            ):
                continue
            if broken and bottom - top < height:
                _begin_page(frame)
            continue
        if not broken:
            continue
        rows = _row_heights(document, frame)
        if top % height > height - max(LEAST_OF_TABLE, _least(frame, rows, height)):
            _begin_page(frame)
            top, _ = _extent(document, frame)
        at_once = QTextCursor(document)
        at_once.beginEditBlock()
        _fill_pages(frame, rows, top % height, height)
        at_once.endEditBlock()


def foot_of_text(document: QTextDocument) -> float:
    """Where the last text or table ends, px. The empty line that Qt keeps after a table is no reason for a page."""
    block = document.lastBlock()
    while block.isValid() and not block.text():
        block = block.previous()
    feet = [document.documentLayout().blockBoundingRect(block).bottom()] if block.isValid() else [0.0]
    frames = document.rootFrame().childFrames()
    if frames and isinstance(frames[-1], QTextTable):
        feet.append(_foot(document, frames[-1]))
    return max(feet)


def _extent(document: QTextDocument, table: QTextTable) -> tuple[float, float]:
    """Where a table begins and ends, px, by its text: frames are told in places of an earlier layout."""
    return _top(document, table, 0), _foot(document, table)


def _top(document: QTextDocument, table: QTextTable, row: int) -> float:
    """Where a row begins; of one that a cell above reaches into as well, by the cells that begin there."""
    layout, edges = document.documentLayout(), []
    for column in range(table.columns()):
        cell = table.cellAt(row, column)
        if cell.row() == row:
            padding = cell.format().toTableCellFormat().topPadding() or table.format().cellPadding()
            block = cell.firstCursorPosition().block()
            edges.append(layout.blockBoundingRect(block).top() - block.blockFormat().topMargin() - padding)
    return max(min(edges, default=0.0), 0.0)


def _foot(document: QTextDocument, table: QTextTable) -> float:
    layout, row, padding = document.documentLayout(), table.rows() - 1, table.format().cellPadding()
    blocks = [table.cellAt(row, column).lastCursorPosition().block() for column in range(table.columns())]
    return max(layout.blockBoundingRect(block).bottom() for block in blocks) + padding


def _begin_page(table: QTextTable) -> None:
    form = table.format()
    form.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
    table.setFormat(form)


def _begins_page(document: QTextDocument, table: QTextTable, page_top: float) -> bool:
    """Whether no text stands between the top of the page and the table."""
    block = document.findBlock(table.firstPosition() - 1)
    while block.isValid() and not block.text().strip():
        block = block.previous()
    return not block.isValid() or document.documentLayout().blockBoundingRect(block).bottom() <= page_top + _EDGE


def _brings_along(document: QTextDocument, table: QTextTable, height: float) -> bool:
    """Signatures do not go to a page of their own: the last lines of the text, or the last rows of the table above, go with
    them. False when what stands above is too tall to move."""
    block = document.findBlock(table.firstPosition() - 1)
    breaks = table.format().pageBreakPolicy()
    while block.isValid() and not block.text().strip():
        breaks |= block.blockFormat().pageBreakPolicy()
        block = block.previous()
    if not block.isValid() or breaks:
        return False
    above = _table_of(block)
    if above is None:
        box = document.documentLayout().blockBoundingRect(block)
        if box.height() > LARGEST_BROUGHT:
            return False
        cursor, form = QTextCursor(block), block.blockFormat()
        form.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
        cursor.setBlockFormat(form)
        return True
    head = above.format().headerRowCount()
    row = above.rows() - 2
    if above.parentFrame() is not document.rootFrame() or row <= head:
        return False
    room = height - _top(document, above, row) % height
    if not _CLOSE < room < height * TALLEST_WHOLE or _joined(above, row - 1) > 1:
        return False
    _stretch(above, row - 1, room - _CLOSE)
    return True


def _table_of(block: QTextBlock) -> QTextTable | None:
    """The table a block stands in; PySide says that there always is one."""
    return QTextCursor(block).currentTable()


def _least(table: QTextTable, rows: list[float], height: float) -> float:
    """The head and the first row under it, unless that row may break."""
    head = table.format().headerRowCount()
    first = rows[head] if head < len(rows) and rows[head] < height * TALLEST_WHOLE else 0.0
    return sum(rows[:head]) + first + _CLOSE


def _row_heights(document: QTextDocument, table: QTextTable) -> list[float]:
    """px of each row, as if the page had no end."""
    size, endless = document.pageSize(), document.pageSize()
    endless.setHeight(1e6)
    document.setPageSize(endless)
    tops = [_top(document, table, row) for row in range(table.rows())]
    foot = _foot(document, table)
    document.setPageSize(size)
    return [after - top for top, after in zip(tops, [*tops[1:], foot], strict=True)]


def _fill_pages(table: QTextTable, rows: list[float], top: float, height: float) -> None:
    """Stretches the last row of each page. Rows that a cell joins move together."""
    head = table.format().headerRowCount()
    head_height = sum(rows[:head])
    y = top + head_height
    row = head
    while row < len(rows):
        joined = _joined(table, row)
        tall = sum(rows[row : row + joined])
        if y + tall > height:
            if row > head and tall < (height - head_height) * TALLEST_WHOLE:
                if height - y > _CLOSE:
                    _stretch(table, row - 1, height - y - _CLOSE)
                y = head_height + _EDGE
            else:  # it breaks: its rest stands on the next page, or on the one after
                y = (y + tall) % height + head_height + _EDGE
                row += joined
                continue
        y += tall
        row += joined


def _joined(table: QTextTable, row: int) -> int:
    """How many rows stand together from this one on."""
    end = row + 1
    at = row
    while at < end:
        for column in range(table.columns()):
            cell = table.cellAt(at, column)
            end = max(end, min(cell.row() + cell.rowSpan(), table.rows()))
        at += 1
    return end - row


def _stretch(table: QTextTable, row: int, more: float) -> None:
    """Makes a row taller at its foot."""
    for column in range(table.columns()):
        cell = table.cellAt(row, column)
        if cell.column() != column:
            continue  # a cell over several columns is met once for each
        form = QTextTableCellFormat(cell.format().toTableCellFormat())
        form.setBottomPadding((form.bottomPadding() or table.format().cellPadding()) + more)
        cell.setFormat(form)

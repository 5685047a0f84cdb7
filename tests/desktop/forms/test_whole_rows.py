"""Long tables: rows stay whole at the end of a page, the head comes again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QTextTable

from desktop.forms.printing_qt import Document
from forms.definition import Printout
from forms.label import Label
from forms.printing import with_heads

PAPER = Printout(id="p", label=Label("Sổ", "Book"), template="p.html", landscape=True)
GRID = '<table class="grid" border="1" cellspacing="0" cellpadding="3" width="100%">'
HEAD = "<tr><th width='10%'>STT</th><th width='60%'>Nội dung</th><th>Ghi chú</th></tr>"


def book(words: list[int], *, above: int = 1, head: str = HEAD) -> Document:
    rows = "".join(f"<tr><td>{n}</td><td>{'nội dung ' * count}</td><td>x</td></tr>" for n, count in enumerate(words))
    return Document(with_heads(f"{'<p>Sổ</p>' * above}{GRID}{head}{rows}</table><p>cuối</p>"), PAPER)


def table_of(document: Document) -> QTextTable:
    return next(frame for frame in document.text.rootFrame().childFrames() if isinstance(frame, QTextTable))


def broken(document: Document) -> list[int]:
    """Rows whose text stands on two pages."""
    table, height = table_of(document), document.paper.text.height()
    layout, found = document.text.documentLayout(), []
    for row in range(table.rows()):
        cells = [table.cellAt(row, column) for column in range(table.columns())]
        tops = [layout.blockBoundingRect(cell.firstCursorPosition().block()).top() for cell in cells]
        bottoms = [layout.blockBoundingRect(cell.lastCursorPosition().block()).bottom() for cell in cells]
        if min(tops) // height != (max(bottoms) - 1) // height:
            found.append(row)
    return found


@pytest.mark.parametrize("head", [HEAD, ""])
def test_two_hundred_rows_of_every_height_stay_whole(qapp: Any, head: str) -> None:
    document = book([1 + n * 7 % 40 for n in range(200)], head=head)
    assert document.pages > 10
    assert broken(document) == []


def test_the_head_comes_again_on_each_page(qapp: Any) -> None:
    document = book(
        [5] * 120, head=HEAD + "<tr><td class='centre'><i>(1)</i></td>" + "<td><i>(2)</i></td>" * 2 + "</tr>"
    )
    assert table_of(document).format().headerRowCount() == 2


def test_a_row_taller_than_half_a_page_may_break_and_nothing_is_lost(qapp: Any) -> None:
    document = book([3, 700, 3])
    assert "cuối" in document.text.toPlainText()
    assert 3 <= document.pages < 8


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.integers(1, 60), min_size=30, max_size=60), above=st.integers(0, 30))
def test_wherever_the_table_begins(qapp: Any, words: list[int], above: int) -> None:
    assert broken(book(words, above=above)) == []


def test_only_leading_rows_of_headings_are_a_head() -> None:
    html = with_heads(f"{GRID}\n<tr><td>1</td><th>x</th></tr></table><table><tr><th>a</th></tr></table>")
    assert "<thead>" not in html
    html = with_heads(f"{GRID}\n<tr><th>a</th></tr>\n<tr><th>b</th></tr>\n<tr><td>1</td></tr></table>")
    assert html.index("</thead>") > html.index("b</th>")
    assert html.index("</thead>") < html.index("<td>1")


SIGNATURES = """<table width="100%" cellspacing="0" cellpadding="0" style="margin-top: 14px"><tr>
<td width="50%" align="center"><p>NGƯỜI LẬP</p><p><br><br><br></p><p>Trần Thu Hà</p></td></tr></table>"""


@pytest.mark.parametrize("words", ["", "<p>Cộng: nhiều hàng</p>"])
@pytest.mark.parametrize("rows", range(14, 30))
def test_signatures_stand_with_the_end_of_what_they_sign(qapp: Any, rows: int, words: str) -> None:
    cells = "".join(f"<tr><td>{n}</td><td>hàng {n}</td><td>x</td></tr>" for n in range(rows))
    document = Document(with_heads(f"<p>Sổ</p>{GRID}{HEAD}{cells}</table>{words}{SIGNATURES}"), PAPER)
    height, layout = document.paper.text.height(), document.text.documentLayout()
    pages = {}
    block = document.text.begin()
    while block.isValid():
        if text := block.text():
            pages[text] = int(
                (layout.blockBoundingRect(block).bottom() - 2) // height
            )  # a line begins where it has room
        block = block.next()
    last = "Cộng: nhiều hàng" if words else f"hàng {rows - 1}"
    assert pages["Trần Thu Hà"] == pages["NGƯỜI LẬP"] == pages[last]
    assert set(pages.values()) == set(range(document.pages))  # none is empty


def test_signatures_take_the_last_lines_of_a_letter_along(qapp: Any) -> None:
    portrait = Printout(id="p", label=PAPER.label, template="p.html")
    for lines in range(30, 52):
        document = Document("".join(f"<p>dòng {n}</p>" for n in range(lines)) + SIGNATURES, portrait)
        height, layout = document.paper.text.height(), document.text.documentLayout()
        last = document.text.findBlockByNumber(lines - 1)
        assert last.text() == f"dòng {lines - 1}"
        signed = document.text.find("NGƯỜI LẬP").block()
        feet = [layout.blockBoundingRect(block).bottom() for block in (last, signed)]
        assert (feet[0] - 2) // height == (feet[1] - 2) // height


def test_a_cell_over_all_columns_is_stretched_once(qapp: Any) -> None:
    """A line such as “none in the period” above the end of a page made an empty page."""
    row = "<tr><td>1</td><td>một dòng</td><td>x</td></tr>"
    none = "<tr><td colspan='3'>Không có trong kỳ</td></tr>"
    for lines in range(12, 36):
        html = f"{GRID}{HEAD}{row * lines}{none}<tr><td>1</td><td>{'nội dung ' * 80}</td><td>x</td></tr></table>"
        document = Document(with_heads(html), PAPER)
        assert document.pages <= 3, lines
        assert broken(document) == []

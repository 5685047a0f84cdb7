"""Paper: saved first, counted, the same in preview and PDF; a failure is logged as a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from desktop.app import App
from desktop.forms.papers import make_html, next_copy, offered, withheld
from desktop.forms.print_preview import PrintPreview, pdf_name
from desktop.forms.printing_qt import Document, PrintFailed, paper_of, write_pdf
from desktop.forms.record_page import RecordPage
from forms.definition import Printout
from forms.field_definition import Message
from forms.label import Label
from sync.store.model import Record
from tests.desktop.forms.catalogue import DOSSIER
from tests.desktop.forms.conftest import HA, settle

Open = Callable[..., RecordPage]
SLIP = Printout(id="p", label=Label("Giấy", "Paper"), template="p.html")
LONG = "<p>Đăng ký khai sinh cho trẻ</p>" * 120


def test_a_pdf_has_the_pages_of_the_preview(qapp: Any, tmp_path: Path) -> None:
    document = Document(LONG, SLIP)
    assert document.pages > 1
    write_pdf(LONG, tmp_path / "a.pdf", SLIP)
    content = (tmp_path / "a.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") == document.pages
    assert [p.name for p in tmp_path.iterdir()] == ["a.pdf"]


def test_the_page_is_not_empty_and_keeps_its_margins(qapp: Any) -> None:
    image = Document("<p>Giấy hẹn</p>", SLIP).image(0, 1.0)
    dark = [(x, y) for x in range(image.width()) for y in range(0, 200) if image.pixelColor(x, y).lightness() < 128]
    assert dark
    assert min(x for x, _ in dark) >= 100  # 30 mm at 96 dpi is 113 px
    assert min(y for _, y in dark) >= 60  # 20 mm


@pytest.mark.parametrize(("paper", "landscape"), [("A4", False), ("A4", True), ("A5", False)])
def test_paper_and_direction(paper: Any, landscape: bool) -> None:
    size = paper_of(Printout(id="p", label=SLIP.label, template="p", paper=paper, landscape=landscape)).size
    assert (size.width() > size.height()) == landscape


def test_a_folder_that_is_not_there_is_said_in_words(qapp: Any, tmp_path: Path) -> None:
    with pytest.raises(PrintFailed, match="thư mục"):
        write_pdf("<p>x</p>", tmp_path / "nowhere" / "a.pdf", SLIP)


def test_printing_counts_copies_and_the_second_says_so(
    open_page: Open, app: App, dossier: Record, qtbot: Any, tmp_path: Path
) -> None:
    page = open_page(DOSSIER, dossier.id)
    for n in (1, 2):
        page.print_paper()
        qtbot.waitUntil(lambda: page.printing.preview is not None)
        page.printing.preview.save_pdf(tmp_path / f"{n}.pdf")
        settle(app, qtbot)
        page.printing.preview = None
    rows = app.store.prints.of(dossier.id)
    assert sorted(row.copy for row in rows) == [1, 2]
    (receipt,) = offered(app, page.record_type, page.record)
    assert "IN LẠI" in make_html(app, dossier, receipt, next_copy(rows, receipt))
    assert len(page.body.papers.rows) == 2


def test_a_print_that_fails_is_logged_as_not_printed(
    open_page: Open, app: App, dossier: Record, qtbot: Any, tmp_path: Path
) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.print_paper()
    qtbot.waitUntil(lambda: page.printing.preview is not None)
    page.printing.preview.save_pdf(tmp_path / "nowhere" / "a.pdf")
    settle(app, qtbot)
    (row,) = app.store.prints.of(dossier.id)
    assert row.failed
    (receipt,) = offered(app, page.record_type, page.record)
    assert next_copy([row], receipt) == 1
    assert "chưa in" in page.notice.text.text()
    page.printing.preview.reject()


def test_a_paper_that_is_for_others_is_shown_with_the_reason_and_never_printed(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    kind = app.catalog.record_type(DOSSIER)
    (receipt,) = offered(app, kind, dossier)
    no = replace(receipt, when=Message('channel == "post"', Label("chỉ cho việc khác", "of others")))
    others = replace(kind, printouts=tuple(no if p.id == receipt.id else p for p in kind.printouts))
    assert offered(app, others, dossier) == []
    ((paper, reason),) = withheld(app, others, dossier)
    assert (paper.id, reason.vi) == (receipt.id, "chỉ cho việc khác")
    page = open_page(DOSSIER, dossier.id)
    page.record_type = others
    page.print_paper()
    assert "chỉ cho việc khác" in page.notice.text.text()
    page.printing.show(receipt.id)
    settle(app, qtbot)
    assert page.printing.preview is None


def test_an_unsaved_form_is_saved_before_it_is_printed(open_page: Open, app: App, dossier: Record) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "mới")
    page.print_paper()
    assert page.printing.preview is None
    assert "Lưu hồ sơ trước" in page.notice.text.text()
    assert HA.name


def test_signatures_are_not_torn_apart_by_the_end_of_a_page(qapp: Any) -> None:
    block = "<table><tr><td>NGƯỜI NỘP<br><br><br><br>Lê Văn Khánh</td></tr></table>"
    for lines in range(20, 60):
        document = Document("<p>dòng</p>" * lines + block, SLIP)
        table = document.text.rootFrame().childFrames()[0]
        box, height = document.text.documentLayout().frameBoundingRect(table), document.paper.text.height()
        assert box.top() // height == (box.bottom() - 1) // height


def test_the_page_number_stands_in_the_margin_of_a_pdf_page(qapp: Any) -> None:
    image = Document(LONG, SLIP).image(1, 1.0)
    middle = range(image.width() // 2 - 80, image.width() // 2 + 120)
    dark = [y for x in middle for y in range(5, 70) if image.pixelColor(x, y).lightness() < 128]
    assert dark and max(dark) - min(dark) < 20


def test_enter_presses_the_button_one_stands_on(app: App, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pressed: list[str] = []
    monkeypatch.setattr(PrintPreview, "save_pdf", lambda _self: pressed.append("pdf"))
    monkeypatch.setattr(PrintPreview, "send_to_printer", lambda _self: pressed.append("printer"))
    preview = PrintPreview(app, SLIP, "<p>Giấy hẹn</p>", 1)
    qtbot.addWidget(preview)
    preview.show()
    qtbot.waitExposed(preview)
    qtbot.keyClick(preview, Qt.Key.Key_Return)
    button = next(b for b in preview.findChildren(QPushButton) if "PDF" in b.text())
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Return)
    assert pressed == ["printer", "pdf"]


def test_a_pdf_is_offered_under_the_papers_name() -> None:
    assert pdf_name("Giấy tiếp nhận: hồ sơ / hẹn trả (Mẫu 01)") == "Giấy tiếp nhận hồ sơ hẹn trả (Mẫu 01).pdf"

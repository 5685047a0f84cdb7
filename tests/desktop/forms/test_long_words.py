"""Long names and long sentences on a small screen: nothing of them is cut without need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget

from desktop.app import App
from desktop.forms.action_bar import ActionBar
from desktop.forms.dialogs import ProblemLine, ProblemList, mended_at
from desktop.forms.field_widgets.group import GroupField
from desktop.forms.record_header import LEAST_TITLE, RecordHeader
from desktop.forms.record_page import RecordPage
from desktop.widgets.broken_lines import broken_lines
from forms.definition import Action
from forms.entry import ActionOffer, Problem
from forms.label import Label
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER
from tests.desktop.forms.conftest import settle, type_text

NAME = "Công Tằng Tôn Nữ Nguyễn Thị Hoàng Phương Thảo Nguyên"
Open = Callable[..., RecordPage]


def test_a_title_keeps_every_word_that_has_room(qapp: QApplication) -> None:
    """At every width, also where letters are parts of a pixel wide: a line that fits ends with a whole word."""
    font = QFont(qapp.font())
    font.setPixelSize(19)
    font.setBold(True)
    metrics = QFontMetrics(font)
    whole = f"Đối tượng hưởng trợ cấp · {NAME}"
    widest = max(metrics.horizontalAdvance(word) for word in whole.split())
    for width in range(widest + 2, metrics.horizontalAdvance(whole) + 2):
        lines = broken_lines(whole, metrics, width, 30)
        assert " ".join(lines) == whole, width
        assert all(metrics.horizontalAdvance(line) <= width for line in lines)


def offer(name: str, label: str, main: bool = False) -> ActionOffer:
    return ActionOffer(Action(id=name, label=Label(label, label), from_=("a",), to="b", main=main, danger=not main))


def test_buttons_leave_the_title_its_place(app: App, qtbot: Any) -> None:
    """What was measured before the style sheet had reached new buttons was too little."""
    parent = QWidget()
    qtbot.addWidget(parent)
    header = RecordHeader(app, lambda: None, lambda: None, parent)
    parent.resize(790, 200)
    header.setGeometry(0, 0, 790, 100)
    parent.show()
    header.show_title(f"Đăng ký khai sinh · {NAME}", "Nguyễn Thị Vân")
    header.show_offers([offer("check", "Chuẩn bị", main=True), offer("refuse", "Từ chối")])
    qtbot.wait(10)
    header.show_offers(
        [
            offer("complete", "Hoàn tất, in giấy khai sinh", main=True),
            offer("correct", "Sửa sai sót trước hoàn tất"),
            offer("cancel", "Thu hồi, hủy bỏ"),
        ]
    )
    qtbot.wait(10)
    assert header.title.width() >= app.look.px(LEAST_TITLE)
    assert set(header.action_bar.buttons) == {"complete"}
    header.setGeometry(0, 0, 1300, 100)
    assert set(header.action_bar.buttons) == {"complete", "correct", "cancel"}, "with more room they come back"
    header.setGeometry(0, 0, 790, 100)
    assert set(header.action_bar.buttons) == {"complete"}


def test_a_long_sentence_of_what_stands_in_the_way_is_read_whole(app: App, open_page: Open, qtbot: Any) -> None:
    page = open_page()
    holder = QWidget()
    qtbot.addWidget(holder)
    problems = ProblemList(app, holder)
    words = (
        "Việc này do Chủ tịch UBND, Phó Chủ tịch UBND, Chánh Văn phòng HĐND và UBND, Công chức tư pháp – hộ tịch làm"
    )
    problems.show_problems("Ký kết quả", [Problem("", Label(words, words))], page.entry)
    for width in (420, 1000):
        holder.resize(width, 300)
        problems.setGeometry(0, 0, width, 200)
        holder.show()
        qtbot.wait(1)
        line = problems.findChild(ProblemLine)
        assert line is not None
        shown = line.text().splitlines()
        assert " ".join(shown) == f"⚠ {words}"
        assert len(shown) == (3 if width == 420 else 1)
        assert all(line.fontMetrics().horizontalAdvance(each) <= line.width() for each in shown)
        assert line.height() >= len(shown) * line.fontMetrics().lineSpacing()
    assert problems.lines == [f"⚠ {words}"]


def test_a_rule_leads_to_what_is_still_empty_of_all_it_reads(open_page: Open) -> None:
    """“The declarant is the mother; name the mother” goes to the mother, not to what was typed."""
    page = open_page()
    page.view.put("pages", "3")
    problem = Problem("", Label("Ghi người nộp", "Name the applicant"), about=frozenset({"pages", "phone"}))
    assert mended_at(page.entry, problem) == "phone"
    page.view.put("phone", "0912345678")
    assert mended_at(page.entry, problem) == "pages"


def test_a_line_that_was_left_shows_the_beginning_of_a_long_name(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    page = open_page(CITIZEN, tuyet.id)
    page.view.walk.go_to("full_name")
    line = QApplication.focusWidget()
    assert line is not None
    type_text(line, NAME)
    assert line.property("cursorPosition") == len(NAME)
    qtbot.keyClick(line, Qt.Key.Key_Tab)
    settle(app, qtbot)
    assert (line.property("text"), line.property("cursorPosition")) == (NAME, 0)


def test_what_was_put_right_says_so_in_its_place(open_page: Open, tuyet: Record, qtbot: Any) -> None:
    page = open_page()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F9)
    first, second = page.problems.lines
    height = page.problems.height()
    page.view.put("applicant", tuyet.id)
    assert page.problems.lines == [first, "✓ Người nộp: đã sửa"]
    assert page.problems.height() == height  # the form stays where it is
    page.view.put("applicant", None)
    assert page.problems.lines == [first, second]


def test_the_next_step_of_somebody_else_is_no_filled_button(app: App, qtbot: Any) -> None:
    bar = ActionBar(app)
    qtbot.addWidget(bar)
    own, other = offer("receive", "Tiếp nhận", main=True), offer("sign", "Ký kết quả", main=True)
    other = structs.replace(other, action=structs.replace(other.action, roles=("chair",)))
    for offers, kind in (([other, own], "main"), ([other], "")):
        bar.show_offers(offers)
        last = offers[-1].action.id
        assert bar.buttons[last].property("kind") == kind
        assert bar.buttons[last].text().endswith("F9")  # and F9 says whose work it is


def test_a_locked_table_stands_below_its_headings(open_page: Open, app: App, dossier: Record, qtbot: Any) -> None:
    page = open_page(DOSSIER, dossier.id)
    table = page.view.cells["papers"].input
    assert isinstance(table, GroupField)
    table.add_row()
    settle(app, qtbot)
    headings = table._head.findChildren(QLabel)
    for locked in (False, True):
        table.set_locked(locked)
        settle(app, qtbot)
        (row,) = table._rows.values()
        for heading, cell in zip(headings, row.cells.values(), strict=True):
            left = heading.mapTo(table, QPoint()).x() - cell.mapTo(table, QPoint()).x()
            assert abs(left) <= 2, (locked, heading.text(), left)


def test_tab_finds_the_buttons_of_a_page_together_and_its_fields_together(app: App, qtbot: Any) -> None:
    """The offers come while the fields are still being made: their buttons may not stand between two fields."""
    parent = QWidget()
    qtbot.addWidget(parent)
    header = RecordHeader(app, lambda: None, lambda: None, parent)
    first = QLineEdit(parent)
    header.show_offers([offer("check", "Chuẩn bị", main=True), offer("refuse", "Từ chối")])
    second = QLineEdit(parent)
    parent.resize(1300, 200)
    header.setGeometry(0, 0, 1300, 100)
    parent.show()
    following = first.nextInFocusChain()
    while following.focusPolicy() == Qt.FocusPolicy.NoFocus:
        following = following.nextInFocusChain()
    assert following is second


def test_a_long_text_of_a_locked_form_is_read_whole(open_page: Open, app: App, dossier: Record, qtbot: Any) -> None:
    place = "Bệnh viện Phụ sản Hà Nội, số 929 đường La Thành, phường Giảng Võ, thành phố Hà Nội"
    fields = {**dossier.fields, "channel": "post", "proxy": place}
    done = app.store.save([Save(type=DOSSIER, fields=fields, state="done")], app.officer)[0]
    page = open_page(record_id=done.id)
    cell = page.view.cells["proxy"]
    (whole,) = [each for each in cell.input.findChildren(QLabel) if each.text() == place]
    for width in (820, 480):
        page.resize(width, 680)
        settle(app, qtbot)
        QApplication.processEvents()
        assert whole.isVisible() and not cell.input.focus_target.isVisible()
        assert whole.height() >= whole.heightForWidth(whole.width()) > 2 * whole.fontMetrics().height()
        assert whole.mapTo(cell, QPoint(0, whole.height())).y() <= cell.height()
    cell.input.set_locked(False)
    assert whole.isHidden() and not cell.input.focus_target.isHidden()

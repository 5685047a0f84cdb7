"""Moving about: palette, focus, pages, settings, outbox, scan, sign-in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.settings import FILE_NAME, Settings, load_settings
from desktop.start import fill_small_screen
from desktop.views.keys import KeysSheet
from desktop.views.main_window import MainWindow
from desktop.views.outbox import Outbox
from desktop.views.sign_in import OfficerList, SignIn, Unlock
from desktop.widgets.status_bar import StatusBar
from sync.clock import FixedClock
from sync.protocol import ChangeResult, FieldProblem
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]


def found(window: MainWindow) -> list[str]:
    return [offer.title for offer in window.palette_box.found.offers]


def test_the_palette_finds_people_without_accents_and_opens_them(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    person = ward.add(store, "residence.citizen", full_name="Nguyễn Thị Ánh Tuyết")
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = window.palette_box
    assert palette.isVisible() and QApplication.focusWidget() is palette.text
    qtbot.keyClicks(palette.text, "anh tuyet")
    qtbot.waitUntil(lambda: found(window) == ["Nguyễn Thị Ánh Tuyết"])
    with qtbot.waitSignal(window.app.open_requested) as opened:
        qtbot.keyClick(palette.text, Qt.Key.Key_Return)
    assert opened.args == [person.id]
    settle()


def test_a_person_comes_before_the_newer_records_that_name_him(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    person = ward.add(store, "residence.citizen", full_name="Nguyễn Thị Ánh Tuyết")
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=4, applicant=person.id)
    window.palette_box.open("anh tuyet")
    qtbot.waitUntil(lambda: len(found(window)) == 2)
    assert found(window)[0] == "Nguyễn Thị Ánh Tuyết"
    settle()


def test_the_palette_drops_answers_that_are_no_longer_asked_for(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    for name in ("Lê Văn Khánh", "Phạm Minh Dũng"):
        ward.add(store, "residence.citizen", full_name=name)
    window.palette_box.open("")
    for text in ("khanh", "dung", "khanh", "dung"):
        window.palette_box.text.setText(text)
        window.palette_box._find_records()
    settle()
    assert [title for title in found(window) if title[0] in "LP"] == ["Phạm Minh Dũng"]


def test_escape_closes_only_the_palette_and_gives_the_focus_back(window: MainWindow, qtbot: QtBot) -> None:
    window.rail.view.setFocus()
    window.palette_box.open("hom nay")
    qtbot.keyClick(window.palette_box.text, Qt.Key.Key_Escape)
    assert not window.palette_box.isVisible() and window.isVisible()
    assert QApplication.focusWidget() is window.rail.view


def test_actions_and_lists_are_in_the_palette(window: MainWindow) -> None:
    window.palette_box.open("cai dat")
    assert found(window)[:1] == ["Cài đặt"]
    window.palette_box.text.setText("ket hon")
    assert found(window) == ["Kết hôn"]


def test_f6_goes_round_the_parts_of_the_window(window: MainWindow, store: Store, settle: Settle, qtbot: QtBot) -> None:
    ward.add_dossier(store, "Khai sinh", due_hours=2)
    qtbot.wait(250)
    settle()
    window.rail.view.setFocus()
    seen = []
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.append([part.isAncestorOf(focus) for part in (window.rail, window.pages, window.status)].index(True))
    assert seen == [1, 2, 0]


def test_pages_come_back_as_they_were(window: MainWindow, settle: Settle) -> None:
    window.pages.go("list:civil_status.marriage")
    window.pages.go("outbox")
    window.pages.back()
    assert window.pages.key == "tool:civil_status"
    assert window.rail.view.here == "tool:civil_status"
    assert window.pages.page.shown_list.record_type.id == "civil_status.marriage"  # type: ignore[attr-defined]
    settle()


def test_language_theme_and_size_take_effect_at_once_and_stay(
    window: MainWindow, app: App, settle: Settle, tmp_path: Path
) -> None:
    window.pages.go("settings")
    app.change_settings(language="en", theme="dark", scale=1.5)
    settle()
    assert window.pages.key == "settings"
    assert window.pages.page.title.text() == "Settings"  # type: ignore[attr-defined]
    assert window.rail.view.rows.rows[0].text == "Today"
    assert load_settings(tmp_path) == app.settings
    assert app.look.px(14) == 21


def test_a_damaged_settings_file_gives_the_defaults(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"language": "xx"}')
    assert load_settings(tmp_path) == Settings()
    (tmp_path / FILE_NAME).write_text("{")
    assert load_settings(tmp_path) == Settings()


def test_the_outbox_says_why_and_offers_to_send_again(window: MainWindow, store: Store, settle: Settle) -> None:
    record = ward.add_dossier(store, "Khai sinh")
    change = store.changes.pending(10)[0]
    problem = FieldProblem("subject", "Thủ tục này đã hết hiệu lực.")
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="refused", problems=(problem,))])
    window.pages.go("outbox")
    settle()
    page = window.pages.page
    assert isinstance(page, Outbox)
    assert str(page.table.table.rows[0].cells[0]) == "↩ Bị trả lại"
    assert "Thủ tục: Thủ tục này đã hết hiệu lực." in page._why.text()
    page._try_again()
    settle()
    assert str(page.table.table.rows[0].cells[0]) == "◐ Chờ gửi"
    assert page.table.current_key() == change.change_id and record.id


def test_the_status_bar_never_says_all_there_while_something_waits(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    assert window.status._waiting.text() == "Mọi thay đổi đã ở thành phố"
    ward.add_dossier(store, "Khai sinh")
    qtbot.waitUntil(lambda: window.status._waiting.text() == "1 thay đổi đang chờ gửi")
    settle()


def test_what_was_sent_back_is_shown_where_it_stands(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ward.add_dossier(store, "Khai sinh")
    change = store.changes.pending(10)[0]
    problem = FieldProblem("subject", "Thủ tục này đã hết hiệu lực.")
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="refused", problems=(problem,))])
    ward.add_dossier(store, "Khai tử")
    qtbot.waitUntil(lambda: window.status._attention.text() == "1 việc bị trả lại")
    window.status._attention.click()
    settle()
    assert isinstance(window.pages.page, Outbox)


def test_no_word_of_the_status_bar_is_cut_at_its_edge(app: App, store: Store, clock: FixedClock, qtbot: QtBot) -> None:
    ward.add_dossier(store, "Khai sinh")
    status = StatusBar(app)
    qtbot.addWidget(status)
    status.show_counts(store.overview(clock.now()))
    status.note_saved()
    status.show()
    status.resize(3000, status.height())
    whole = status.sizeHint().width()
    for width in (whole + 10, whole - 20, whole - status._saved.sizeHint().width() - 40):
        status.resize(width, status.height())
        for part in (status._line, status._waiting, status._saved):
            assert not part.isVisible() or part.width() >= part.sizeHint().width(), (width, part.text())
    assert status._line.text().endswith("…")
    status.resize(whole + 10, status.height())
    assert status._saved.isVisible()
    assert not status._line.text().endswith("…")


def test_changing_officer_is_found_by_what_people_call_it(window: MainWindow) -> None:
    for words, title in (("doi nguoi", "Đổi cán bộ"), ("dang xuat", "Đổi cán bộ"), ("english", "Cài đặt")):
        window.palette_box.open(words)
        assert title in [offer.title for offer in window.palette_box.found.offers], words
        window.palette_box.close_palette()


def test_the_sheet_of_keys_lists_what_can_be_pressed(window: MainWindow) -> None:
    sheet = KeysSheet(window.app.look, window.rows(), window)
    texts = {label.text() for label in sheet.findChildren(type(window.status._line))}
    assert {"Ctrl+K", "F6", "Tìm mọi thứ", "Quét thẻ căn cước"} <= texts
    sheet.deleteLater()


def test_changing_officer_changes_what_is_offered(window: MainWindow, app: App, settle: Settle) -> None:
    assert "begin.onestop.dossier" in [row.id for row in window.window_rows()]
    app.sign_in(ward.NAM)
    settle()
    assert "begin.civil_status.birth" in [row.id for row in window.window_rows()]
    assert "Vũ Đức Nam" in window.header.officer.text()
    assert load_settings(app.folder).last_officer == ward.NAM.id


def test_the_passphrase_is_asked_again_after_a_wrong_one(qtbot: QtBot, app: App) -> None:
    page = Unlock(app.look)
    qtbot.addWidget(page)
    page.text.setText("sai")
    with qtbot.waitSignal(page.given) as given:
        qtbot.keyClick(page.text, Qt.Key.Key_Return)
    assert given.args == ["sai"] and not page.open.isEnabled()
    page.refuse("Cụm mật khẩu không đúng.")
    assert page.open.isEnabled() and "không đúng" in page.problem.text()


def test_whoever_worked_last_is_offered_first(qtbot: QtBot, app: App) -> None:
    page = SignIn(app.look, (ward.HA, ward.NAM), app.catalog, ward.NAM.id)
    qtbot.addWidget(page)
    with qtbot.waitSignal(page.chosen) as chosen:
        page.buttons[0].click()
    assert chosen.args == [ward.NAM]


def test_who_types_a_name_stands_on_it(qtbot: QtBot, app: App) -> None:
    page = SignIn(app.look, (ward.HA, ward.NAM), app.catalog, ward.HA.id)
    qtbot.addWidget(page)
    page.show()
    page.activateWindow()
    page.buttons[0].setFocus()
    assert ward.NAM.name == "Vũ Đức Nam"
    chosen: list[object] = []
    page.chosen.connect(chosen.append)
    for letters, stands in (("vu d", 1), ("HA", 0), ("duc nam", 1)):
        for letter in letters:
            qtbot.keyClick(page.buttons[0], letter)
        assert page.focusWidget() is page.buttons[stands], letters
        page.findChild(OfficerList)._typed_at = float("-inf")  # a pause
    assert not chosen, "a space in a name presses no button"


def test_a_window_larger_than_the_screen_fills_it(qtbot: QtBot) -> None:
    """Else the status bar lies below the edge of a screen of 1024 × 768."""
    room = QApplication.primaryScreen().availableGeometry()
    small, large = QWidget(), QWidget()
    for window in (small, large):
        qtbot.addWidget(window)
    small.resize(room.width() - 60, room.height() - 60)
    large.resize(room.width() - 60, room.height())
    for window in (small, large):
        fill_small_screen(window)
    assert (small.isMaximized(), large.isMaximized()) == (False, True)


@pytest.mark.parametrize("kind", ["blue", "red"])
def test_a_notice_is_shown_over_the_page(window: MainWindow, app: App, kind: str) -> None:
    app.notice("Đã lưu trên máy này.", kind)
    assert window.toast.isVisible() and window.toast._text.text() == "Đã lưu trên máy này."


def test_a_window_that_is_gone_hears_of_no_write(app: App, store: Store, qtbot: QtBot, settle: Settle) -> None:
    gone = MainWindow(app)
    gone.show()
    settle()
    gone.close()
    gone.deleteLater()
    qtbot.wait(20)
    with qtbot.capture_exceptions() as raised:
        ward.add_dossier(store, "Sau khi cửa sổ đã đóng")
        settle()
        qtbot.wait(300)  # longer than the pause before counting
    assert raised == []


def test_a_kind_typed_with_a_name_finds_that_persons_records(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    person = ward.add(store, "residence.citizen", full_name="Nguyễn Thị Ánh Tuyết")
    ward.add_dossier(store, "Đăng ký kết hôn", applicant=person.id)
    kind = window.app.catalog.record_type("onestop.dossier").label.vi
    for typed in (f"{kind} ánh tuyết", f"anh tuyet {kind.lower()}"):
        window.palette_box.open(typed)
        qtbot.waitUntil(lambda: "Đăng ký kết hôn" in found(window))
        window.palette_box.close_palette()
    settle()

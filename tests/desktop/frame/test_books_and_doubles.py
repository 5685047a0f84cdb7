"""The pages on which an office looks its books and its people through, by the keyboard: books, doubles, several conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from desktop.app import App
from desktop.language import use_language
from desktop.settings import Settings
from desktop.views.book_page import BookPage
from desktop.views.book_sheets import ClockSheet, HandOverSheet
from desktop.views.bulk_sheet import BulkSheet
from desktop.views.conflicts import Conflicts
from desktop.views.doubles import Doubles
from desktop.views.main_window import MainWindow
from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.protocol import Candidate, Lease, Officer, PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Enrolment, Record, Save
from tests.features.cases import copy_of

CATALOG = load_catalog()
COPY, CITIZEN = "certification.cert_copy", "residence.citizen"
BOOK = "certification.cert_copy/sct_bs"
THERE = "00082"
TWO_WARDS = {"00070": "Phường Hoàn Kiếm", THERE: "Phường Cửa Nam"}
HEAD = Officer("o1", "Công Tằng Tôn Nữ Nguyễn Thị Hoàng Phương Thảo", ("office_head", "chair", "reception"), "UBND")


@pytest.fixture
def app(qtbot: QtBot, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[App]:
    clock = FixedClock(datetime(2026, 11, 23, 2, 41, tzinfo=UTC))
    (tmp_path / "pc").mkdir()
    store = Store.create(tmp_path / "pc", bytes(range(32)), CATALOG, clock)
    wards = getattr(request, "param", {"00070": "Phường Hoàn Kiếm"})
    store.set_enrolment(Enrolment(url="", token="t", device="Q2", wards=wards, officers=(HEAD,), epoch="e"))
    store.numbers.put_lease(Lease(ward="00070", register=BOOK, period="2026", device="Q2", next=1))
    made = App(store, CATALOG, clock, folder=tmp_path, settings=Settings(), officer=HEAD)
    made.dress()
    yield made
    made.close()
    store.close()
    use_language("vi")


@pytest.fixture
def window(qtbot: QtBot, app: App, settle: Callable[[], None]) -> MainWindow:
    made = MainWindow(app)
    made.resize(1024, 768)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    settle()
    return made


Settle = Callable[[], None]


def certified(store: Store, clock: FixedClock, title: str) -> Record:
    clock.advance(minutes=5)
    (record,) = store.save([Save(type=COPY, fields=copy_of(title), state="checking")], HEAD)
    return store.save([Save(type=COPY, fields=record.fields, opened=record, action="certify")], HEAD)[0]


def person(store: Store, name: str, **more: str) -> Record:
    fields = {"full_name": name, "dob": "1988-05-04", "gender": "2", "nationality": "VN", "ethnicity": "01", **more}
    address = {"permanent_addr": {"unit": "00070", "detail": "12 Hàng Bông"}, "verify_state": "not_checked"}
    return store.save([Save(type=CITIZEN, fields={**fields, **address, "life_state": "alive"})], HEAD)[0]


def book_page(window: MainWindow, settle: Settle) -> BookPage:
    window.pages.go(f"book:{COPY}")
    settle()
    page = window.pages.page
    assert isinstance(page, BookPage)
    return page


def cells(page: BookPage | Doubles) -> list[tuple[str, ...]]:
    return [tuple(str(cell) for cell in row.cells) for row in page.table.table.rows]


def test_a_book_says_what_it_lacks_and_is_filtered_and_saved(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot, tmp_path: Path
) -> None:
    store, clock = app.store, app.clock
    first = certified(store, clock, "Bằng tốt nghiệp")
    store.numbers.put_lease(Lease(ward="00070", register=BOOK, period="2026", device="Q2", next=4))
    gone = certified(store, clock, "Sổ hộ khẩu")
    store.save([Save(type=COPY, opened=gone, fields=gone.fields, kind="void", reason="in hỏng")], HEAD)
    page = book_page(window, settle)
    rows = cells(page)
    assert [row[:3] for row in rows] == [
        ("1", "✓ Đã cấp", first.title),
        ("2–3", "! Thiếu", "chưa ai ghi lý do"),
        ("4", "✕ Đã hủy", f"in hỏng – {gone.title}"),
    ]
    assert "Chưa đủ: 2 số" in page._sum.text()
    page.filter.setCurrentIndex(page.filter.findData("missing"))
    assert [row[0] for row in cells(page)] == ["2–3"]
    page.filter.setCurrentIndex(0)
    qtbot.keyClicks(page.text, "3")
    assert [row[0] for row in cells(page)] == ["2–3"]
    page.text.clear()
    page.save_sheet(tmp_path / "so.xlsx")
    settle()
    lines = CalamineWorkbook.from_path(str(tmp_path / "so.xlsx")).get_sheet_by_index(0).to_python()
    assert [line[0] for line in lines[4:7]] == ["1", "2–3", "4"]
    assert page.explain.__doc__  # the way on is a note of its own
    page.explain()
    settle()
    assert window.pages.key == "new:governance.book_note"


def test_a_book_is_handed_over_by_keys_alone_and_taken_back(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot
) -> None:
    certified(app.store, app.clock, "Bằng tốt nghiệp")
    page = book_page(window, settle)
    assert "Máy này (Q2)" in page._holder.text()
    page.hand_over()
    sheet = window.findChild(HandOverSheet)
    assert sheet is not None
    qtbot.keyClicks(sheet.to, "q5")
    qtbot.keyClick(sheet.to, Qt.Key.Key_Return)
    assert sheet.problem.text()  # a reason is asked for first
    qtbot.keyClicks(sheet.reason, "nghi phep")
    qtbot.keyClick(sheet.reason, Qt.Key.Key_Return)
    settle()
    (given,) = app.store.numbers.hand_overs.all()
    assert (given.to, given.last, given.officer, given.reason) == ("Q5", 1, HEAD, "nghi phep")
    assert certified(app.store, app.clock, "Căn cước").number is None
    settle()
    assert "đã giao sổ cho máy Q5" in page._holder.text()
    page.hand_over()
    settle()
    assert app.store.numbers.hand_overs.all() == ()
    assert certified(app.store, app.clock, "Căn cước").number == "2"


def test_with_a_book_goes_that_of_next_year_and_none_of_another_ward(
    window: MainWindow, app: App, settle: Settle
) -> None:
    """In December the PC has both; one that stayed behind would number from New Year's morning on."""
    for ward, period in (("00070", "2027"), ("00082", "2026")):
        app.store.numbers.put_lease(Lease(ward=ward, register=BOOK, period=period, device="Q2", next=1))
    page = book_page(window, settle)
    assert page.loaded is not None
    page._hand_over(page.loaded.leases, "Q5", "nghỉ phép")
    settle()
    assert [(h.ward, h.period) for h in app.store.numbers.hand_overs.all()] == [("00070", "2026"), ("00070", "2027")]
    assert [(x.ward, x.period) for x in app.store.numbers.leases()] == [("00082", "2026")]


def test_a_clock_that_is_off_stands_on_today_and_a_person_confirms_it(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot
) -> None:
    app.store.set_meta("clock_skew", 900.0)
    window.pages.go("today")
    window.pages.page.refresh()
    qtbot.waitUntil(lambda: [row.key for row in window.pages.page.table.table.rows[:1]] == [f"check:book:{COPY}"])
    settle()
    row = window.pages.page.table.table.rows[0]
    window.pages.page._open(row.key)
    settle()
    page = window.pages.page
    assert isinstance(page, BookPage)
    assert page.notice.isVisible()
    page.confirm_clock()
    sheet = window.findChild(ClockSheet)
    assert sheet is not None
    qtbot.keyClick(sheet.reason, Qt.Key.Key_Return)
    settle()
    assert not page.notice.isVisible()
    assert [line["officer"] for line in app.store.numbers.clock_log()] == [HEAD.name]
    assert certified(app.store, app.clock, "Căn cước").number == "1"


def test_two_of_one_person_are_merged_undone_and_told_apart(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot
) -> None:
    one = person(app.store, "Công Tằng Tôn Nữ Nguyễn Thị Hoàng Phương Thảo", personal_id="001188000010")
    two = person(app.store, "Cong Tang Ton Nu Nguyen Thi Hoang Phuong Thao")
    window.pages.go("duplicates")
    settle()
    page = window.pages.page
    assert isinstance(page, Doubles)
    assert cells(page)[0][0] == "Tên gần giống, trùng ngày sinh"
    shown = {made.text() for made in page._buttons.findChildren(QPushButton)}
    assert {"Gộp, giữ bản có trước", "Gộp, giữ bản có sau", "Không phải một"} <= shown
    assert page.width() <= 1024 - 150  # nothing lies to the side
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    page.merge(keep_first=True)
    settle()
    merged = app.store.records.load(two.id)
    assert merged is not None
    assert (merged.state, merged.fields["merged_into"]) == ("merged", one.id)
    assert page.pairs == ()
    page.undo()
    settle()
    assert len(page.pairs) == 1
    page.apart()
    settle()
    assert page.pairs == ()
    assert {r.state for r in app.store.records.load_many([one.id, two.id])} == {"active"}


def clashing(n: int, mine: str, over: str) -> RecordVersion:
    waits = {"full_name": (Candidate(mine, "A", f"c{n}", "An", "Q2", "2026-11-22T05:00:00Z", over),)}
    fields = {"full_name": f"Của thành phố {n}", "dob": "1990-01-01"}
    return RecordVersion(
        id=f"p{n}",
        type=CITIZEN,
        ward="00070",
        scope="people",
        revision=3,
        state="active",
        fields=fields,
        conflicts=waits,
    )


def test_several_conflicts_are_settled_one_way_shown_first(
    window: MainWindow, app: App, settle: Settle, qtbot: QtBot
) -> None:
    versions = (
        clashing(1, "Của máy này 1", "2026-11-22T04:00:00Z"),
        clashing(2, "Của máy này 2", "2026-11-22T09:00:00Z"),
        clashing(3, "Của máy này 3", ""),
    )
    app.store.changes.apply_pull(PullAnswer(records=versions, cursor=1), "00070", "people")
    window.pages.go("conflicts")
    settle()
    page = window.pages.page
    assert isinstance(page, Conflicts)
    page.choose_for_several()
    settle()
    sheet = page.sheet
    assert isinstance(sheet, BulkSheet)
    sheet.side.setCurrentIndex(sheet.side.findData("later"))
    then = {row.cells[0]: row.cells[3] for row in sheet.table.table.rows}
    assert then == {"Của thành phố 1": "Của máy này 1", "Của thành phố 2": "giữ nguyên"}
    assert "1 mục không rõ" in sheet.about.text()
    sheet._go()
    settle()
    names = [r.fields["full_name"] for r in app.store.records.load_many(["p1", "p2", "p3"])]
    assert names == ["Của máy này 1", "Của thành phố 2", "Của thành phố 3"]
    assert [bool(r.conflicts) for r in app.store.records.load_many(["p1", "p2", "p3"])] == [False, False, True]
    assert [change.kind for change in app.store.changes.pending(10)] == ["resolve", "resolve"]


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
def test_the_other_ward_s_book_is_handed_over_too(window: MainWindow, app: App, settle: Settle, qtbot: QtBot) -> None:
    """A PC that numbers in two wards: the page says whose book it shows, and gives back that one and no other."""
    store = app.store
    store.numbers.put_lease(Lease(ward=THERE, register=BOOK, period="2026", device="Q2", next=5))
    certified(store, app.clock, "Bằng tốt nghiệp")
    page = book_page(window, settle)
    names = [page.which.itemText(place) for place in range(page.which.count())]
    assert names == ["Hoàn Kiếm · 2026", "Cửa Nam · 2026"]
    assert "số tiếp theo 2." in page._holder.text()
    page.which.setFocus()
    qtbot.keyClick(page.which, Qt.Key.Key_Down)
    settle()
    assert page.which.currentText() == "Cửa Nam · 2026" and cells(page) == []
    assert page.which.width() >= page.which.sizeHint().width(), "which book it is can be read"
    assert "số tiếp theo 5." in page._holder.text()
    page._hand.click()
    (sheet,) = page.window().findChildren(HandOverSheet)
    assert "Phường Cửa Nam" in sheet.windowTitle()
    sheet.reason.setText("nay phường tự cấp số")
    qtbot.keyClick(sheet.reason, Qt.Key.Key_Return)
    settle()
    assert [lease.ward for lease in store.numbers.leases()] == ["00070"]
    assert "nhận lại" in page._hand.text().lower() or "lấy lại" in page._hand.text().lower()
    page.which.setCurrentIndex(0)
    page.which.activated.emit(0)
    settle()
    assert page._hand.text() == "Giao sổ sang máy khác…" and "số tiếp theo 2." in page._holder.text()


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
def test_the_book_that_the_sheet_names_is_handed_over(window: MainWindow, app: App, settle: Settle) -> None:
    """Though another was chosen, and comes on the page while the sheet is open."""
    app.store.numbers.put_lease(Lease(ward=THERE, register=BOOK, period="2026", device="Q2", next=5))
    page = book_page(window, settle)
    page.which.setCurrentIndex(1)
    page.which.activated.emit(1)
    page._hand.click()
    (sheet,) = page.window().findChildren(HandOverSheet)
    assert "Phường Hoàn Kiếm" in sheet.windowTitle()
    settle()
    sheet.chosen.emit("", "nay phường kia giữ")
    settle()
    assert [lease.ward for lease in app.store.numbers.leases()] == [THERE]


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
def test_each_ward_s_book_has_its_own_numbers_and_paper(
    window: MainWindow, app: App, settle: Settle, tmp_path: Path
) -> None:
    store = app.store
    own = certified(store, app.clock, "Bằng tốt nghiệp")
    scope = CATALOG.record_type(COPY).scope
    version = RecordVersion(
        id="0193aaaa-0000-7000-8000-000000000001", type=COPY, ward=THERE, scope=scope, revision=1, state=own.state,
        number=own.number, fields={**own.fields, **copy_of("Giấy khai sinh")},
    )  # fmt: skip
    store.changes.apply_pull(PullAnswer(records=(version,), cursor=1), THERE, scope)
    page = book_page(window, settle)
    assert [row[2] for row in cells(page)] == [own.title]
    page.which.setCurrentIndex(1)
    page.which.activated.emit(1)
    settle()
    assert [(row[0], row[2].partition(" ·")[0]) for row in cells(page)] == [("1", "Giấy khai sinh")]
    page.save_sheet(tmp_path / "so.xlsx")
    settle()
    sheet = CalamineWorkbook.from_path(str(tmp_path / "so.xlsx")).get_sheet_by_index(0).to_python()
    assert "Phường Cửa Nam" in str(sheet[0][0])


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
def test_who_does_not_work_in_a_ward_keeps_his_hands_off_its_book(window: MainWindow, app: App, settle: Settle) -> None:
    store = app.store
    store.numbers.put_lease(Lease(ward=THERE, register=BOOK, period="2026", device="Q2", next=5))
    store.update_enrolment(serves={HEAD.id: ("00070",), "o2": tuple(TWO_WARDS)})
    app.enrolment = store.enrolment
    page = book_page(window, settle)
    assert page._hand.isEnabled() and "phân công" not in page._holder.text()
    page.which.setCurrentIndex(1)
    page.which.activated.emit(1)
    settle()
    assert not page._hand.isEnabled()
    assert "không được phân công ở phường này" in page._holder.text() and "số tiếp theo 5." in page._holder.text()
    assert "không được phân công" in page._hand.toolTip()
    page.hand_over()
    assert page.window().findChildren(HandOverSheet) == []
    store.numbers.hand_overs.begin(store.numbers.leases()[1], HEAD, "người của phường ấy giao")
    page.refresh()
    settle()
    assert not page._hand.isEnabled()

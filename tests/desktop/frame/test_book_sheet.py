"""“In sổ…” on a list: which lines, how many, preview, log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.settings import Settings
from desktop.views.main_window import MainWindow
from desktop.views.record_list import RecordList
from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import Enrolment, Save
from tests.desktop.frame import ward

CATALOG = load_catalog()
COPY = "certification.cert_copy"
HA = Officer(id="o1", name="Trần Thu Hà", roles=tuple(role.id for role in CATALOG.roles), organisation="H26.00070")


@pytest.fixture
def app(qtbot: QtBot, tmp_path: Path) -> Iterator[App]:
    clock = FixedClock(ward.NOW)
    store = Store.create(tmp_path / "store", ward.KEY, CATALOG, clock)
    wards = {"00070": "Phường Hoàn Kiếm"}
    store.set_enrolment(Enrolment(url="http://127.0.0.1:9", token="t", device="Q2", wards=wards, officers=(HA,)))
    for number in range(1, 13):
        fields = {"requester_name": "Hoàng Thị Bích Đào", "doc_title": f"Bằng số {number}", "copies": 1, "fee": 2000}
        fields |= {"cert_no": number, "cert_date": f"2026-03-{number:02d}"}
        state = "cancelled" if number == 5 else "certified"
        store.save([Save(type=COPY, fields=fields, state=state, number=str(number))], HA)
    made = App(store, CATALOG, clock, folder=tmp_path, settings=Settings(), officer=HA)
    made.dress()
    yield made
    made.close()


@pytest.fixture
def page(window: MainWindow, settle: Callable[[], None]) -> RecordList:
    window.pages.go(f"list:{COPY}")
    settle()
    return next(p for p in window.findChildren(RecordList) if p.isVisible())


def count(page: RecordList, settle: Callable[[], None]) -> str:
    assert page.printing.sheet is not None
    page.printing.sheet._count()
    settle()
    return page.printing.sheet.count.text()


def test_the_range_narrows_what_is_printed(page: RecordList, settle: Callable[[], None]) -> None:
    page.print_list()
    settle()
    sheet = page.printing.sheet
    assert sheet is not None
    assert "12 dòng" in count(page, settle)
    assert "1 số đã bỏ" in count(page, settle)
    sheet.first.setValue(3)
    sheet.last.setValue(4)
    assert "2 dòng" in count(page, settle)
    sheet.until.setText("3/3/2026")
    assert "1 dòng" in count(page, settle)
    sheet.until.setText("33/3/2026")
    count(page, settle)
    assert not sheet.go.isEnabled()
    sheet.until.setText("1/1/2020")
    assert "Không có" in count(page, settle)
    assert not sheet.go.isEnabled()


def test_what_the_list_shows_can_be_printed_as_well(page: RecordList, settle: Callable[[], None]) -> None:
    page.filter_by(("cancelled",))
    settle()
    page.print_list()
    settle()
    assert page.printing.sheet is not None
    page.printing.sheet.which.setCurrentIndex(1)
    assert "1 dòng" in count(page, settle)


def test_a_printed_book_is_logged_with_its_range(page: RecordList, app: App, settle: Callable[[], None]) -> None:
    page.print_list()
    settle()
    sheet = page.printing.sheet
    assert sheet is not None
    sheet.first.setValue(2)
    count(page, settle)
    sheet._go()
    settle()
    preview = page.printing.preview
    assert preview is not None
    preview._out(lambda: None)
    settle()
    (row,) = app.store.prints.of(COPY)
    assert (row.printout, row.about, row.officer) == ("register_page", "2026, số 2–…", HA.name)


def test_a_list_without_papers_offers_none(window: MainWindow, app: App, settle: Callable[[], None]) -> None:
    bare = next(k for k in CATALOG.record_types if k.id in app.seen and not any(p.over == "list" for p in k.printouts))
    window.pages.go(f"list:{bare.id}")
    settle()
    shown = next(p for p in window.findChildren(RecordList) if p.isVisible())
    shown.print_list()
    assert shown.printing.sheet is None


def test_on_a_pc_of_two_wards_one_of_them_is_chosen(page: RecordList, app: App, settle: Callable[[], None]) -> None:
    """Its own stands first; the numbers of the other are those of another book."""
    from sync.store.rows import Touch
    from sync.store.saving import SaveTransaction

    both = {"00070": "Phường Hoàn Kiếm", "00082": "Phường Cửa Nam"}
    app.store.update_enrolment(wards=both)
    app.enrolment = app.store.enrolment
    fields = {"requester_name": "Lò Thị Mẫu", "doc_title": "Bằng", "copies": 1, "cert_no": 3, "cert_date": "2025-03-03"}
    with app.store._context.writer.transaction() as db:
        other = SaveTransaction(db, app.store._context, HA, Touch(), ward="00082")
        other.run([Save(type=COPY, fields=fields, state="certified", number="3")])
    page.print_list()
    settle()
    sheet = page.printing.sheet
    assert sheet is not None
    assert sheet.ward.isVisible()
    assert [sheet.ward.itemText(i) for i in range(2)] == ["Phường Hoàn Kiếm", "Phường Cửa Nam"]
    assert "12 dòng" in count(page, settle)
    sheet.ward.setCurrentIndex(1)
    settle()
    assert [sheet.period.itemData(i) for i in range(sheet.period.count())] == ["", "2026", "2025"]
    sheet.period.setCurrentIndex(2)
    assert "1 dòng" in count(page, settle)
    sheet._go()
    settle()
    assert page.printing.preview is not None
    assert "cửa nam" in page.printing.preview._html.casefold()
    assert "hoàn kiếm" not in page.printing.preview._html.casefold()

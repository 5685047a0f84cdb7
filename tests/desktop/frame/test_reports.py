"""Reports in the window: which there are, their figures, and the records behind each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.reporting import count_report
from desktop.settings import Settings
from desktop.views.main_window import MainWindow
from desktop.views.report_list import ReportList
from desktop.views.report_page import Behind, ReportPage
from forms.definition import Catalog, Tool
from forms.label import Label
from forms.report_definition import Breakdown, Report, ReportColumn, ReportTable
from sync.clock import FixedClock
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]

TAKEN_IN = Report(
    id="taken_in",
    label=Label("Tình hình tiếp nhận", "Dossiers taken in"),
    periods=("month", "quarter"),
    tables=(
        ReportTable(
            id="by_channel",
            label=Label("Theo hình thức", "By channel"),
            over="onestop.dossier",
            when="received_at",
            rows=(Breakdown("channel", Label("Hình thức", "Channel")),),
            columns=(
                ReportColumn(id="n", label=Label("Hồ sơ", "Dossiers")),
                ReportColumn(id="fee", label=Label("Lệ phí", "Fees"), sum="fee", show="money"),
            ),
            total=True,
        ),
        ReportTable(
            id="each",
            label=Label("Từng hồ sơ", "Each"),
            by_record=True,
            over="onestop.dossier",
            columns=(ReportColumn(id="subject", label=Label("Thủ tục", "Procedure"), value="subject"),),
        ),
    ),
)


@pytest.fixture
def catalog() -> Catalog:
    found = ward.catalog()
    tools = tuple(
        msgspec.structs.replace(tool, reports=(TAKEN_IN,)) if tool.id == "onestop" else tool for tool in found.tools
    )
    return msgspec.structs.replace(found, tools=tools)


@pytest.fixture
def app(qtbot: QtBot, store: Store, clock: FixedClock, tmp_path: Path, catalog: Catalog) -> Iterator[App]:
    for subject, channel, fee, day in (
        ("Khai sinh", "desk", 8000, "2026-10-20"),
        ("Kết hôn", "desk", 0, "2026-11-13"),
        ("Trích lục", "web", 5000, "2026-11-10"),
        ("Khai tử", "web", 1000, "2026-11-16"),
    ):
        ward.add_dossier(store, subject, channel=channel, fee=fee, received_at=f"{day}T02:00:00Z")
    made = App(store, catalog, clock, folder=tmp_path, settings=Settings(), officer=ward.HA)
    made.dress()
    yield made
    made.close()


def opened(window: MainWindow, settle: Settle) -> ReportPage:
    window.pages.go("report:onestop.taken_in")
    settle()
    page = window.pages.page
    assert isinstance(page, ReportPage)
    return page


def shown(page: ReportPage, place: int = 0) -> list[tuple[str, ...]]:
    return [tuple(map(str, row.cells)) for row in page.tables[place].table.rows]


def test_the_rail_leads_to_the_reports_and_enter_opens_one(window: MainWindow, settle: Settle, qtbot: QtBot) -> None:
    window.pages.go("reports")
    settle()
    page = window.pages.page
    assert isinstance(page, ReportList)
    assert "Tình hình tiếp nhận" in page.table.table.rows[0].cells
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    settle()
    assert window.pages.key == "report:onestop.taken_in"


def test_reports_of_ones_own_work_come_first_and_the_others_have_their_tab(
    window: MainWindow, app: App, settle: Settle
) -> None:
    def another(tool: Tool) -> Tool:
        if tool.id != "residence":
            return tool
        kinds = tuple(msgspec.structs.replace(kind, begun_by=("accountant",), actions=()) for kind in tool.records)
        return msgspec.structs.replace(tool, reports=(msgspec.structs.replace(TAKEN_IN, id="other"),), records=kinds)

    window.pages.go("reports")
    settle()
    page = window.pages.page
    assert isinstance(page, ReportList)
    assert not page.tabs.isVisible()  # all are his own
    app.catalog = msgspec.structs.replace(app.catalog, tools=tuple(map(another, app.catalog.tools)))
    page.refresh()
    settle()
    listed = {}
    for tab in range(page.tabs.count()):
        page.tabs.setCurrentIndex(tab)
        listed[page.tabs.tabText(tab)] = [row.key for row in page.table.table.rows]
    assert listed == {"Việc của tôi (1)": ["onestop.taken_in"], "Khác (1)": ["residence.other"]}
    page.tabs.setCurrentIndex(0)


def test_the_last_whole_month_stands_there_first_and_one_may_leaf(window: MainWindow, settle: Settle) -> None:
    page = opened(window, settle)
    assert page.window_shown.key == "2026-11"  # ended on the 14th
    assert shown(page) == [
        ("Trực tiếp", "2", "8.000"),
        ("Trực tuyến", "1", "5.000"),
        ("Tổng", "3", "13.000"),
        ("Kỳ trước", "0", "0"),
    ]
    page.kinds.setCurrentIndex(1)
    settle()
    assert page.window_shown.key == "2026-Q3"


def test_enter_on_a_line_shows_the_records_it_counts(window: MainWindow, settle: Settle, qtbot: QtBot) -> None:
    page = opened(window, settle)
    qtbot.keyClick(page.tables[0], Qt.Key.Key_Return)
    settle()
    (behind,) = page.findChildren(Behind)
    assert sorted(str(row.cells[1]) for row in behind.table.table.rows) == ["Khai sinh", "Kết hôn"]
    qtbot.keyClick(behind.table, Qt.Key.Key_Return)
    settle()
    assert window.pages.key.startswith("record:")


def test_a_change_of_a_record_is_counted_at_once(window: MainWindow, app: App, settle: Settle) -> None:
    page = opened(window, settle)
    ward.add_dossier(app.store, "Cải chính", channel="web", fee=2000, received_at="2026-11-12T02:00:00Z")
    settle()
    assert ("Trực tuyến", "2", "7.000") in shown(page)


def test_it_goes_out_as_a_spreadsheet(window: MainWindow, settle: Settle, tmp_path: Path) -> None:
    from python_calamine import CalamineWorkbook

    page = opened(window, settle)
    page.save_sheets(tmp_path / "so.xlsx")
    settle()
    rows = CalamineWorkbook.from_path(str(tmp_path / "so.xlsx")).get_sheet_by_index(0).to_python()
    assert ["Trực tiếp", 2.0, 8000.0] in rows
    assert ["Kỳ trước", 0.0, 0.0] in rows


def test_what_is_there_now_has_no_period_before(app: App) -> None:
    """Both would be today's figures, and say that nothing has changed; with a window in its rules a table has one."""
    now = msgspec.structs.replace(TAKEN_IN.tables[0], id="now", when=None)
    until = msgspec.structs.replace(now, id="until", where="local_date(received_at) <= to_date")
    report = msgspec.structs.replace(TAKEN_IN, tables=(TAKEN_IN.tables[0], now, until))
    tools = (
        msgspec.structs.replace(tool, reports=(report,)) if tool.id == "onestop" else tool for tool in app.catalog.tools
    )
    catalog = msgspec.structs.replace(app.catalog, tools=tuple(tools))
    counted = count_report(app.store, catalog, app.clock, "onestop.taken_in", "2026-11")
    assert counted.before is not None
    assert [table.id for table in counted.figures.tables] == ["by_channel", "now", "until"]
    assert [table.id for table in counted.before.tables] == ["by_channel", "until"]


def test_no_white_line_stands_at_the_tabs_of_a_dark_window(window: MainWindow, app: App, settle: Settle) -> None:
    app.change_settings(theme="dark")
    page = opened(window, settle)
    image = page.tabs.grab().toImage()
    rows = range(min(image.height(), page.tabs.tabBar().height() + 6))
    places = range(image.width() * 3 // 4, image.width() - 4, 5)  # beside the tabs
    assert all(image.pixelColor(x, y).lightness() < 128 for y in rows for x in places)

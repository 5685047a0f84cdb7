"""Reports that are due stand on today's page until their record is begun, and the list says how far each is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.views.main_window import MainWindow
from desktop.views.report_list import ReportList
from desktop.views.report_page import ReportPage
from desktop.views.today import Today
from forms.definition import Catalog, Column, ListView, RecordType, State
from forms.field_definition import Field, Section
from forms.label import Label
from forms.report_definition import Report, ReportColumn, ReportDue, ReportRegister, ReportTable
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]
LABEL = Label("Báo cáo định kỳ", "Periodic reports")
KEPT = RecordType(
    id="documents.report",
    label=LABEL,
    title="code",
    sections=(
        Section(
            "s",
            LABEL,
            (
                *(Field(name=name, type="text", label=LABEL) for name in ("code", "title", "kind", "period")),
                *(Field(name=name, type="date", label=LABEL) for name in ("first", "last")),
                Field(name="due", type="datetime", label=LABEL),
                Field(name="rows", type="group", label=LABEL, fields=(Field(name="name", type="text", label=LABEL),)),
            ),
        ),
    ),
    states=(
        State("drafting", Label("Đang lập", "In preparation")),
        State("sent", Label("Đã gửi", "Sent"), kind="final"),
        State("dropped", Label("Không lập", "Not made"), kind="void"),
    ),
    actions=(),
    list_view=ListView((Column("code"),)),
    duplicate=("code", "period"),
    begun_by=("reception",),
)
REGISTER = ReportRegister(
    record=KEPT.id,
    code="code",
    title="title",
    kind="kind",
    period="period",
    from_="first",
    to="last",
    due="due",
    rows="rows",
)


def with_reports(*reports: Report) -> Catalog:
    """The small ward's catalogue with reports of the one-stop desk, and a register to keep them in."""
    found = ward.catalog()
    replace = msgspec.structs.replace
    more: dict[str, dict[str, Any]] = {"onestop": {"reports": reports}, "documents": {"records": (KEPT,)}}
    tools = tuple(replace(tool, **more.get(tool.id, {})) for tool in found.tools)
    return replace(found, tools=tools, report_register=REGISTER)


def report(name: str, days: int | None) -> Report:
    """Of the month that ended on 14 November; due so many days later."""
    return Report(
        id=name,
        label=Label(f"Báo cáo {name}", f"Report {name}"),
        periods=("month", "quarter"),
        tables=(
            ReportTable(id="all", label=LABEL, over="onestop.dossier", columns=(ReportColumn(id="n", label=LABEL),)),
        ),
        due=None if days is None else ReportDue(days=days, unit="day"),
        to=Label("Sở Nội vụ", "Department of Home Affairs"),
    )


@pytest.fixture
def catalog() -> Catalog:
    """Today is the 23rd."""
    return with_reports(report("late", 5), report("soon", 12), report("later", 20), report("free", None))


def work(window: MainWindow) -> list[tuple[str, ...]]:
    page = window.pages.page
    assert isinstance(page, Today)
    return [tuple(map(str, row.cells)) for row in page.table.table.rows]


def keep(store: Store, name: str, state: str) -> None:
    ward.add(store, KEPT.id, state=state, code=f"onestop.{name}", period="2026-11")


def test_a_due_report_is_work_of_today_until_it_is_begun(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    settle()
    assert work(window) == [
        ("! 19/11 · quá 4 ngày", "Báo cáo tháng 11/2026: Late", "Sở Nội vụ", "Chưa lập"),
        ("◷ Gửi trước 26/11", "Báo cáo tháng 11/2026: Soon", "Sở Nội vụ", "Chưa lập"),
    ]
    page = window.pages.page
    assert isinstance(page, Today) and "2 báo cáo đến kỳ chưa lập" in page.subtitle.text()
    keep(store, "late", "drafting")
    qtbot.waitUntil(lambda: len(work(window)) == 1)
    keep(store, "soon", "dropped")  # somebody said why it is not made
    qtbot.waitUntil(lambda: work(window) == [])
    settle()


def test_late_records_come_before_reports_and_those_of_today_after(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ward.add_dossier(store, "Hôm nay", due_hours=4)
    ward.add_dossier(store, "Trễ", due_hours=-72)
    qtbot.waitUntil(lambda: len(work(window)) == 4)
    titles = [cells[1] for cells in work(window)]
    assert titles[0].endswith("Trễ") and titles[-1].endswith("Hôm nay")
    settle()


def test_enter_opens_the_report_over_its_window_whatever_was_shown_there(
    window: MainWindow, settle: Settle, qtbot: QtBot
) -> None:
    window.pages.go("report:onestop.late")
    settle()
    page = window.pages.page
    assert isinstance(page, ReportPage)
    page.kinds.setCurrentIndex(1)
    settle()
    window.pages.go("today")
    settle()
    assert isinstance(window.pages.page, Today)
    qtbot.keyClick(window.pages.page.table, Qt.Key.Key_Return)
    settle()
    assert window.pages.page is page and page.window_shown.key == "2026-11" and page.kinds.currentIndex() == 0


def test_who_may_not_begin_the_register_is_not_reminded(window: MainWindow, app: App, settle: Settle) -> None:
    app.sign_in(ward.NAM)
    settle()
    assert work(window) == []


def test_the_list_says_how_far_each_report_is(window: MainWindow, store: Store, settle: Settle, qtbot: QtBot) -> None:
    window.pages.go("reports")
    settle()
    page = window.pages.page
    assert isinstance(page, ReportList)

    def rows() -> dict[str, tuple[str, str]]:
        return {row.key.partition(".")[2]: (str(row.cells[0]), str(row.cells[3])) for row in page.table.table.rows}

    assert rows() == {
        "late": ("! 19/11 · quá 4 ngày", "Chưa lập"),
        "soon": ("◷ 26/11 · còn 3 ngày", "Chưa lập"),
        "later": ("04/12", "Chưa lập"),
        "free": ("", ""),
    }
    keep(store, "late", "drafting")  # still not sent, so still late
    qtbot.waitUntil(lambda: rows()["late"] == ("! 19/11 · quá 4 ngày", "Đang lập"))
    keep(store, "late", "sent")
    qtbot.waitUntil(lambda: rows()["late"] == ("19/11", "✓ Đã gửi"))
    settle()

"""The day's work, the counters, and what one may begin."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.forms.record_page import RecordPage
from desktop.models.quick import quick_starts
from desktop.models.rail import rail_rows
from desktop.models.tags import Tag, due_tag, state_tag
from desktop.views.main_window import MainWindow
from desktop.views.today import Today
from forms.calendar import WorkCalendar
from sync.clock import FixedClock
from sync.store import Store
from sync.store.model import Draft
from tests.desktop.frame import ward

Settle = Callable[[], None]


def today(window: MainWindow) -> Today:
    page = window.pages.page
    assert isinstance(page, Today)
    return page


def test_what_is_late_comes_first_and_enter_opens_it(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    person = ward.add(store, "residence.citizen", full_name="Lê Văn Khánh")
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=4, applicant=person.id)
    late = ward.add_dossier(store, "Xác nhận tình trạng hôn nhân", due_hours=-72)
    settle()
    page = today(window)
    cells = [row.cells for row in page.table.table.rows]
    kind = "Hồ sơ một cửa"
    assert [cell[1] for cell in cells] == [f"{kind} · Xác nhận tình trạng hôn nhân", f"{kind} · Đăng ký khai sinh"]
    assert str(cells[0][0]).startswith("! Trễ") and str(cells[1][0]) == "◷ 13:41 hôm nay"
    assert cells[1][2] == "Lê Văn Khánh"
    assert "1 việc đã trễ" in page.subtitle.text()
    with qtbot.waitSignal(window.app.open_requested) as opened:
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert opened.args == [late.id]


def test_an_unfinished_form_stands_first_and_is_continued(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=4)
    draft = Draft(
        id="d1",
        type="residence.citizen",
        record_id=None,
        fields={"full_name": "Hoàng Thị Bích Đào"},
        opened=None,
        updated_at="2026-11-23T01:41:00Z",
        title="Hoàng Thị Bích Đào",
    )
    store.drafts.put(draft)
    window.pages.page.refresh()
    settle()
    page = today(window)
    first = page.table.table.rows[0]
    assert (str(first.cells[0]), first.cells[1]) == ("✎ Đang làm dở", "Hoàng Thị Bích Đào")
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    settle()
    form = window.pages.page
    assert isinstance(form, RecordPage)
    assert form.entry.get("full_name") == "Hoàng Thị Bích Đào"


def test_an_empty_day_says_what_to_do(window: MainWindow) -> None:
    page = today(window)
    assert not page.empty.isHidden() and page.table.isHidden()
    assert "nghỉ: Ngày Văn hóa Việt Nam" in page.subtitle.text(), "24 November is a holiday from 2026"


def test_counters_are_red_where_something_is_late(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ward.add_dossier(store, "Trễ", due_hours=-72)
    ward.add(store, "documents.incoming", subject="Công văn")
    rows = lambda: {row.key: row for row in window.rail.view.rows.rows}  # noqa: E731
    qtbot.waitUntil(lambda: rows()["tool:onestop"].urgent)
    assert rows()["tool:documents"].count == 1 and not rows()["tool:documents"].urgent
    assert rows()["tool:onestop"].spoken == "Hồ sơ, 1 việc cần chú ý"


def test_quick_starts_follow_roles_and_catalogue_not_tool_names() -> None:
    catalog = ward.catalog()
    assert [t.id for t in quick_starts(catalog, ward.HA)] == ["onestop.dossier", "documents.incoming"]
    assert [t.id for t in quick_starts(catalog, ward.NAM)] == ["civil_status.birth", "documents.incoming"]
    assert quick_starts(catalog, None) == ()


def test_tools_of_others_are_folded_until_they_have_work(store: Store, clock: FixedClock) -> None:
    catalog = ward.catalog()
    keys = lambda fitting=0: [  # noqa: E731
        row.key for row in rail_rows(catalog, ward.HA, store.overview(clock.now()), unfolded=False, fitting=fitting)
    ]
    assert "tool:civil_status" in keys(fitting=12), "a short rail needs no folding"
    assert "tool:civil_status" not in keys() and keys()[-1] == "more"
    ward.add(store, "civil_status.birth", ward.NAM, subject="Nguyễn An")
    assert "tool:civil_status" in keys()


def test_deadline_tags(store: Store, clock: FixedClock) -> None:
    calendar, dossier = WorkCalendar(), ward.dossier()

    def tag(hours: float, state: str = "working") -> Tag | None:
        record = ward.add_dossier(store, "x", due_hours=hours, state=state)
        return due_tag(record, dossier, clock.now(), calendar)

    assert [str(tag(hours)) for hours in (3, 27, 75, 24 * 40)] == [
        "◷ 12:41 hôm nay",
        "◷ 12:41 ngày mai",
        "Thứ năm, 26/11",
        "02/01/2027",
    ]
    late = tag(-72)
    assert late is not None and late.kind == "red" and late.sign
    assert str(tag(-72, "supplement")).startswith("‖"), "the clock stands while papers are awaited"
    assert tag(-72, "returned") is None
    assert all(state_tag(dossier, state.id).text for state in dossier.states)

"""The day's work, the counters, and what one may begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop.forms.record_page import RecordPage
from desktop.models.quick import quick_starts
from desktop.models.rail import rail_rows
from desktop.models.tags import Tag, due_tag, state_tag
from desktop.sight import all_types
from desktop.views.ahead import Ahead
from desktop.views.main_window import MainWindow
from desktop.views.today import Today
from desktop.widgets.basics import OpeningCard
from forms.calendar import WorkCalendar
from sync.clock import FixedClock, moment_text
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
    due = moment_text(store.clock.now() + timedelta(hours=3))
    ward.add(store, "documents.incoming", subject="Công văn", due_on=due)
    ward.add(store, "documents.incoming", subject="Công văn không vội")
    rows = lambda: {row.key: row for row in window.rail.view.rows.rows}  # noqa: E731
    qtbot.waitUntil(lambda: rows()["tool:onestop"].urgent)
    assert rows()["tool:documents"].count == 1 and not rows()["tool:documents"].urgent
    assert rows()["tool:onestop"].spoken == (
        "Hồ sơ, 1 việc cần làm hôm nay, 1 đã trễ hoặc bị trả lại, 1 đang giải quyết"
    )
    assert rows()["tool:documents"].spoken == "Văn bản đến, 1 việc cần làm hôm nay, 2 đang giải quyết"


def test_the_numbers_beside_the_tools_add_up_to_the_day_s(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    """A record with two reasons to be here (late, and new) is one piece of work, in the rail and in the sentence."""
    for hours in (-72, -1, 3, 4, 200):
        ward.add_dossier(store, f"Sau {hours} giờ", due_hours=hours)
    late = {"subject": "Trễ và mới", "due_on": "2026-11-20T02:00:00Z"}
    ward.arrives(store, "documents.incoming", late)
    ward.arrives(store, "documents.incoming", {"subject": "Mới"})
    page = today(window)
    qtbot.waitUntil(lambda: page.table.table.rowCount() == 6)
    settle()
    window.count()
    settle()
    rows = {row.key: row for row in window.rail.view.rows.rows}
    assert rows["today"].count == 6 and rows["today"].late == 3
    assert sum(row.count for row in rows.values() if row.kind == "tool") == 6
    assert page.subtitle.text().startswith("6 việc cần làm hôm nay, 3 việc đã trễ.")
    tip = window.rail.view.rows.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "Hôm nay, 6 việc cần làm hôm nay, 3 đã trễ hoặc bị trả lại"


def test_quick_starts_follow_roles_and_catalogue_not_tool_names() -> None:
    catalog = ward.catalog()
    seen = all_types(catalog)
    assert [t.id for t in quick_starts(catalog, ward.HA, seen)] == ["onestop.dossier", "documents.incoming"]
    assert [t.id for t in quick_starts(catalog, ward.NAM, seen)] == ["civil_status.birth", "documents.incoming"]
    assert quick_starts(catalog, None, seen) == ()


def test_tools_of_others_are_folded_until_they_have_work(store: Store, clock: FixedClock) -> None:
    catalog = ward.catalog()
    keys = lambda fitting=0: [  # noqa: E731
        row.key
        for row in rail_rows(
            catalog, ward.HA, store.overview(clock.now()), seen=all_types(catalog), unfolded=False, fitting=fitting
        )
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


def test_the_week_s_figure_leads_to_what_will_be_late_day_by_day(
    window: MainWindow, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    for subject, hours in (("Mai", 27), ("Trễ", -72), ("Thứ sáu", 24 * 4), ("Thứ hai sau", 24 * 7), ("Xa", 24 * 30)):
        ward.add_dossier(store, subject, due_hours=hours)
    settle()
    card = next(card for card in today(window).findChildren(OpeningCard))
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    settle()
    page = window.pages.page
    assert isinstance(page, Ahead)
    assert [str(row.cells[1]).rpartition(" · ")[2] for row in page.table.table.rows] == [
        "Mai",
        "Thứ sáu",
        "Thứ hai sau",
    ]
    # Tuesday the 24th is a holiday, so five working days end on Tuesday the 1st
    assert "đến hết thứ ba 01/12 sẽ có 3 việc trễ, trong đó 2 việc" in page.subtitle.text()
    with qtbot.waitSignal(window.app.open_requested):
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
    settle()


def test_what_others_may_see_does_not_come_up(store: Store, clock: FixedClock) -> None:
    ward.add_dossier(store, "Mai", due_hours=27)
    until = clock.now() + timedelta(days=5)
    assert store.ahead(clock.now(), until).total == 1
    hidden = store.ahead(clock.now(), until, within=("documents.incoming",))
    assert (hidden.records, hidden.total) == ((), 0)
    assert store.ahead(clock.now(), clock.now() + timedelta(hours=26)).total == 0

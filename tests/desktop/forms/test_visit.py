"""Three papers of one visit by keyboard: the card says how many have their number, and leads to the one that has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from desktop.app import App
from desktop.forms import printing_flow
from desktop.forms.record_page import RecordPage
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import DOSSIER
from tests.desktop.forms.conftest import HA, settle

Open = Callable[..., RecordPage]


def card(page: RecordPage) -> tuple[list[str], str]:
    """Its lines, and the words below."""
    lines = [b.toolTip() for b in page.body.visit.findChildren(QPushButton) if b.toolTip() != "Ctrl+N"]
    told = [label.text() for label in page.body.visit.findChildren(QLabel) if "có số" in label.text()]
    return lines, " ".join(told)


def keys(page: RecordPage, app: App, qtbot: Any, key: Qt.Key) -> None:
    qtbot.keyClick(QApplication.focusWidget() or page, key)
    settle(app, qtbot)
    qtbot.wait(1)
    settle(app, qtbot)


def test_the_card_counts_what_has_its_number_and_leads_to_the_rest(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    page = open_page()
    for procedure in ("birth", "death", "marriage"):
        page.view.put("procedure", procedure)
        page.view.put("applicant", tuyet.id)
        page.view.put("pages", 2)
        page.save()
        settle(app, qtbot)
        assert page.record is not None
        if procedure != "marriage":
            page.begin_next_of_visit()
            settle(app, qtbot)
    lines, told = card(page)
    assert len(lines) == 3 and all(line.startswith("○") for line in lines) and "0/3" in told
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    keys(page, app, qtbot, Qt.Key.Key_F9)
    lines, told = card(page)
    assert sum(line.startswith("✓") for line in lines) == 1 and "1/3" in told
    assert "Còn 2" in page.notice.text.text()
    assert "notice" in [row.id for row in page.actions()], "found in the palette too"
    assert page.notice.do is not None
    page.notice._button.click()
    assert opened and opened[0] != page.record.id
    second = open_page(record_id=opened[0])
    second.open_requested.connect(opened.append)
    keys(second, app, qtbot, Qt.Key.Key_F9)
    assert second.notice.do is not None and "Còn 1" in second.notice.text.text()
    second.notice._button.click()
    third = open_page(record_id=opened[-1])
    keys(third, app, qtbot, Qt.Key.Key_F9)
    lines, told = card(third)
    assert "3/3" in told and all(line.startswith("✓") for line in lines)
    assert third.notice.do is None, "nothing is left of the visit"
    assert len(set(opened)) == 2


def test_after_a_save_the_focus_is_where_one_works_on(
    open_page: Open, app: App, dossier: Record, qtbot: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(printing_flow.PrintingFlow, "show", lambda *_: None)
    page = open_page(record_id=dossier.id)
    page.view.walk.go_to("note")
    page.view.put("note", "mới")
    page.save()
    settle(app, qtbot)
    assert page.view.walk.here == "note", "the same field"
    page.save("finish")
    settle(app, qtbot)
    assert page.entry.state == "done"
    focus = QApplication.focusWidget()
    assert focus is page.header.print_button, "all is locked: what is next is paper"


def test_a_paper_already_saved_alone_is_no_visit_left_open(
    open_page: Open, app: App, tuyet: Record, qtbot: Any
) -> None:
    values = {"procedure": "birth", "applicant": tuyet.id, "pages": 1, "visit": "V9"}
    record = app.store.save([Save(type=DOSSIER, fields=values)], HA)[0]
    page = open_page(record_id=record.id)
    page.save("receive")
    settle(app, qtbot)
    assert page.record is not None and page.record.number
    assert page.notice.do is None and "1/1" in card(page)[1]

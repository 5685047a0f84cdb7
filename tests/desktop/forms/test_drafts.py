"""A draft is on the disk two seconds after a keystroke, whatever happens to the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QPushButton

from desktop.app import App
from desktop.forms import drafts as drafts_module
from desktop.forms.record_page import RecordPage
from sync.clock import SystemClock
from sync.store import Store
from sync.store.model import Draft, Record
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER, make_catalog
from tests.desktop.forms.conftest import KEY, settle, type_text

Open = Callable[..., RecordPage]
PROMISE = 2.0  # s
SLACK = 1.5  # s for a busy test machine: the child tells when it typed, the parent kills later than the promise
CHILD = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from PySide6.QtTest import QTest
application = QApplication([])
from tests.desktop.forms.conftest import make_app, type_text
from desktop.forms.record_page import RecordPage
app = make_app(Path(sys.argv[1]))
page = RecordPage(app, app.catalog.record_type("desk.dossier"))
page.show()
page.view.build_all()
box = page.view.cells["note"].input.focus_target
box.setFocus()
end = time.monotonic() + 60
n = 0
while time.monotonic() < end:
    type_text(box, f"{n} ")
    print(n, flush=True)
    n += 1
    QTest.qWait(40)  # never a pause: only the clock of two seconds can keep it
"""


def test_kill_minus_nine_loses_at_most_two_seconds(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1"}
    root = Path(__file__).parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    typed: list[tuple[float, int]] = []
    for line in child.stdout:
        typed.append((time.monotonic(), int(line)))
        if typed[-1][0] - typed[0][0] > PROMISE + SLACK + 1:
            break
    os.kill(child.pid, signal.SIGKILL)
    died = time.monotonic()
    child.wait()
    child.stdout.close()
    with Store.open(tmp_path / "store", KEY, make_catalog(tmp_path / "catalog"), SystemClock()) as store:
        (draft,) = store.drafts.all()
    kept = {int(word) for word in draft.fields["note"].split()}
    due = [n for at, n in typed if at < died - PROMISE - SLACK]
    assert due
    assert set(due) <= kept


def test_a_pause_keeps_the_draft_and_the_header_says_when(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    type_text(page.view.cells["note"].input.focus_target, "đang viết dở")
    qtbot.waitUntil(lambda: bool(app.store.drafts.all()))
    qtbot.waitUntil(lambda: "09:30" in page.header.draft.text())
    assert app.store.drafts.all()[0].fields["note"] == "đang viết dở"


def test_reopening_offers_the_draft_and_it_can_be_thrown_away(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    first = open_page(DOSSIER, dossier.id)
    first.view.put("note", "chưa lưu")
    assert first.can_leave()
    first.hide()
    second = open_page(DOSSIER, dossier.id)
    qtbot.waitUntil(lambda: second.entry.get("note") == "chưa lưu")
    assert second.notice.isVisible()
    second.discard_draft()
    settle(app, qtbot)
    assert second.entry.get("note") == "cũ"
    assert app.store.drafts.get(dossier.id) is None


def test_a_draft_of_a_new_record_is_continued_with_all_it_had(open_page: Open, app: App, qtbot: Any) -> None:
    first = open_page()
    first.view.put("procedure", "death")
    first.view.put("pages", "ba trang")
    first.can_leave()
    (draft,) = app.store.drafts.all()
    second = open_page(DOSSIER, None, draft)
    assert second.entry.get("procedure") == "death"
    assert second.entry.get("pages") == "ba trang"
    assert second.view.cells["pages"].problem_text


def test_saving_takes_the_draft_away(open_page: Open, app: App, dossier: Record, qtbot: Any) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "x")
    page.drafts.keep()
    with qtbot.waitSignal(page.saved):
        page.save()
    settle(app, qtbot)
    assert app.store.drafts.all() == ()
    assert page.header.draft.isHidden()


def test_what_is_typed_after_a_save_stays_where_the_background_is_busy(
    open_page: Open, app: App, dossier: Record, qtbot: Any
) -> None:
    page = open_page(DOSSIER, dossier.id)
    page.view.put("note", "x")
    page.drafts.keep()
    page.drafts.pause()
    settle(app, qtbot)
    gate = threading.Event()
    for _ in range(8):
        app.background.run(gate.wait)
    page.drafts.restart(dossier.id)
    page.view.put("note", "gõ sau khi lưu")
    page.can_leave()
    gate.set()
    settle(app, qtbot)
    assert [draft.fields.get("note") for draft in app.store.drafts.all()] == ["gõ sau khi lưu"]


def test_values_to_begin_with_go_over_the_defaults(open_page: Open, app: App) -> None:
    draft = Draft(
        id="d1", type=DOSSIER, record_id=None, fields={"pages": 4}, opened=None, updated_at="2026-11-23T02:30:00Z"
    )
    page = open_page(DOSSIER, None, draft)
    assert (page.entry.get("pages"), page.entry.get("visit"), page.entry.get("fee")) == (4, "L1", 8000)
    assert not page.notice.isVisible()


def test_the_two_clocks_stay_under_the_promise() -> None:
    from desktop.forms.field_widgets.line import PAUSE

    assert PAUSE + drafts_module.AFTER_PAUSE < PROMISE * 1000
    assert drafts_module.AT_LATEST < PROMISE * 1000


def test_half_a_choice_and_half_a_name_are_kept_as_typed(open_page: Open, app: App, qtbot: Any) -> None:
    page = open_page()
    for name, text in (("procedure", "đăng"), ("applicant", "Phạm Minh")):
        line = page.view.cells[name].input.focus_target
        line.setFocus()
        type_text(line, text)
        qtbot.waitUntil(lambda name=name, text=text: kept(app).get(name) == text)  # type: ignore[misc]
        if name == "procedure":
            assert page.entry.get("procedure") is None, "the form itself has judged nothing yet"
    (draft,) = app.store.drafts.all()
    again = RecordPage(app, page.record_type, draft=draft)
    again.view.build_all()
    assert again.view.cells["procedure"].input.focus_target.text() == "đăng"  # type: ignore[attr-defined]
    assert again.view.cells["applicant"].input.focus_target.text() == "Phạm Minh"  # type: ignore[attr-defined]
    again.view.put("procedure", "birth")
    assert "procedure" not in again.entry.draft_fields.get("_typed", {})


def kept(app: App) -> dict[str, str]:
    """What the newest draft has as typed."""
    drafts = app.store.drafts.all()
    return dict(drafts[0].fields.get("_typed", {})) if drafts else {}


def test_an_address_with_an_unknown_ward_stays_as_it_was_typed(open_page: Open, app: App, qtbot: Any) -> None:
    """Both lines of it, on the page and when the draft is opened again; it is never taken for an address as found."""
    page = open_page(CITIZEN)
    address = page.view.cells["permanent_addr"].input
    type_text(address.detail, "12 Hàng Bài")
    address.detail.setModified(True)
    address._detail_left()
    type_text(address.unit.line, "Phường Không Có")
    address.flush()
    settle(app, qtbot)
    page.drafts.keep()
    settle(app, qtbot)
    (draft,) = app.store.drafts.all()
    again = open_page(CITIZEN, None, draft)
    for each in (page, again):
        shown = each.view.cells["permanent_addr"].input
        assert (shown.detail.text(), shown.unit.line.text()) == ("12 Hàng Bài", "Phường Không Có")
        assert each.entry.problem("permanent_addr") is not None and "permanent_addr" not in each.entry.fields


def test_throwing_a_draft_away_does_not_stand_between_its_fields(open_page: Open, app: App, qtbot: Any) -> None:
    """What a form builds later comes behind in Qt's order of the Tab key, and the sentence over the form was there first."""
    page = open_page(CITIZEN)
    page.view.cells["full_name"].input.focus_target.setFocus()
    type_text(page.view.cells["full_name"].input.focus_target, "Lê Văn Khánh")
    page.can_leave()
    settle(app, qtbot)
    (draft,) = app.store.drafts.all()
    again = open_page(CITIZEN, None, draft)
    assert again.notice.do is not None
    chain = [again.header]
    while (following := chain[-1].nextInFocusChain()) is not again.header:
        chain.append(following)
    fields = [chain.index(cell.input.focus_target) for cell in again.view.cells.values()]
    (throw,) = again.notice.findChildren(QPushButton)
    assert throw.isVisible() and not min(fields) < chain.index(throw) < max(fields)
    assert chain.index(throw) < min(fields), "over the form, and before it"

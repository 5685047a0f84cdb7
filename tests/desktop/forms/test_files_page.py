"""The page of files on their way, and the line about them where one sees what waits."""

from __future__ import annotations

import hashlib
from typing import Any

from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.views.files import FilesLine, FilesPage, files_sentence
from desktop.views.main_window import MainWindow
from sync.protocol import ChangeResult
from sync.store.model import FileCounts, Record, Save
from tests.desktop.forms.catalogue import EVERYTHING
from tests.desktop.forms.conftest import HA

HERE, ELSEWHERE = b"%PDF-1.7 here", b"%PDF-1.7 elsewhere"


def value(content: bytes, name: str) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"sha256": digest, "name": name, "size": 2048, "media_type": "application/pdf"}


def record_with_files(app: App) -> Record:
    app.store.files.put(HERE)
    files = [value(HERE, "a.pdf"), value(ELSEWHERE, "b.pdf")]
    return app.store.save([Save(type=EVERYTHING, fields={"f_text": "có tệp", "f_files": files})], HA)[0]


def test_what_is_on_its_way_and_fetching_by_the_page(app: App, qtbot: QtBot) -> None:
    record = record_with_files(app)
    page = FilesPage(app)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.table.table.rowCount() == 2)
    assert [str(row.cells[0]) for row in page.table.table.rows] == ["◐ chờ gửi", "○ chưa tải về"]
    opened: list[str] = []
    app.open_requested.connect(opened.append)
    page.table.selectRow(1)
    page._open(page.table.current_key())
    assert opened == [record.id]
    assert page._fetch.isEnabled()
    page._fetch.click()
    qtbot.waitUntil(lambda: str(page.table.table.rows[1].cells[0]).startswith("↓ đang tải"))
    assert app.store.file_queue.next_to_fetch() is not None
    page.table.selectRow(0)
    assert not page._fetch.isEnabled()


def test_the_line_is_there_while_there_is_something_to_tell(app: App, qtbot: QtBot) -> None:
    line = FilesLine(app)
    qtbot.addWidget(line)
    line.refresh()
    qtbot.wait(100)
    assert not line.isVisible()
    record_with_files(app)
    line.refresh()
    qtbot.waitUntil(lambda: "1 tệp chờ gửi (13 B) · 1 tệp chưa ở máy này" in line.text.text())


def test_the_line_says_what_hindered() -> None:
    counts = FileCounts(to_send=1, bytes_to_send=2048, wanted=0, not_here=0, failing=1, why="vì thế")
    assert files_sentence(counts).splitlines() == ["Tệp đính kèm: 1 tệp chờ gửi (2 KB)", "⚠ Lần trước: vì thế"]


def test_the_status_bar_tells_of_a_file_behind_its_record(app: App, qtbot: QtBot) -> None:
    record_with_files(app)
    (change,) = app.store.changes.pending(10)
    app.store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="accepted", revision=1)])
    window = MainWindow(app)
    qtbot.addWidget(window)
    window.show()
    said = window.status._waiting.text
    qtbot.waitUntil(lambda: said() == "Thay đổi đã ở thành phố, còn 1 tệp chờ gửi")
    due = app.store.file_queue.next_to_send()
    assert due is not None
    app.store.file_queue.there(due)
    qtbot.waitUntil(lambda: said() == "Mọi thay đổi đã ở thành phố")

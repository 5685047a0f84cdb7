"""What comes out after a step: the first of its papers that is for the record; one over a list is told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms import saving
from desktop.forms.dialogs import AskDialog
from forms.definition import Catalog
from sync.protocol import Officer
from sync.store.model import Record, Save
from tests.desktop.forms.conftest import dressed_app, page_of, settle

HEAD = Officer(id="o1", name="Trần Thu Thử", roles=("office_head", "chair"), organisation="ubnd")
PROPOSED = {
    "year": 2026, "subject_kind": "collective", "subject_name": "Phòng Thử", "title": "advanced_group",
    "achievement": "Ba năm liên tục là gia đình văn hóa.", "proposal_no": "02/TTr-VHXH", "_overridden": ["subject_name"],
    "council_date": "2026-01-12", "votes_total": 9, "votes_for": 9,
}  # fmt: skip


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, shipped: Catalog, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setattr(
        saving.AskDialog, "exec", lambda _self: AskDialog.DialogCode.Accepted
    )  # its answers stand there
    with dressed_app(tmp_path, shipped) as made:
        made.store.update_enrolment(officers=(HEAD,))
        made.enrolment = made.store.enrolment
        made.sign_in(HEAD)
        yield made


def _award(app: App, state: str, **more: Any) -> Record:
    return app.store.save([Save(type="hr.emulation", fields={**PROPOSED, **more}, state=state)], HEAD)[0]


def test_minutes_of_several_records_are_told_of(app: App, qtbot: QtBot) -> None:
    page = page_of(app, qtbot, "hr.emulation", _award(app, "proposed").id)
    page.save("review")
    settle(app, qtbot)
    assert page.record is not None and page.record.state == "reviewed"
    said = page.notice.text.text()
    assert "“Biên bản họp xét” in chung cho nhiều hồ sơ" in said and "Ctrl+P" in said
    assert page.printing.preview is None and not page.printing.is_busy


def test_of_two_papers_the_one_that_is_for_the_record_opens(app: App, qtbot: QtBot) -> None:
    record = _award(app, "reviewed", decision_no="21/QĐ-UBND")
    page = page_of(app, qtbot, record.type, record.id)
    page.save("award")
    qtbot.waitUntil(lambda: page.printing.preview is not None)
    preview = page.printing.preview
    assert preview is not None and "CHỨNG NHẬN" in preview.document.text.toPlainText()
    preview.reject()

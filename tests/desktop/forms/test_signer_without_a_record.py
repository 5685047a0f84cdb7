"""A paper whose signer has no record of his own: it bears his name, and the preview says what is to be written in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.app import App
from forms.definition import Catalog
from sync.store.model import Record, Save
from tests.desktop.forms.conftest import HA, NAM, dressed_app, page_of

AWARD = {
    "year": 2026, "subject_kind": "household", "subject_name": "Hộ Nguyễn Thị Thử", "title": "commendation",
    "council_date": "2026-01-12", "votes_total": 9, "votes_for": 9, "decision_no": "21/QĐ-UBND",
    "issued_date": "2026-01-19", "signer_ref": NAM.id, "_overridden": ["subject_name"],
}  # fmt: skip


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path, shipped: Catalog) -> Iterator[App]:
    with dressed_app(tmp_path, shipped) as made:
        made.sign_in(None)  # whose roles open every register
        made.officer = HA
        yield made


@pytest.fixture
def awarded(app: App) -> Record:
    return app.store.save([Save(type="hr.emulation", fields=AWARD, state="awarded", number="003/2026")], HA)[0]


def preview_of(app: App, record: Record, qtbot: QtBot) -> Any:
    page = page_of(app, qtbot, record.type, record.id)
    page.printing.show("certificate")
    qtbot.waitUntil(lambda: page.printing.preview is not None)
    return page.printing.preview


def test_the_preview_says_whose_post_is_to_be_written_in(app: App, awarded: Record, qtbot: QtBot) -> None:
    preview = preview_of(app, awarded, qtbot)
    text = preview.document.text.toPlainText()
    assert NAM.name in text and "\nCHỦ TỊCH\n" not in text
    assert preview.notice.isVisible()
    words = preview.notice.text.text()
    assert NAM.name in words and "Cán bộ, công chức" in words and "ghi tay" in words
    preview.reject()


def test_where_his_record_is_there_nothing_is_said(app: App, awarded: Record, qtbot: QtBot) -> None:
    own = {"full_name": NAM.name, "position": "Phó Chủ tịch"}
    app.store.save([Save(type="hr.officer", fields=own, id=NAM.id)], HA)
    preview = preview_of(app, awarded, qtbot)
    assert "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH" in preview.document.text.toPlainText()
    assert not preview.notice.isVisible()
    preview.reject()

"""A record that somebody signs or voids on another PC, while it is open here to be read or typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desktop.app import App
from desktop.forms.record_page import RecordPage
from sync.protocol import PullAnswer, RecordVersion
from sync.store.model import Record
from tests.desktop.forms.catalogue import DOSSIER
from tests.desktop.forms.conftest import NAM, settle

RECORD = "01a2063d-2440-7000-8000-0000000000aa"


def bring(app: App, tuyet: Record, state: str, revision: int, **more: Any) -> None:
    fields = {"procedure": "birth", "applicant": tuyet.id, "pages": 2, "visit": "L2", **more}
    version = RecordVersion(
        id=RECORD,
        type=DOSSIER,
        ward="00070",
        scope="onestop",
        revision=revision,
        state=state,
        fields=fields,
        created_at="2026-11-23T01:00:00Z",
        updated_at=f"2026-11-23T02:0{revision}:00Z",
        updated_by=NAM.name,
    )
    app.store.changes.apply_pull(PullAnswer(records=(version,), cursor=revision), "00070", "onestop")


def test_where_it_was_moved_to_is_said(
    app: App, tuyet: Record, open_page: Callable[..., RecordPage], qtbot: Any
) -> None:
    bring(app, tuyet, "received", 1)
    page = open_page(DOSSIER, RECORD)
    bring(app, tuyet, "received", 2, note="mới")
    settle(app, qtbot)
    assert page.notice.isHidden(), "another value is no news in itself"
    bring(app, tuyet, "refused", 3, note="mới", reason="Trùng")
    qtbot.waitUntil(lambda: not page.notice.isHidden())
    assert "Từ chối" in page.notice.text.text()
    assert NAM.name not in page.notice.text.text(), "who changed it last need not be who moved it"
    assert page.notice.property("kind") == "amber"


@pytest.mark.parametrize(("state", "label", "can"), [("refused", "Từ chối", False), ("received", "Đã tiếp nhận", True)])
def test_whoever_was_typing_hears_it_too_and_what_he_can_do(
    app: App, tuyet: Record, open_page: Callable[..., RecordPage], qtbot: Any, state: str, label: str, can: bool
) -> None:
    bring(app, tuyet, "draft" if can else "received", 1)
    page = open_page(DOSSIER, RECORD)
    page.view.put("note", "đang gõ dở")
    bring(app, tuyet, state, 2)
    qtbot.waitUntil(lambda: page.record is not None and page.record.state == state)
    said = page.notice.text.text()
    assert not page.notice.isHidden() and page.notice.property("kind") == "amber"
    assert label in said and "chưa lưu" in said and "(Ghi chú)" in said
    assert ("không lưu được nữa" in said) is not can
    assert page.entry.get("note") == "đang gõ dở", "nothing typed is lost"
    assert page.notice.do is not None
    page.notice.do[1]()
    assert not page.is_changed and page.entry.get("note") is None


def test_text_that_could_not_be_read_stays_and_is_told(
    app: App, tuyet: Record, open_page: Callable[..., RecordPage], qtbot: Any
) -> None:
    bring(app, tuyet, "received", 1)
    page = open_page(DOSSIER, RECORD)
    page.view.put("pages", "hai tờ")
    bring(app, tuyet, "refused", 2, reason="Trùng")
    qtbot.waitUntil(lambda: page.record is not None and page.record.state == "refused")
    assert page.entry.raw("pages") == "hai tờ" and "(Số trang)" in page.notice.text.text()


def test_what_was_typed_on_both_sides_alike_needs_nobody(
    app: App, tuyet: Record, open_page: Callable[..., RecordPage], qtbot: Any
) -> None:
    bring(app, tuyet, "received", 1)
    page = open_page(DOSSIER, RECORD)
    page.view.put("note", "mới")
    bring(app, tuyet, "refused", 2, note="mới")
    qtbot.waitUntil(lambda: page.record is not None and page.record.state == "refused")
    assert "Từ chối" in page.notice.text.text() and "chưa lưu" not in page.notice.text.text()
    assert page.notice.do is None

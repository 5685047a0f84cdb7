"""A record that somebody signs or voids on another PC, while it is open here to be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    qtbot.waitUntil(lambda: not page.notice.isHidden(), timeout=5000)
    assert "Từ chối" in page.notice.text.text()
    assert NAM.name not in page.notice.text.text(), "who changed it last need not be who moved it"
    assert page.notice.property("kind") == "amber"

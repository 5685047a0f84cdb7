"""History that claims nothing it does not show: a record entered past its first state, and one with very many changes."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from desktop.app import App
from desktop.forms import history_view
from desktop.forms.change_words import describe_change
from desktop.forms.history_view import HistoryView
from sync.locked_fields import HELD_IN
from sync.protocol import Change
from sync.store.model import HistoryRow
from tests.desktop.forms.catalogue import DOSSIER


def a_change(app: App, **more: object) -> Change:
    known = {"change_id": "c", "save_id": "c", "record_id": "d", "type": DOSSIER, "ward": "00070", "kind": "create"}
    return Change(**{**known, "officer": app.officer, "at": "2026-11-23T02:00:00Z", **more})  # type: ignore[arg-type]


def test_a_record_entered_past_its_first_state_says_so(app: App) -> None:
    record_type = app.catalog.record_type(DOSSIER)
    first, other = record_type.initial_state, record_type.states[-1]

    def told(**more: object) -> str:
        return describe_change(record_type, a_change(app, **more))

    assert told(to_state=first) == told() == "Tạo mới"
    assert told(to_state=other.id) == f"Nhập thẳng ở “{other.label.vi}”, không qua các bước trước"
    assert told(to_state=first, number="12/2026").endswith("· 12/2026")


def test_a_newer_version_that_a_pc_put_back_names_who_made_it(app: App) -> None:
    held = a_change(app, kind="edit", before={HELD_IN: "e1"}, reason="Trần Thu Hà", number="7", base_revision=3)
    told = describe_change(app.catalog.record_type(DOSSIER), held)
    assert "bản mới hơn mà một máy còn giữ" in told
    assert told.endswith("người sửa cuối: Trần Thu Hà · 7")


def test_a_long_history_says_that_it_is_cut(app: App, qtbot: object, monkeypatch: object) -> None:
    monkeypatch.setattr(history_view, "MOST", 3)  # type: ignore[attr-defined]
    view = HistoryView(app, app.catalog.record_type(DOSSIER))
    qtbot.addWidget(view)  # type: ignore[attr-defined]
    row = HistoryRow(change=a_change(app), status="accepted", problems=(), fields=(), revision=1)

    def shown(count: int) -> str:
        view.show_rows([row] * count)
        assert view._card is not None
        return " ".join(label.text() for label in view._card.findChildren(QLabel))

    assert "sophuong history" not in shown(3)
    assert "Hiện 3 việc gần nhất trong 5 việc" in shown(5)

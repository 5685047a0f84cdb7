"""A number given twice is told beside the number, to whoever opens either record."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel

from desktop.app import App
from desktop.forms.change_words import describe_change
from desktop.forms.record_page import RecordPage
from desktop.views.outbox import describe
from sync.protocol import Change, Officer, PullAnswer, RecordVersion
from tests.desktop.forms.catalogue import DOSSIER


def test_the_card_of_the_number_says_that_another_record_has_it(app: App, open_page: Callable[..., RecordPage]) -> None:
    def said(record_id: str, state: str = "received", **marks: object) -> str:
        version = RecordVersion(
            id=record_id,
            type=DOSSIER,
            ward="00070",
            scope="onestop",
            revision=2,
            state=state,
            number="0008/2026",
            fields={"procedure": "birth", "code": "0008/2026", **marks},
        )
        app.store.changes.apply_pull(PullAnswer(records=(version,), cursor=1), "00070", "onestop")
        card = open_page(DOSSIER, record_id).body.cards.number
        return " ".join(label.text() for label in card.findChildren(QLabel) if not label.isHidden())

    alone, twice = said("d-1"), said("d-2", _same_number=["d-3"])
    assert "0008/2026" in alone and "Trùng số" not in alone
    assert "0008/2026" in twice and "Trùng số: còn 1 bản ghi" in twice
    void = said("d-4", "refused")
    assert "0008/2026" in void and "vẫn nằm trong sổ" in void and "vẫn nằm trong sổ" not in alone


def test_the_history_says_in_words_that_refused_work_was_taken_back(app: App) -> None:
    taken_back = Change(
        change_id="c", save_id="c", record_id="d", type=DOSSIER, ward="00070", kind="edit", officer=Officer("o", "Nam"),
        at="2026-11-23T02:00:00Z", in_place_of=("b",),
    )  # fmt: skip
    record_type = app.catalog.record_type(DOSSIER)
    assert describe_change(record_type, taken_back) == "Bỏ phần bị trả lại, giữ như thành phố đang có"
    assert describe(taken_back, record_type) == "Bỏ phần bị trả lại"


def test_the_history_says_in_words_what_the_city_wrote(app: App) -> None:
    city = Officer("city", "Thành phố")
    marked = Change(
        change_id="c", save_id="c", record_id="d", type=DOSSIER, ward="00070", kind="edit", officer=city,
        at="2026-11-23T02:00:00Z", after={"_same_number": ["d-3"]}, number="0008/2026",
    )  # fmt: skip
    assert describe_change(app.catalog.record_type(DOSSIER), marked) == "Thành phố thấy số này còn ở bản ghi khác"

"""A fee receipt and its dossier, from either end; with the catalogue as shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.forms.record_page import RecordPage
from forms.loader import load_catalog
from sync.store.model import Record, Save
from tests.desktop.forms.conftest import HA, dressed_app, settle

DOSSIER, RECEIPT, CITIZEN, PROCEDURE = (
    "onestop.dossier",
    "onestop.fee_receipt",
    "residence.citizen",
    "onestop.procedure",
)
CASHIER = structs.replace(HA, roles=("cashier",))


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    with dressed_app(tmp_path, load_catalog()) as made:
        made.officer = CASHIER
        yield made


def dossier_of(app: App, name: str, fee: int) -> Record:
    who = app.store.save([Save(type=CITIZEN, fields={"full_name": name})], HA)[0]
    procedure = app.store.save([Save(type=PROCEDURE, fields={"name": "Đăng ký lại khai sinh"})], HA)[0]
    fields = {
        "procedure_ref": procedure.id,
        "applicant_type": "person",
        "applicant_ref": who.id,
        "fee_due": fee,
        "fee_status": "unpaid",
    }
    return app.store.save([Save(type=DOSSIER, fields=fields, state="accepted")], HA)[0]


@pytest.fixture
def begin(app: App, qtbot: QtBot) -> Callable[[], RecordPage]:
    def open_() -> RecordPage:
        page = RecordPage(app, app.catalog.record_type(RECEIPT))
        qtbot.addWidget(page)
        page.show()
        page.view.build_all()
        settle(app, qtbot)
        return page

    return open_


def test_the_dossier_that_is_picked_brings_payer_subject_and_amount(app: App, begin: Callable[[], RecordPage]) -> None:
    first, second = dossier_of(app, "Lê Thị Hương", 8000), dossier_of(app, "Đỗ Văn Bách", 15000)
    page = begin()
    page.view.put("dossier_ref", first.id)
    got = {name: page.entry.get(name) for name in ("payer_name", "fee_item", "amount", "amount_words")}
    assert got["payer_name"] == "Lê Thị Hương" and got["amount"] == 8000
    assert "Đăng ký lại khai sinh" in got["fee_item"] and got["amount_words"].lower().startswith("tám")
    assert page.view.cells["payer_name"].input.focus_target.text() == "Lê Thị Hương"  # type: ignore[attr-defined]
    assert "Người nộp" in page.notice.text.text() and not page.notice.isHidden()
    page.view.put("dossier_ref", second.id)
    assert (page.entry.get("payer_name"), page.entry.get("amount")) == ("Đỗ Văn Bách", 15000), "the other one's now"


def test_what_the_officer_typed_stays(app: App, begin: Callable[[], RecordPage]) -> None:
    page = begin()
    page.view.put("payer_name", "Người nộp thay")
    page.view.put("dossier_ref", dossier_of(app, "Lê Thị Hương", 8000).id)
    assert (page.entry.get("payer_name"), page.entry.get("amount")) == ("Người nộp thay", 8000)


def test_an_unpaid_dossier_offers_its_receipt(app: App, qtbot: QtBot) -> None:
    dossier = dossier_of(app, "Lê Thị Hương", 8000)
    page = RecordPage(app, app.catalog.record_type(DOSSIER), dossier.id)
    qtbot.addWidget(page)
    page.show()
    settle(app, qtbot)
    label = next(b for b in page.body.next.findChildren(QPushButton) if "Thu phí" in b.toolTip() + b.text())
    with qtbot.waitSignal(app.begin_requested) as begun:
        label.click()
    type_id, values = begun.args
    assert type_id == RECEIPT
    assert (values["dossier_ref"], values["payer_name"], values["amount"]) == (dossier.id, "Lê Thị Hương", 8000)

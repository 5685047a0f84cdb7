"""Certified signatures and contracts: their own books, fees, witnesses, the search before real estate is signed."""

from __future__ import annotations

import pytest

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import CIVIL, VICE_CHAIR, Counter

CONTRACT = "certification.cert_contract"
SIGNATURE = "certification.cert_signature"
SIDES = (
    {"side": "a", "name": "Nguyễn Văn An", "id_no": "001085000025", "address": "1 Hàng Bài"},
    {"side": "b", "name": "Trần Thị Bình", "id_no": "001190000011", "address": "2 Hàng Bài"},
)


def contract(counter: Counter, contract_type: str = "vehicle_sale", **more: object) -> RecordEntry:
    entry = counter.begin(CONTRACT, CIVIL, contract_type=contract_type, asset_desc="Xe 29B1-123.45", **more)
    for side in SIDES:
        row = entry.add_row("parties")
        for name, value in side.items():
            entry.set(f"parties/{row}/{name}", value)
    entry.perform("check", CIVIL, {"pages": 3})
    return entry


def test_each_book_has_its_own_symbol(catalog: Catalog) -> None:
    names = ("cert_copy", "cert_signature", "cert_translator", "cert_contract")
    registers = [catalog.record_type(f"certification.{name}").register for name in names]
    books = [(register.book_format or "").partition("-")[2] for register in registers if register]
    assert books == ["SCT/BS", "SCT/CK,ĐC", "SCT/CKND", "SCT/HĐ,GD"]


@pytest.mark.parametrize(
    ("request_kind", "fee"),
    [("contract", 50000), ("amendment", 30000), ("cancellation", 30000), ("correction", 25000)],
)
def test_the_fee_goes_by_what_is_asked(counter: Counter, request_kind: str, fee: int) -> None:
    assert counter.begin(CONTRACT, CIVIL, request=request_kind).get("fee") == fee


def test_it_is_due_in_two_working_days_and_later_by_agreement(counter: Counter) -> None:
    entry = counter.begin(CONTRACT, CIVIL)
    assert entry.get("due_at") == "2026-11-20T10:00:00Z"
    entry.set("extra_days", 3)
    assert entry.get("due_at") == "2026-11-26T10:00:00Z"  # 24 November is a holiday
    assert entry.is_required("extension_note")


def test_real_estate_is_not_signed_before_the_prevention_list_was_searched(counter: Counter) -> None:
    entry = contract(counter, "house_sale")
    with pytest.raises(RuleError):
        entry.perform("parties_signed", CIVIL, {"prevention_checked": False, "capacity_seen": True})
    entry.perform("parties_signed", CIVIL, {"prevention_checked": True, "capacity_seen": True})
    entry.perform("certify", VICE_CHAIR)
    assert entry.state == "certified"
    assert entry.is_locked("parties")


def test_whoever_cannot_read_or_sign_needs_two_witnesses(counter: Counter) -> None:
    entry = contract(counter, needs_witness=True)
    signed = {"prevention_checked": False, "capacity_seen": True}

    def witness(name: str) -> None:
        row = entry.add_row("witnesses")
        entry.set(f"witnesses/{row}/name", name)
        entry.set(f"witnesses/{row}/id_no", "001175000084")

    witness("Lê Văn Khánh")
    with pytest.raises(RuleError):
        entry.perform("parties_signed", CIVIL, signed)
    witness("Đỗ Thị Lan")
    entry.perform("parties_signed", CIVIL, signed)
    assert entry.state == "signed_by_parties"


def test_a_party_is_no_witness(counter: Counter) -> None:
    entry = contract(counter, needs_witness=True)
    entry.set(f"parties/{entry.rows('parties')[0]}/party_ref", "mother")
    row = entry.add_row("witnesses")
    entry.set(f"witnesses/{row}/witness_ref", "father")
    assert not any("bên của giao dịch" in problem.message.vi for problem in entry.problems())
    entry.set(f"witnesses/{row}/witness_ref", "mother")
    assert any("bên của giao dịch" in problem.message.vi for problem in entry.problems())


def test_a_contract_is_not_certified_by_its_signature(counter: Counter) -> None:
    entry = counter.begin(SIGNATURE, CIVIL, requester_ref="mother", doc_title="Hợp đồng thuê nhà")
    problem = entry.problem("doc_title")
    assert problem
    assert problem.blocks
    entry.set("doc_title", "Sơ yếu lý lịch")
    assert entry.problem("doc_title") is None


def test_a_signature_costs_ten_thousand_a_paper_and_another_fee_needs_a_reason(counter: Counter) -> None:
    entry = counter.begin(SIGNATURE, CIVIL, requester_ref="mother", quantity=3)
    assert entry.get("fee") == 30000
    assert not entry.is_relevant("fee_reason")
    entry.set("fee", 0)
    assert entry.is_required("fee_reason")


def test_signing_outside_the_office_tells_when_and_why(counter: Counter) -> None:
    entry = counter.begin(SIGNATURE, CIVIL, requester_ref="mother", doc_title="Giấy ủy quyền", place="outside")
    with pytest.raises(RuleError):
        entry.perform("certify", VICE_CHAIR, {"identity_seen": True})
    entry.set("place_reason", "Người già yếu, tại nhà")
    entry.set("place_at", "18/11/2026 08:30")
    entry.perform("certify", VICE_CHAIR, {"identity_seen": True})
    assert entry.get("cert_date") == "2026-11-18"

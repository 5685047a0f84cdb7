"""What comes next is proposed to whoever's work it is, on whichever PC; it is followed once, or not needed for a reason."""

from __future__ import annotations

from typing import Any

from tests.features.cases import CITIZEN
from tests.features.story import Counter, Town

BIRTH, CHANGE, DOSSIER = "civil_status.birth", "residence.population_change", "onestop.dossier"
PROCEDURE, RECEIPT, OFFICER = "onestop.procedure", "onestop.fee_receipt", "hr.officer"

JUSTICE = ("civil_status_officer", "office_head")


def _sample(counter: Counter, type_id: str, count: int = 1) -> list[dict[str, Any]]:
    path = str(counter.folder / f"{type_id}.ndjson")
    counter.must("sample", type_id, str(count), path)
    counter.must("import", type_id, path)
    return counter.all(type_id)


def _registered_birth(counter: Counter, **more: Any) -> str:
    mother = next(c for c in _sample(counter, CITIZEN, 8) if c["fields"]["gender"] == "2")
    (signer,) = _sample(counter, OFFICER)
    fields = {
        "requester_ref": mother["id"], "requester_relation": "Mẹ", "mother_ref": mother["id"], "child_name": "Nguyễn An Nhiên",
        "child_dob": "01/11/2026", "child_gender": "2", "birth_place": "Bệnh viện Phụ sản Hà Nội", "home_town": "00070",
        "birth_cert_no": "GCS-1", "reg_no": "15/2026", "reg_date": "10/11/2026", "requester_signed": True,
        "signer_ref": signer["id"], "received_at": "10/11/2026 08:00", "received_on": "10/11/2026", **more,
    }  # fmt: skip
    return counter.takes_in(BIRTH, fields, "registered")


def _open(counter: Counter, *record: str) -> list[str]:
    rows = counter.must("proposals", *record)["proposals"]
    return [row["flow"] for row in rows if row.get("standing", "open") == "open"]


def test_a_birth_proposes_the_household_to_the_social_officer_elsewhere(town: Town) -> None:
    justice, social = town.counter("Vũ Đức Nam", *JUSTICE), town.counter("Lý Châu", "social_officer")
    birth = _registered_birth(justice)
    assert "into_household" in _open(justice, birth)
    assert "into_household" not in _open(justice)  # it is not his work
    justice.syncs()
    social.syncs()
    assert "into_household" in _open(social)

    change = social.must("follow", birth, "into_household")
    assert (change["type"], change["fields"]["kind"], change["fields"]["event_date"]) == (CHANGE, "birth", "2026-11-01")
    assert change["fields"]["source_ref"] == birth
    assert "into_household" not in _open(social)
    assert social.run("follow", birth, "into_household").code == 1  # once is enough
    social.syncs()
    justice.syncs()
    (done,) = [row for row in justice.must("proposals", birth)["proposals"] if row["flow"] == "into_household"]
    assert (done["standing"], done["next"]) == ("done", change["id"])


def test_what_is_not_needed_says_why_on_every_pc(town: Town) -> None:
    justice, social = town.counter("Vũ Đức Nam", *JUSTICE), town.counter("Lý Châu", "social_officer")
    birth = _registered_birth(justice)
    justice.syncs()
    social.syncs()
    assert social.run("follow", birth, "into_household", "--not-needed", " ").code == 2
    social.must("follow", birth, "into_household", "--not-needed", "Cháu ở phường khác")
    assert "into_household" not in _open(social)
    social.syncs()
    justice.syncs()
    (row,) = [row for row in justice.must("proposals", birth)["proposals"] if row["flow"] == "into_household"]
    assert (row["standing"], row["not_needed"]["reason"]) == ("not_needed", "Cháu ở phường khác")
    assert any("Cháu ở phường khác" in c.get("reason", "") for c in social.must("history", birth)["changes"])


def test_two_who_say_that_it_is_not_needed_have_nothing_to_settle(town: Town) -> None:
    """A conflict on a field that no form shows could be resolved by nobody."""
    justice, social = town.counter("Vũ Đức Nam", *JUSTICE), town.counter("Lý Châu", "social_officer")
    birth = _registered_birth(justice)
    justice.syncs()
    social.syncs()
    justice.must("follow", birth, "into_household", "--not-needed", "Đã vào hộ từ trước")
    social.must("follow", birth, "into_household", "--not-needed", "Cháu ở phường khác")
    for counter in (justice, social, justice):
        assert counter.syncs()["conflicts"] == 0
    for counter in (justice, social):
        assert not counter.must("conflicts")["conflicts"]
        (row,) = [row for row in counter.must("proposals", birth)["proposals"] if row["flow"] == "into_household"]
        assert row["not_needed"]["reason"] == "Cháu ở phường khác"


def _dossier_of_a_birth(counter: Counter, **more: Any) -> str:
    """A dossier that is being processed, of a procedure that is worked in the register of births."""
    procedure = counter.takes_in(
        PROCEDURE,
        {
            "code": "1.001193.H26", "name": "Đăng ký khai sinh", "sector_code": "civil_status", "time_limit": 1,
            "time_unit": "working_day", "fee_amount": 8000, "result_type": "Giấy khai sinh", "valid_from": "01/01/2026",
            "opens_record": BIRTH, "components": [{"name": "Tờ khai", "originals": 1}], "steps": [{"unit": "Tư pháp"}],
        },
    )  # fmt: skip
    (applicant,) = _sample(counter, CITIZEN)
    fields = {
        "procedure_ref": procedure, "channel": "direct", "return_mode": "counter", "applicant_type": "person",
        "applicant_ref": applicant["id"], "received_at": "10/11/2026 08:00", "phone": "0912000111",
        "components_received": [{"component": "Tờ khai", "originals": 1}], **more,
    }  # fmt: skip
    return counter.takes_in(DOSSIER, fields)


def test_a_dossier_opens_its_record_and_the_record_closes_it(town: Town) -> None:
    counter = town.counter("Vũ Đức Nam", *JUSTICE, "reception")
    dossier = _dossier_of_a_birth(counter)
    assert _open(counter, dossier) == []
    counter.acts(dossier, "accept")
    assert set(_open(counter, dossier)) == {"opens_record", "collect"}  # its fee is not paid yet
    birth = counter.must("follow", dossier, "opens_record")
    assert (birth["type"], birth["fields"]["dossier_ref"]) == (BIRTH, dossier)
    assert birth["fields"]["requester_ref"] == counter.sees(dossier)["fields"]["applicant_ref"]

    finished = _registered_birth(counter, dossier_ref=dossier)
    assert "closes_dossier" not in _open(counter, finished)  # not before it is processed
    (officer,) = counter.all(OFFICER)
    counter.acts(dossier, "forward", f"assignee_ref={officer['id']}")
    assert "closes_dossier" in _open(counter, finished)
    closed = counter.must("follow", finished, "closes_dossier")
    assert (closed["id"], closed["state"], closed["fields"]["result_refs"]) == (dossier, "done", [finished])
    assert "closes_dossier" not in _open(counter, finished)


def test_a_fee_taken_makes_its_receipt_in_the_same_save(town: Town) -> None:
    counter = town.counter("Vũ Đức Nam", *JUSTICE, "reception")
    dossier = _dossier_of_a_birth(counter, fee_status="cash", _overridden=["fee_status"])
    counter.acts(dossier, "accept")
    (receipt,) = counter.all(RECEIPT)
    assert (receipt["fields"]["dossier_ref"], receipt["fields"]["amount"]) == (dossier, 8000)
    saves = {
        change["save_id"] for r in (dossier, receipt["id"]) for change in counter.must("history", r)["changes"][:1]
    }
    assert len(saves) == 1
    counter.writes(dossier, email="a@hanoi.gov.vn")
    assert len(counter.all(RECEIPT)) == 1


BENEFIT, DEATH = "social_protection.beneficiary", "civil_status.death"


def _dies(counter: Counter, person: str, declarant: str, signer: str) -> str:
    fields = {
        "requester_ref": declarant, "requester_relation": "Con", "received_at": "10/11/2026 08:00", "deceased_ref": person,
        "death_at": "08/11/2026", "death_place": "Tại nhà", "death_cause": "Tuổi già", "notice_type": "notice",
        "notice_no": "GBT-1", "requester_signed": True, "signer_ref": signer, "reg_date": "10/11/2026", "reg_no": "7/2026",
    }  # fmt: skip
    return counter.takes_in(DEATH, fields, "registered")


def _asks_for_support(counter: Counter, person: str, signer: str, state: str) -> str:
    fields = {
        "citizen_ref": person, "scheme": "monthly", "category": "other", "circumstances": "Mẫu", "overlap_state": "clear",
        "received_at": "10/11/2026 08:00", "pay_method": "cash", "coefficient": "1.0", "start_month": "11/2026",
        "rate_group": "other", "signer_ref": signer, "decision_date": "11/11/2026", "decision_no": "12/QĐ-UBND",
    }  # fmt: skip
    return counter.takes_in(BENEFIT, fields, state)


def test_an_allowance_decided_after_the_death_is_to_be_ended(town: Town) -> None:
    """Asked for before or after the death stood in the book, the decision signed by somebody who had not heard of it."""
    office = town.counter("Vũ Đức Nam", "civil_status_officer", "social_officer", "vice_chair")
    (signer,) = _sample(office, OFFICER)
    asked, later, declarant = (c["id"] for c in _sample(office, CITIZEN, 3))
    waiting = _asks_for_support(office, asked, signer["id"], "verifying")
    death = _dies(office, asked, declarant, signer["id"])
    assert "refuse_allowance" in _open(office, death) and "end_allowance" not in _open(office, death)
    office.must("act", waiting, "approve")
    assert "end_allowance" in _open(office, death) and "refuse_allowance" not in _open(office, death)
    assert "ends_benefit_decided_late" not in _open(office, waiting), "once is enough"

    _dies(office, later, declarant, signer["id"])
    decided = _asks_for_support(office, later, signer["id"], "approved")
    assert "ends_benefit_decided_late" in _open(office, decided) and "ends_benefit_decided_late" in _open(office)
    ended = office.must("follow", decided, "ends_benefit_decided_late")
    assert (ended["id"], ended["state"], ended["fields"]["stop_kind"]) == (decided, "stopped", "death")
    assert ended["fields"]["end_month"] == "2026-11" and "ends_benefit_decided_late" not in _open(office)

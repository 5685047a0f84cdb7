"""A dossier from the counter to the hand-over: promises, the clock that stands still, who may do what."""

from __future__ import annotations

import pytest

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import CIVIL, OFFICE, RECEPTION, VICE_CHAIR, Counter, examples_of

DOSSIER = "onestop.dossier"
PAPERS = [{"component": "Tờ khai", "originals": 1}, {"component": "Giấy chứng sinh", "originals": 1}]


def taken_in(counter: Counter, procedure: str = "birth", **more: object) -> RecordEntry:
    values = {"procedure_ref": procedure, "applicant_ref": "mother", "components_received": PAPERS} | more
    return counter.begin(DOSSIER, RECEPTION, **values)


def in_processing(counter: Counter, procedure: str = "shop") -> RecordEntry:
    entry = taken_in(counter, procedure)
    entry.perform("accept", RECEPTION)
    entry.perform("forward", RECEPTION, {"assignee_ref": CIVIL.id})
    return entry


def test_a_same_day_procedure_taken_in_before_three_is_promised_for_that_day(counter: Counter) -> None:
    counter.set_clock(18, 14, 59)
    assert taken_in(counter).get("due_at") == "2026-11-18T10:00:00Z"


def test_after_three_it_is_promised_for_the_next_working_day(counter: Counter) -> None:
    counter.set_clock(20, 15, 1)  # Friday
    assert taken_in(counter).get("due_at") == "2026-11-23T10:00:00Z"


def test_working_days_leave_out_the_day_of_receipt_and_the_holiday(counter: Counter) -> None:
    counter.set_clock(20, 9)  # Friday; Tuesday 24 November is a holiday
    assert taken_in(counter, "shop").get("due_at") == "2026-11-26T10:00:00Z"


def test_another_date_needs_a_reason(counter: Counter) -> None:
    entry = taken_in(counter)
    assert not entry.is_relevant("due_reason")
    entry.set("due_at", "20/11/2026 17:00")
    assert entry.is_required("due_reason")
    with pytest.raises(RuleError) as error:
        entry.perform("accept", RECEPTION)
    assert [problem.path for problem in error.value.problems] == ["due_reason"]
    entry.set("due_reason", "Hẹn theo thỏa thuận với người dân")
    entry.perform("accept", RECEPTION)


def test_the_promise_is_fixed_once_the_slip_is_out(counter: Counter) -> None:
    entry = taken_in(counter)
    entry.perform("accept", RECEPTION)
    promised = entry.get("due_at")
    for name, value in (("due_at", "30/11/2026 17:00"), ("procedure_ref", "shop"), ("received_at", "17/11/2026 08:00")):
        with pytest.raises(RuleError):
            entry.set(name, value)
    assert entry.get("due_at") == promised


def test_a_wrong_slip_is_corrected_with_a_reason(counter: Counter) -> None:
    entry = taken_in(counter)
    entry.perform("accept", RECEPTION)
    with pytest.raises(RuleError):
        entry.perform("correct", RECEPTION)
    entry.perform("correct", RECEPTION, {"correction_reason": "Chọn nhầm thủ tục"})
    entry.set("procedure_ref", "shop")
    assert entry.get("due_at") == "2026-11-23T10:00:00Z"
    assert entry.get("fee_due") == 100000


def test_waiting_for_a_supplement_does_not_count_and_needs_no_reason(counter: Counter) -> None:
    entry = in_processing(counter)
    assert entry.get("due_at") == "2026-11-23T10:00:00Z"
    entry.perform("ask_supplement", CIVIL, {"supplement_reason": "Văn bản ủy quyền"})
    counter.set_clock(20, 9)  # two working days later
    entry.perform("supplemented", CIVIL)
    assert entry.get("due_at") == "2026-11-26T10:00:00Z"
    assert not entry.is_required("due_reason")
    entry.perform("finish", VICE_CHAIR, {"result_note": "45/QĐ-UBND ngày 20/11/2026"})


def test_a_supplement_names_what_is_missing(counter: Counter) -> None:
    with pytest.raises(RuleError):
        taken_in(counter).perform("ask_supplement", RECEPTION)


def test_waiting_for_a_payment_does_not_count(counter: Counter) -> None:
    entry = in_processing(counter)
    entry.perform("ask_payment", CIVIL, {"payment_notice": "Lệ phí trước bạ"})
    counter.set_clock(19, 9)
    entry.perform("paid", RECEPTION, {"fee_status": "cash"})
    assert entry.get("due_at") == "2026-11-25T10:00:00Z"


def test_it_is_extended_once_to_a_later_date(counter: Counter) -> None:
    entry = in_processing(counter)
    promised = entry.get("due_at")
    reason = {"extension_reason": "Chờ ý kiến cơ quan chuyên môn"}
    with pytest.raises(RuleError):
        entry.perform("extend", CIVIL, reason | {"extended_to": "19/11/2026 17:00"})
    with pytest.raises(RuleError):
        entry.perform("extend", CIVIL, {"extended_to": "27/11/2026 17:00"})
    entry.perform("extend", CIVIL, reason | {"extended_to": "27/11/2026 17:00"})
    assert entry.get("due_at") == "2026-11-27T10:00:00Z"
    assert entry.get("due_before") == promised
    with pytest.raises(RuleError):
        entry.perform("extend", CIVIL, reason | {"extended_to": "30/11/2026 17:00"})
    assert entry.state == "processing"


def test_reception_takes_in_and_hands_back_and_does_not_sign(counter: Counter) -> None:
    entry = in_processing(counter)
    with pytest.raises(RuleError):
        entry.perform("finish", RECEPTION, {"result_note": "45/QĐ-UBND"})
    entry.perform("finish", VICE_CHAIR, {"result_note": "45/QĐ-UBND"})
    with pytest.raises(RuleError):
        entry.perform("return", CIVIL, {"returned_to": "Phạm Minh Dũng"})
    entry.perform("return", RECEPTION, {"returned_to": "Phạm Minh Dũng"})
    assert entry.get("returned_at") == "2026-11-18T02:00:00Z"


def test_a_dossier_is_not_done_without_its_result(counter: Counter) -> None:
    entry = in_processing(counter)
    with pytest.raises(RuleError):
        entry.perform("finish", VICE_CHAIR)
    entry.set("result_refs", ["mother"])
    entry.perform("finish", VICE_CHAIR)


def test_an_error_found_before_the_hand_over_sends_it_back(counter: Counter) -> None:
    entry = in_processing(counter)
    entry.perform("finish", VICE_CHAIR, {"result_note": "45/QĐ-UBND"})
    with pytest.raises(RuleError):
        entry.perform("reopen", OFFICE)
    entry.perform("reopen", OFFICE, {"reopen_reason": "Sai ngày sinh"})
    assert entry.state == "processing"


@pytest.mark.parametrize("before", ["new", "accepted", "processing", "supplement", "payment"])
def test_a_citizen_may_withdraw_until_it_is_done(counter: Counter, before: str) -> None:
    entry = counter.entry(DOSSIER, RECEPTION, fields=taken_in(counter).fields, state=before)
    entry.perform("withdraw", RECEPTION, {"refused_reason": "Công dân có đơn xin rút"})
    assert entry.state == "withdrawn"


def test_the_fee_comes_from_the_procedure(counter: Counter) -> None:
    assert taken_in(counter).get("fee_status") == "none"
    entry = taken_in(counter, "shop")
    assert (entry.get("fee_due"), entry.get("fee_status")) == (100000, "unpaid")


def test_too_few_papers_are_shown_and_do_not_stop_the_counter(counter: Counter) -> None:
    entry = taken_in(counter, components_received=PAPERS[:1])
    assert [problem.blocks for problem in entry.problems("accepted")] == [False]
    entry.perform("accept", RECEPTION)


def test_an_elderly_applicant_needs_no_telephone(counter: Counter) -> None:
    entry = taken_in(counter)
    assert entry.get("phone") is None
    entry.perform("accept", RECEPTION)


def test_an_organisation_is_not_taken_in_as_a_person(counter: Counter) -> None:
    with pytest.raises(RuleError):
        taken_in(counter, applicant_ref="office").perform("accept", RECEPTION)
    taken_in(counter, applicant_ref="office", applicant_type="state").perform("accept", RECEPTION)


def test_a_hand_over_is_received_by_another_and_a_late_step_says_why(counter: Counter) -> None:
    step = counter.begin(
        "onestop.dossier_step",
        RECEPTION,
        dossier_ref="d",
        from_officer_ref=RECEPTION.id,
        to_officer_ref=CIVIL.id,
        planned_hours="4",
    )
    with pytest.raises(RuleError):
        step.perform("receive", RECEPTION)
    step.perform("receive", CIVIL)
    counter.set_clock(20, 9)
    with pytest.raises(RuleError) as error:
        step.perform("finish", CIVIL)
    assert [problem.path for problem in error.value.problems] == ["note"]
    step.set("note", "Chờ xác minh")
    step.perform("finish", CIVIL)
    assert step.get("outcome") == "late"


def test_a_dozen_procedures_are_there_to_begin_with(catalog: Catalog) -> None:
    procedures = [e["fields"] for e in examples_of(catalog, catalog.record_type("onestop.procedure"))]
    assert len({procedure["code"] for procedure in procedures}) >= 12
    assert all(procedure["legal_basis"] for procedure in procedures)


def test_the_papers_come_from_the_procedure_until_somebody_changes_them(counter: Counter) -> None:
    counter.records["name"] = {"name": "Nhận cha, mẹ, con", "components": [{"name": "Đơn", "mandatory": True}]}
    entry = counter.begin(DOSSIER, RECEPTION, procedure_ref="birth")
    assert [row["component"] for row in entry.get("components_received")] == ["Tờ khai", "Giấy chứng sinh"]
    entry.set("procedure_ref", "name")
    assert [row["component"] for row in entry.get("components_received")] == ["Đơn"]
    row = entry.add_row("components_received", {"component": "Kết quả xét nghiệm"})
    entry.set("procedure_ref", "birth")
    assert entry.rows("components_received") == ("00000001", row)


def test_the_telephone_of_the_applicant_is_not_asked_for_again(counter: Counter) -> None:
    counter.records["mother"] = {**counter.records["mother"], "phone": "+84912345678"}
    entry = taken_in(counter)
    assert entry.get("phone") == "+84912345678"
    entry.set("phone", "0983 000 111")
    entry.set("applicant_ref", "father")
    assert entry.get("phone") == "+84983000111"

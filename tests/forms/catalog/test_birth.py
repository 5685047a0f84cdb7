"""Births: sixty days, the order in which a birth is registered, what is frozen, who signs."""

from __future__ import annotations

import pytest

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import CIVIL, OFFICE, VICE_CHAIR, Counter, Person

BIRTH = "civil_status.birth"
MISTAKE = {
    "correction_wrong": "Bảo Ngoc",
    "correction_right": "Bảo Ngọc",
    "correction_note": "Đã báo cáo Chủ tịch; hủy phôi KS-0041300",
}


def birth(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "child_name": "Trần Nguyễn Bảo Ngọc",
        "child_dob": "05/11/2026",
        "child_gender": "2",
        "birth_place": "Bệnh viện Phụ sản Hà Nội",
        "home_town": "00070",
        "birth_cert_no": "2311/2026",
        "mother_ref": "mother",
        "father_ref": "father",
        "parents_marriage_no": "15/2024",
        "requester_ref": "father",
        "requester_relation": "Cha",
    } | more
    return counter.begin(BIRTH, CIVIL, **values)


def prepared(counter: Counter, **more: object) -> RecordEntry:
    entry = birth(counter, **more)
    entry.perform("prepare", CIVIL)
    return entry


@pytest.mark.parametrize(("born", "kind"), [("19/09/2026", "on_time"), ("18/09/2026", "late")])
def test_it_is_late_more_than_sixty_days_after_the_birth(counter: Counter, born: str, kind: str) -> None:
    assert birth(counter, child_dob=born).get("reg_kind") == kind


def test_a_late_birth_cannot_be_called_on_time(counter: Counter) -> None:
    entry = birth(counter, child_dob="01/02/2026", reg_kind="on_time")
    with pytest.raises(RuleError):
        entry.perform("prepare", CIVIL)


def test_a_foreign_parent_makes_it_a_foreign_element(counter: Counter) -> None:
    assert birth(counter, mother_ref="abroad").get("reg_kind") == "foreign"


def test_officer_and_declarant_sign_the_book_before_the_chair(counter: Counter) -> None:
    entry = prepared(counter)
    with pytest.raises(RuleError):
        entry.perform("enter", CIVIL, {"requester_signed": False})
    with pytest.raises(RuleError):
        entry.perform("sign", CIVIL, {"requester_signed": True})  # who enters does not issue
    with pytest.raises(RuleError):
        entry.perform("sign", VICE_CHAIR, {"requester_signed": False})
    entry.perform("enter", CIVIL, {"requester_signed": True})
    assert entry.get("officer_signed")["officer"] == CIVIL.id
    entry.perform("sign", VICE_CHAIR)
    assert (entry.state, entry.get("signer_ref"), entry.get("reg_date")) == ("signed", VICE_CHAIR.id, "2026-11-18")


def test_waiting_for_the_personal_number_does_not_stop_the_signing(counter: Counter) -> None:
    entry = prepared(counter)
    entry.perform("request_id", CIVIL)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.perform("sign", VICE_CHAIR)
    assert entry.get("personal_id") is None
    assert entry.state == "signed"


def test_signing_keeps_what_was_printed_of_each_person(counter: Counter) -> None:
    entry = prepared(counter)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.perform("sign", VICE_CHAIR)
    frozen = entry.fields["_frozen"]
    assert frozen["mother_ref"]["full_name"] == "Nguyễn Thị Ánh Tuyết"
    assert frozen["requester_ref"]["full_name"] == "Phạm Minh Dũng"
    with pytest.raises(RuleError):
        entry.set("child_name", "Tên khác")


def test_it_is_registered_only_when_the_owner_of_the_number_has_answered(counter: Counter) -> None:
    entry = prepared(counter)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.perform("sign", VICE_CHAIR)
    with pytest.raises(RuleError):
        entry.perform("complete", CIVIL)
    entry.write("reg_no", "120/2026")
    entry.perform("complete", CIVIL)
    assert entry.state == "registered"


def test_the_birth_notice_number_is_corrected_after_registration_and_nothing_of_the_certificate(
    counter: Counter,
) -> None:
    """The civil-status service sends a birth back for it when the entry is long in the book."""
    entry = prepared(counter)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.perform("sign", VICE_CHAIR)
    entry.write("reg_no", "120/2026")
    entry.perform("complete", CIVIL)
    entry.set("birth_cert_no", "2312/2026")
    assert entry.get("birth_cert_no") == "2312/2026"
    for name in ("child_name", "child_dob", "mother_ref"):
        assert entry.is_locked(name)


def test_the_certificate_is_printed_from_a_registered_birth_only(catalog: Catalog) -> None:
    printouts = {printout.id: printout for printout in catalog.record_type(BIRTH).printouts}
    assert set(printouts["certificate"].states) == {"registered", "annotated"}
    assert printouts["proof"].proof


def test_a_mistake_before_completion_is_noted_and_everybody_signs_again(counter: Counter) -> None:
    entry = prepared(counter)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.perform("sign", VICE_CHAIR)
    with pytest.raises(RuleError):
        entry.perform("correct", CIVIL)
    entry.perform("correct", CIVIL, MISTAKE)
    assert entry.state == "checking"
    row = entry.get("corrections")[0]
    assert (row["wrong"], row["right"], row["by"]) == (
        "Bảo Ngoc",
        "Bảo Ngọc",
        CIVIL.name,
    )  # printed struck out in the book
    assert entry.get("correction_wrong") is None  # asked for afresh next time
    assert [entry.get(n) for n in ("officer_signed", "requester_signed", "reg_date", "signer_ref")] == [None] * 4


def test_without_a_birth_notice_a_witness_is_enough(counter: Counter) -> None:
    entry = prepared(counter, birth_cert_no=None)
    with pytest.raises(RuleError, match="Chưa nhập Số giấy chứng sinh"):  # else it would wait for a signature unseen
        entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.set("witness", True)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    entry.set("witness", None)
    with pytest.raises(RuleError):
        entry.perform("sign", VICE_CHAIR)
    entry.set("witness", True)
    entry.perform("sign", VICE_CHAIR)


def test_mother_and_father_are_two_people_of_the_right_gender(counter: Counter) -> None:
    for wrong in ({"father_ref": "mother"}, {"mother_ref": "father", "father_ref": "mother"}):
        with pytest.raises(RuleError):
            birth(counter, **wrong).perform("prepare", CIVIL)


def test_a_child_without_a_known_father_is_registered(counter: Counter) -> None:
    prepared(counter, father_ref=None, parents_marriage_no=None, requester_ref="mother", requester_relation="Mẹ")


def test_a_father_without_a_marriage_number_is_shown_and_does_not_stop_the_work(counter: Counter) -> None:
    entry = birth(counter, parents_marriage_no=None)
    assert entry.problem("")
    entry.perform("prepare", CIVIL)


def test_it_is_due_at_once_and_after_three_the_next_working_day(counter: Counter) -> None:
    counter.set_clock(18, 15, 30)
    assert birth(counter).get("due_at") == "2026-11-19T10:00:00Z"


def test_a_registered_birth_is_annotated_never_edited(counter: Counter) -> None:
    signed = {"requester_signed": True, "reg_date": "2026-11-18", "signer_ref": VICE_CHAIR.id, "reg_no": "1/2026"}
    entry = counter.entry(BIRTH, OFFICE, fields=birth(counter).fields | signed, state="registered")
    with pytest.raises(RuleError):
        entry.set("child_dob", "04/11/2026")
    entry.perform("annotate", CIVIL, {"notes": "Cải chính theo Quyết định 07/QĐ-UBND"})
    assert entry.state == "annotated"


def entered(counter: Counter, **more: object) -> RecordEntry:
    """Prepared and signed by the civil officer in the book, then saved and opened again."""
    entry = prepared(counter, **more)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    return opened_again(counter, entry)


def opened_again(counter: Counter, entry: RecordEntry) -> RecordEntry:
    return counter.entry(BIRTH, CIVIL, fields=entry.fields, state=entry.state, id="r1")


def is_signed(entry: RecordEntry, officer: Person = CIVIL) -> bool:
    return next(offer.done for offer in entry.actions(officer) if offer.action.id == "enter")


def test_the_book_once_signed_is_signed_for_everybody(counter: Counter) -> None:
    entry = entered(counter)
    assert is_signed(entry) and is_signed(entry, VICE_CHAIR) and is_signed(entry, OFFICE)
    entry.set("notes", "Đã báo gia đình")  # may be written on the closed paper too
    entry.perform("request_id", CIVIL)
    assert is_signed(opened_again(counter, entry))


def test_a_text_corrected_under_the_signatures_is_signed_anew(counter: Counter) -> None:
    entry = entered(counter)
    entry.set("child_name", "Trần Nguyễn Bảo Châu")
    assert not is_signed(entry)
    entry = opened_again(counter, entry)
    assert not is_signed(entry), "also after it was saved"
    entry.perform("enter", CIVIL, {"requester_signed": True})
    assert is_signed(opened_again(counter, entry))


def test_a_declarant_who_has_not_signed_after_all_is_asked(counter: Counter) -> None:
    entry = entered(counter)
    entry.set("requester_signed", False)
    assert not is_signed(entry)


def test_a_signature_put_at_the_field_by_another_is_not_the_step(counter: Counter) -> None:
    """The field's own button is open to whoever may write; the step is the civil officer's."""
    mark = {"officer": OFFICE.id, "name": OFFICE.name, "at": "2026-11-18T02:00:00Z"}
    entry = prepared(counter, requester_signed=True)
    entry.set("officer_signed", mark)
    assert not is_signed(entry) and not is_signed(entry, OFFICE)
    assert not is_signed(opened_again(counter, entry))
    entry = entered(counter)
    entry.put("officer_signed", mark)  # over one that the step had put
    assert not is_signed(opened_again(counter, entry))


def test_a_signature_that_came_without_its_text_is_whose_it_is(counter: Counter) -> None:
    """From a file, an earlier version, the field's own button: until something is changed."""
    mark = {"officer": CIVIL.id, "name": CIVIL.name, "at": "2026-11-18T02:00:00Z"}
    brought = prepared(counter, requester_signed=True)
    brought.set("officer_signed", mark)
    entry = opened_again(counter, brought)
    assert is_signed(entry)
    entry.set("child_name", "Trần Nguyễn Bảo Châu")
    assert not is_signed(entry)
    unasked = prepared(counter)
    unasked.set("officer_signed", mark)
    assert not is_signed(opened_again(counter, unasked)), "the declarant has still to sign"

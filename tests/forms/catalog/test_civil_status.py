"""Marriages, deaths, marital certificates, changes and extracts: who may marry, when it is late, what mends a mistake."""

from __future__ import annotations

import pytest

from forms.calendar import WorkCalendar
from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry, RuleError
from forms.flow_book import flow_book
from forms.flow_definition import Flow
from forms.flows import FlowJudge, Source, values_of
from tests.forms.catalog.conftest import CIVIL, VICE_CHAIR, WARD, Counter

MARRIAGE, DEATH = "civil_status.marriage", "civil_status.death"
CONFIRM, CHANGE, EXTRACT = "civil_status.marital_confirm", "civil_status.cs_change", "civil_status.cs_extract"
REASONS = {"correction_wrong": "17/9/1986", "correction_right": "17/9/1985", "correction_note": "Đã báo cáo Chủ tịch"}


def marriage(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "husband_ref": "father",
        "wife_ref": "mother",
        "husband_marital_before": "never",
        "wife_marital_before": "never",
        "marital_checked": True,
    } | more
    return counter.begin(MARRIAGE, CIVIL, **values)


def death(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "requester_ref": "mother",
        "requester_relation": "Con",
        "deceased_ref": "father",
        "death_at": "10/11/2026",
        "death_place": "Bệnh viện Hữu nghị",
        "death_cause": "Tuổi già",
        "notice_type": "notice",
        "notice_no": "56/GBT",
    } | more
    return counter.begin(DEATH, CIVIL, **values)


def confirm(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "person_ref": "mother",
        "purpose": "loan",
        "residence_period": "Từ 2015 đến nay",
        "status": "never",
    } | more
    return counter.begin(CONFIRM, CIVIL, **values)


def change(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "kind": "name",
        "requester_ref": "mother",
        "requester_relation": "Mẹ",
        "original_elsewhere": True,
        "original_paper": "Số 112, quyển 01/2015",
        "person_ref": "child",
        "field_changed": "Tên",
        "value_before": "An",
        "value_after": "Bình",
        "reason": "Điều 28 Bộ luật Dân sự",
        "evidence": [{"sha256": "0" * 64, "name": "a.pdf", "size": 1, "media_type": "application/pdf"}],
    } | more
    return counter.begin(CHANGE, CIVIL, **values)


@pytest.mark.parametrize(
    ("who", "born", "may"),
    [
        ("husband_ref", "2006-11-18", True),
        ("husband_ref", "2006-11-19", False),
        ("wife_ref", "2008-11-18", True),
        ("wife_ref", "2008-11-19", False),
    ],
)
def test_he_marries_from_twenty_she_from_eighteen(counter: Counter, who: str, born: str, may: bool) -> None:
    counter.records["young"] = {"full_name": "Lê An", "dob": born, "gender": "1" if who == "husband_ref" else "2"}
    entry = marriage(counter, **{who: "young"})
    if may:
        entry.perform("prepare", CIVIL)
    else:
        with pytest.raises(RuleError):
            entry.perform("prepare", CIVIL)


def test_both_are_present_and_sign_before_the_chair(counter: Counter) -> None:
    entry = marriage(counter)
    entry.perform("prepare", CIVIL)
    with pytest.raises(RuleError):
        entry.perform("enter", CIVIL, {"both_present": False, "couple_signed": True})
    entry.perform("enter", CIVIL, {"both_present": True, "couple_signed": True})
    with pytest.raises(RuleError):
        entry.perform("sign", CIVIL)
    entry.perform("sign", VICE_CHAIR)
    assert (entry.state, entry.get("reg_date"), entry.get("signer_ref")) == ("signed", "2026-11-18", VICE_CHAIR.id)
    assert entry.fields["_frozen"]["wife_ref"]["full_name"] == "Nguyễn Thị Ánh Tuyết"
    with pytest.raises(RuleError):
        entry.perform("complete", CIVIL)  # the database has not answered


def test_who_is_divorced_names_the_judgment(counter: Counter) -> None:
    entry = marriage(counter, husband_marital_before="divorced", husband_times=2)
    with pytest.raises(RuleError):
        entry.perform("prepare", CIVIL)
    entry.set("divorce_judgment", "45/2021/QĐST-HNGĐ")
    entry.perform("prepare", CIVIL)


def test_without_a_look_at_the_database_a_certificate_is_asked_for(counter: Counter) -> None:
    with pytest.raises(RuleError):
        marriage(counter, marital_checked=None).perform("prepare", CIVIL)


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, "2026-11-18T10:00:00Z"),
        ({"verify_needed": True}, "2026-11-26T10:00:00Z"),  # 24 November is a holiday
        ({"wife_ref": "abroad"}, "2026-12-03T10:00:00Z"),
    ],
)
def test_a_marriage_is_due_at_once_unless_verified_or_foreign(
    counter: Counter, more: dict[str, object], due: str
) -> None:
    assert marriage(counter, **more).get("due_at") == due


@pytest.mark.parametrize(("died", "kind"), [("03/11/2026", "on_time"), ("02/11/2026", "late"), ("1972", "late")])
def test_a_death_is_late_after_fifteen_days(counter: Counter, died: str, kind: str) -> None:
    assert death(counter, death_at=died).get("reg_kind") == kind


def test_a_mistake_found_before_completion_is_kept_and_everybody_signs_again(counter: Counter) -> None:
    entry = death(counter)
    entry.perform("prepare", CIVIL)
    for times in (1, 2):
        entry.perform("enter", CIVIL, {"requester_signed": True})
        entry.perform("sign", VICE_CHAIR)
        with pytest.raises(RuleError):
            entry.perform("correct", CIVIL, {"correction_note": "Đã báo cáo"})
        entry.perform("correct", CIVIL, REASONS)
        assert entry.state == "verifying"
        assert [row["wrong"] for row in entry.get("corrections")] == ["17/9/1986"] * times
        assert [entry.get(n) for n in ("officer_signed", "requester_signed", "reg_date", "signer_ref")] == [None] * 4


def test_what_was_struck_out_cannot_be_edited(counter: Counter) -> None:
    rows = [{"wrong": "a", "right": "b", "note": "c"}]
    entry = counter.entry(DEATH, CIVIL, fields=death(counter).fields | {"corrections": rows}, state="verifying")
    with pytest.raises(RuleError):
        entry.add_row("corrections")


def test_a_death_finds_the_household_of_the_deceased(counter: Counter) -> None:
    listed = {
        ("residence.household", "members/citizen_ref", "father"): [
            {"_id": "old", "_state": "closed", "_number": None},
            {"_id": "home", "_state": "active", "_number": None},
        ]
    }
    context = EntryContext(
        counter.now,
        WARD,
        CIVIL,
        counter.records.get,
        WorkCalendar(),
        find=lambda type_id, field, value: listed.get((type_id, field, value), []),
    )
    entry = RecordEntry(counter.catalog.record_type(DEATH), counter.catalog, context)
    entry.set("deceased_ref", "father")
    assert entry.get("household_ref") == "home"


def test_a_certificate_for_a_marriage_names_the_partner_and_lasts_six_months(counter: Counter) -> None:
    entry = confirm(counter, purpose="marriage")
    with pytest.raises(RuleError):
        entry.perform("prepare", CIVIL)
    entry.set("partner_ref", "father")
    entry.set("partner_place", "UBND phường Hai Bà Trưng")
    entry.perform("prepare", CIVIL)
    entry.perform("sign", VICE_CHAIR)
    assert entry.get("valid_until") == "2027-05-18"


def test_who_is_married_gets_no_certificate_to_marry(counter: Counter) -> None:
    more = {"partner_ref": "father", "partner_place": "x", "status": "married", "status_detail": "Với Lê B"}
    with pytest.raises(RuleError):
        confirm(counter, purpose="marriage", **more).perform("prepare", CIVIL)


@pytest.mark.parametrize(("born", "asked"), [("2017-11-18", True), ("2017-11-19", False), ("2000-01-01", False)])
def test_a_new_name_needs_the_consent_of_a_child_of_nine(counter: Counter, born: str, asked: bool) -> None:
    counter.records["child"] = {"full_name": "Lê An", "dob": born, "gender": "1"}
    entry = change(counter)
    assert entry.is_relevant("minor_consent") is asked
    entry.set("minor_consent", False)
    entry.perform("prepare", CIVIL)
    entry.perform("enter", CIVIL, {"requester_signed": True})
    if asked:
        with pytest.raises(RuleError):
            entry.perform("approve", VICE_CHAIR)
        entry.set("minor_consent", True)
    entry.perform("approve", VICE_CHAIR)


def test_guardianship_and_parentage_have_no_before_and_after(counter: Counter) -> None:
    entry = change(counter)
    entry.set("kind", "guardianship")
    assert not entry.is_relevant("value_before")
    assert entry.is_relevant("guardian_ref")
    assert entry.is_required("protected_ref")
    entry.set("kind", "parentage")
    assert not entry.is_relevant("value_after")
    assert entry.is_required("child_ref")


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, "2026-11-23T10:00:00Z"),
        ({"verify_needed": True}, "2026-11-27T10:00:00Z"),  # 24 November is a holiday
        ({"kind": "supplement"}, "2026-11-18T10:00:00Z"),
    ],
)
def test_a_change_is_due_by_what_it_is(counter: Counter, more: dict[str, object], due: str) -> None:
    assert change(counter, **more).get("due_at") == due


def test_an_extract_costs_by_the_copy_unless_a_reason_frees_it(counter: Counter) -> None:
    entry = counter.begin(EXTRACT, CIVIL, requester_ref="mother", event="birth", source_ref="a-birth", copies=3)
    assert entry.get("fee") == 24000
    entry.set("fee", 0)
    with pytest.raises(RuleError):
        entry.perform("sign", VICE_CHAIR)
    entry.set("fee_exempt", "Người cao tuổi")
    entry.perform("sign", VICE_CHAIR)


def test_an_extract_of_a_book_elsewhere_brings_its_content(counter: Counter) -> None:
    elsewhere = {"registered_elsewhere": True, "source_elsewhere": "Số 88, 2003"}
    entry = counter.begin(EXTRACT, CIVIL, requester_ref="mother", event="birth", **elsewhere)
    with pytest.raises(RuleError):
        entry.perform("sign", VICE_CHAIR)
    entry.add_row("content", {"item": "Họ tên", "value": "Lê An"})
    entry.perform("sign", VICE_CHAIR)


def test_every_book_is_numbered_by_the_database(catalog: Catalog) -> None:
    tool = next(tool for tool in catalog.tools if tool.id == "civil_status")
    for record_type in tool.records:
        register = record_type.register
        assert register is not None
        assert (register.kind, register.service) == ("service", "hotich")
        assert register.temporary_field == "temporary_no"
        numbered = {d.service: d.states for d in record_type.deliveries}
        assert numbered["hotich"]  # what is never delivered gets no number


def flows_of(
    counter: Counter, type_id: str, state: str, fields: dict[str, object]
) -> dict[str, tuple[Flow, RecordType]]:
    judge = FlowJudge(flow_book(counter.catalog), counter.records.get)
    source = Source(counter.catalog.record_type(type_id), "the-record", state, "26/2026", fields)
    return {flow.id: (flow, to) for flow, to in judge.applying(source)}


def test_a_correction_is_proposed_only_when_a_mistake_was_reported(counter: Counter) -> None:
    fields = death(counter).fields
    assert "correction_of_death" not in flows_of(counter, DEATH, "registered", fields)
    assert "correction_of_death" in flows_of(counter, DEATH, "registered", fields | {"mistake_found": "Sai ngày chết"})


def test_a_registered_death_is_recorded_on_the_person_and_in_the_household(counter: Counter) -> None:
    assert not flows_of(counter, DEATH, "signed", death(counter).fields)  # nothing before the number is there
    found = flows_of(counter, DEATH, "registered", death(counter).fields)
    assert {"citizen_dead", "out_of_household"} <= set(found)
    assert "funeral_grant" not in found  # nobody asked for it
    assert found["citizen_dead"][1].id == "residence.citizen"


def test_a_change_adds_its_note_to_the_entry_it_concerns(counter: Counter) -> None:
    counter.records["entry"] = {"child_name": "Lê An", "notes": "Ghi chú cũ."}
    counter.records["child"] = {"full_name": "Lê An", "dob": "2001-01-01"}
    numbered = {"original_ref": "entry", "reg_no": "26/2026", "effective_date": "2026-11-18"}
    fields = {**change(counter).fields, **numbered}
    found = flows_of(counter, CHANGE, "registered", fields)
    assert "annotate_birth" in found
    assert not {"annotate_marriage", "annotate_death"} & set(found)
    flow, birth = found["annotate_birth"]
    entry = counter.entry(CHANGE, CIVIL, fields=fields, state="registered", number="26/2026", id="the-record")
    notes = values_of(flow, birth, entry, "the-record")["notes"].split("\n")
    assert notes[0] == "Ghi chú cũ."  # what stood there stays
    assert "26/2026" in notes[1]
    assert "từ “An” thành “Bình”" in notes[1]


@pytest.mark.parametrize(("powers", "may"), [([], False), (["certification"], False), (["civil_status"], True)])
def test_a_civil_servant_signs_an_extract_only_when_delegated(counter: Counter, powers: list[str], may: bool) -> None:
    delegation: dict[str, object] = {
        "_id": "d",
        "_state": "in_force",
        "_number": None,
        "powers": powers,
        "valid_from": "2026-01-01",
    }

    def find(type_id: str, _field: str, value: object) -> list[dict[str, object]]:
        return [delegation] if (type_id, value) == ("governance.delegation", CIVIL.id) else []

    context = EntryContext(counter.now, WARD, CIVIL, counter.records.get, WorkCalendar(), find=find)
    entry = RecordEntry(counter.catalog.record_type(EXTRACT), counter.catalog, context)
    entry.set("requester_ref", "mother")
    entry.set("source_ref", "a-birth")
    if may:
        entry.perform("sign", CIVIL)
        assert entry.get("signer_ref") == CIVIL.id
    else:
        with pytest.raises(RuleError):
            entry.perform("sign", CIVIL)

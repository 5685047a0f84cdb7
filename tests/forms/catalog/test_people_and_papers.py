"""People, households, receipts and incoming documents: the rules an office would notice first."""

from __future__ import annotations

import pytest

from forms.definition import Catalog
from forms.entry import RuleError
from tests.forms.catalog.conftest import ACCOUNTANT, CASHIER, CLERK, OFFICE, RECEPTION, Counter

ADDRESS = {"unit": "00070", "detail": "12 Hàng Bài"}


def person(counter: Counter, **more: object) -> list[tuple[str, bool]]:
    values = {"full_name": "Nguyễn Thị Ánh Tuyết", "dob": "05/01/1990", "gender": "2", "permanent_addr": ADDRESS} | more
    return [(p.path, p.blocks) for p in counter.begin("residence.citizen", OFFICE, **values).problems()]


def test_a_number_that_disagrees_with_gender_or_year_is_shown_and_not_refused(counter: Counter) -> None:
    assert person(counter, personal_id="001190000011") == []
    assert person(counter, personal_id="001090000011") == [("", False)]
    assert person(counter, personal_id="001191000011") == [("", False)]
    assert person(counter, personal_id="001390000011") == [("", False)]  # a woman of 2090
    assert person(counter, personal_id="001305000011", dob="2005") == []
    assert person(counter, personal_id="001305000011", dob="1905") == [("", False)]
    assert person(counter, personal_id="001090000011", gender="0") == []


def test_every_form_of_one_persons_number_compares_it_with_birth_and_gender(catalog: Catalog, counter: Counter) -> None:
    """Found by the kinds of the fields: a form that asks for all three and compares nothing shows here."""
    checked = 0
    for record_type in catalog.record_types:
        fields = record_type.field_map.values()
        number = next((f.name for f in fields if f.type == "citizen_number"), None)
        born = next((f.name for f in fields if f.name.removeprefix("child_") == "dob"), None)
        gender = next((f.name for f in fields if f.name.removeprefix("child_") == "gender"), None)
        if number is None or born is None or gender is None:
            continue
        checked += 1
        entry = counter.begin(record_type.id, OFFICE, **{born: "05/01/1990", gender: "2"})
        for text, count in (("001190000011", 0), ("001090000011", 1), ("001191000011", 1), ("001091000011", 2)):
            entry.put(number, text)
            told = [p for p in entry.rule_problems if number in p.about]
            assert len(told) == count, (record_type.id, text)
            assert not any(p.blocks for p in told)
    assert checked >= 3


def test_a_name_in_small_letters_is_doubted_and_kept_as_typed(counter: Counter) -> None:
    assert person(counter, full_name="nguyễn thị chi") == person(counter, full_name="ánh") == [("full_name", False)]
    assert person(counter, full_name="Ánh") == person(counter, full_name="NGUYỄN THỊ CHI") == []
    assert counter.begin("residence.citizen", OFFICE, full_name="đỗ an").get("full_name") == "đỗ an"


def test_the_very_old_have_no_number_and_only_a_year_of_birth(counter: Counter) -> None:
    assert person(counter, dob="1938") == []


def test_the_head_is_a_member_and_only_one_is_head(counter: Counter) -> None:
    members = [{"citizen_ref": "mother", "relation": "head"}, {"citizen_ref": "father", "relation": "spouse"}]
    values = {"household_code": "00070-005-0012", "head_ref": "mother", "group_ref": "g", "address": ADDRESS}

    def problems(rows: list[dict[str, str]]) -> int:
        entry = counter.begin("residence.household", OFFICE, **values, members=rows)
        return len([p for p in entry.problems() if p.blocks])

    assert problems(members) == 0
    assert problems(members[1:]) == 1
    assert problems([members[0], members[1] | {"relation": "head"}]) == 1


def test_whoever_left_the_household_is_not_counted(counter: Counter) -> None:
    rows = [
        {"citizen_ref": "mother", "relation": "head"},
        {"citizen_ref": "father", "relation": "spouse", "from": "01/01/2020", "to": "01/01/2026"},
    ]
    assert counter.begin("residence.household", OFFICE, members=rows).get("member_count") == 1


def test_a_change_is_confirmed_within_five_working_days(counter: Counter) -> None:
    entry = counter.begin("residence.population_change", OFFICE, kind="birth", citizen_ref="mother")
    assert entry.get("due_at") == "2026-11-26T10:00:00Z"  # Tuesday 24 November is a holiday


def test_where_somebody_comes_from_must_be_known_before_it_is_confirmed(counter: Counter) -> None:
    entry = counter.begin(
        "residence.population_change", OFFICE, kind="arrival", citizen_ref="mother", event_date="16/11/2026"
    )
    with pytest.raises(RuleError):
        entry.perform("confirm", OFFICE)
    entry.set("other_place", {"detail": "Thành phố Hải Phòng"})
    entry.perform("confirm", OFFICE)


def test_a_receipt_says_its_amount_in_words_and_is_cancelled_by_another(counter: Counter) -> None:
    entry = counter.begin(
        "onestop.fee_receipt", CASHIER, payer_name="Lê Văn Khánh", fee_item="Phí chứng thực", amount="12000"
    )
    assert entry.get("amount_words") == "Mười hai nghìn đồng chẵn"
    entry.perform("issue", CASHIER)
    with pytest.raises(RuleError):
        entry.set("amount", 9000)
    with pytest.raises(RuleError):
        entry.perform("cancel", CASHIER, {"cancelled_reason": "Ghi nhầm"})
    entry.perform("cancel", ACCOUNTANT, {"cancelled_reason": "Ghi nhầm"})


def test_an_incoming_document_gets_its_number_when_it_is_registered(catalog: Catalog) -> None:
    record_type = catalog.record_type("documents.incoming_doc")
    assert [action.id for action in record_type.actions if action.takes_number] == ["register"]
    assert record_type.register is not None
    assert record_type.register.format.format(n=5) == "05"


def test_a_document_cannot_be_dated_after_it_arrived_and_secret_ones_cannot_be_entered(counter: Counter) -> None:
    entry = counter.begin("documents.incoming_doc", CLERK, doc_date="19/11/2026")
    assert entry.problem("doc_date")
    assert [choice.code for choice in entry.choices("security_mark")] == ["none"]


def test_a_document_is_assigned_before_it_is_worked_on_and_due_at_the_end_of_its_day(counter: Counter) -> None:
    entry = counter.begin(
        "documents.incoming_doc",
        CLERK,
        received_by="post",
        issuer_org="office",
        doc_number="118/STP-HT",
        doc_date="16/11/2026",
        summary="Thông báo lịch tập huấn",
    )
    assert entry.get("due_at") is None
    entry.set("due_date", "30/11/2026")
    assert entry.get("due_at") == "2026-11-30T10:00:00Z"
    entry.perform("register", CLERK)
    entry.perform("submit", CLERK)
    with pytest.raises(RuleError):
        entry.perform("assign", OFFICE)
    entry.perform("assign", OFFICE, {"assignee_main": "Văn phòng"})


def test_the_city_s_reception_reaches_dossiers_and_people_only(catalog: Catalog) -> None:
    (scopes,) = (role.scopes for role in catalog.roles if role.id == RECEPTION.roles[0])
    assert set(scopes) == {"onestop", "people"}
    watching = {role.id: role.scopes for role in catalog.roles if role.id in ("auditor", "admin")}
    assert watching == {"auditor": (), "admin": ()}

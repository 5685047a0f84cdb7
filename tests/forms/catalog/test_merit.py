"""Meritorious persons, their relatives and what they are paid: an application before its decision, dated amounts, nothing twice."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forms.batches import Batch
from forms.entry import RecordEntry, RuleError
from forms.flow_book import batch_named, flow_book
from forms.flows import FlowJudge, Source, values_of
from tests.forms.catalog.conftest import Counter, Person

SOCIAL = Person("o-social", "Lý Thị Bảo Châu", ("social_officer",))
PERSON, RELATIVE, PAYMENT = "merit.merit_person", "merit.merit_relative", "merit.merit_payment"
DECISION = {"file_no": "TB/HN-1", "decision_no": "1/QĐ-SNV", "decision_date": "2026-11-02"}


@pytest.fixture
def office(counter: Counter) -> Counter:
    """A counter that knows a martyr, two injured soldiers and a worshipper."""
    counter.records |= {
        "martyr": {"group": "martyr", "citizen_ref": "father", "file_no": "LS/HN-1"},
        "injured": {"group": "wounded", "injury_rate": 65, "citizen_ref": "mother", "file_no": "TB/HN-2", "pay_method": "account"},
        "lightly": {"group": "wounded", "injury_rate": 45, "citizen_ref": "mother", "file_no": "TB/HN-3"},
        "worshipper": {
            "person_ref": "martyr", "citizen_ref": "mother", "benefit_kind": "worship", "from_month": "2020-01",
            "amount": 1_400_000,
        },
        "widow": {"person_ref": "martyr", "citizen_ref": "mother", "benefit_kind": "monthly", "amount": 2_789_000, "from_month": "2026-05", "to_month": "2026-10"},
    }  # fmt: skip
    return counter


def blocking(entry: RecordEntry) -> set[str]:
    return {problem.message.en for problem in entry.problems() if problem.blocks}


def test_an_application_needs_no_decision_and_becomes_a_file_with_one(office: Counter) -> None:
    person = office.begin(PERSON, SOCIAL, citizen_ref="mother", group="wounded", injury_rate=30, pay_method="cash")
    assert (person.state, blocking(person)) == ("proposed", set())
    with pytest.raises(RuleError):
        person.perform("recognise", SOCIAL, DECISION)  # from which month is not said yet
    person.set("start_month", "2026-12")
    person.perform("recognise", SOCIAL, DECISION)
    assert person.state == "active"


def test_a_martyr_without_an_allowance_is_asked_neither_month_nor_account(office: Counter) -> None:
    person = office.begin(PERSON, SOCIAL, citizen_ref="mother", group="martyr")
    person.perform("recognise", SOCIAL, DECISION)
    assert not {name for name in ("start_month", "pay_method", "account_no") if person.is_relevant(name)}


def test_a_resumed_allowance_keeps_no_reason_of_the_suspension(office: Counter) -> None:
    fields = {"citizen_ref": "mother", "group": "imprisoned", "start_month": "2020-01", "level_date": "2024-07-01"}
    person = office.entry(PERSON, SOCIAL, fields=fields | DECISION | {"pay_method": "cash"}, state="active")
    person.recalculate()
    person.perform("suspend", SOCIAL, {"ended_on": "2026-11-01", "end_reason": "Chờ xác minh"})
    person.perform("resume", SOCIAL)
    assert (person.get("ended_on"), person.get("end_reason")) == (None, None)


@pytest.mark.parametrize(
    ("values", "turn"),
    [
        ({"group": "heroic_mother"}, 2027),
        ({"group": "wounded", "injury_rate": 81}, 2027),
        ({"group": "wounded", "injury_rate": 80}, 2028),
        ({"group": "imprisoned"}, 2028),
    ],
)
def test_convalescence_comes_every_year_or_every_other(office: Counter, values: dict[str, Any], turn: int) -> None:
    assert office.begin(PERSON, SOCIAL, citizen_ref="mother", care_cycle=2026, **values).get("care_next") == turn


def test_seniority_before_1945_is_paid_for_each_term(office: Counter) -> None:
    person = office.begin(PERSON, SOCIAL, citizen_ref="mother", group="before_1945")
    person.set("monthly_level_code", "before_1945_full")
    person.set("seniority", 4)
    assert (person.get("monthly_amount"), person.get("allowance_amount")) == (3_117_000, 4 * 529_000)


@pytest.mark.parametrize(
    ("of", "kind", "amount"),
    [
        ("martyr", "monthly", 2_789_000),
        ("martyr", "nurture", 5_020_000),
        ("injured", "monthly", 1_568_000),
        ("injured", "nurture", 3_799_000),
        ("injured", "carer", 2_789_000),
    ],
)
def test_a_survivors_allowance_goes_by_whose_relative_it_is(office: Counter, of: str, kind: str, amount: int) -> None:
    relative = office.begin(RELATIVE, SOCIAL, person_ref=of, citizen_ref="father", benefit_kind=kind, relation="child")
    assert relative.get("amount") == amount


@pytest.mark.parametrize(("of", "told"), [("injured", False), ("lightly", True)])
def test_survivors_of_a_light_injury_are_looked_at_again(office: Counter, of: str, told: bool) -> None:
    relative = office.begin(RELATIVE, SOCIAL, person_ref=of, citizen_ref="father", benefit_kind="monthly")
    assert any("61%" in problem.message.en for problem in relative.problems()) is told


@pytest.mark.parametrize("kind", ["several", "worship", "toxic_child_full"])
def test_what_is_for_one_group_only_is_refused_to_another(office: Counter, kind: str) -> None:
    relative = office.begin(RELATIVE, SOCIAL, person_ref="injured", citizen_ref="father", benefit_kind=kind)
    assert "benefit_kind" in {problem.path for problem in relative.problems() if problem.blocks}


def test_worship_needs_the_familys_authorisation_unless_there_is_one_relative_only(office: Counter) -> None:
    relative = office.begin(RELATIVE, SOCIAL, person_ref="martyr", citizen_ref="mother", benefit_kind="worship", relation="child", pay_method="cash", from_month="2026-11", decision_no="7/QĐ-SNV")  # fmt: skip
    assert not blocking(relative)  # so that the paper can be printed and signed first
    with pytest.raises(RuleError):
        relative.perform("grant", SOCIAL)
    relative.set("sole_relative", True)
    relative.perform("grant", SOCIAL)
    assert relative.state == "active"


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"kind": "monthly", "person_ref": "worshipper", "period": "2026-11"}, True),
        ({"kind": "worship", "person_ref": "worshipper", "period": "2026-11"}, False),
        ({"kind": "worship", "person_ref": "injured", "period": "2026-11"}, True),
        ({"kind": "monthly", "person_ref": "widow", "period": "2026-10"}, False),
        ({"kind": "monthly", "person_ref": "widow", "period": "2026-11"}, True),  # past the last month
        ({"kind": "monthly", "person_ref": "widow", "period": "2026-TET"}, True),
    ],
)
def test_a_payment_is_for_what_the_person_is_due(office: Counter, values: dict[str, Any], refused: bool) -> None:
    payment = office.begin(PAYMENT, SOCIAL, **values)
    assert bool(blocking(payment)) is refused


@pytest.mark.parametrize(
    ("kind", "source", "method"),
    [("gift_city", "city", "cash"), ("gift_ward", "ward", "cash"), ("funeral", "central", "cash"), ("care", "central", "account")],
)  # fmt: skip
def test_source_and_way_of_paying_follow_the_kind(office: Counter, kind: str, source: str, method: str) -> None:
    payment = office.begin(PAYMENT, SOCIAL, person_ref="injured", period="2026-TET", kind=kind)
    assert (payment.get("source"), payment.get("pay_method")) == (
        source,
        method,
    )  # a dead person's account gets nothing


def test_a_relatives_line_shows_the_file_of_the_person(office: Counter) -> None:
    payment = office.begin(PAYMENT, SOCIAL, person_ref="widow", period="2026-10", kind="monthly")
    assert payment.get("payee_group") == "LS/HN-1"


def test_a_death_proposes_the_funeral_grant_and_three_months_of_allowances(office: Counter) -> None:
    fields = {"citizen_ref": "mother", "group": "wounded", "injury_rate": 81, "level_date": "2024-07-01"}
    person = office.entry(PERSON, SOCIAL, fields=fields | {"ended_on": "2026-11-10"}, state="dead", id="p")
    person.recalculate()
    source = Source(office.catalog.record_type(PERSON), "p", "dead", None, person.fields)
    flows = {f.id: (f, to) for f, to in FlowJudge(flow_book(office.catalog), office.records.get).applying(source)}
    assert {"funeral", "three_months"} <= set(flows)
    flow, to = flows["three_months"]
    made = values_of(flow, to, person, "p")
    assert made["amount"] == 3 * (7_240_000 + 1_436_000)
    assert flow.link != flows["funeral"][0].link  # the one does not pass for the other


def batch(office: Counter, name: str, source: str, paid: list[dict[str, Any]], **given: Any) -> Any:
    flow = batch_named(flow_book(office.catalog), f"merit.{name}")
    assert flow is not None
    context = office.entry(PAYMENT, SOCIAL).context
    known = msgspec.structs.replace(context, find=lambda kind, field, value: paid if kind == PAYMENT else [])
    return Batch(flow, given, office.catalog, known).begin(source, "active", None, office.records[source])


def test_relatives_get_their_gifts_at_the_rate_of_the_occasion(office: Counter) -> None:
    begun = batch(office, "relatives_gifts", "widow", [], period="2026-TET", kind="gift_president")
    assert (begun.entry.get("amount"), begun.entry.get("person_ref")) == (300_000, "widow")


def test_worship_is_listed_once_a_year(office: Counter) -> None:
    assert batch(office, "worship_list", "widow", [], period="2026-07") is None
    assert batch(office, "worship_list", "worshipper", [], period="2026-07").left_out == ()
    paid = [{"_id": "x", "_state": "paid", "kind": "worship", "period": "2026-03"}]
    assert batch(office, "worship_list", "worshipper", paid, period="2026-07").left_out


def test_a_martyr_does_not_die_again(office: Counter) -> None:
    fields = {"citizen_ref": "mother", "group": "martyr", "level_date": "2024-07-01"} | DECISION
    person = office.entry(PERSON, SOCIAL, fields=fields, state="active")
    person.recalculate()
    with pytest.raises(RuleError):
        person.perform("died", SOCIAL, {"ended_on": "2026-11-10"})


@pytest.mark.parametrize("register", [PERSON, RELATIVE])
def test_a_dossier_of_the_one_stop_opens_the_application(office: Counter, register: str) -> None:
    office.records["procedure"] = {"opens_record": register}
    fields = {"procedure_ref": "procedure", "applicant_type": "person", "applicant_ref": "mother"}
    source = Source(office.catalog.record_type("onestop.dossier"), "d", "accepted", None, fields)
    judge = FlowJudge(flow_book(office.catalog), office.records.get)
    flow, to = next((f, to) for f, to in judge.applying(source) if f.id == "opens_record")
    values = values_of(flow, to, office.entry("onestop.dossier", fields=fields), "d")
    assert (to.id, values["dossier_ref"], values["citizen_ref"]) == (register, "d", "mother")

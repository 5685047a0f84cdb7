"""Citizen reception and petitions: the denouncer is named nowhere but in the team's own record; terms; who decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forms.entry import RecordEntry, RuleError
from forms.flow_book import flow_book
from forms.flows import FlowJudge, Source, values_of
from forms.printing import PrintContext, render
from forms.summary import describe
from tests.forms.catalog.conftest import OFFICE, WARD, Counter, Person

VISIT, PETITION, CASE = "petitions.reception", "petitions.petition", "petitions.complaint_case"
TEAM = Person("o-team", "Ngô Thị Minh Tâm", ("petition_team",))
CHAIR = Person("o-chair", "Nguyễn Hữu Thành", ("chair", "petition_team"))
SECRET = "Trịnh Thị Bí Mật"


def petition(counter: Counter, kind: str, **more: object) -> RecordEntry:
    values = {"class": kind, "field": "land", "target": "Quyết định số 31/QĐ-XPHC", "content": "Đề nghị xem xét"}
    entry = counter.begin(PETITION, TEAM, **(values | more))
    entry.set("sender_refs", [{"_id": "s"}])
    entry.set("sender_refs/s/name", SECRET)
    return entry


def accepted(counter: Counter, kind: str) -> RecordEntry:
    entry = petition(counter, kind)
    entry.perform("register", TEAM)
    entry.perform("classify", TEAM, {"handler_ref": TEAM.id, "jurisdiction": "own", "eligible": True})
    entry.perform("propose", TEAM, {"decision": "accept", "proposal": "Đủ điều kiện"})
    entry.perform("accept", CHAIR)
    return entry


def case(counter: Counter, kind: str) -> RecordEntry:
    counter.records["p"] = accepted(counter, kind).fields
    entry = counter.begin(CASE, TEAM, petition_ref="p")
    entry.perform("accept", CHAIR)
    return entry


def test_the_reception_book_refuses_a_denouncers_name(counter: Counter) -> None:
    entry = counter.begin(VISIT, OFFICE, petition_class="denunciation", content="Chính sách xã hội", handling="accept")
    entry.set("citizen_ref", "mother")
    with pytest.raises(RuleError):
        entry.perform("receive", OFFICE)
    assert "Tuyết" not in entry.title
    entry.set("citizen_ref", None)
    entry.perform("receive", OFFICE)
    assert entry.state == "received"


def test_the_team_alone_sees_petitions(counter: Counter) -> None:
    for type_id in (PETITION, CASE):
        scope = counter.catalog.record_type(type_id).scope
        assert [role.id for role in counter.catalog.roles if scope in role.scopes] == ["petition_team"]
        assert next(each.restricted for each in counter.catalog.scopes if each.id == scope)


def test_a_denouncer_is_in_no_title_no_search_and_on_no_paper(counter: Counter) -> None:
    record_type = counter.catalog.record_type(PETITION)
    fields = accepted(counter, "denunciation").fields
    shown = describe(record_type, counter.catalog, fields, state="accepted", number="9", resolve=counter.records.get)
    assert SECRET not in f"{shown.title} {shown.subtitle} {shown.search_text} {shown.sort}"
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    context = PrintContext(ward=WARD, officer=OFFICE, now=now, resolve=counter.records.get, related=lambda *_: [])
    for printout in record_type.printouts:
        state = printout.states[-1]
        html = render(
            record_type,
            printout.id,
            counter.catalog,
            [{"id": "p", "state": state, "number": "9", "fields": fields}],
            context=context,
        )
        assert SECRET not in html, printout.id


def test_a_complainant_is_found_by_name(counter: Counter) -> None:
    assert accepted(counter, "complaint").get("first_sender") == SECRET


def test_the_flow_from_the_counter_carries_no_denouncer(counter: Counter) -> None:
    record_type = counter.catalog.record_type(VISIT)
    fields = {"petition_class": "denunciation", "handling": "accept", "visit_date": "2026-11-18T02:00:00Z"}
    fields |= {"content": "Tôi là hàng xóm của ông X", "citizen_ref": "mother"}
    judge = FlowJudge(flow_book(counter.catalog), counter.records.get)
    entry = counter.entry(VISIT, fields=fields, state="received")
    (begun,) = judge.applying(Source(record_type, "v", "received", "7", fields))
    assert values_of(begun[0], begun[1], entry, "v").keys().isdisjoint({"content", "sender_refs"})


@pytest.mark.parametrize(
    ("kind", "many", "due"),
    [("complaint", False, "2026-11-30"), ("denunciation", False, "2026-11-30"), ("denunciation", True, "2026-12-03")],
)
def test_a_petition_has_its_days(counter: Counter, kind: str, many: bool, due: str) -> None:
    # from Wednesday 18 November: 10 days end on a Saturday; 24 November is a holiday
    entry = petition(counter, kind)
    if many:
        entry.set("many_places", True)
    assert entry.get("due_process") == due


@pytest.mark.parametrize(
    ("complexity", "due"),
    [("normal", "2026-12-18"), ("complex", "2027-01-04"), ("remote", "2027-01-04"), ("remote_complex", "2027-01-18")],
)
def test_a_complaint_has_30_45_or_60_days(counter: Counter, complexity: str, due: str) -> None:
    entry = case(counter, "complaint")
    entry.set("complexity", complexity)
    assert entry.get("due_date") == due


def test_a_denunciation_is_extended_as_often_as_it_is_complex(counter: Counter) -> None:
    entry = case(counter, "denunciation")
    with pytest.raises(RuleError):
        entry.perform("extend", CHAIR, {"extension_reason": "Nhiều nơi"})
    entry.set("complexity", "complex")
    entry.perform("extend", CHAIR, {"extension_reason": "Nhiều nơi"})
    assert entry.get("due_date") == "2027-01-18"
    with pytest.raises(RuleError):
        entry.perform("extend", CHAIR, {"extension_reason": "Nhiều nơi"})


def test_a_suspended_case_has_later_to_run(counter: Counter) -> None:
    entry = case(counter, "complaint")
    entry.perform("assign", CHAIR, {"verifier_ref": TEAM.id, "verify_days": 10})
    entry.perform("suspend", CHAIR, {"suspend_reason": "Chờ giám định"})
    counter.set_clock(28, 9)
    entry.perform("resume", CHAIR, {"verifier_ref": TEAM.id})
    assert entry.get("due_date") == "2026-12-28"


def test_only_the_chair_accepts_and_decides(counter: Counter) -> None:
    entry = petition(counter, "complaint")
    entry.perform("register", TEAM)
    entry.perform("classify", TEAM, {"handler_ref": "mother", "jurisdiction": "own", "eligible": True})
    entry.perform("propose", TEAM, {"decision": "accept", "proposal": "Đủ điều kiện"})
    deputy = Person("o-vice", "Đỗ Quang Huy", ("vice_chair", "petition_team"))
    with pytest.raises(RuleError):
        entry.perform("accept", deputy)
    entry.perform("accept", CHAIR)
    assert entry.get("signer_ref") == CHAIR.id


def test_differing_views_are_talked_over_before_the_decision(counter: Counter) -> None:
    entry = case(counter, "complaint")
    entry.perform("assign", CHAIR, {"verifier_ref": TEAM.id, "verify_days": 10})
    entry.set("verify_result", "Chưa rõ")
    entry.set("views_differ", True)
    answer = {"conclusion": "right", "decision_no": "05/QĐ-GQKN", "decision_date": "2026-11-18", "holding": "Hủy"}
    with pytest.raises(RuleError):
        entry.perform("decide", CHAIR, answer)
    talk = {"dialogue_date": "2026-11-18", "dialogue_place": "Trụ sở", "dialogue_chair_ref": CHAIR.id}
    entry.perform("hold_dialogue", TEAM, talk)
    entry.perform("decide", CHAIR, answer)
    assert entry.state == "decided"


def test_the_chairs_day_is_the_chairs_own(counter: Counter) -> None:
    counter.records |= {"boss": {"roles": ["chair"]}, "deputy": {"roles": ["vice_chair"]}}
    entry = counter.begin(VISIT, OFFICE, kind="chair", receiver_ref="deputy")
    assert entry.problem("receiver_ref") is not None
    entry.set("visit_date", "2026-06-10T02:00:00Z")  # before the law of 1 July 2026 a deputy could
    assert entry.problem("receiver_ref") is None
    entry.set("visit_date", "2026-11-18T01:00:00Z")
    entry.set("receiver_ref", "boss")
    assert entry.problem("receiver_ref") is None

"""Household businesses: who may own one, the days for the certificate, and changes that come by approved events alone."""

from __future__ import annotations

import pytest

from forms.entry import RecordEntry, RuleError
from forms.flow_book import flow_book
from forms.flows import FlowJudge, Source
from tests.forms.catalog.conftest import Counter, Person

HKD = "business.hkd"
EVENT = "business.hkd_event"
FIELD = Person("o-field", "Ngô Thị Minh Tâm", ("officer_field",))
HEAD = Person("o-head", "Lương Thế Vinh", ("dept_head",))


def business(counter: Counter, **more: object) -> RecordEntry:
    values = {
        "owner_ref": "father",
        "phone": "0912345678",
        "name": "Hộ kinh doanh Phở Minh Dũng",
        "head_office": {"unit": "00070", "detail": "12 Hàng Bài"},
        "premises": "house",
        "lines": [{"_id": "a", "code": "5610", "name": "Dịch vụ ăn uống", "main": True}],
        "capital": 100_000_000,
        "workers": 2,
        "start_date": "2026-12-01",
    }
    return counter.begin(HKD, FIELD, **(values | more))


def issued(counter: Counter) -> RecordEntry:
    entry = business(counter)
    entry.perform("receive", FIELD)
    entry.perform("issue", HEAD, {"business_code": "001085000025"})
    return entry


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Phở Minh Dũng"),
        ("name", "Hộ kinh doanh Công ty Phở"),
        ("head_office", {"unit": "00004", "detail": "15 Ngọc Hà"}),
        ("premises", "flat"),
        ("capital", 0),
        ("owner_ref", "child"),
    ],
)
def test_what_the_decree_does_not_allow_is_refused(counter: Counter, field: str, value: object) -> None:
    counter.records["child"] = {"full_name": "Phạm Gia Bảo", "dob": "2010-02-01", "gender": "1"}
    with pytest.raises(RuleError) as refused:
        business(counter, **{field: value}).perform("receive", FIELD)
    assert {problem.path for problem in refused.value.problems} == {field}


def test_exactly_one_line_is_the_main_one(counter: Counter) -> None:
    entry = business(counter, lines=[{"_id": "a", "code": "5610", "name": "Ăn uống"}])
    with pytest.raises(RuleError):
        entry.perform("receive", FIELD)


def test_the_days_begin_anew_with_a_valid_dossier(counter: Counter) -> None:
    entry = business(counter)  # Wednesday 18 November
    entry.perform("receive", FIELD)
    assert str(entry.get("due_at"))[:10] == "2026-11-23"
    entry.perform("ask_supplement", FIELD, {"supplement_reason": "Ghi lại mã ngành"})
    assert entry.get("due_at") is None  # nobody is late while the owner amends
    counter.set_clock(25, 9)
    entry.perform("amended", FIELD)
    assert str(entry.get("due_at"))[:10] == "2026-11-30"


def test_whoever_took_it_in_does_not_sign(counter: Counter) -> None:
    both = Person("o-both", "Đinh Văn Quyết", ("officer_field", "dept_head"))
    entry = business(counter)
    entry.perform("receive", both)
    with pytest.raises(RuleError):
        entry.perform("issue", both, {"business_code": "001085000025"})


def test_an_approved_change_is_what_changes_the_certificate(counter: Counter) -> None:
    certificate = issued(counter)
    counter.records["hkd"] = certificate.fields
    assert certificate.is_locked("capital")
    event = counter.begin(EVENT, FIELD, hkd_ref="hkd", kind="change", changed_on="2026-11-16", new_capital=300_000_000)
    event.set("new_lines", [{"_id": "b", "code": "5630", "name": "Đồ uống", "main": True}])
    assert [row["item"] for row in event.fields["changes"]] == ["Vốn kinh doanh", "Ngành, nghề kinh doanh"]
    event.perform("approve", HEAD)
    counter.records["event"] = event.fields
    certificate = counter.entry(HKD, HEAD, fields=certificate.fields, state=certificate.state, id="hkd")
    certificate.perform("change", HEAD, {"event_ref": "event"})
    assert (certificate.state, certificate.get("capital"), certificate.get("change_no")) == ("changed", 300_000_000, 1)
    assert [line["code"] for line in certificate.fields["lines"]] == ["5630"]
    assert certificate.get("name") == "Hộ kinh doanh Phở Minh Dũng"


@pytest.mark.parametrize(
    ("kind", "action"),
    [("change", "change"), ("pause", "pause"), ("continue", "resume"), ("close", "close"), ("revoke", "revoke")],
)
def test_each_kind_of_event_does_one_thing(counter: Counter, kind: str, action: str) -> None:
    judge = FlowJudge(flow_book(counter.catalog), counter.records.get)
    source = Source(counter.catalog.record_type(EVENT), "e", "approved", "1", {"hkd_ref": "hkd", "kind": kind})
    assert [flow.action for flow, to in judge.applying(source) if to.id == HKD] == [action]


def test_closing_waits_for_the_tax_office(counter: Counter) -> None:
    counter.records["hkd"] = issued(counter).fields
    event = counter.begin(EVENT, FIELD, hkd_ref="hkd", kind="close")
    with pytest.raises(RuleError):
        event.perform("approve", HEAD)
    event.set("tax_cleared", "done")
    event.perform("approve", HEAD)
    assert event.state == "approved"

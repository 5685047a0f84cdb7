"""Certified copies: the fee by pages, the same-day rule, who compares and who certifies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import CIVIL, OFFICE, RECEPTION, VICE_CHAIR, Counter

COPY = "certification.cert_copy"


def paper(counter: Counter, **more: object) -> RecordEntry:
    return counter.begin(COPY, CIVIL, **({"requester_name": "Hoàng Thị Bích Đào", "doc_title": "Bằng đại học"} | more))


@pytest.mark.parametrize(
    ("pages", "copies", "fee"),
    [(1, 1, 2000), (2, 1, 4000), (3, 1, 5000), (2, 3, 12000), (198, 1, 200000), (199, 1, 200000), (500, 2, 400000)],
)
def test_the_fee_is_two_thousand_then_one_thousand_a_page(counter: Counter, pages: int, copies: int, fee: int) -> None:
    assert paper(counter, pages=pages, copies=copies).get("fee") == fee


@given(pages=st.integers(1, 600), copies=st.integers(1, 300))
def test_no_copy_costs_more_than_two_hundred_thousand_and_one_more_page_never_less(
    catalog: Catalog, pages: int, copies: int
) -> None:
    entry = paper(Counter(catalog), pages=pages, copies=copies)
    fee = entry.get("fee")
    assert 2000 * copies <= fee <= 200000 * copies
    entry.set("pages", pages + 1)
    assert entry.get("fee") >= fee


def test_a_box_left_empty_is_not_ticked_and_words_left_out_are_not_typed(counter: Counter) -> None:
    told = [problem.message.vi for problem in paper(counter, doc_title=None).problems("certified")]
    assert "Chưa đánh dấu ô “Đã đối chiếu bản chính, không tẩy xóa, không hư hỏng”" in told
    assert "Chưa nhập Tên giấy tờ được chứng thực" in told


def test_it_is_due_the_same_day_before_three_else_the_next_working_day(counter: Counter) -> None:
    counter.set_clock(18, 14, 59)
    assert paper(counter).get("due_at") == "2026-11-18T10:00:00Z"
    counter.set_clock(18, 15, 1)
    assert paper(counter).get("due_at") == "2026-11-19T10:00:00Z"


def test_many_copies_may_take_two_working_days_more_by_agreement(counter: Counter) -> None:
    entry = paper(counter, pages=20, copies=30)
    entry.set("extra_days", "2")
    assert entry.get("due_at") == "2026-11-20T10:00:00Z"
    entry.set("extra_days", "3")
    assert entry.problem("extra_days")


def test_what_was_not_compared_with_the_original_is_not_certified(counter: Counter) -> None:
    entry = paper(counter)
    with pytest.raises(RuleError):
        entry.perform("check", CIVIL, {"original_seen": False})
    entry.perform("check", CIVIL, {"original_seen": True})
    assert entry.get("checked_by") == CIVIL.id


@pytest.mark.parametrize("officer", [RECEPTION, OFFICE])
def test_only_leaders_and_delegated_civil_servants_certify(counter: Counter, officer: object) -> None:
    entry = paper(counter)
    entry.perform("check", CIVIL, {"original_seen": True})
    with pytest.raises(RuleError):
        entry.perform("certify", officer)  # type: ignore[arg-type]


def test_whoever_compared_it_is_warned_before_certifying_it_and_asked_for_the_delegation(counter: Counter) -> None:
    entry = paper(counter)
    entry.perform("check", CIVIL, {"original_seen": True})
    (certify,) = (o for o in entry.actions(CIVIL) if o.action.id == "certify")
    assert certify.enabled
    assert len(certify.problems) == 2
    (certify,) = (o for o in entry.actions(VICE_CHAIR) if o.action.id == "certify")
    assert certify.problems == ()


def test_a_certified_copy_is_locked_and_can_only_be_cancelled_with_a_reason(counter: Counter) -> None:
    entry = paper(counter)
    entry.perform("check", CIVIL, {"original_seen": True})
    entry.perform("certify", VICE_CHAIR)
    assert entry.get("signer_ref") == VICE_CHAIR.id
    assert entry.get("cert_date") == "2026-11-18"
    with pytest.raises(RuleError):
        entry.set("copies", 9)
    with pytest.raises(RuleError):
        entry.perform("cancel", VICE_CHAIR)
    entry.perform("cancel", VICE_CHAIR, {"cancelled_reason": "Phát hiện bản chính giả"})


def test_an_electronic_copy_needs_its_file(counter: Counter) -> None:
    entry = paper(counter, form="electronic")
    entry.perform("check", CIVIL, {"original_seen": True})
    with pytest.raises(RuleError) as error:
        entry.perform("certify", VICE_CHAIR)
    assert [problem.path for problem in error.value.problems] == ["file"]


def test_a_refusal_says_why(counter: Counter) -> None:
    with pytest.raises(RuleError):
        paper(counter).perform("refuse", CIVIL)
    entry = paper(counter)
    entry.perform("refuse", CIVIL, {"refused_reason": "Bản chính bị tẩy xóa ở trang 4"})
    assert entry.state == "refused"


def test_the_number_is_taken_when_it_is_certified_from_a_book_of_the_year(catalog: Catalog) -> None:
    record_type = catalog.record_type(COPY)
    assert [action.id for action in record_type.actions if action.takes_number] == ["certify"]
    assert record_type.register is not None
    assert (record_type.register.kind, record_type.register.period) == ("leased", "year")
    assert record_type.register.book_format == "{book:02d}/{yyyy}-SCT/BS"


def test_the_next_paper_of_the_visit_keeps_the_requester(catalog: Catalog) -> None:
    kept = {field.name for field in catalog.record_type(COPY).fields if field.carry}
    assert {"visit_id", "requester_name", "requester_id", "received_at"} <= kept
    assert not kept & {"doc_title", "pages", "copies", "cert_no"}

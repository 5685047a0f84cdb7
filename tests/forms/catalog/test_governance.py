"""Monthly sheets, objectives and the register of reports: figures that follow from what was entered."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from forms.report_register import register_for, register_values
from forms.report_windows import window_of
from forms.reports import ReportContext, compute
from tests.forms.catalog.conftest import CIVIL, OFFICE, VICE_CHAIR, Counter, Person

KPI, OKR, REPORT, TASK = "governance.kpi_month", "governance.okr", "governance.periodic_report", "governance.task"
CLOSING = "governance.book_closing"
WORK = {"name": "Hồ sơ", "coefficient": "1", "assigned": 10, "done": 10, "failures": 0, "delays": 0}


def sheet(counter: Counter, *products: dict[str, Any], others: list[dict[str, Any]] = [], **fields: Any) -> RecordEntry:  # noqa: B006 - only read
    """A sheet of the civil-status officer, where these sheets of others are known."""

    def find(_type: str, field: str, value: Any) -> list[dict[str, Any]]:
        return [{"_number": None, **o} for o in others if o.get(field) == value]

    context = msgspec.structs.replace(counter.entry(KPI, CIVIL).context, find=find)
    entry = RecordEntry(counter.catalog.record_type(KPI), counter.catalog, context)
    for name, value in {"month": "2026-10", "officer_ref": CIVIL.id, "common_score": "28", **fields}.items():
        entry.set(name, value)
    for product in products or (WORK,):
        entry.add_row("products", product)
    return entry


def test_a_month_without_a_fault_is_excellent(counter: Counter) -> None:
    entry = sheet(counter)
    scores = {
        name: entry.get(name) for name in ("quantity_pct", "quality_pct", "progress_pct", "result_score", "total")
    }
    assert scores == {
        "quantity_pct": "100",
        "quality_pct": "100",
        "progress_pct": "100",
        "result_score": "70",
        "total": "98",
    }
    assert (entry.get("rank"), entry.is_relevant("leader_pct")) == ("excellent", False)


@pytest.mark.parametrize(
    ("change", "figure", "percent"),
    [
        ({"done": 8}, "quantity_pct", "80"),
        ({"done": 14}, "quantity_pct", "100"),  # more than was asked does not make up for other work
        ({"failures": 2}, "quality_pct", "95"),  # two of ten products lose a quarter each
        ({"failures": 99}, "quality_pct", "0"),
        ({"assigned": 1, "done": 1, "delays": 1}, "progress_pct", "75"),
        ({"done": 0}, "quality_pct", "0"),
    ],
)
def test_a_fault_takes_a_quarter_of_that_product(
    counter: Counter, change: dict[str, Any], figure: str, percent: str
) -> None:
    assert sheet(counter, WORK | change).get(figure) == percent


def test_products_count_by_their_coefficient(counter: Counter) -> None:
    entry = sheet(counter, WORK, WORK | {"coefficient": "3", "assigned": 10, "done": 0})
    assert entry.get("quantity_pct") == "25"


def test_leaders_are_judged_by_a_fourth_index(counter: Counter) -> None:
    entry = sheet(counter, is_leader=True, leader_result="60", leader_organising="60", leader_unity="60")
    assert entry.get("leader_pct") == "60"
    assert entry.get("result_score") == "63"  # 70 × (3 × 100 + 60) / 4


@pytest.mark.parametrize(("score", "rank"), [("20", "excellent"), ("19.9", "good"), ("0", "good")])
def test_the_rank_follows_the_thresholds(counter: Counter, score: str, rank: str) -> None:
    assert sheet(counter, common_score=score).get("rank") == rank


def test_a_rank_may_be_lowered_with_a_reason_and_never_raised(counter: Counter) -> None:
    entry = sheet(counter, common_score="10")
    entry.set("rank", "excellent")
    assert any(p.path == "rank" and p.blocks for p in entry.problems("submitted"))
    entry.set("rank", "completed")
    assert {p.path for p in entry.problems("reviewed") if p.blocks} >= {"review_comment"}
    assert not any(p.path == "rank" for p in entry.problems("submitted"))


def _rated(ranks: list[str]) -> list[dict[str, Any]]:
    return [{"_id": f"k{n}", "_state": "published", "month": "2026-10", "officer_ref": f"o{n}", "rank": r} for n, r in enumerate(ranks)]  # fmt: skip


@pytest.mark.parametrize(
    ("ranks", "warns"),
    [
        (["good"] * 5, False),
        (["good"] * 4, True),
        (["good"] * 9 + ["excellent"], True),
        (["good"] * 10 + ["excellent"], False),
    ],
)
def test_more_excellent_ones_than_a_fifth_of_the_good_ones_are_warned_of(
    counter: Counter, ranks: list[str], *, warns: bool
) -> None:
    entry = sheet(counter, others=_rated(ranks))
    entry.perform("submit", CIVIL)
    (offer,) = [o for o in entry.actions(VICE_CHAIR) if o.action.id == "review"]
    assert any("Vượt tỷ lệ" in p.message.vi for p in offer.problems) == warns
    assert offer.enabled  # the law's quota is for whoever decides, not for the program


def test_nobody_reviews_his_own_sheet_and_one_month_has_one(counter: Counter) -> None:
    entry = sheet(counter)
    entry.perform("submit", CIVIL)
    with pytest.raises(RuleError):
        entry.perform("review", Person(CIVIL.id, CIVIL.name, ("dept_head",)))
    again = sheet(
        counter,
        others=[{"_id": "k", "_state": "reviewed", "month": "2026-10", "officer_ref": CIVIL.id, "rank": "good"}],
    )
    with pytest.raises(RuleError):
        again.perform("submit", CIVIL)


_FIGURES = st.integers(-1000, 1000)


@given(start=_FIGURES, target=_FIGURES, current=_FIGURES, weight=st.integers(1, 100))
def test_a_key_result_scores_between_nothing_and_all(
    catalog: Catalog, start: int, target: int, current: int, weight: int
) -> None:
    entry = Counter(catalog).entry(OKR)
    row = {
        "name": "K",
        "unit": "%",
        "start": str(start),
        "target": str(target),
        "current": str(current),
        "weight": weight,
    }
    entry.add_row("key_results", row)
    if start == target:
        assert any(p.blocks for p in entry.problems("active"))
        return
    expected = min(1.0, max(0.0, (current - start) / (target - start)))
    assert abs(float(entry.get("score")) - expected) <= 0.0051


def test_the_score_of_an_objective_is_weighted(counter: Counter) -> None:
    entry = counter.entry(OKR)
    for weight, current in ((80, "50"), (20, "100")):
        entry.add_row(
            "key_results",
            {"name": "K", "unit": "%", "start": "0", "target": "100", "current": current, "weight": weight},
        )
    assert entry.get("score") == "0.6"


@pytest.mark.parametrize(
    ("kind", "period", "window"),
    [
        ("month", "2026-01", ("2025-12-15", "2026-01-14")),
        ("quarter", "2026-Q1", ("2025-12-15", "2026-03-14")),
        ("quarter", "2026-Q4", ("2026-09-15", "2026-12-14")),
        ("half_year", "2026-H1", ("2025-12-15", "2026-06-14")),
        ("half_year", "2026-H2", ("2026-06-15", "2026-12-14")),
        ("nine_months", "2026-9M", ("2025-12-15", "2026-09-14")),
        ("year", "2026", ("2025-12-15", "2026-12-14")),
    ],
)
def test_a_report_written_by_hand_has_the_days_of_decree_09(
    counter: Counter, kind: str, period: str, window: tuple[str, str]
) -> None:
    entry = counter.begin(REPORT, period_kind=kind, period=period)
    assert (entry.get("data_from"), entry.get("data_to")) == window


def test_figures_of_confidential_registers_are_kept_within_their_scope(catalog: Catalog) -> None:
    """Whoever cannot see one of the records that a report counts gets its kept figures in no stream either."""
    hidden = {scope.id for scope in catalog.scopes if scope.restricted}
    kept = set()
    for tool in catalog.tools:
        for report in tool.reports:
            counted = {catalog.record_type(table.over).scope for table in report.tables} & hidden
            register = register_for(report, catalog)
            assert register is not None, f"{tool.id}.{report.id} is kept nowhere"
            scope = catalog.record_type(register.record).scope
            assert scope == next(iter(counted), "open")
            kept.add(scope)
    assert kept == {"open", *hidden}


def test_every_counted_report_fits_the_register(counter: Counter, catalog: Catalog) -> None:
    """What the page of a report puts into its register is a record that can be saved and passed on."""
    context = ReportContext(records=lambda *_: [], resolve=counter.records.get, calendar=counter.entry(REPORT).context.calendar, now=counter.now)  # fmt: skip
    keys = {"day": "2026-11-18", "week": "2026-W47", "month": "2026-11", "quarter": "2026-Q4", "half_year": "2026-H2", "nine_months": "2026-9M", "year": "2026", "occasion": "2026-11-01..2026-11-18", "now": "now"}  # fmt: skip
    for tool in catalog.tools:
        for report in tool.reports:
            for period in report.periods:
                window = window_of(report, keys[period], date(2026, 11, 18))
                kept_in = register_for(report, catalog)
                assert kept_in is not None
                entry = counter.entry(kept_in.record)
                figures = compute(tool.id, report, catalog, window, context)
                for name, value in register_values(kept_in, report, figures, None, "2026-11-20").items():
                    entry.put(name, value)
                assert [p for p in entry.problems() if p.blocks] == []
                assert (entry.get("data_from"), entry.get("data_to")) == (window.from_date, window.to_date)


def test_whoever_prepares_a_report_does_not_approve_it(counter: Counter) -> None:
    both = Person("o-both", "Lê Thị Thư", ("office_head",))
    entry = counter.begin(
        REPORT, both, report_code="X", title="Báo cáo", period="2026-11", narrative="Kết quả", due_at="16/11/2026 17:00"
    )
    entry.perform("start", both)
    with pytest.raises(RuleError):
        entry.perform("approve", both)
    with pytest.raises(RuleError):
        entry.perform("approve", VICE_CHAIR)  # nobody knows yet whom it goes to
    entry.set("receiver_name", "Sở Nội vụ")
    entry.perform("approve", VICE_CHAIR)
    entry.perform("send", OFFICE)
    assert (entry.state, entry.get("sync_state")) == ("sent", "sent")
    with pytest.raises(RuleError):
        entry.set("narrative", "khác")


def test_a_task_cannot_be_assigned_without_a_person_a_product_and_a_date(counter: Counter) -> None:
    entry = counter.begin(TASK, VICE_CHAIR, title="Số hóa", program="internal")
    with pytest.raises(RuleError) as refused:
        entry.perform("assign", VICE_CHAIR)
    assert {p.path for p in refused.value.problems} >= {
        "owner_ref",
        "leader_ref",
        "product",
        "product_kind",
        "due_date",
    }


@pytest.mark.parametrize(
    ("due", "updated", "level"),
    [
        ("2026-11-17", "2026-11-18T01:00:00Z", "red"),
        ("2026-11-25", "2026-11-18T01:00:00Z", "yellow"),
        ("2026-11-26", "2026-11-18T01:00:00Z", "green"),
        ("2026-12-31", "2026-11-11T01:00:00Z", "green"),
        ("2026-12-31", "2026-11-10T01:00:00Z", "grey"),
        ("2026-11-17", "2026-11-01T01:00:00Z", "red"),
    ],
)
def test_the_warning_is_worked_out_from_date_and_silence(counter: Counter, due: str, updated: str, level: str) -> None:
    entry = counter.entry(TASK, fields={"title": "Việc", "due_date": due, "last_update": updated}, state="doing")
    entry.recalculate()
    assert entry.get("warning_level") == level


def test_a_book_is_closed_by_another_with_the_seal(counter: Counter) -> None:
    entry = counter.begin(
        CLOSING, CIVIL, book="cert_copy", year=2025, book_no="01/2025", first_no=1, last_no=120, closed_on="31/12/2025"
    )
    entry.add_row("void_numbers", {"no": 130, "reason": "Ghi nhầm"})
    assert any(p.path == "void_numbers" and p.blocks for p in entry.problems("checked"))
    entry.set(f"void_numbers/{entry.rows('void_numbers')[0]}/no", 13)
    assert (entry.get("void_count"), entry.get("total_used")) == (1, 119)
    entry.perform("check", CIVIL, {"last_no": 120, "book_no": "01/2025"})
    with pytest.raises(RuleError):
        entry.perform("close", VICE_CHAIR, {"sealed": False})
    entry.perform("close", VICE_CHAIR, {"sealed": True})
    assert entry.get("certifier_signed")["name"] == VICE_CHAIR.name

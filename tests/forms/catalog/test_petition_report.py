"""The report on petitions and cases: what was carried over is counted, and each once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.report_windows import window_of
from forms.reports import ReportContext, Value, compute

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
PETITION, CASE = "petitions.petition", "petitions.complaint_case"


class Row(Struct):
    id: str
    type: str
    state: str
    fields: dict[str, Any]
    number: str | None = None


def petition(state: str, received: str, decided: str | None = None) -> Row:
    fields = {"class": "complaint", "received_date": received, "due_process": "2026-12-31", "decided_on": decided}
    return Row(f"{state}/{received}", PETITION, state, {k: v for k, v in fields.items() if v is not None})


def case(state: str, accepted: str, decided: str | None = None, due: str = "2026-12-31") -> Row:
    fields = {"kind": "complaint", "accepted_date": accepted, "due_date": due, "decision_date": decided}
    return Row(f"{state}/{accepted}", CASE, state, {k: v for k, v in fields.items() if v is not None})


def totals(catalog: Catalog, rows: list[Row]) -> dict[str, dict[str, Value]]:
    """Of the third quarter: data from 15 June to 14 September."""
    report = next(r for t in catalog.tools if t.id == "petitions" for r in t.reports if r.id == "reception_and_cases")

    def records(type_id: str, _field: str | None, _first: str, _last: str) -> list[Row]:
        return [row for row in rows if row.type == type_id]

    context = ReportContext(records=records, resolve=lambda _id: None, calendar=WorkCalendar(), now=lambda: NOW)
    made = compute("petitions", report, catalog, window_of(report, "2026-Q3", date(2026, 11, 22)), context)
    return {t.id: dict(zip((c.id for c in t.columns), t.total, strict=True)) for t in made.tables if t.total}


def test_petitions_carried_over_are_counted_until_they_are_processed(catalog: Catalog) -> None:
    rows = [
        petition("guided", "2026-06-01", "2026-06-10"),  # processed before
        petition("accepted", "2026-06-10", "2026-06-20"),  # carried over, processed in it
        petition("transferred", "2026-09-10", "2026-09-20"),  # processed after: pending at its end
        petition("classified", "2026-09-01"),
        petition("registered", "2026-09-16"),  # came after
    ]
    found = totals(catalog, rows)["petitions"]
    wanted = {"all": 3, "carried": 1, "received": 2, "accepted": 1, "transferred": 0, "guided": 0, "pending": 2}
    assert {name: found[name] for name in wanted} == wanted


def test_cases_are_counted_where_they_were_decided(catalog: Catalog) -> None:
    rows = [
        case("closed", "2026-04-01", "2026-05-01"),  # decided before
        case("decided", "2026-06-01", "2026-07-10", due="2026-07-01"),  # carried over, decided late
        case("stopped", "2026-07-01", "2026-07-20"),
        case("decided", "2026-08-20", "2026-09-18"),  # decided after: open at its end
        case("verifying", "2026-07-01", due="2026-07-31"),  # late at its end
    ]
    found = totals(catalog, rows)["cases"]
    wanted = {"all": 4, "carried": 1, "accepted": 3, "decided": 1, "stopped": 1, "late": 2, "share": 50.0}
    assert {name: found[name] for name in wanted} == wanted

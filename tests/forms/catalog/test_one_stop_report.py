"""The quarterly report of dossiers (form II.06a): what stands in which column, and that the columns add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.report_windows import window_of
from forms.reports import ReportContext, Value, compute

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
PROCEDURE = {"name": "Đăng ký khai sinh", "sector_code": "civil_status"}


class Dossier(Struct):
    id: str
    state: str
    fields: dict[str, Any]
    number: str | None = None


def dossier(state: str, received: str, due: str, finished: str | None = None, channel: str = "direct") -> Dossier:
    fields = {"procedure_ref": "p", "channel": channel, "received_at": received, "due_at": due, "finished_at": finished}
    return Dossier(f"{state}/{received}/{channel}", state, {k: v for k, v in fields.items() if v is not None})


def figures(catalog: Catalog, report_id: str, key: str, dossiers: Iterable[Dossier]) -> dict[str, dict[str, Value]]:
    """The total of each table with figures, by column."""
    report = next(r for t in catalog.tools if t.id == "onestop" for r in t.reports if r.id == report_id)
    found = list(dossiers)

    def records(type_id: str, _field: str | None, _first: str, _last: str) -> list[Dossier]:
        return found if type_id == "onestop.dossier" else []

    def resolve(_id: str) -> Mapping[str, Any]:
        return PROCEDURE

    context = ReportContext(records=records, resolve=resolve, calendar=WorkCalendar(), now=lambda: NOW)
    made = compute("onestop", report, catalog, window_of(report, key, date(2026, 11, 22)), context)
    return {t.id: dict(zip((c.id for c in t.columns), t.total, strict=True)) for t in made.tables if t.total}


def test_each_dossier_stands_in_its_column(catalog: Catalog) -> None:
    # the third quarter: data from 15 June to 14 September
    rows = [
        dossier("returned", "2026-06-10T02:00:00Z", "2026-06-20T10:00:00Z", "2026-06-25T03:00:00Z"),  # carried, late
        dossier(
            "returned", "2026-07-01T02:00:00Z", "2026-07-03T10:00:00Z", "2026-07-03T03:00:00Z", "online"
        ),  # on time
        dossier("done", "2026-07-01T02:00:00Z", "2026-07-10T10:00:00Z", "2026-07-03T03:00:00Z"),  # before time
        dossier("processing", "2026-09-10T02:00:00Z", "2026-09-12T10:00:00Z"),  # pending and late at the window's end
        dossier("supplement", "2026-09-01T02:00:00Z", "2026-09-03T10:00:00Z"),  # the clock stands
        dossier(
            "returned", "2026-09-10T02:00:00Z", "2026-09-20T10:00:00Z", "2026-09-18T03:00:00Z"
        ),  # decided after the window
        dossier(
            "returned", "2026-05-01T02:00:00Z", "2026-05-03T10:00:00Z", "2026-05-03T03:00:00Z"
        ),  # of the quarter before
        dossier("rejected", "2026-07-01T02:00:00Z", "2026-07-03T10:00:00Z"),
        dossier("accepted", "2026-09-15T02:00:00Z", "2026-09-20T10:00:00Z"),  # of the next quarter
    ]
    total = figures(catalog, "one_stop_06a", "2026-Q3", rows)["by_field"]
    assert {name: total[name] for name in ("received", "online", "direct", "carried")} == {
        "received": 6, "online": 1, "direct": 4, "carried": 1,
    }  # fmt: skip
    assert [total[name] for name in ("early", "on_time", "late", "decided")] == [1, 1, 1, 3]
    assert [total[name] for name in ("pending_in_time", "pending_late")] == [2, 1]


STATES = (
    "new",
    "accepted",
    "supplement",
    "processing",
    "payment",
    "done",
    "returned",
    "stopped",
    "withdrawn",
    "rejected",
)
MOMENTS = st.integers(0, 200 * 1440).map(lambda minutes: f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}:00Z")


@given(
    st.lists(
        st.builds(dossier, st.sampled_from(STATES), MOMENTS, MOMENTS, MOMENTS, st.sampled_from(["online", "direct"]))
    )
)
def test_what_was_received_is_either_decided_or_pending(catalog: Catalog, rows: list[Dossier]) -> None:
    for total in figures(catalog, "one_stop_06a", "2026-Q3", rows).values():
        count = {name: value or 0 for name, value in total.items() if not isinstance(value, str)}
        assert count["received"] == count["online"] + count["direct"] + count["carried"]
        assert count["received"] == count["decided"] + count["pending_in_time"] + count["pending_late"]
        assert count["pending_in_time"] >= 0


def test_waiting_for_the_citizen_is_not_late(catalog: Catalog) -> None:
    past = ("2026-11-02T02:00:00Z", "2026-11-04T10:00:00Z")
    total = figures(catalog, "overdue", "now", [dossier("supplement", *past), dossier("processing", *past)])[
        "by_officer"
    ]
    assert (total["open"], total["waiting"], total["late"]) == (2, 1, 1)

"""Every example of the catalogue goes the whole way: into a PC, to the city, to its services, to another PC, into reports.

One line of the catalogue that only looks right on paper stops here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from forms.attached import files_of
from forms.definition import Catalog
from forms.examples import Example, ExampleWorld
from forms.loader import load_catalog
from forms.printing import PrintContext, render
from tests.features.story import HOAN_KIEM, Counter, Town
from tests.forms.catalog.conftest import OFFICE, WARD


@pytest.fixture(autouse=True)
def two_weeks_after_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-12-07T08:30:00+07:00")


def test_examples_go_from_entry_to_the_city_its_services_another_pc_and_the_reports(town: Town) -> None:
    catalog = load_catalog()
    world = ExampleWorld(catalog)
    roles = tuple(role.id for role in catalog.roles)
    counter = town.counter("Nguyễn Thị Mẫu", *roles)
    other = town.counter("Trần Văn Mẫu", *roles)
    written = {kind.id: _import(counter, kind.id, world.of(kind.id)) for kind in catalog.record_types}
    assert {kind: answer["refused"] for kind, answer in written.items() if answer["refused"]} == {}

    _files_are_there(town, catalog, world)
    counter.syncs()
    assert counter.status()["refused"] == counter.status()["pending"] == 0
    ours = _held(counter, catalog)
    assert set(ours) <= set(town.records())
    _delivered(town, catalog, ours)
    counter.syncs()  # what the services answered
    other.syncs()
    at_city, ours, theirs = town.records(), _held(counter, catalog), _held(other, catalog)
    assert [i for i, mine in ours.items() if _told(at_city[i]) != _told(mine)] == []
    assert {i: _told(record) for i, record in ours.items()} == {i: _told(record) for i, record in theirs.items()}

    _printed(catalog, world)
    _reported(other, catalog)


def _held(counter: Counter, catalog: Catalog) -> dict[str, Any]:
    return {record["id"]: record for kind in catalog.record_types for record in counter.all(kind.id)}


def _told(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["state"], record["number"], record["fields"]


def _import(counter: Counter, type_id: str, examples: tuple[Example, ...]) -> Any:
    lines = [{"id": e.id, "state": e.state, "number": e.number, "fields": e.fields} for e in examples]
    return counter.writes_lines(type_id, [{k: v for k, v in line.items() if v is not None} for line in lines])


def _files_are_there(town: Town, catalog: Catalog, world: ExampleWorld) -> None:
    """As if the PC that scanned them had sent them: examples name files and bring none, and deliveries wait for files."""
    rows = {
        (HOAN_KIEM, kind.scope, file.sha256, file.size, "scanned elsewhere", "2026-11-20T01:00:00Z")
        for kind in catalog.record_types
        for example in world.of(kind.id)
        for file in files_of(kind, example.fields)
    }
    with town.gateway.city.storage.write() as session:
        session.insert("files", list({row[:3]: row for row in rows}.values()))


def _delivered(town: Town, catalog: Catalog, ours: dict[str, Any]) -> None:
    """Whatever a service must have, it has taken."""
    wanted = {
        (record["id"], delivery.service)
        for record in ours.values()
        for delivery in catalog.record_type(record["type"]).deliveries
        if record["state"] in delivery.states
    }

    def taken() -> set[tuple[str, str]]:
        return {(d["record_id"], d["service"]) for d in town.deliveries() if d["status"] == "accepted"}

    try:
        town.wait_for(lambda: wanted <= taken())
    except AssertionError:
        answers = {(d["record_id"], d["service"]): d for d in town.deliveries()}
        raise AssertionError([(key, answers.get(key)) for key in sorted(wanted - taken())][:5]) from None


def _printed(catalog: Catalog, world: ExampleWorld) -> None:
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    context = PrintContext(ward=WARD, officer=OFFICE, now=now, resolve=world.resolve, related=world.related)
    for kind in catalog.record_types:
        for printout in kind.printouts:
            fitting = [e for e in world.of(kind.id) if not printout.states or e.state in printout.states]
            assert fitting, f"{kind.id} {printout.id}: no example is in a state it is printed in"
            assert "<body>" in render(kind, printout.id, catalog, fitting[:1], context=context)


def _reported(counter: Counter, catalog: Catalog) -> None:
    """Each report counts without a mistake over each of its periods, and says something in one of them."""
    keys = {
        "day": ["2026-11-20"],
        "week": ["2026-W46", "2026-W47"],
        "month": [f"2026-{month:02d}" for month in range(12, 0, -1)],
        "quarter": ["2026-Q4", "2026-Q3", "2026-Q2", "2026-Q1"],
        "half_year": ["2026-H1", "2026-H2"],
        "nine_months": ["2026-9M"],
        "year": ["2026", "2025"],
        "occasion": ["2025-01-01..2026-12-31"],
        "now": ["now"],
    }
    silent = []
    for tool in catalog.tools:
        for report in tool.reports:
            # every period is counted once, and earlier ones of the kind only until one has something to say
            said = [_lines(counter, f"{tool.id}.{report.id}", keys[period][0]) for period in report.periods]
            earlier = (key for period in report.periods for key in keys[period][1:])
            if not any(said) and not any(_lines(counter, f"{tool.id}.{report.id}", key) for key in earlier):
                silent.append(f"{tool.id}.{report.id}")
    assert silent == []


def _lines(counter: Counter, report_id: str, key: str) -> int:
    figures = counter.must("report", report_id, key)
    return sum(len(table["lines"]) for table in figures["tables"])

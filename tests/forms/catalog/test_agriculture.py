"""Livestock, animal disease and disaster: what the books work out by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from forms.entry import RuleError
from tests.forms.catalog.conftest import OFFICE, VICE_CHAIR, Counter

LIVESTOCK, VET, DAMAGE = "agriculture.livestock", "agriculture.vet_event", "agriculture.disaster_damage"


@pytest.mark.parametrize(
    ("quarter", "declared", "late"),
    [
        ("Q3/2026", "2026-09-30", False),
        ("Q3/2026", "2026-10-01", True),
        ("Q1/2026", "2026-03-25", False),
        ("Q4/2025", "2025-12-31", True),
    ],
)
def test_a_declaration_after_the_window_is_late_and_still_taken(
    counter: Counter, quarter: str, declared: str, *, late: bool
) -> None:
    entry = counter.begin(LIVESTOCK, quarter=quarter, declared_date=declared)
    assert entry.get("late") is late
    problem = entry.problem("declared_date")
    assert (problem is not None and not problem.blocks) == late


def test_a_farm_in_a_closed_area_cannot_be_checked_without_saying_what_is_done(counter: Counter) -> None:
    entry = counter.begin(LIVESTOCK, farmer_ref="mother", in_banned_area=True, declared_date="2026-11-18")
    assert {p.path for p in entry.problems("verified") if p.blocks} >= {"banned_action", "lines"}
    entry.set("in_banned_area", False)
    assert "banned_action" not in {p.path for p in entry.problems("verified")}


def test_colonies_of_bees_are_not_added_to_animals(counter: Counter) -> None:
    entry = counter.entry(LIVESTOCK)
    for species, quantity in (("pig", 8), ("chicken", 120), ("bees", 60)):
        entry.add_row("lines", {"species": species, "purpose": "meat", "quantity": quantity})
    assert entry.get("total_kept") == 128


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "vaccination", "total": 10, "treated": 11}, "treated"),
        ({"kind": "outbreak", "species": "cattle", "disease": "asf"}, "disease"),
        ({"kind": "culling", "total": 10, "treated": 10, "dead_culled": 12}, "dead_culled"),
        ({"kind": "vaccination", "total": 10, "treated": 9}, "vaccine_lot"),
    ],
)
def test_what_cannot_be_is_told(counter: Counter, fields: dict[str, Any], wrong: str) -> None:
    entry = counter.begin(VET, **fields)
    assert any(p.path == wrong and p.blocks for p in entry.problems("reported"))


def test_support_for_culled_animals_is_by_weight_and_may_be_typed_over(counter: Counter) -> None:
    entry = counter.begin(VET, kind="culling", species="pig", disease="asf", date="2026-11-03", weight_kg="1086.5")
    assert entry.get("support_amount") == 43_460_000
    entry.set("support_amount", 40_000_000)
    entry.set("weight_kg", "1000")
    assert entry.get("support_amount") == 40_000_000


def test_an_outbreak_waits_to_be_reported_until_it_was(counter: Counter) -> None:
    entry = counter.begin(VET, kind="outbreak", species="pig", disease="asf")
    assert entry.get("report_due") is not None
    entry.set("told_at", "2026-11-18T02:00:00Z")
    assert entry.get("report_due") is None
    with pytest.raises(RuleError):
        entry.perform("close_campaign", OFFICE)


def test_crops_are_supported_by_area_and_loss(counter: Counter) -> None:
    entry = counter.begin(DAMAGE, reported_at="2026-09-09T01:00:00Z")
    for crop, area, loss in (("annual_harvest", "0.35", "over_70"), ("rice_late", "1.2", "from_30"), ("rice_late", "5", "under_30")):  # fmt: skip
        entry.add_row("crops", {"crop": crop, "area": area, "loss": loss})
    assert (entry.get("crop_area"), entry.get("support_calc")) == ("6.55", 5_250_000 + 6_000_000)


def test_whoever_checked_the_damage_does_not_give_the_support(counter: Counter) -> None:
    entry = counter.begin(DAMAGE, event_name="Bão số 5", hazard="storm", group_ref="g", house_damage="roof")
    assert entry.get("update_due") is not None
    entry.perform("verify", VICE_CHAIR)
    assert entry.get("update_due") is None
    given = {"support_amount": 15_000_000, "supported_on": "2026-11-18", "receiver": "Chủ hộ"}
    entry.set("decision_no", "88/QĐ-UBND")
    with pytest.raises(RuleError):
        entry.perform("support", VICE_CHAIR, given)
    entry.perform("support", OFFICE, given)
    assert entry.state == "supported"

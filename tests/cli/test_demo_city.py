"""The demo's city goes on where it was left, and somebody works in every register of its ward."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desktop.demo.city import DemoCity
from desktop.demo.people import OFFICERS
from forms.loader import load_catalog
from sync.clock import FixedClock


def test_the_demo_twice_in_one_folder_gives_no_number_twice(tmp_path: Path) -> None:
    given: list[Any] = []
    for run in range(3):
        with DemoCity(tmp_path / "city", load_catalog(), FixedClock(datetime(2026, 11, 23, 2, tzinfo=UTC))) as city:
            for n in range(2):
                record = {"id": f"r{run}{n}", "type": "onestop.dossier", "ward": "00070", "fields": {}}
                status, answer = city.simulator.take("tthc_hanoi", f"k{run}{n}", record)
                assert status == 200
                given.append(answer["number"])
    assert len(set(given)) == len(given) == 6


def test_somebody_of_the_sample_ward_may_begin_every_register_and_take_every_action() -> None:
    roles = {role for officer in OFFICERS for role in officer.roles}
    for record_type in load_catalog().record_types:
        asked = [record_type.begun_by, *(action.roles for action in record_type.actions)]
        assert all(roles & set(wanted) for wanted in asked if wanted), record_type.id


def test_whoever_works_at_the_counter_stays_the_one_at_work_when_the_window_opens() -> None:
    assert OFFICERS[-1].roles == ("reception",)
    assert len({officer.name for officer in OFFICERS}) == len(OFFICERS)

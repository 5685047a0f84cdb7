"""A PC that told the hub of its work and never came back: what it made reaches the city by those who heard of it. And a hub that
has ever something new to tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from sync.clock import FixedClock, moment_text
from sync.gateway.server import GatewayServer
from sync.protocol import Change, PullAnswer
from sync.store import Store, missing
from sync.store.model import Save
from sync.store.provisional import HELD_FOR
from tests.sync.hub.pcs import Pc
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN


def test_what_a_lost_pc_made_does_not_stay_at_the_hub_for_ever(
    make: Callable[..., Pc], gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, two, three = make("một"), make("hai"), make("ba")
    gateway.stop()
    record = lost.save(doc_title="Học bạ")
    for pc in (lost, two, three):
        assert not pc.sync()
    gateway.start()
    for pc in (two, three):
        assert pc.sync()
        assert pc.sees(record).standing == "hub", "its own PC may still come"
    monkeypatch.setattr(missing, "LOST_AFTER", timedelta(seconds=-5))
    for pc in (two, three, two):
        assert pc.sync()
        there = pc.sees(record)
        assert (there.standing, there.fields["doc_title"], there.conflicts) == ("city", "Học bạ", {})
        assert (pc.waiting(), pc.store.provisional.count()) == (0, 0)
    monkeypatch.undo()
    assert lost.sync(), "it was only mislaid"
    assert (lost.waiting(), lost.held()) == (0, two.held())
    assert two.engine.sync_once().repaired == 0


def test_whatever_a_hub_goes_on_to_tell_own_work_waits_three_days_at_most(tmp_path: Path) -> None:
    """Another PC that is cut off for a week and works on, or a hub that makes things up: nothing it tells is signed."""
    clock = FixedClock(ward.NOW)
    with Store.create(tmp_path / "pc", ward.KEY, ward.CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        record = ward.version("r", CITIZEN, 5, {"full_name": "Người Mẫu"})
        store.changes.apply_pull(PullAnswer(records=(record,), cursor=1), ward.WARD, CITIZEN.scope)
        told = Change(
            change_id="h0", save_id="h0", record_id="r", type=CITIZEN.id, ward=ward.WARD, kind="edit", base_revision=5,
            state=record.state, after={"phone": "+84912000222"}, officer=ward.HEAD, device="Q9", at="",
        )  # fmt: skip
        began, changes = clock.moment, list[Change]()
        for day in range(6):
            clock.moment = began + timedelta(days=day)
            changes.append(structs.replace(told, change_id=f"h{day}", at=moment_text(clock.moment)))
            assert store.provisional.take(changes) == len(changes)
            if day == 0:
                shown = store.records.load("r")
                assert shown is not None
                fields = {**shown.fields, "dob": "1990-01-01"}
                store.save([Save(type=CITIZEN.id, fields=fields, opened=shown)], ward.CLERK)
            waited = timedelta(days=day)
            assert bool(store.changes.pending(9)) == (waited >= HELD_FOR), day

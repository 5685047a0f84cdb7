"""A PC that told the hub of its work and never came back: what it made reaches the city by those who heard of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from sync.gateway.server import GatewayServer
from sync.store import missing
from tests.sync.hub.pcs import Pc


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

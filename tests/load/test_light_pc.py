"""The load's PCs do what PCs do: else its figures would be of something else."""

from __future__ import annotations

import pytest

from sync.clock import SystemClock
from sync.gateway.server import GatewayServer
from sync.ids import IdSource
from tests.load import city
from tests.load.crowd import Crowd
from tests.load.light_pc import LightPc

pytestmark = pytest.mark.postgres


def test_what_one_saves_the_others_of_the_ward_read(postgres_url: str) -> None:
    enrolled = city.enrol_all(postgres_url, city.wards(2), 2)
    ids = IdSource(SystemClock())
    with GatewayServer(postgres_url) as server:
        pcs = [LightPc(server.url, one.token, one.ward, one.officer, ids) for one in enrolled]
        tally = Crowd(pcs, busy=1.0).once(0.2)
        assert (tally.syncs, dict(tally.troubles)) == (4, {})
        assert [pc.accepted for pc in pcs] == [pc.saves for pc in pcs] == [1, 1, 1, 1]
        assert all(pc.waiting == 0 for pc in pcs)
        idle = Crowd(pcs, busy=0.0)
        idle.once(0.2)
        assert set(idle.once(0.2).seconds) == {"idle"}  # everybody has everything
        brought = city.weekend(postgres_url, [enrolled[0].ward], 20)
        before = [pc.records for pc in pcs]
        tally = idle.once(0.2)
        assert not tally.troubles
        assert [pc.records - b for pc, b in zip(pcs, before, strict=True)] == [brought, brought, 0, 0]
        for pc in pcs:
            pc.line.close()

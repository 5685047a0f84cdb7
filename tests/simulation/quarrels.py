"""Two counters that decide one paper differently while they cannot hear of each other."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.officer import COPY, OfficerAtWork
from tests.simulation.pc import Pc

if TYPE_CHECKING:
    from sync.store.model import Record
    from tests.simulation.world import World


class Quarrel:
    def __init__(self, world: World, dice: random.Random) -> None:
        self._world, self._dice = world, dice
        self._deaf: Pc | None = None  # who gives the number, and hears last

    def begin(self) -> bool:
        """Whether there was a paper to be at odds over."""
        pcs = self._world.pcs
        numbering = [pc for pc in pcs if pc.up and any(x.register.startswith(COPY) for x in pc.store.numbers.leases())]
        if not numbering:
            return False
        deaf = numbering[0]
        wards = {x.ward for x in deaf.store.numbers.leases()}
        others = [pc for pc in pcs if pc is not deaf and _decides(pc, wards)]
        if not others:
            return False
        other = self._dice.choice(others)
        self._act(other, OfficerAtWork.begin_paper)
        for _ in range(8):
            self._world.scheduler.sleep(60.0)
            papers = {record.id: record for record in _undecided(deaf)}
            both = [(papers[record.id], record) for record in _undecided(other) if record.id in papers]
            if both:
                break
        else:
            return False
        here, there = self._dice.choice(both)
        self._deaf = deaf
        deaf.faults.cut = deaf.house.cut = True
        self._act(other, lambda officer: officer.take(there, self._dice.choice(("refuse", "certify"))))
        self._act(deaf, lambda officer: officer.take(here, *self._dice.choice((("certify",), ("check", "certify")))))
        return True

    def make_up(self, wait: Callable[[], None]) -> None:
        """The line is back; he corrects what the city has refused, or gives it up."""
        assert self._deaf is not None
        self._deaf.faults.cut = self._deaf.house.cut = False
        for _ in range(3):
            wait()
            self._act(self._deaf, lambda officer: officer.second_thought()())

    def _act(self, pc: Pc, work: Callable[[OfficerAtWork], object]) -> None:
        while not pc.up:
            self._world.scheduler.sleep(20.0)
        officer = OfficerAtWork(pc, self._world.scheduler, self._world.counts)
        self._world.done(f"{pc.name} officer", lambda: officer.act(lambda: work(officer)), pc.process)


def _decides(pc: Pc, wards: set[str]) -> bool:
    return any("reception" not in grant.roles and wards & set(grant.wards) for grant in pc.grants)


def _undecided(pc: Pc) -> list[Record]:
    if not pc.up:
        return []
    return [r for r in pc.store.records.find(COPY, cert_no=None) if r.state in ("new", "checked") and r.revision]

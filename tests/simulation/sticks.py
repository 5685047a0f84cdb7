"""USB sticks between PCs and the city: bundles that are carried late, twice, in another order, or never, and answers likewise."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sync.bundle.errors import BundleError
from sync.bundle.on_pc import export_bundle, import_bundle
from sync.gateway.bundles import Bundles
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import StorageError
from sync.protocol import SyncError
from sync.store.model import StoreError
from tests.simulation.pc import Pc

if TYPE_CHECKING:
    from tests.simulation.world import World


class Stick:
    """One stick, from a PC to the city and back. ``day``: seconds that the run has, about."""

    def __init__(self, world: World, pc: Pc, dice: random.Random, day: float) -> None:
        self._world, self._pc, self._dice, self._day = world, pc, dice, day
        self._folder = world.folder / f"stick-{world.scheduler.now:.3f}-{pc.name}"
        self._folder.mkdir()
        self._out = self._folder / "out.sopb"
        self._count = 0

    def travel(self, is_over: Callable[[], bool]) -> None:
        """``is_over``: whoever has not carried it by then never will."""
        if not self._at_pc("bundle made", lambda: export_bundle(self._pc.store, self._out, files_bytes=2000)):
            return
        answers: list[Path] = []
        for _ in range(self._dice.choice((1, 1, 2))):
            self._carry()
            if not is_over() and (answer := self._at_city()) is not None:
                answers.append(answer)
        self._dice.shuffle(answers)
        for answer in answers + answers[: self._dice.choice((0, 0, 1))]:
            self._carry()
            if is_over() or self._dice.random() < 0.15:
                return
            self._at_pc("answer of a bundle taken", lambda answer=answer: import_bundle(self._pc.store, answer))
        shutil.rmtree(self._folder, ignore_errors=True)

    def _carry(self) -> None:
        self._world.scheduler.sleep(self._dice.choice((0.02, 0.1, 0.5)) * self._dice.random() * self._day)

    def _at_pc(self, what: str, work: Callable[[], object]) -> bool:
        pc, world = self._pc, self._world
        while not pc.up:
            world.scheduler.sleep(20.0)

        def act() -> None:
            try:
                work()
            except (BundleError, SyncError, StoreError) as error:
                world.counts[f"bundle: {error.code}"] += 1
                return
            world.counts[what] += 1
            world.scheduler.note(pc.name, what)
            done.append(True)

        done: list[bool] = []
        world.done(f"{pc.name} stick", act, pc.process)
        return bool(done)

    def _at_city(self) -> Path | None:
        world, side = self._world, self._world.city
        while not side.up:
            world.scheduler.sleep(20.0)
        self._count += 1
        answer = self._folder / f"back-{self._count}.sopb"
        done: list[Path] = []

        def act() -> None:
            try:
                Bundles(side.city).answer(self._out, answer)
            except (BundleError, StorageError, RefusedError) as error:
                world.counts[f"bundle at the city: {getattr(error, 'code', 'storage')}"] += 1
                return
            world.counts["bundle at the city"] += 1
            world.scheduler.note("city", f"answers a bundle of {self._pc.name}")
            done.append(answer)

        world.done("stick at the city", act, side.process)
        return done[0] if done else None

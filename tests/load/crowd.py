"""All PCs of the city on a few threads, each at its own second."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from sync.clock import SystemClock, moment_text
from tests.load.light_pc import LightPc

THREADS = 48


class Tally:
    """What the requests took, by kind, in seconds; and those that failed."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.troubles: Counter[str] = Counter()
        self.late: list[float] = []  # seconds a sync began after its time: this machine's own slowness
        self.syncs = 0
        self.took = 0.0

    @property
    def requests(self) -> int:
        return sum(map(len, self.seconds.values()))

    def all(self) -> list[float]:
        return [s for each in self.seconds.values() for s in each]


class Crowd:
    """``busy``: the share of syncs before which the officer has saved something new."""

    def __init__(self, pcs: Sequence[LightPc], *, busy: float, seed: int = 7) -> None:
        self._pcs = pcs
        self._locks = [threading.Lock() for _ in pcs]
        self._busy = busy
        self._random = random.Random(seed)
        self._clock = SystemClock()

    def every(self, period: float, seconds: float) -> Tally:
        """Each PC syncs every ``period`` seconds at its own moment in it, for ``seconds``."""
        plan = []
        for pc in range(len(self._pcs)):
            at = self._random.uniform(0, period)
            while at < seconds:
                plan.append((at, pc))
                at += period * self._random.uniform(0.98, 1.02)
        return self._run(sorted(plan))

    def once(self, within: float) -> Tally:
        """Each PC syncs once, at some moment of the ``within`` seconds."""
        return self._run(sorted((self._random.uniform(0, within), pc) for pc in range(len(self._pcs))))

    def _run(self, plan: Sequence[tuple[float, int]]) -> Tally:
        tally = Tally()
        steps = iter(plan)
        lock = threading.Lock()
        began = time.monotonic()

        def work() -> None:
            while True:
                with lock:
                    step = next(steps, None)
                    saves = self._random.random() < self._busy
                if step is None:
                    return
                self._one(tally, lock, began + step[0], step[1], saves)

        threads = [threading.Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tally.took = time.monotonic() - began
        return tally

    def _one(self, tally: Tally, lock: threading.Lock, at: float, place: int, saves: bool) -> None:
        time.sleep(max(0.0, at - time.monotonic()))
        pc = self._pcs[place]
        with self._locks[place]:
            late = time.monotonic() - at
            if saves:
                pc.save(moment_text(self._clock.now()))
            asked = list(pc.sync())
        with lock:
            tally.late.append(late)
            tally.syncs += 1
            for each in asked:
                if each.trouble:
                    tally.troubles[f"{each.kind}: {each.trouble}"] += 1
                else:
                    tally.seconds[each.kind].append(each.seconds)

"""One run: a city, its PCs and what befalls them, all from one seed."""

from __future__ import annotations

import logging
import random
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from forms import loader
from sync import ids
from sync.gateway.storage import StorageError
from sync.hub.choice import trusted
from sync.hub.face import TOLD_FOR
from sync.protocol import SyncError
from sync.store.provisional import HELD_FOR
from tests.simulation import prepared
from tests.simulation.accounts import Accounts, Broken
from tests.simulation.calamities import HUB_KINDS, Calamities
from tests.simulation.checks import check_all
from tests.simulation.city_side import CitySide, Posted
from tests.simulation.held_then import HeldThen
from tests.simulation.hub_side import HubSide
from tests.simulation.officer import OfficerAtWork
from tests.simulation.pc import Grant, Pc
from tests.simulation.scheduler import MORNING, NEW_YEARS_EVE, Scheduler

WARD, OTHER = "00070", "00082"
PLACES = (
    (Grant("Vũ Đức Nam", (WARD,), ("registrar",)),),
    (Grant("Trần Thu Hà", (WARD,), ("chair",)),),
    (Grant("Lê Văn Khánh", (WARD,), ("petition_team",)), Grant("Đỗ Thị Ánh", (WARD,), ("registrar",))),
    (Grant("Phạm Thu", (WARD, OTHER), ("reception",)),),
    (Grant("Ngô Thị Sen", (OTHER,), ("registrar",)),),
    (Grant("Bùi Thị Mai", (OTHER, WARD), ("registrar",)),),
)
"""Who may sit at a PC: one officer or two, of one ward, of two, of the city's reception."""
MOST_LOOKED_AT = 8  # histories that stand open on each PC when all comes to rest
SETTLING = 14  # rounds of syncs after which nothing may move any more


class World:
    def __init__(self, seed: int, url: str = "", kinds: Sequence[str] = ()) -> None:
        self.seed = seed
        dice = random.Random(f"world {seed}")
        self.counts: Counter[str] = Counter()
        self.scheduler = Scheduler(seed, NEW_YEARS_EVE if dice.random() < 0.15 else MORNING)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{seed}-", dir=prepared.place()))
        self.accounts = Accounts()
        self.held_then: list[HeldThen] = []
        processes = 2 if random.Random(f"processes {seed}").random() < 0.2 else 1
        self.city = CitySide(self.scheduler, self.folder, self.counts, url, processes)
        self.acts = dice.choice((4, 8, 12, 20))
        count = dice.choice((2, 2, 2, 3, 3, 4))
        self.grants = [grant for place in PLACES for grant in place]  # of whoever works in the wards
        places = [PLACES[0], *dice.sample(PLACES, count - 1)]
        self.pcs = [
            Pc(f"pc{n}", self.folder, self.scheduler, self.city, self.accounts, grants, self.counts)
            for n, grants in enumerate(places)
        ]
        chance = random.Random(f"hubs {seed}")
        wanted = bool(set(kinds) & set(HUB_KINDS)) or (not kinds and chance.random() < 0.25)
        served = ((WARD,), (WARD, OTHER))
        self.hubs = [
            HubSide(n, self.folder, self.scheduler, self.city, served[n], self.counts)
            for n in range((2 if chance.random() < 0.3 else 1) if wanted else 0)
        ]
        self.calamities = Calamities(self, dice, kinds)
        fills = random.Random(f"fill {seed}")
        self._late = fills.uniform(0.2, 0.9) if fills.random() < 0.3 else None  # of a day; None: nobody comes late
        self._page = fills.choice((1, 2, 5, 500))  # records of a first fill's page
        self._working = 0
        self._ending = False
        self.settled = False

    def run(self) -> None:
        """Raises AssertionError where an invariant does not hold, and whatever the program raised."""
        for pc in self.pcs:
            pc.begin_work = lambda pc=pc: self._begin_work(pc)  # type: ignore[method-assign, misc]
        self.scheduler.spawn("opening", self._open, None)
        self.scheduler.run(lambda: self.settled)
        if not self.settled:
            raise Broken("the run stood still")

    def _open(self) -> None:
        for hub in self.hubs:
            hub.join(self.city.city)
        for pc in self.pcs:
            pc.hubs = self.hubs
            for grant in pc.grants:
                pc.enrol(grant)
        self.calamities.begin()
        for pc in self.pcs:
            self._working += 1
            self.scheduler.spawn(f"{pc.name} day", lambda pc=pc: self._day(pc), None)  # type: ignore[misc]
            self._begin_work(pc)
        if self._late is not None:
            self._working += 1
            self.scheduler.spawn("latecomer", self._come_late, None, self._late * 70.0 * self.acts)
        if random.Random(f"service {self.seed}").random() < 0.5:
            self._working += 1
            self.scheduler.spawn("service", self._post, None)
        while self._working:
            self.scheduler.sleep(30.0)
        self._settle()
        self.settled = True

    def _post(self) -> None:
        """A service sends the ward dossiers: new ones, and one of its own again with another fee."""
        dice = random.Random(f"posts {self.seed}")
        names: list[str] = []
        for n in range(dice.choice((1, 2, 4))):
            self.scheduler.sleep(dice.random() * 30.0 * self.acts)
            if names and dice.random() < 0.3:
                own = dice.choice(names)
            else:
                own = f"H26-{self.seed}-{n}" if dice.random() < 0.6 else ""
                names += [own] if own else []
            content = b"%PDF-1.7\n" + dice.randbytes(200) if dice.random() < 0.4 else b""
            self.city.service.post(Posted(f"post {n}", WARD, own, f"Nộp {n}", dice.randrange(50), content))
        self._working -= 1

    def _come_late(self) -> None:
        """A new PC, when the city has something to fill it with."""
        grants = PLACES[0] if self.seed % 2 else PLACES[3]
        pc = Pc(f"pc{len(self.pcs)}", self.folder, self.scheduler, self.city, self.accounts, grants, self.counts)
        pc.page = self._page
        pc.hubs = self.hubs
        pc.faults.rates = dict(self.pcs[0].faults.rates)
        pc.crash_at_commit = self.pcs[0].crash_at_commit
        enrolled: list[Grant] = []

        def enrol() -> None:
            for grant in grants[len(enrolled) :]:
                with suppress(SyncError, StorageError):
                    pc.enrol(grant)
                    enrolled.append(grant)

        while len(enrolled) < len(grants):
            self.scheduler.sleep(20.0)
            while not (pc.up and self.city.up):
                self.scheduler.sleep(10.0)
            self.done(f"{pc.name} enrolment", enrol, pc.process)
        self.counts["new PC"] += 1
        pc.begin_work = lambda: self._begin_work(pc)  # type: ignore[method-assign]
        self.pcs.append(pc)
        self._begin_work(pc)
        self._day(pc)

    def _begin_work(self, pc: Pc) -> None:
        if self._ending:
            return
        self.scheduler.spawn(f"{pc.name} sync", lambda: self._sync(pc), pc.process, self.scheduler.random.random() * 60)

    def _day(self, pc: Pc) -> None:
        """The officer outlives the program he works with."""
        habits = random.Random(f"habits {self.seed}") if self.seed % 2 else None
        officer = OfficerAtWork(pc, self.scheduler, self.counts, habits)
        for _ in range(self.acts):
            self.scheduler.sleep(
                self.scheduler.random.choice((1.0, 20.0, 120.0, 400.0)) * self.scheduler.random.random()
            )
            while not pc.up:
                self.scheduler.sleep(10.0)
            self.done(f"{pc.name} officer", officer.act, pc.process)
        self._working -= 1

    def _sync(self, pc: Pc) -> None:
        while True:
            pc.sync()
            self.scheduler.sleep(
                self.scheduler.random.choice((30.0, 120.0, 400.0)) * (0.5 + self.scheduler.random.random())
            )

    # the end

    def _settle(self) -> None:
        """All faults end; everything still under way arrives; then PCs sync until nothing moves."""
        self.calamities.end()
        self._ending = True
        for pc in self.pcs:
            if pc.process is not None:
                self.scheduler.kill(pc.process)  # its sync: from here on each syncs in turn
        self.scheduler.note("world", "faults are over")
        self.scheduler.sleep(2000.0)
        self.calamities.end()  # those that were waiting on something have ended too
        self._rest()
        # what a PC told the hub and knows nothing of any more, or cannot take back, since the city names it no hub now
        silent = any(pc.restores or trusted(pc.store) is None for pc in self.pcs)
        if silent and any(pc.store.provisional.count() for pc in self.pcs):
            self.counts["waited until the hub forgot"] += 1
            self.scheduler.sleep(TOLD_FOR.total_seconds() + 3600.0)
            self._rest()
        if any(self._held_back(pc) for pc in self.pcs):
            self.counts["let the hub's go first for days"] += 1
            self.scheduler.sleep(HELD_FOR.total_seconds() + 86400.0)
            self._rest()
        if any(self._missing(pc) for pc in self.pcs):
            self.counts["begun anew after a week"] += 1
            self.scheduler.sleep(8 * 86400.0)
            self._rest()
        check_all(self)

    def _rest(self) -> None:
        for pc in self.pcs:
            pc.begin_anew()
            pc.look_at(*pc.newest_records(MOST_LOOKED_AT))
        for _ in range(SETTLING):
            heads, moved = self._heads(), self._deliveries_wait()
            for pc in self.pcs:
                moved |= self._moved(pc)
            self.scheduler.sleep(400.0)
            if not moved and heads == self._heads():  # a service may answer what waits for a file of an older version
                return
        raise Broken("the PCs and the city do not come to rest")

    def _held_back(self, pc: Pc) -> bool:
        """A change that waits for another PC's, which a hub told of and nobody sends: no longer than ``HELD_FOR``."""
        with pc.store._context.readers.connection() as db:
            return (
                db.execute(
                    "SELECT 1 FROM changes WHERE status = 'pending' AND record_id IN "
                    "(SELECT record_id FROM changes WHERE status = 'hub') LIMIT 1"
                ).fetchone()
                is not None
            )

    def _missing(self, pc: Pc) -> bool:
        with pc.store._context.readers.connection() as db:
            sql = "SELECT 1 FROM missing UNION ALL SELECT 1 FROM held LIMIT 1"
            return db.execute(sql).fetchone() is not None

    def _moved(self, pc: Pc) -> bool:
        result: list[bool] = []

        def one() -> None:
            shown = pc.store.provisional.count()
            report = pc.sync()
            if report is None:
                result.append(True)
                return
            moved = report.pushed or report.pulled or report.repaired or report.numbered or report.pack
            moved = moved or shown != pc.store.provisional.count()  # what let the hub's go first may be sent now
            result.append(bool(moved or report.files_sent or report.files_fetched or report.files_left))

        self.done(f"{pc.name} last", one, pc.process)
        return result[0]

    def done(self, name: str, work: Callable[[], None], owner: object) -> None:
        """Let an actor of a process do something, and wait until it has, or has died over it."""
        actor = self.scheduler.spawn(name, work, owner)
        while not actor.dead:
            self.scheduler.sleep(2.0)

    def _heads(self) -> list[tuple[str, str, int]]:
        with self.city.city.storage.read() as session:
            return [
                (row[0], row[1], int(row[2]))
                for row in session.all("SELECT ward, scope, head FROM streams ORDER BY 1, 2")
            ]

    def _deliveries_wait(self) -> bool:
        with self.city.city.storage.read() as session:
            row = session.one(
                "SELECT count(*) FROM deliveries d WHERE status IN ('waiting', 'sent') AND NOT EXISTS (SELECT 1 FROM "
                "awaited_files a WHERE a.ward = d.ward AND a.record_id = d.record_id AND a.service = d.service)"
            )
        return bool(row and row[0]) or bool(self.city.service.inbox)

    def close(self) -> None:
        self.scheduler.end()
        for side in (*self.pcs, *(hub for hub in self.hubs if hub.device)):
            side.close()
        self.city.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def dice_in_place_of_chance(seed: int) -> Iterator[None]:
    """Ids, codes and tokens come from the seed too, so that a run can be had again to the letter."""
    dice = random.Random(f"chance {seed}")
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    instead: dict[str, Callable[..., object]] = {
        "randbits": dice.getrandbits,
        "token_hex": lambda n=32: f"{dice.getrandbits(8 * n):0{2 * n}x}",
        "token_bytes": lambda n=32: dice.randbytes(n),
        "token_urlsafe": lambda n=32: "".join(dice.choices(letters, k=n)),
        "choice": dice.choice,
    }
    kept = {name: getattr(secrets, name) for name in instead}
    defaults, state = ids.IdSource.__init__.__defaults__, random.getstate()
    ids.IdSource.__init__.__defaults__ = (dice.getrandbits,)  # type: ignore[misc]
    loaded, written = loader.compile_catalog, loader.write_cache
    loader.compile_catalog = prepared.compiled
    loader.write_cache = lambda *_: None
    random.seed(seed)
    logging.disable(logging.CRITICAL)
    try:
        for name, fake in instead.items():
            setattr(secrets, name, fake)
        yield
    finally:
        for name, real in kept.items():
            setattr(secrets, name, real)
        ids.IdSource.__init__.__defaults__ = defaults  # type: ignore[misc]
        loader.compile_catalog, loader.write_cache = loaded, written
        random.setstate(state)
        logging.disable(logging.NOTSET)


class Outcome:
    """What one seed came to: ``problem`` is empty when everything held."""

    def __init__(self, seed: int, problem: BaseException | None, world: World) -> None:
        self.seed, self.problem = seed, problem
        self.trace = world.scheduler.trace
        self.counts = world.counts
        self.counts["saves"] += world.accounts.saves
        self.counts["syncs"] += sum(len(pc.reports) for pc in world.pcs)
        self.counts["lost by physics"] += len(world.accounts.lost)


def simulate(seed: int, url: str = "", kinds: Sequence[str] = ()) -> Outcome:
    """Everything of a run is gone when it returns but what ``Outcome`` keeps. ``url``: of an empty city, for PostgreSQL;
    ``kinds``: calamities by name, in place of those the seed would pick."""
    prepared.everything()
    with dice_in_place_of_chance(seed):
        world = World(seed, url, kinds)
        problem: BaseException | None = None
        try:
            world.run()
        except Exception as error:
            problem = error
        try:
            return Outcome(seed, problem, world)
        finally:
            world.close()

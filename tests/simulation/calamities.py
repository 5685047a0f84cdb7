"""What befalls a run. Each seed picks a few kinds, so that their meetings are as likely as each alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sync.gateway.access import token_hash
from sync.gateway.hubs import withdraw
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import StorageError
from sync.store.model import StoreError
from tests.simulation import prepared
from tests.simulation.held_then import held_now
from tests.simulation.officer import OfficerAtWork
from tests.simulation.pc import Pc
from tests.simulation.quarrels import Quarrel
from tests.simulation.sticks import Stick

if TYPE_CHECKING:
    from tests.simulation.world import World

LINE = (
    "request lost", "answer lost", "request doubled", "request delayed", "answer delayed", "answer cut short",
    "stranger answers",
)  # fmt: skip
HUB_KINDS = ("ward_cut_off", "hub_dies", "hub_restored", "hub_withdrawn")
BOOKS = ("certification.cert_copy/sct", "petitions.letter/sdt")


class Calamities:
    def __init__(self, world: World, dice: random.Random, kinds: Sequence[str] = ()) -> None:
        self._world, self._dice, self._wanted = world, dice, kinds
        self._counts = world.counts
        self._ended = False
        self._day = 70.0 * world.acts  # seconds, about
        self._packs_given = 0
        self._kinds: list[Callable[[], None]] = [
            self._pc_dies, self._power_cut, self._city_dies, self._line_cut, self._clock_set, self._pc_disk_full,
            self._city_disk_full, self._token_revoked, self._new_pack, self._book_moves, self._one_more_officer,
            self._pc_restored, self._city_restored, self._grant_withdrawn, self._books_move,
            self._stick_carried, self._at_odds, self._sent_again, self._maker_gone,
        ]  # fmt: skip
        if world.hubs:
            self._kinds += [self._ward_cut_off, self._hub_dies, self._hub_restored, self._hub_withdrawn]

    def begin(self) -> None:
        dice, world = self._dice, self._world
        for pc in world.pcs:
            pc.clock.skew = dice.choice((0.0, 0.0, 20.0, -200.0, 5 * 3600.0, -3 * 3600.0, 86400.0))
            if pc.clock.skew:
                self._counts["clock wrong from the start"] += 1
            level = dice.choice((0.0, 0.02, 0.08, 0.2))
            chosen = dice.sample(LINE, dice.randint(1, len(LINE)))
            pc.faults.rates = dict.fromkeys(chosen, level)
            pc.crash_at_commit = dice.choice((0.0, 0.0, 0.01, 0.05))
        world.city.crash_at_commit = dice.choice((0.0, 0.0, 0.01, 0.05))
        world.city.service.failing = dice.choice((0.0, 0.3))
        for hub in world.hubs:
            hub.clock.skew = dice.choice((0.0, 0.0, 3600.0, -7200.0))
            hub.faults.rates = dict.fromkeys(dice.sample(LINE, 3), dice.choice((0.0, 0.05)))
            for pc in world.pcs:
                pc.house.rates = dict.fromkeys(dice.sample(LINE, 2), dice.choice((0.0, 0.0, 0.05)))
        if world.hubs:
            for _ in range(dice.choice((1, 1, 2))):
                world.scheduler.spawn("fate", lambda: self._meet(self._ward_cut_off), None, dice.random() * self._day)
        chosen_kinds = [k for k in self._kinds if k.__name__.strip("_") in self._wanted]
        for kind in chosen_kinds or dice.sample(self._kinds, dice.choice((0, 1, 2, 3, 4, 5, 6))):
            for _ in range(dice.choice((1, 1, 2))):
                world.scheduler.spawn("fate", lambda kind=kind: self._meet(kind), None, dice.random() * self._day)  # type: ignore[misc]

    def _meet(self, kind: Callable[[], None]) -> None:
        if not self._ended:
            kind()

    def end(self) -> None:
        """Whatever can be repaired is."""
        self._ended = True
        world = self._world
        for pc in world.pcs:
            pc.faults.rates, pc.faults.cut, pc.crash_at_commit = {}, False, 0.0
            pc.house.rates, pc.house.cut = {}, False
            pc.fill_disk(False)
        for hub in world.hubs:
            hub.faults.rates, hub.faults.cut, hub.resting = {}, False, True
        world.city.crash_at_commit = 0.0
        world.city.service.failing = 0.0
        world.city.fill_disk(False)

    def _pc(self) -> Pc:
        return self._dice.choice(self._world.pcs)

    def _wait(self, part: float) -> None:
        """At most so much of a day."""
        self._world.scheduler.sleep(part * self._day * self._dice.random())

    # the ward's hub

    def _ward_cut_off(self) -> None:
        """The ward's line to the city is down; its PCs reach the hubs."""
        self._counts["ward cut off"] += 1
        hubs = self._world.hubs
        some = [pc for pc in self._world.pcs if self._dice.random() < 0.8]
        lines = [pc.faults for pc in some] + [hub.faults for hub in hubs if self._dice.random() < 0.7]
        for line in lines:
            line.cut = True
        self._world.scheduler.note("world", "the ward is cut off")
        self._world.scheduler.sleep(0.2 * self._day)
        self._wait(0.6)
        for line in lines:
            line.cut = False

    def _hub_dies(self) -> None:
        self._counts["hub dies"] += 1
        self._dice.choice(self._world.hubs).crash("at any moment")

    def _hub_restored(self) -> None:
        hub = self._dice.choice(self._world.hubs)
        kept = hub.backup()
        self._wait(0.8)
        if kept is not None and hub.up and not self._ended:
            hub.restore(kept)
            self._counts["hub restored"] += 1

    def _hub_withdrawn(self) -> None:
        hub, city = self._dice.choice(self._world.hubs), self._world.city
        if city.up:
            try:
                withdraw(city.city.storage, hub.device)
            except (RefusedError, StorageError):
                return
            self._counts["hub withdrawn"] += 1
            self._world.scheduler.note("city", f"withdraws {hub.name}")

    # processes and lines

    def _pc_dies(self) -> None:
        self._counts["PC dies"] += 1
        self._pc().crash("at any moment")

    def _power_cut(self) -> None:
        self._counts["power cut"] += 1
        self._pc().crash("at any moment", power=True)

    def _city_dies(self) -> None:
        self._counts["city dies"] += 1
        self._world.city.crash("at any moment")

    def _line_cut(self) -> None:
        pc = self._pc()
        pc.faults.cut = True
        self._counts["line cut"] += 1
        self._wait(0.8)
        pc.faults.cut = False

    def _clock_set(self) -> None:
        """Forward or back, by seconds or by days."""
        by = self._dice.choice((-90.0, -7200.0, -86400.0, 600.0, 7200.0))
        pc = self._pc()
        pc.clock.skew += by
        self._world.scheduler.note(pc.name, f"clock set by {by:.0f} s")
        self._counts["clock set back" if by < 0 else "clock set forward"] += 1

    # people

    def _at_odds(self) -> None:
        """While one counter has no line two of them decide the same paper, one way and the other; the second hears of it."""
        quarrel = Quarrel(self._world, self._dice)
        if quarrel.begin():
            self._counts["two decide one paper"] += 1
            self._wait(0.3)
            quarrel.make_up(lambda: self._wait(0.3))

    # disks

    def _pc_disk_full(self) -> None:
        pc = self._pc()
        process = pc.process
        pc.fill_disk(True)
        self._counts["PC's disk full"] += 1
        self._wait(0.5)
        if pc.process is process:
            pc.fill_disk(False)

    def _city_disk_full(self) -> None:
        city = self._world.city
        process = city.process
        city.fill_disk(True)
        self._counts["city's disk full"] += 1
        self._wait(0.5)
        if city.process is process:
            city.fill_disk(False)

    # the city's decisions

    def _token_revoked(self) -> None:
        pc, city = self._pc(), self._world.city
        enrolment = pc.store.enrolment if pc.up else None
        if enrolment is None or not city.up:
            return
        try:
            with city.city.storage.write() as session:
                session.run("UPDATE devices SET token_hash = ? WHERE id = ?", token_hash(f"gone {enrolment.device}"),
                            enrolment.device)  # fmt: skip
        except StorageError:
            return
        self._world.scheduler.note("city", f"withdraws {enrolment.device}")
        self._counts["token revoked"] += 1
        self._world.accounts.withdrawn = True

    def _grant_withdrawn(self) -> None:
        """An officer's grant at one PC is taken away, and given again later."""
        pc, city = self._pc(), self._world.city
        if not pc.up or not city.up:
            return
        enrolment = pc.store.enrolment
        grant = self._dice.choice(pc.grants)
        if enrolment is None:
            return
        officer = next((o for o in enrolment.officers if o.name == grant.officer), None)
        if officer is None:
            return
        try:
            with city.city.storage.write() as session:
                kept = session.all("SELECT device, officer, ward, roles FROM grants WHERE officer = ?", officer.id)
                session.run("DELETE FROM grants WHERE officer = ?", officer.id)
            self._counts["grant withdrawn"] += 1
            self._world.accounts.withdrawn = True
            self._world.scheduler.note("city", f"withdraws the grants of {officer.name}")
            self._wait(0.5)
        except StorageError:
            return
        while True:
            if city.up:
                try:
                    with city.city.storage.write() as session:
                        session.upsert("grants", kept)
                    return
                except StorageError:
                    pass
            self._world.scheduler.sleep(20.0)

    def _new_pack(self) -> None:
        packs, city = prepared.packs(), self._world.city
        if self._packs_given >= len(packs) or not city.up:
            return
        try:
            city.city.packs.add(packs[self._packs_given], percent=100)
        except StorageError:
            return
        self._packs_given += 1
        self._counts["new pack"] += 1
        self._world.scheduler.note("city", "gives out a new pack")
        self._wait(0.2)
        pc = self._pc()
        pc.crash("to start anew with its pack", reboot_after=5.0)

    def _book_moves(self) -> None:
        """The city gives a book to another PC; whoever had it has no line, and may be dead, or number on."""
        city = self._world.city
        enrolment = self._pc().store.enrolment
        if not city.up or enrolment is None:
            return
        year = str(self._world.scheduler.moment().year)
        named = ("--ward", enrolment.ward, "--register", self._dice.choice((BOOKS[0], *BOOKS)), "--period", year)
        # somebody says where the paper book stands, and may not know what the other PC still gives
        if self._moved("book moved", enrolment.device, *named, *self._dice.choice(((), ("--above", "0")))):
            self._without_their_lines([pc for pc in self._world.pcs if pc.up and pc.store.numbers.leases()])

    def _books_move(self) -> None:
        """A PC is lost: another gets all its books, before or after the lost one is trusted no more. It comes back all the
        same."""
        city, dice = self._world.city, self._dice
        lost, other = dice.sample(self._world.pcs, 2)
        gone, enrolment = lost.store.enrolment, other.store.enrolment
        if not city.up or gone is None or enrolment is None:
            return
        withdrawn = dice.choice(("first", "then", "never", "never"))
        if withdrawn == "first":
            self._device_withdrawn(gone.device)
        above = dice.choice(((), ("--above", "0"), ("--above", f"{dice.choice(BOOKS)}={dice.randrange(6)}")))
        moved = self._moved("all books of a PC moved", enrolment.device, "--all-of", gone.device, *above)
        if withdrawn == "then":
            self._device_withdrawn(gone.device)
        if moved:
            self._without_their_lines([lost] if lost.up else [])

    def _moved(self, what: str, device: str, *words: str) -> bool:
        """Whether the operator moved what the words name; sometimes his own program dies over it, and is begun again."""
        city = self._world.city
        done = False
        for dies in (True, False) if self._dice.random() < 0.1 else (False,):
            self._counts["operator's program died"] += dies
            done = city.operator.says(
                city.url, "lease-takeover", *words, "--device", device, "--reason", "máy hỏng", dies=dies
            )
        if done:
            self._counts[what] += 1
            self._world.accounts.moved_on_trust |= "--above" in words
            self._world.scheduler.note("city", f"{what} to {device}: {' '.join(words)}")
        if done and self._dice.random() < 0.1:
            city.operator.forget_the_list()
        return done

    def _sent_again(self) -> None:
        """The operator has a service's deliveries tried once more, also those that it refused."""
        city = self._world.city
        refused = self._dice.choice(((), ("--refused",)))
        if city.up and city.operator.says(city.url, "retry", "--service", prepared.SERVICE, *refused):
            self._counts["operator had deliveries sent again"] += 1

    def _device_withdrawn(self, device: str) -> None:
        city = self._world.city
        if city.operator.says(city.url, "device", "withdraw", device):
            self._counts["device withdrawn"] += 1
            self._world.accounts.withdrawn = True
            self._world.scheduler.note("city", f"withdraws {device}")

    def _without_their_lines(self, pcs: list[Pc]) -> None:
        """They number on, and so does whoever has the book now."""
        for pc in pcs:
            pc.faults.cut = True
        for pc in pcs:
            self._sign(pc)
        self._wait(0.8)
        for pc in self._world.pcs if self._dice.random() < 0.7 else ():
            self._sign(pc)
        for pc in pcs:
            pc.faults.cut = False

    def _sign(self, pc: Pc) -> None:
        if pc.up and not self._ended:
            officer = OfficerAtWork(pc, self._world.scheduler, self._counts)
            self._world.done(f"{pc.name} officer", lambda: officer.act(officer.sign_paper), pc.process)

    def _one_more_officer(self) -> None:
        """The PC is enrolled again: its officer takes a new code while his token is good, or another one works there too, who
        may read what nobody there could."""
        from sync.protocol import SyncError

        pc = self._pc()
        wards = {ward for grant in pc.grants for ward in grant.wards}
        joins = [grant for grant in self._world.grants if wards & set(grant.wards) and grant not in pc.grants]
        grant = self._dice.choice(joins) if joins and self._dice.random() < 0.5 else pc.grants[0]

        def enrol() -> None:
            try:
                pc.enrol(grant)
            except (SyncError, StorageError, StoreError):
                return
            self._counts["enrolled again"] += 1
            if grant not in pc.grants:
                pc.grants = (*pc.grants, grant)
                self._counts["another officer joined"] += 1

        if pc.up and self._world.city.up:
            self._world.scheduler.spawn("enrolment", enrol, pc.process)

    def _stick_carried(self) -> None:
        """By hand, beside the line or in its place."""
        pc = self._pc()
        cut = self._dice.random() < 0.4
        if pc.store.enrolment is not None:
            pc.faults.cut = pc.faults.cut or cut
            Stick(self._world, pc, self._dice, self._day).travel(lambda: self._ended)
            pc.faults.cut = pc.faults.cut and not cut

    # disasters

    def _pc_restored(self) -> None:
        pc = self._pc()
        kept = pc.backup()
        self._wait(0.8)
        while not pc.up:
            self._world.scheduler.sleep(20.0)
        if kept is None or self._ended:
            return
        pc.restore(kept)
        self._world.held_then = []  # whoever held something may be gone too
        self._world.accounts.reopened(pc)
        lost = self._world.accounts.disaster(self._world.pcs, self._world.city)
        self._world.scheduler.note("world", f"{lost} changes are lost by physics")
        self._counts["PC restored"] += 1

    def _city_restored(self) -> None:
        city = self._world.city
        kept = city.backup()
        self._wait(0.8)
        while not city.up:
            self._world.scheduler.sleep(20.0)
        if kept is None or self._ended:
            return
        city.restore(kept)
        self._world.held_then = []  # by now the city may know other epochs
        lost = self._world.accounts.disaster(self._world.pcs, city)
        self._world.scheduler.note("world", f"{lost} changes are lost by physics")
        self._counts["city restored"] += 1

    def _maker_gone(self) -> None:
        """The city comes back from its backup, and with it a PC loses what it made since; others have heard of some of that."""
        city, pc = self._world.city, self._pc()
        kept, of_pc = city.backup(), pc.backup()
        self._wait(0.8)
        while not (city.up and pc.up):
            self._world.scheduler.sleep(20.0)
        if kept is None or of_pc is None or self._ended:
            return
        pc.restore(of_pc)
        city.restore(kept)
        self._world.accounts.reopened(pc)
        self._world.accounts.disaster(self._world.pcs, city)
        self._world.held_then = held_now(self._world, pc)
        self._world.scheduler.note("world", f"others hold {len(self._world.held_then)} newer versions")
        self._counts["city and a PC restored"] += 1

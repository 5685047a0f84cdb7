"""What officers take back: work that the city refused, a book they no longer number in, a hand-over they think better of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.protocol import Officer
from sync.store.model import Record
from tests.simulation.accounts import Broken, Kept, changes_of, told
from tests.simulation.pc import Pc
from tests.simulation.scheduler import Scheduler


class SecondThoughts:
    """``someone``: an officer of the PC whose roles open a register; ``word``: something to type."""

    def __init__(
        self, pc: Pc, scheduler: Scheduler, counts: dict[str, int], someone: Callable[[str], Officer],
        word: Callable[[], str],
    ) -> None:  # fmt: skip
        self._pc, self._scheduler, self._counts = pc, scheduler, counts
        self._dice = scheduler.random
        self._someone, self._word = someone, word

    def give_up(self) -> None:
        """The record's refused changes are wanted no more; nothing of another record, or that waited behind them, goes too."""
        pc = self._pc
        refused = [row.change for row in pc.store.changes.outbox() if row.status == "refused"]
        if not refused:
            return
        record_id = self._dice.choice(refused).record_id
        officer = self._someone(next(c.type for c in refused if c.record_id == record_id))
        before = changes_of(pc)
        pc.store.changes.withdraw(record_id, officer, self._word())
        after = changes_of(pc)
        given_up = {i for i, kept in before.items() if _is_refused(kept) and kept.change.record_id == record_id}
        for change_id, kept in before.items():
            gone = change_id not in after or (_is_over(after[change_id]) and not _is_over(kept))
            if gone and change_id not in given_up:
                raise Broken(f"{pc.name}: gave up {record_id}, and with it {told(kept.change)}")
            if change_id in given_up and (change_id not in after or not after[change_id].settled):
                raise Broken(f"{pc.name}: gave up, and it is still wanted: {told(kept.change)}")
        pc.accounts.given_up |= dict.fromkeys(given_up, pc.name)
        record = pc.store.records.load(record_id)
        if record is not None:
            self._explained(record, [before[i] for i in given_up])
            pc.accounts.saved(pc, (record,))
        self._counts["given up"] += 1
        self._scheduler.note(pc.name, f"gives up {len(given_up)} of {record_id[-6:]}")

    def _explained(self, record: Record, given_up: list[Kept]) -> None:
        """A number that was given is the record's, or the book says why not."""
        for kept in given_up:
            number = kept.change.number
            if number is None or number == record.number:
                continue
            self._counts["number given up"] += 1
            for row in self._pc.store.numbers.book(kept.change.type):
                if row.number == number and row.record_id == record.id and not (row.status == "void" and row.reason):
                    raise Broken(f"{self._pc.name}: {number} of {record.id} was given up and its book does not say so")

    def give_book_back(self) -> None:
        """To a PC that is named, perhaps one that is not there, or to whichever asks next; or he keeps a book that he had
        meant to give back."""
        numbers = self._pc.store.numbers
        waiting = numbers.hand_overs.all()
        if waiting and self._dice.random() < 0.5:
            numbers.hand_overs.take_back(self._dice.choice(waiting))
            self._counts["hand-over taken back"] += 1
            return
        leases: list[Any] = list(numbers.leases())
        if not leases:
            return
        lease = self._dice.choice(leases)
        officer = self._someone(lease.register.partition("/")[0])
        to = self._dice.choice(("", "Q1", "Q2", "Q3", "Q9"))
        numbers.hand_overs.begin(lease, officer, self._word(), to if to != lease.device else "")
        self._counts["book given back"] += 1
        self._scheduler.note(self._pc.name, f"gives back {lease.register} {lease.period} for {to or 'anyone'}")


def _is_refused(kept: Kept) -> bool:
    return kept.status == "refused" and not kept.settled


def _is_over(kept: Kept) -> bool:
    return kept.status == "refused" and kept.settled

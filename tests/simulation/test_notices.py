"""The simulation notices: each of these breaks a promise on purpose, and a few seeds must find it."""

from __future__ import annotations

from typing import Any

import pytest

from sync.gateway import judging
from sync.store.changes import Changes
from sync.store.pulling import PullTransaction
from sync.store.store import Store
from tests.simulation.world import simulate

MOST = 60  # seeds, of which one at least must fail


def found(*kinds: str, most: int = MOST) -> BaseException | None:
    """The first problem, with these calamities; None when every run seems right."""
    outcomes = (simulate(seed, kinds=kinds) for seed in range(most))
    return next((outcome.problem for outcome in outcomes if outcome.problem is not None), None)


def test_a_city_that_takes_a_change_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without knowing what it had, a lost answer doubles the act, or breaks on the change's key."""
    monkeypatch.setattr(judging.Batch, "_load_known", lambda self, ids: None)
    assert found() is not None


def test_a_pc_that_settles_what_the_city_has_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    pending = Changes.pending

    def sent_is_settled(self: Changes, limit: int, skip: int = 0) -> Any:
        changes = pending(self, limit, skip)
        with self._context.writer.transaction() as db:
            db.executemany(
                "UPDATE changes SET status = 'accepted', settled = 1 WHERE change_id = ?",
                [(c.change_id,) for c in changes],
            )
        return changes

    monkeypatch.setattr(Changes, "pending", sent_is_settled)
    assert found() is not None


def test_a_pc_that_does_not_hear_of_a_restored_city(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Changes, "offer_again", lambda self, since: 0)
    assert found("city_restored") is not None


def test_an_enrolment_that_forgets_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a real mistake: a PC that enrolled anew after the restore offered nothing again."""
    set_enrolment = Store.set_enrolment

    def forgetting(self: Store, enrolment: Any) -> None:
        set_enrolment(self, enrolment)
        self.update_enrolment(epoch=enrolment.epoch)

    monkeypatch.setattr(Store, "set_enrolment", forgetting)
    assert found("city_restored", "token_revoked") is not None


def test_a_pull_over_what_waits_to_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = PullTransaction.apply

    def over(self: PullTransaction, records: Any) -> int:
        for version in records:
            self._db.execute(
                "UPDATE changes SET settled = 1, status = 'accepted' WHERE record_id = ? AND settled = 0", (version.id,)
            )
        return apply(self, records)

    monkeypatch.setattr(PullTransaction, "apply", over)
    assert found() is not None

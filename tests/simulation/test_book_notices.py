"""The simulation notices what goes wrong with what is given up and with legal books: each breaks a promise on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from sync.gateway import commands, leases
from sync.store import withdrawing
from sync.store.changes import Changes
from sync.store.saving import SaveTransaction
from tests.simulation.test_notices import found


def test_giving_up_one_record_that_gives_up_another(monkeypatch: pytest.MonkeyPatch) -> None:
    withdraw = Changes.withdraw

    def too_much(self: Changes, record_id: str, officer: Any, reason: str) -> None:
        withdraw(self, record_id, officer, reason)
        with self._context.writer.transaction() as db:
            db.execute("UPDATE changes SET status = 'refused', settled = 1 WHERE settled = 0 AND status <> 'hub'")

    monkeypatch.setattr(Changes, "withdraw", too_much)
    assert found("grant_withdrawn") is not None


def test_what_is_given_up_and_nobody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    supersede = SaveTransaction.supersede

    def silent(self: SaveTransaction, changes: Any) -> None:
        supersede(self, changes)
        self._unsaid.clear()

    monkeypatch.setattr(SaveTransaction, "supersede", silent)
    assert found("grant_withdrawn") is not None


def test_a_number_that_is_given_up_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(withdrawing, "_explain", lambda *_: None)
    assert found("at_odds", most=100) is not None


def test_a_book_that_moved_over_numbers_nobody_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "note_takeover", lambda *_, **__: None)
    assert found("books_move", "book_moves") is not None


def test_a_restored_city_that_does_not_look_at_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "move_listed", lambda *_: [])
    assert found("books_move", "book_moves", "city_restored") is not None


def test_a_book_that_moves_to_where_the_city_knows_though_nobody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    take_over = leases.Leases.take_over

    def rash(self: leases.Leases, book: Any, device: str, reason: str, above: int | None = None, *keep: Any) -> Any:
        return take_over(self, book, device, reason, above or 0, *keep)

    monkeypatch.setattr(leases.Leases, "take_over", rash)
    assert found("book_moves", "books_move", most=150) is not None

"""Pre-printed blanks: each is used once, a spoiled one is explained, none is lost from the book."""

from __future__ import annotations

import pytest

from sync.store import Store
from sync.store.model import StoreError
from tests.sync.store.ward import CLERK


def test_a_blank_is_used_once(store: Store) -> None:
    assert store.prints.log("r", "certificate", CLERK, serial=" KS-0041207 ") == 1
    with pytest.raises(StoreError, match="KS-0041207 đã dùng"):
        store.prints.log("other", "certificate", CLERK, serial="KS-0041207")
    assert store.prints.why_not("certificate", "KS-0041207")
    assert not store.prints.why_not("certificate", "KS-0041208")
    assert not store.prints.why_not("another_paper", "KS-0041207")  # each kind of blank has numbers of its own
    assert [row.serial for row in store.prints.of("r")] == ["KS-0041207"]
    assert store.prints.of("other") == ()


def test_a_spoiled_blank_keeps_its_reason_and_makes_no_copy(store: Store) -> None:
    store.prints.log("r", "certificate", CLERK, serial="1")
    (row,) = store.prints.of("r")
    with pytest.raises(StoreError, match="lý do"):
        store.prints.spoil(row.seq, "  ", CLERK)
    store.prints.spoil(row.seq, "mực lem", CLERK)
    with pytest.raises(StoreError, match="đã ghi hỏng"):
        store.prints.spoil(row.seq, "rách", CLERK)
    (spoiled,) = store.prints.of("r")
    assert (spoiled.spoiled, spoiled.spoiled_by, bool(spoiled.spoiled_at)) == ("mực lem", CLERK.name, True)
    assert store.prints.log("r", "certificate", CLERK, serial="2") == 1  # the first that went out
    assert "đã ghi hỏng" in store.prints.why_not("certificate", "1")
    assert store.prints.last_serial("certificate") == "2"
    assert [row.print.serial for row in store.prints.blanks()] == ["2", "1"]


def test_paper_of_one_s_own_cannot_be_spoiled(store: Store) -> None:
    store.prints.log("r", "slip", CLERK)
    (row,) = store.prints.of("r")
    with pytest.raises(StoreError):
        store.prints.spoil(row.seq, "rách", CLERK)
    assert store.prints.blanks() == ()


def test_a_blank_the_printer_did_not_take_can_be_tried_again(store: Store) -> None:
    store.prints.log("r", "certificate", CLERK, failed=True, serial="7")
    assert not store.prints.why_not("certificate", "7")
    assert store.prints.log("r", "certificate", CLERK, serial="7") == 1


def test_blanks_of_registers_nobody_here_may_see_are_not_told(store: Store) -> None:
    store.prints.log("r", "certificate", CLERK, serial="7")
    assert store.prints.blanks(frozenset()) == ()
    assert len(store.prints.blanks(None)) == 1

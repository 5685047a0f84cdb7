"""A row removed at one counter and written into at another: who picks gets the whole row back or none of it."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from sync.merge import judge
from sync.protocol import Change, ChangeKind, RecordVersion
from tests.sync.test_merge import NAM, TYPE, change, version

ROW = {"_id": "r", "what": "bàn", "where": "sảnh"}
CELL, WHOLE = "rows/r/what", "rows/r"
REMOVED = change(before={WHOLE: ROW}, after={WHOLE: None}, device="Q1", change_id="removed")


def written(value: str | None, before: str = "bàn", **more: Any) -> Change:
    return change(before={CELL: before}, after={CELL: value}, **{"device": "Q2", "change_id": f"w-{value}", **more})


def taken(city: RecordVersion, said: Change, *since: Change) -> RecordVersion:
    judgement = judge(TYPE, city, said, lambda: since)
    assert judgement.result.status != "refused", judgement.result
    return judgement.version or city


def values(city: RecordVersion) -> dict[str, list[Any]]:
    return {key: [c.value for c in candidates] for key, candidates in city.conflicts.items()}


def picked(city: RecordVersion, key: str, value: Any, kind: ChangeKind = "resolve") -> RecordVersion:
    seen = {"_candidates": sorted(c.change_id for c in city.conflicts[key])}
    return taken(city, change(kind, {key: None, **seen}, {key: value}, officer=NAM, device="Q3"))


CITY = version(rows=[ROW])
MEANT = {**ROW, "what": "ghế"}


def test_a_cell_of_a_row_that_was_removed_brings_the_whole_row_back() -> None:
    clash = taken(taken(CITY, REMOVED), written("ghế"), REMOVED)
    assert (clash.fields.get("rows"), values(clash)) == (None, {WHOLE: [MEANT]})
    back = picked(clash, WHOLE, MEANT)
    assert (back.fields["rows"], back.conflicts) == ([MEANT], {})
    gone = picked(clash, WHOLE, None)
    assert (gone.fields.get("rows"), gone.conflicts) == (None, {})


def test_what_the_same_counter_writes_on_is_one_row_to_pick() -> None:
    clash = taken(taken(CITY, REMOVED), written("ghế"), REMOVED)
    again = change(before={"rows/r/where": "sảnh"}, after={"rows/r/where": "kho"}, device="Q2", change_id="w2")
    assert values(taken(clash, again, REMOVED)) == {WHOLE: [{**MEANT, "where": "kho"}]}


def test_a_cell_that_was_emptied_in_a_row_that_is_gone_needs_nobody() -> None:
    gone = taken(CITY, REMOVED)
    assert taken(gone, written(None), REMOVED) == gone


def test_cells_in_conflict_become_a_row_in_conflict_when_the_row_is_removed() -> None:
    first = taken(CITY, written("tủ", device="Q1"))
    clash = taken(first, written("ghế"))
    assert values(clash) == {CELL: ["ghế"]}
    row = {**ROW, "what": "tủ"}
    gone = taken(clash, structs.replace(REMOVED, before={WHOLE: row}))
    assert (gone.fields.get("rows"), values(gone)) == (None, {WHOLE: [MEANT]})
    assert picked(gone, WHOLE, MEANT).fields["rows"] == [MEANT]


def test_a_cell_picked_while_the_row_was_removed_leaves_the_choice_open() -> None:
    clash = taken(taken(CITY, written("tủ", device="Q1")), written("ghế"))
    removing = structs.replace(REMOVED, before={WHOLE: {**ROW, "what": "tủ"}})
    gone = taken(clash, removing)
    pick = change("resolve", {CELL: "tủ", "_candidates": ["w-ghế"]}, {CELL: "ghế"}, officer=NAM, device="Q3")
    after = taken(gone, pick, removing)
    assert after.fields.get("rows") is None
    assert all(value == MEANT for value in values(after)[WHOLE])

"""Two counters without a line take the same step on the same paper: said twice it is one fact, and the paper that one of
them signed and numbered behind it reaches the city."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.gateway.server import GatewayServer
from sync.store.model import Record, Save
from tests.sync.stick_pcs import CATALOG, COPY, CityClock, Pc

Begun = tuple[Pc, Pc, Record]


@pytest.fixture
def begun(storage_url: str, tmp_path: Path) -> Iterator[Begun]:
    """Two PCs that know of a record, the one that holds the book first."""
    with GatewayServer(storage_url, catalog=CATALOG, clock=CityClock()) as server:
        one, two = (Pc(server, tmp_path / officer, officer) for officer in ("Vũ Đức Nam", "Trần Thu Hà"))
        one.sync(), two.sync()
        record = one.save(doc_title="Học bạ")
        one.sync(), two.sync()
        holds = one.store.numbers.held(COPY, one.store.clock.now())
        yield (one, two, record) if holds else (two, one, record)
        one.close(), two.close()


def act(pc: Pc, record: Record, action: str, **fields: object) -> Record:
    opened = pc.load(record)
    save = Save(type=COPY, fields={**opened.fields, **fields}, opened=opened, action=action)
    return pc.store.save([save], pc.officer)[0]


def checked(pc: Pc, record: Record, seen: bool = True) -> Record:
    return act(pc, record, "check", original_seen=seen, checked_by=pc.officer.id)


def refused(pc: Pc) -> list[str | None]:
    return [row.change.action for row in pc.store.changes.outbox() if row.status in ("refused", "parked")]


def both_see_the_same(*pcs: Pc) -> Record:
    for _ in range(2):
        for pc in pcs:
            pc.sync()
    first, *others = [pc.copies() for pc in pcs]
    assert all(other == first for other in others)
    return next(iter(pcs[0].store.records.each(COPY)))


def test_a_signed_paper_behind_a_step_that_another_counter_took_too_is_taken(begun: Begun) -> None:
    holder, other, record = begun
    checked(other, record)
    other.sync()
    checked(holder, record)
    number = act(holder, record, "certify").number
    assert number
    holder.sync()
    assert refused(holder) == []
    stands = both_see_the_same(holder, other)
    assert (stands.state, stands.number, stands.fields["checked_by"]) == ("certified", number, other.officer.id)
    assert not holder.store.changes.outbox()
    said = [row for row in holder.store.changes.history(record.id) if row.change.action == "check"]
    assert [(row.status, len(row.problems)) for row in said] == [("accepted", 1)]


def test_it_is_taken_as_well_when_the_news_came_first_and_from_a_stick(begun: Begun) -> None:
    holder, other, record = begun
    checked(holder, record)
    number = act(holder, record, "certify").number
    out = holder.export()  # on its way by hand
    checked(other, record)
    other.sync()
    imported = holder.take(holder.answered(out))
    assert (imported.refused, refused(holder)) == (0, [])
    stands = both_see_the_same(holder, other)
    assert (stands.state, stands.number) == ("certified", number)


def test_what_was_asked_for_and_answered_otherwise_is_refused(begun: Begun) -> None:
    one, two, record = begun
    checked(one, record)
    one.sync()
    checked(two, record, seen=False)
    two.sync()
    assert refused(two) == ["check"]
    assert one.load(record).fields["original_seen"] is True


def test_two_numbers_are_never_one_act(begun: Begun) -> None:
    """Both signed: the second paper has a number of its own, or waits for one, and a person has to see that."""
    one, two, record = begun
    for pc in (one, two):
        checked(pc, record)
        act(pc, record, "certify")
    one.sync(), two.sync()
    assert refused(one) == []
    assert refused(two)[-1] == "certify"

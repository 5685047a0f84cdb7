"""What must hold of single values and numbers: said once, and never forgotten."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from sync.protocol import Change
from tests.simulation.accounts import AtCity, Broken, Kept, told
from tests.simulation.checks_of_books import NUMBERED, is_past

if TYPE_CHECKING:
    from sync.protocol import RecordVersion
    from tests.simulation.world import World

_WORD = re.compile(r"v\d+")


def no_number_forgotten(
    world: World, history: dict[str, AtCity], records: dict[str, RecordVersion], stores: dict[str, dict[str, Kept]]
) -> None:
    """A number on a paper is the record's at the city, or waits in an outbox, or its book says why it is unused. That of an act
    which the city refused is kept for the record by the book of its PC, should the act be taken again."""
    waits = {
        (kept.change.record_id, kept.change.number)
        for kept in (kept for each in stores.values() for kept in each.values())
        if kept.change.number and not kept.settled
    }
    explained: set[tuple[str, str]] = set()
    kept_for: set[tuple[str, str]] = set()
    for pc in world.pcs:
        with pc.store._context.readers.connection() as db:
            explained |= set(db.execute("SELECT record_id, number FROM numbers WHERE status = 'void'"))
            kept_for |= set(db.execute("SELECT record_id, number FROM numbers WHERE status = 'given'"))
    for change_id, (name, change) in world.accounts.made.items():
        if not change.number or change.type not in NUMBERED or change_id in world.accounts.lost:
            continue
        if is_past(world, change_id, history, stores):
            continue
        there = records.get(change.record_id)
        key = (change.record_id, change.number)
        here = stores[name].get(change_id)
        if here is not None and here.status == "refused" and key in kept_for:
            continue
        if (there is None or there.number != change.number) and key not in waits and key not in explained:
            raise Broken(f"{name}: nobody knows number {change.number} any more: {told(change)}; the city has {there}")


def typed_once(world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> None:
    """What an officer typed once is said to the city once: by a change it took, or by one that waits. A choice between two
    values repeats one, and a correction what it replaces, of which a late copy may have come just before it; a restored PC or
    city is offered what it may have had."""
    if world.city.restores or any(pc.restores for pc in world.pcs):
        return
    places: dict[str, list[str]] = defaultdict(list)
    chosen: set[str] = set()
    replaced = {i for found in history.values() if found.status != "refused" for i in found.change.in_place_of}
    for found in history.values():
        if found.status != "refused" and found.change.kind != "resolve" and found.change.change_id not in replaced:
            for word in _words(found.change):
                places[word].append(f"the city, {found.status}: {told(found.change)}")
    for name, kept in stores.items():
        for here in kept.values():
            if here.change.kind == "resolve":
                chosen |= _words(here.change)
            elif not here.settled and here.status != "hub":  # that is another PC's, which is counted there
                for word in _words(here.change):
                    places[word].append(f"{name}, {here.status}: {told(here.change)}")
    for word, where in places.items():
        if len(where) > 1 and word not in chosen:
            raise Broken(f"{word} was typed once and is said in " + "; and ".join(where))


def given_up_for_good(world: World, history: dict[str, AtCity]) -> None:
    """What a later save replaced is not taken after that one."""
    if world.city.restores or world.city.city.storage.dialect != "sqlite":
        return  # a restored city has to hear it again; on PostgreSQL history has no order of writing
    given_up: set[str] = set()
    for found in history.values():
        if found.status != "refused" and found.change.change_id in given_up:
            raise Broken(f"taken after it was replaced: {told(found.change)}")
        given_up.update(found.change.in_place_of)


def _words(change: Change) -> set[str]:
    return {v for v in change.after.values() if isinstance(v, str) and _WORD.fullmatch(v)}

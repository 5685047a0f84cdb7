"""What must hold of what was given up, and of the legal books as an inspector reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.accounts import AtCity, Broken, Kept, told

if TYPE_CHECKING:
    from tests.simulation.pc import Pc
    from tests.simulation.world import World

NUMBERED = {"certification.cert_copy": "{n:04d}", "petitions.letter": "{n}/{yyyy}"}
"""Registers with a leased book, and how they write a number."""


def is_past(world: World, change_id: str, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> bool:
    """The city refused it, and its PC went back to before it and wants it no more: the city's history alone tells of it."""
    there, (name, _) = history.get(change_id), world.accounts.made[change_id]
    here = stores[name].get(change_id)
    went_back = any(pc.name == name and pc.restores for pc in world.pcs)
    return there is not None and there.status == "refused" and went_back and (here is None or here.settled)


def given_up_is_said(world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> None:
    """What an officer gave up is at the city nowhere or in its history as refused, and the city was told that it is given
    up, or will be; where the city took a copy before it heard of that, the PC says so."""
    pcs = {pc.name: pc for pc in world.pcs}
    said = {i for found in history.values() for i in found.change.in_place_of}
    for change_id, name in world.accounts.given_up.items():
        here, there = stores[name].get(change_id), history.get(change_id)
        if change_id in world.accounts.lost or pcs[name].restores:
            continue  # the PC may have gone back to before its officer gave it up
        if here is None or not here.settled:
            raise Broken(f"{name}: was given up and is {here and here.status}: {change_id}")
        if there is not None and there.status != "refused":
            world.counts["given up, and taken before"] += 1
            if here.status != there.status:
                raise Broken(f"{name} says {here.status} of what the city took as {there.status}: {told(here.change)}")
            continue
        world.counts["given up for good"] += 1
        waits = {i for kept in stores[name].values() for i in kept.change.in_place_of}
        if change_id not in said | waits and not here.change.only_takes_back and not world.city.restores:
            raise Broken(f"{name}: nobody tells the city that it was given up: {told(here.change)}")


def books_are_whole(world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> None:
    """On every PC that reads a book each number up to the last is a record's or explained, or some PC gave it to a record that
    is not at the city."""
    if world.city.restores or any(pc.restores for pc in world.pcs):
        return  # a number may be lost by physics, and with it the note on it
    changes = [kept.change for each in stores.values() for kept in each.values()]
    changes += [found.change for found in history.values()]
    changes = [change for change in changes if change.change_id not in world.accounts.given_up]  # a note tells of those
    given = {(change.type, change.ward, change.number) for change in changes if change.number}
    for pc in world.pcs:
        ward = pc.store.enrolment.ward if pc.store.enrolment else ""
        for type_id, written in NUMBERED.items():
            scope = pc.store.catalog.record_type(type_id).scope
            if (ward, scope) not in readable(world, pc) or (ward, "open") not in readable(world, pc):
                continue
            for series, period in pc.store.audits.books(type_id):
                world.counts["book audited"] += 1
                for row in pc.store.audits.audit(type_id, period, series).rows:
                    numbers = [written.format(n=n, yyyy=period) for n in range(row.n, row.to + 1)]
                    world.counts["numbers explained by a note"] += bool(row.note)
                    if row.status == "missing" and any((type_id, ward, n) not in given for n in numbers):
                        raise Broken(f"{pc.name}: nobody knows of {numbers[:9]} of {type_id} {period}: {row}")


def readable(world: World, pc: Pc) -> set[tuple[str, str]]:
    """The streams that the city gives this PC."""
    with world.city.city.storage.read() as session:
        row = session.one("SELECT id FROM devices WHERE id = ?", pc.store.enrolment.device)  # type: ignore[union-attr]
        grants = world.city.city.access.grants(session, row[0] if row else "")
    return {(g.ward, scope) for g in grants for scope in g.scopes}

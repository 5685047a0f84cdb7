"""What PCs held of the city's records when it went back in time with the PC that had made it: none of it may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from forms.renames import to_first
from sync.difference import difference
from sync.gateway.ledger import RECORD_SQL, version_of
from sync.gateway.restores import ended_epochs
from sync.held_copy import says, value_of
from sync.locked_fields import SAME_NUMBER, is_owned
from sync.protocol import RecordVersion
from sync.renamed_line import renamed_version
from sync.store import worklist
from tests.simulation.accounts import AtCity, Broken

if TYPE_CHECKING:
    from tests.simulation.pc import Pc
    from tests.simulation.world import World


class HeldThen(Struct):
    """A version newer than what the city has come back with, and which PC held it."""

    name: str
    held: RecordVersion
    after: dict[str, object]  # what it says beyond the city's


def held_now(world: World, without: Pc) -> list[HeldThen]:
    """Right after the city was restored, and ``without`` with it. Of PCs that worked with the city whose backup it was."""
    with world.city.city.storage.read() as session:
        there = {v.id: v for v in map(version_of, session.all(RECORD_SQL))}
        ended = ended_epochs(session, world.city.city.clock.now())
    found = []
    for pc in world.pcs:
        enrolment = pc.store.enrolment
        if pc is without or pc.restores or enrolment is None or enrolment.epoch not in ended:
            continue
        with pc.store._context.readers.connection() as db:
            ids = [i for (i,) in db.execute("SELECT id FROM records")]
            bases = [work.base for work in worklist.load(db, ids).values() if work.base is not None]
        for base in bases:
            city = there.get(base.id)
            if city is None or city.revision >= base.revision or base.type != city.type:
                continue
            catalog = pc.store.catalog
            held = renamed_version(base, to_first(catalog.record_type(base.type), catalog))
            record_type = world.city.city.catalog.record_type(base.type)
            _, after = difference(record_type, city.fields, held.fields)
            told = {k: v for k, v in after.items() if k != SAME_NUMBER and not is_owned(record_type, city, k)}
            found.append(HeldThen(pc.name, held, told))
    newest: dict[str, int] = {}
    for then in found:
        newest[then.held.id] = max(newest.get(then.held.id, 0), then.held.revision)
    return [
        then for then in found if then.held.revision == newest[then.held.id]
    ]  # what came after it replaced the others


def nothing_held_is_lost(world: World, history: dict[str, AtCity], records: dict[str, RecordVersion]) -> None:
    """Each value stands on its record, or waits there for a person, or the city heard it and somebody changed it since."""
    if world.accounts.withdrawn:
        return  # who held it may not say it any more
    for then in world.held_then:
        record, held = records[then.held.id], then.held
        said = [f.change for f in history.values() if f.change.record_id == record.id and f.status != "refused"]
        record_type = world.city.city.catalog.record_type(record.type)
        for key, value in then.after.items():
            if is_owned(record_type, record, key):
                continue  # a service has said it since, and has the word
            heard = any(says(c.after, key) and value_of(c.after, key) == value for c in said)
            if not heard and not key.startswith("_") and value_of(record.fields, key) != value:
                raise Broken(f"{then.name} held {key} = {value!r} at {held.revision}; lost: {record}")
        states = {state for c in said for state in (c.state, c.to_state)} | {record.state}
        if held.state not in states:
            raise Broken(f"{then.name} held it as {held.state} at {held.revision}; lost: {record}")
        if held.number and held.number not in {record.number, *(c.number for c in said)}:
            raise Broken(f"{then.name} held number {held.number} at {held.revision}; lost: {record}")
        world.counts["held by others, and told"] += any(c.base_revision == held.revision for c in said)

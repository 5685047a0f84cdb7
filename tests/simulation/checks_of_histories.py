"""What an officer sees of a record's past, where its history stands open on the screen when all has come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.store.model import Record
from tests.simulation.accounts import AtCity, Broken, Kept, told
from tests.simulation.pc import Pc

if TYPE_CHECKING:
    from tests.simulation.world import World


def looked_at_is_whole(world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> None:
    """Every change that made the record what it is is here, whoever made it, and stands as the city has it. One that wrote
    nothing (a copy, or said twice) leaves the revision as it was, and may come to the city after it was asked."""
    for pc in world.pcs:
        for record_id in {look.record_id for look in pc.looks}:
            record = pc.store.records.load(record_id)
            if record is None or not record.revision:
                continue
            standing = pc.store.histories.standing(record_id)
            if standing in ("part", "failed"):
                raise Broken(f"{pc.name} looks at {record_id} and has not asked for its history: {standing}")
            if standing == "whole":
                world.counts["history looked at and whole"] += 1
                _nothing_lacks(pc, record, history, stores[pc.name])


def _nothing_lacks(pc: Pc, record: Record, history: dict[str, AtCity], here: dict[str, Kept]) -> None:
    written: set[int] = set()
    for change_id, there in history.items():  # in the order the city wrote them
        change = there.change
        if there.status == "refused" or (change.record_id, change.ward) != (record.id, record.ward):
            continue
        if (
            there.revision in written or there.revision > record.revision
        ):  # a PC whose rights are gone hears of nothing new
            continue
        written.add(there.revision)
        if change_id not in here:
            raise Broken(f"{pc.name} shows a history without {told(change)}, {there.status} at {there.revision}")
        kept = here[change_id]
        if change.device not in pc.devices and kept.status != there.status:
            raise Broken(f"{pc.name} shows {kept.status} of what the city has as {there.status}: {told(change)}")

"""What an officer sees in lists, counters, titles and the search box: made behind his back, and as true as the records."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from forms.summary import describe
from sync.store.model import ListQuery, Record
from tests.simulation.accounts import Broken
from tests.simulation.pc import Pc

if TYPE_CHECKING:
    from tests.simulation.world import World

_SEARCHED = 4  # records of each PC that are looked for


def lists_are_true(world: World) -> None:
    for pc in world.pcs:
        with pc.store._context.readers.connection() as db:
            ids = [record_id for (record_id,) in db.execute("SELECT id FROM records ORDER BY id")]
        records = pc.store.records.load_many(ids)
        for record in records:
            _is_titled(pc, record)
        for record in records[-_SEARCHED:]:
            _is_found(world, pc, record)
        _are_listed(pc, records)


def _is_titled(pc: Pc, record: Record) -> None:
    """Also by the names of others."""
    catalog, resolve = pc.store.catalog, pc.store.records.resolve
    record_type = catalog.record_type(record.type)
    told = describe(record_type, catalog, record.fields, state=record.state, number=record.number, resolve=resolve)
    if (told.title, told.subtitle) != (record.title, record.subtitle):
        raise Broken(f"{pc.name} shows {record.title!r}, {record.subtitle!r} for {told.title!r}, {told.subtitle!r}")


def _is_found(world: World, pc: Pc, record: Record) -> None:
    text = record.number or record.title
    if len(text) > 3 and record.type != pc.store.catalog.book_notes:
        world.counts["looked for by the search box"] += 1
        if record.id not in {hit.id for hit in pc.store.search.find(text, (record.type,), 500)}:
            raise Broken(f"{pc.name} does not find {record.type} {record.id} by {text!r}")


def _are_listed(pc: Pc, records: tuple[Record, ...] | list[Record]) -> None:
    """Each once, and counted as it stands."""
    store = pc.store.records
    for type_id, n in Counter(record.type for record in records).items():
        states = Counter(record.state for record in records if record.type == type_id)
        counted = {state: store.count(type_id, (state,)) for state in states}
        if counted != states or store.count(type_id) != n:
            raise Broken(
                f"{pc.name} counts {counted} of {type_id}, {store.count(type_id)} in all; there are {dict(states)}"
            )
        page = store.page(ListQuery(type=type_id, limit=7))
        listed = [record.id for record in page.records]
        while page.has_after:
            page = store.page(ListQuery(type=type_id, limit=7, after=page.end))
            listed += [record.id for record in page.records]
        if sorted(listed) != sorted(record.id for record in records if record.type == type_id):
            raise Broken(f"{pc.name} lists {len(listed)} of {type_id}, of which there are {n}")

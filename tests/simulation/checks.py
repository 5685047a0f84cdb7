"""What must hold once everything has come to rest."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import structs

from forms.renames import to_first, to_present
from sync.gateway.given_up import over_what_came
from sync.gateway.ledger import RECORD_SQL, version_of
from sync.locked_fields import SAME_NUMBER
from sync.merge import judge
from sync.protocol import Change, RecordVersion
from sync.renamed_line import renamed_change, renamed_version
from sync.store.rowcodec import decode_version
from tests.simulation.accounts import AtCity, Broken, Kept, changes_of, history_of, told
from tests.simulation.checks_of_books import NUMBERED, books_are_whole, given_up_is_said, is_past, readable
from tests.simulation.checks_of_histories import looked_at_is_whole
from tests.simulation.checks_of_lists import lists_are_true
from tests.simulation.checks_of_saves import given_up_for_good, no_number_forgotten, typed_once
from tests.simulation.held_then import nothing_held_is_lost
from tests.simulation.pc import Pc

if TYPE_CHECKING:
    from tests.simulation.world import World

Records = dict[str, RecordVersion]


def check_all(world: World) -> None:
    """Raises Broken with the first thing that does not hold."""
    history = history_of(world.city)
    records = _records(world)
    stores = {pc.name: changes_of(pc) for pc in world.pcs}
    _every_save_is_somewhere(world, history, stores)
    _nothing_is_claimed_that_is_not(world, history, stores)
    _history_says_what_was_saved(world, history)
    _history_makes_the_records(world, history, records)
    for pc in world.pcs:
        _same_records(world, pc, records)
    _no_number_twice(world, history, records, stores)
    no_number_forgotten(world, history, records, stores)
    typed_once(world, history, stores)
    given_up_for_good(world, history)
    given_up_is_said(world, history, stores)
    books_are_whole(world, history, stores)
    looked_at_is_whole(world, history, stores)
    lists_are_true(world)
    nothing_held_is_lost(world, history, records)
    _files_have_come(world, records)
    _arrivals_are_there_once(world, history, records)
    _deliveries_are_told(world, records)
    _the_hub_told_nothing_that_stays(world, records)


def _records(world: World) -> Records:
    with world.city.city.storage.read() as session:
        return {v.id: v for v in map(version_of, session.all(RECORD_SQL))}


def _every_save_is_somewhere(world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]) -> None:
    """At the city, or in the outbox of the PC it was made on, or refused with its reason in that PC's history."""
    for change_id, (name, change) in world.accounts.made.items():
        if change_id in world.accounts.lost:
            continue
        there, here = history.get(change_id), stores[name].get(change_id)
        if there is not None and there.status != "refused":
            continue
        if here is None:
            if there is not None:  # refused, and the PC has forgotten: the city keeps it with the reason
                continue
            raise Broken(f"{name}: lost: {told(change)}")
        if here.status == "pending" or (here.status in ("accepted", "conflict") and here.settled):
            raise Broken(f"{name}: {here.status} here and not at the city: {told(change)}")


def _nothing_is_claimed_that_is_not(
    world: World, history: dict[str, AtCity], stores: dict[str, dict[str, Kept]]
) -> None:
    devices = {pc.name: pc.devices for pc in world.pcs}
    for name, kept in stores.items():
        for change_id, row in kept.items():
            if row.change.device not in devices[name]:
                continue  # of others' history, as it was when it was fetched
            found = history.get(change_id)
            if row.status in ("refused", "parked") and found is not None and found.status != "refused":
                raise Broken(f"{name} says the city refused what it took: {told(row.change)}")
            claimed = row.status in ("accepted", "conflict") and row.settled and change_id not in world.accounts.lost
            if claimed and (found is None or found.status == "refused"):
                raise Broken(f"{name} holds for settled what the city has not: {told(row.change)}")


def _history_says_what_was_saved(world: World, history: dict[str, AtCity]) -> None:
    """Letter by letter, but for the device a PC was called after it enrolled anew, and for the first names of fields."""
    catalogs = {pc.store.catalog.version: pc.store.catalog for pc in world.pcs}
    for change_id, (name, change) in world.accounts.made.items():
        there = history.get(change_id)
        catalog = catalogs.get(world.accounts.names[change_id])
        if there is None or catalog is None:
            continue
        record_type = catalog.record_type(change.type)
        sent = renamed_change(structs.replace(change, device=there.change.device), to_first(record_type, catalog))
        if sent != there.change:
            raise Broken(f"{name}: saved {sent}\nhistory says {there.change}")


def _history_makes_the_records(world: World, history: dict[str, AtCity], records: Records) -> None:
    """Taking each accepted change once, in order, gives exactly the records: none was applied twice or half."""
    if world.city.city.storage.dialect != "sqlite":
        return  # its history has no order of writing
    made: Records = {}
    written: dict[str, list[tuple[int, Change]]] = defaultdict(list)  # by record: what made which of its revisions
    for found in history.values():
        change = found.change
        if found.status == "refused":
            continue
        before = made.get(change.record_id)
        if found.device == "":  # a service's own words, or the city's mark: they are not judged
            after = _amended(before, change, found.revision)
        else:
            after = _taken(world, before, found, written[change.record_id])
        if after is None or after.revision != found.revision:
            raise Broken(f"history says revision {found.revision} of {told(change)}, taken once it makes {after}")
        if after is not before:
            written[change.record_id].append((found.revision, change))
        made[change.record_id] = after
    for record_id in made.keys() | records.keys():
        mine, theirs = made.get(record_id), records.get(record_id)
        if mine is None or theirs is None or _essence(mine) != _essence(theirs):
            raise Broken(f"history makes {mine}\nthe city has {theirs}")


def _taken(
    world: World, before: RecordVersion | None, found: AtCity, steps: list[tuple[int, Change]]
) -> RecordVersion | None:
    intake, change = world.city.city.intake, found.change
    own = intake._packs.get(change.pack)
    record_type = own.record_type(change.type) if own and own.knows(change.type) else intake._types[change.type]
    if before is not None and all(s.id != before.state for s in record_type.states):
        record_type = intake._types[change.type]
    came = [step for _, step in steps if step.change_id in change.in_place_of]
    change = over_what_came(before, change, came)
    judgement = judge(record_type, before, change, lambda: _since(steps, change))
    world.counts["said twice, counted once"] += judgement.result.already and change.kind == "action"
    after = judgement.version
    if after is None:
        return before
    following = before.revision + 1 if before else 1
    if world.city.restores:  # it counts on above all it may have given before
        following = max(following, found.revision)
    return structs.replace(after, revision=following)


def _since(steps: list[tuple[int, Change]], change: Change) -> list[Change]:
    start = 0 if change.kind == "create" else change.base_revision
    return [step for revision, step in steps if revision > start]


def _amended(before: RecordVersion | None, change: Change, revision: int) -> RecordVersion | None:
    from sync.difference import put_path

    if before is None:
        if change.kind != "create":
            return None
        scope = "onestop" if change.type == "onestop.dossier" else ""
        return RecordVersion(
            id=change.record_id, type=change.type, ward=change.ward, scope=scope, revision=revision,
            state=change.to_state or "", number=change.number, fields=dict(change.after), updated_at=change.at,
        )  # fmt: skip
    fields = dict(before.fields)
    for key, value in change.after.items():
        put_path(fields, key, value)
    number = change.number or before.number
    return structs.replace(before, fields=fields, number=number, revision=revision, updated_at=change.at)


def _essence(version: RecordVersion) -> tuple[Any, ...]:
    fields = {k: v for k, v in version.fields.items() if v is not None}
    return version.revision, version.state, version.number, fields, version.conflicts


def _same_records(world: World, pc: Pc, records: Records) -> None:
    """The city's records of the streams a PC may read, and no others, stand on it as the city has them."""
    streams = readable(world, pc)
    catalog = pc.store.catalog
    with pc.store._context.readers.connection() as db:
        bases = {i: decode_version(v) for i, v in db.execute("SELECT id, version FROM base")}
        open_ids = {
            i for (i,) in db.execute("SELECT DISTINCT record_id FROM changes WHERE settled = 0 AND status <> 'hub'")
        }
        ids = [i for (i,) in db.execute("SELECT id FROM records")]
    here: Records = {}
    for record in pc.store.records.load_many(ids):
        if record.id in open_ids:
            if record.standing not in ("refused", "conflict"):
                raise Broken(f"{pc.name}: {record.id} has unanswered changes and stands as {record.standing}")
            if record.id in bases and bases[record.id].revision:
                here[record.id] = bases[record.id]
        elif record.standing != "hub":
            here[record.id] = _version(record)
        elif (
            record.id in bases and bases[record.id].revision
        ):  # over it, what the hub told and no PC and no city has any more
            here[record.id] = bases[record.id]
    for record_id, version in records.items():
        if (version.ward, version.scope) not in streams:
            continue
        mine = here.get(record_id)
        renamed = renamed_version(version, to_present(catalog.record_type(version.type), catalog))
        if mine is None or _essence(mine) != _essence(renamed):
            raise Broken(f"{pc.name} has {mine and _essence(mine)}\nthe city has {_essence(renamed)} of {record_id}")
    for record_id, version in here.items():
        if record_id not in records and (version.ward, version.scope) in streams:
            raise Broken(f"{pc.name} shows as the city's a record the city does not have: {version}")


def _version(record: Any) -> RecordVersion:
    return RecordVersion(
        id=record.id, type=record.type, ward=record.ward, scope=record.scope, revision=record.revision,
        state=record.state, number=record.number, fields=record.fields, conflicts=record.conflicts,
    )  # fmt: skip


def _is_of_a_moved_book(world: World, there: AtCity | None) -> bool:
    """Refused, or waiting behind what is: the PC whose book was moved away while it lived shows it, and cannot have it marked."""
    return world.accounts.moved_on_trust and (there is None or there.status == "refused")


def _no_number_twice(
    world: World, history: dict[str, AtCity], records: Records, stores: dict[str, dict[str, Kept]]
) -> None:
    """Of the wards' own books; two records that came to hold one number each name the other."""
    holders: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for version in records.values():
        if version.type in NUMBERED and version.number:
            holders[version.type, version.ward, str(version.fields.get("book_no")), version.number].add(version.id)
    for (_, _, book, number), same in holders.items():
        if len(same) > 1:
            world.counts["number given twice, marked"] += 1
            if not (world.accounts.moved_on_trust or world.city.restores or any(pc.restores for pc in world.pcs)):
                raise Broken(f"{number} of book {book} was given to {sorted(same)}, and nothing had gone back in time")
        for record_id in same if len(same) > 1 else ():
            if set(records[record_id].fields.get(SAME_NUMBER) or ()) != same - {record_id}:
                raise Broken(f"{number} of book {book} was given to {sorted(same)}, which {record_id} does not say")
    given: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for change_id, (_, change) in world.accounts.made.items():
        if not change.number or change.type not in NUMBERED or change_id in world.accounts.lost:
            continue
        given_up = change_id in world.accounts.given_up or is_past(world, change_id, history, stores)
        if given_up or _is_of_a_moved_book(world, history.get(change_id)):
            continue
        given[change.type, change.ward, str(change.after.get("book_no")), change.number].add(change.record_id)
    for key, same in given.items():
        if len(same) > 1 and not holders[key] >= same:
            standing = {i: (records[i].number if i in records else None) for i in same}
            raise Broken(f"{key} stands on the papers of {sorted(same)}; the city knows {standing}")


def _files_have_come(world: World, records: Records) -> None:
    """What was attached is at the city, in the stream of its record; a wanted file that came is what its name says."""
    with world.city.city.storage.read() as session:
        there = {tuple(row) for row in session.all("SELECT ward, scope, sha256 FROM files")}
    pcs = {pc.name: pc for pc in world.pcs}
    for pc in world.pcs:
        with pc.store._context.readers.connection() as db:
            held = [sha256 for (sha256,) in db.execute("SELECT sha256 FROM files")]
        for sha256 in held:
            if hashlib.sha256(pc.store.files.read(sha256) or b"").hexdigest() != sha256:
                raise Broken(f"{pc.name} has another file for {sha256}")
    for sha256, name, record_id in world.accounts.attached:
        version = records.get(record_id)
        if version is None or ((version.fields.get("scan") or {}).get("sha256")) != sha256:
            continue  # refused, or another scan stands there now
        pc = pcs[name]
        if (version.ward, version.scope, sha256) in there:
            world.counts["file at the city"] += 1
        elif (version.ward, version.scope) not in readable(world, pc):
            continue  # its officer's grants were withdrawn before it went
        elif pc.store.files.read(sha256) is not None:
            raise Broken(f"{name} has not sent {sha256} of {record_id}")
        elif not pc.restores:
            raise Broken(f"{name} lost {sha256} of {record_id}")


def _arrivals_are_there_once(world: World, history: dict[str, AtCity], records: Records) -> None:
    """What a service sent, and was told to be taken, is one record, however often it came."""
    service = world.city.service
    if service.inbox:
        raise Broken(f"never taken: {sorted(service.inbox)}")
    begun: dict[str, set[str]] = defaultdict(set)
    for found in history.values():
        if found.device == "" and found.change.kind == "create":
            begun[str(found.change.after.get("subject"))].add(found.change.record_id)
    for name, ids in service.taken.items():
        posted = service.posted[name]
        if world.city.restores:
            continue  # it may be lost by physics
        if len(ids) != 1 or ids[0] not in records:
            raise Broken(f"{name} was taken as {ids}, which the city does not have")
        if not posted.id and begun[posted.subject] != set(ids):
            raise Broken(f"{name} became {begun[posted.subject]}")


def _deliveries_are_told(world: World, records: Records) -> None:
    """A record has the number that the service gave it, once; it has one, or a refusal, wherever the service wants it."""
    with world.city.city.storage.read() as session:
        awaited = {record_id for (record_id,) in session.all("SELECT record_id FROM awaited_files")}
        refused = {
            record_id for (record_id,) in session.all("SELECT record_id FROM deliveries WHERE status = 'refused'")
        }
    for version in records.values():
        if version.type != "onestop.dossier":
            continue
        code, given = version.fields.get("dossier_code"), world.city.service.numbers.get(version.id)
        if code and code != given:
            raise Broken(f"{version.id} has {code}, and the service calls it {given}")
        if version.state in ("accepted", "done") and not code and version.id not in awaited | refused:
            raise Broken(
                f"{version.id} is {version.state}, and the service was never told or its answer was lost: {given}"
            )
        world.counts["numbered by the service"] += bool(code)


def _the_hub_told_nothing_that_stays(world: World, records: Records) -> None:
    """Where the city has the record, its word alone is shown. What only a hub told of can outlast its PC, where that was lost."""
    stuck = {row.change.change_id for pc in world.pcs for row in pc.store.changes.outbox()}
    for pc in world.pcs:
        streams = readable(world, pc)
        with pc.store._context.readers.connection() as db:
            rows = db.execute("SELECT change_id, record_id FROM changes WHERE status = 'hub'").fetchall()
        for change_id, record_id in rows:
            if change_id in stuck:
                continue  # refused, and its officer has not put it right yet: a colleague's work under way
            known = records.get(record_id)
            if known is not None and (known.ward, known.scope) not in streams:
                continue  # the city took the stream away from this PC and says nothing of it any more
            if known is not None:
                raise Broken(f"{pc.name} still shows what the hub told of {record_id}, which the city has")
            # lost with its PC, or refused there
            world.counts["shown by the hub alone"] += 1

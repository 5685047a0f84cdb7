"""The account of a round: where each acknowledged save is, and whether all hold the same records."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from sync.gateway.storage import open_storage
from sync.protocol import Change
from sync.store import Store
from tests.torture.ward import PAPER, SCAN

_decode_change = msgspec.msgpack.Decoder(Change).decode


class LostError(AssertionError):
    """The account does not come out even."""


class Tally(Struct):
    """What happened in a round, so that one sees that something did."""

    saves: int = 0
    kills_of_pc: int = 0
    kills_of_city: int = 0
    cuts: int = 0
    conflicts: int = 0
    refused: int = 0
    numbers: int = 0
    given_up: int = 0  # values
    files: int = 0

    def add(self, other: Tally) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def account(storage_url: str, stores: list[Store], acknowledged: list[dict[str, Any]], tally: Tally) -> None:
    """Every acknowledged save is at the city, once, or refused with its reason in its PC's outbox; records are equal."""
    storage = open_storage(storage_url, create=False)
    try:
        with storage.read() as session:
            changes = [
                (_decode_change(payload), status)
                for payload, status in session.all("SELECT payload, status FROM changes")
            ]
            rows = session.all("SELECT id, type, revision, state, number, fields FROM records")
            files = {sha256 for (sha256,) in session.all("SELECT sha256 FROM files")}
    finally:
        storage.close()
    places = places_of_tokens(changes, stores, tally)
    given_up = {token for said in acknowledged for token in said.get("giving_up", ())}
    wrong = [
        f"{token}: {places[token]} places"
        for said in acknowledged
        for token in said["tokens"]
        if places[token] != 1 and not (places[token] == 0 and token in given_up)
    ]
    numbers = Counter((row[1], row[4]) for row in rows if row[4])
    wrong += [f"number {number} of {kind} given {n} times" for (kind, number), n in numbers.items() if n > 1]
    at_city = {row[0]: row for row in rows}
    on_paper = Counter(
        number for _, number in {(said["record"], said["number"]) for said in acknowledged if said["number"]}
    )
    wrong += [f"number {number} was on {n} papers" for number, n in on_paper.items() if n > 1]
    waiting = {(row.change.record_id, row.change.number) for store in stores for row in store.changes.outbox()}
    explained = {
        (row.record_id, row.number) for store in stores for row in store.numbers.book(PAPER) if row.status == "void"
    }
    wrong += [
        f"number {said['number']} was on paper and is not on {said['record']}"
        for said in acknowledged
        if said["number"]
        and at_city.get(said["record"], (None,) * 6)[4] != said["number"]
        and (said["record"], said["number"]) not in waiting  # behind what its officer is asked to put right
        and (said["record"], said["number"]) not in explained
    ]
    wrong += [
        f"file {said['file']} of {said['record']} is not at the city"
        for said in acknowledged
        if said.get("file")
        and (row := at_city.get(said["record"])) is not None
        and (msgspec.msgpack.decode(row[5]).get(SCAN) or {}).get("sha256") == said["file"]
        and said["file"] not in files
    ]
    for n, store in enumerate(stores):
        wrong += [f"PC {n}: {text}" for text in differences(store, at_city)]
    if wrong:
        raise LostError("\n".join([*wrong[:20], *traces(acknowledged, places, at_city, changes, stores)]))
    tally.numbers += sum(numbers.values())
    tally.given_up += sum(places[token] == 0 for token in given_up)
    tally.files += len(files)


def places_of_tokens(changes: list[tuple[Change, str]], stores: list[Store], tally: Tally) -> Counter[str]:
    """Where each typed value is: in changes the city holds, and in outboxes."""
    kept = [change for change, status in changes if status != "refused"]  # those are an answer at the city, not work
    tally.conflicts += sum(status == "conflict" for _, status in changes)
    for store in stores:
        for row in store.changes.outbox():
            if row.status == "refused" and not row.problems:
                raise LostError(f"refused without a reason: {row.change.change_id}")
            tally.refused += row.status == "refused"
            kept.append(row.change)
    typed = Counter(token for change in kept if change.kind != "resolve" for token in tokens_of(change))
    chosen = Counter(token for change in kept if change.kind == "resolve" for token in tokens_of(change))
    for token in given_up_choices(kept, stores) & typed.keys():
        typed[token] = 1
    places = typed + Counter(chosen.keys() - typed.keys())  # a choice repeats a value, its own and an earlier one's
    return places + Counter(typed_over(stores) - places.keys())


def typed_over(stores: list[Store]) -> set[str]:
    """Values of refused work that the same PC's correction replaced with others in the same fields: history has them."""
    found: set[str] = set()
    for store in stores:
        for record_id in {record.id for type_id in store.records.types() for record in store.records.each(type_id)}:
            said = {row.change.change_id: row.change for row in store.changes.history(record_id)}
            for change in said.values():
                after = {k: v for c in said.values() if c.save_id == change.save_id for k, v in c.after.items()}
                for old in filter(None, map(said.get, change.in_place_of)):
                    replaced = {k: v for k, v in old.after.items() if k in after and after[k] != v}
                    found |= tokens_of(msgspec.structs.replace(old, after=replaced))
    return found


def given_up_choices(kept: list[Change], stores: list[Store]) -> set[str]:
    """Values that were picked in a change the city refused: the correction of it says them as what was typed."""
    at_hand = {change.change_id for change in kept}
    records = {change.record_id for change in kept}
    said = (row.change for store in stores for record_id in records for row in store.changes.history(record_id))
    return {
        t for change in said if change.kind == "resolve" and change.change_id not in at_hand for t in tokens_of(change)
    }


def traces(
    acknowledged: list[dict[str, Any]],
    places: Counter[str],
    at_city: dict[str, tuple[Any, ...]],
    changes: list[tuple[Change, str]],
    stores: list[Store],
) -> Iterator[str]:
    """All that is known of the records that do not come out, so that a round that cannot be played again can be read."""
    odd = {
        said["record"]
        for said in acknowledged
        if any(places[token] != 1 for token in said["tokens"])
        or (said["number"] and at_city.get(said["record"], (None,) * 6)[4] != said["number"])
    }
    for record_id in sorted(odd)[:5]:
        yield f"-- {record_id}, at the city {at_city.get(record_id)}"
        yield from (f"   said {said}" for said in acknowledged if said["record"] == record_id)
        yield from (f"   city {status}: {change}" for change, status in changes if change.record_id == record_id)
        for n, store in enumerate(stores):
            rows = [row for row in store.changes.outbox() if row.change.record_id == record_id]
            yield from (f"   PC {n} {row.status} {row.problems}: {row.change}" for row in rows)


def tokens_of(change: Change) -> set[str]:
    return {value for value in change.after.values() if isinstance(value, str) and re.fullmatch(r"\d+-\d{15,}", value)}


def differences(store: Store, at_city: dict[str, tuple[Any, ...]]) -> Iterator[str]:
    open_here = {row.change.record_id for row in store.changes.outbox()}
    here = {record.id: record for type_id in store.records.types() for record in store.records.each(type_id)}
    for record_id, (_, _, revision, state, number, fields) in at_city.items():
        if record_id in open_here:
            continue
        mine = here.get(record_id)
        if mine is None:
            yield f"{record_id} is missing"
        elif (mine.revision, mine.state, mine.number) != (revision, state, number):
            yield f"{record_id} is at {mine.revision} {mine.state} {mine.number}, the city's at {revision} {state} {number}"
        elif mine.fields != msgspec.msgpack.decode(fields):
            yield f"{record_id} has other fields"
    yield from (f"{record_id} is not at the city" for record_id in here.keys() - at_city.keys() - open_here)

"""The rows of records of which there is nothing here yet: nearly all of a large pull. What they hold follows from the
record alone, but for the names of others it refers to, so that it is made column by column, and may be made ahead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from sync.clock import parse_moment
from sync.digest_terms import terms
from sync.ids import halves_of
from sync.protocol import Fields, RecordVersion
from sync.store import projection
from sync.store.plan import Plans, Resolve, TypePlan, link_key
from sync.store.rowcodec import encode_json, encode_lines
from sync.versions import Versions

_RANDOM_TAIL = 15  # bits of a row id below its millisecond
_LATEST_MS = 1 << 47  # beyond it a row id, or the next free one, would not fit


class NewRows(Struct):
    """Of records of one type, in their order: the columns of their rows by table, and what each adds to the digest of its
    stream."""

    plan: TypePlan
    versions: Versions
    records: Sequence[Sequence[Any]]  # as rowcodec.INSERT; without its last two until it is known where they stand
    texts: Sequence[str]
    listed: Sequence[Sequence[Any]]  # none of a type that is not known
    terms: Sequence[int]
    keys: list[tuple[int, int]]  # rows, in any order
    links: list[tuple[int, int, int]]  # the same

    @property
    def rids(self) -> Sequence[int]:
        return self.records[0]


class Places(Struct, gc=False):
    """Where new records are to stand, and whether an officer should be told of them."""

    rids: list[int]
    standings: list[int]
    news: list[bool]


def new_rows(plan: TypePlan, versions: Versions, places: Places, resolve: Resolve) -> NewRows:
    """Of records of one type, one at least."""
    made: NewRows | None
    made, versions.derived = versions.derived, None  # each holds the other: a taken page would stay in memory
    if made is None or made.plan is not plan or made.rids != places.rids:
        made = _derived(plan, versions, places.rids, resolve)
    is_new = [0] * len(versions)
    if any(places.news):
        news = zip(places.news, versions.states, strict=True)
        is_new = [int(new and state in plan.open_states) for new, state in news]
    return structs.replace(made, records=(*made.records, places.standings, is_new))


def derive(plan: TypePlan, versions: Versions) -> None:
    """What ``new_rows`` will make of records of one type, ahead of it, where none of them refers to another: what that one is
    called may change until then."""
    if all(map(plan.pointing_names.isdisjoint, versions.fields)):
        versions.derived = _derived(plan, versions, wanted_row_ids(versions), lambda _record_id: None)


def _derived(plan: TypePlan, versions: Versions, rids: Sequence[int], resolve: Resolve) -> NewRows:
    v, fields = versions, versions.fields
    found = plan.describe(fields, v.states, v.numbers, resolve)
    due_open: Sequence[str | None] = found.due
    if found.due.count(None) < len(rids):
        due_open = [open_due(plan, *each) for each in zip(v.states, fields, found.due, strict=True)]
    records = (
        rids, v.ids, v.types, v.wards, v.scopes, v.revisions, v.states, v.numbers,
        encode_lines(fields).decode().split("\n")[:-1], [encode_json(c).decode() if c else None for c in v.conflicts],
        v.created, v.updated, v.by, v.origins, v.packs, found.due, due_open, found.titles, found.subtitles,
    )  # fmt: skip
    listed: Sequence[Sequence[Any]] = ()
    if plan.record_type is not None:
        listed = projection.columns_of(plan, rids, v.states, v.numbers, updated=v.updated, found=found)
    pointing = [(rid, f) for rid, f in zip(rids, fields, strict=True) if not plan.pointing_names.isdisjoint(f)]
    return NewRows(
        plan,
        versions,
        records,
        [with_type(text, plan) for text in found.texts],
        listed,
        terms(v.ids, v.revisions),
        plan.new_keys(fields, rids) if plan.key_fields else [],
        [link for rid, f in pointing for link in links_of(plan, rid, f)],
    )


def with_type(text: str, plan: TypePlan) -> str:
    """What the search box finds a record by, narrowed to its type or not."""
    return f"{text}\n{plan.type_token}"


def links_of(plan: TypePlan, rid: int, fields: Fields) -> list[tuple[int, int, int]]:
    found = [
        (link_key(value), code, rid)
        for name, code in plan.single_links
        if (value := fields.get(name)) and isinstance(value, str)
    ]
    if plan.other_links and any(map(fields.get, plan.other_links)):
        code_of = plan.link_code
        found += [(link_key(target), code_of(name), rid) for name, target in plan.links(fields, plan.other_links)]
    return found


def standing_of(conflicts: Mapping[str, Any]) -> int:
    """Of a record as the city has it, with these conflicts."""
    return 2 if conflicts else 0


def news_among(plans: Plans, versions: Versions, *, filled: bool) -> list[bool]:
    """Of which an officer should be told: a service sent it, or it has a deadline and came after the first fill."""
    waited = {type_id: filled and plans.of(type_id).has_deadline for type_id in set(versions.types)}
    return [bool(origin) or waited[type_id] for origin, type_id in zip(versions.origins, versions.types, strict=True)]


def open_due(plan: TypePlan, state: str, fields: Fields, due: str | None) -> str | None:
    """The due moment of a record whose clock runs; a day without a time ends at Hanoi's midnight (17:00 UTC)."""
    if due is None or state not in plan.clock_states or "_void" in fields:
        return None
    return f"{due}T17:00:00Z" if len(due) == 10 else due


def conflicts_text(version: RecordVersion) -> str | None:
    return encode_json(version.conflicts).decode() if version.conflicts else None


def wanted_row_ids(versions: Versions) -> list[int]:
    """``wanted_row_id`` of each."""
    halves = halves_of(versions.ids) if len(versions) > 1 else None  # one: an officer's save
    if halves is None:
        return [*map(wanted_row_id, versions.ids, versions.created)]
    return [
        head >> 16 << _RANDOM_TAIL | (head & 0xFFF) << 3 | tail >> 60 & 7
        if head >> 12 & 15 == 7 and head >> 16 < _LATEST_MS
        else wanted_row_id(i, created_at)
        for head, tail, i, created_at in zip(*halves, versions.ids, versions.created, strict=True)
    ]


def wanted_row_id(i: str, created_at: str) -> int:
    """One that grows with the moment the record was begun: the millisecond of the UUIDv7 (else of ``created_at``) and 15
    bits below it."""
    if len(i) == 36 and i[14] == "7":
        try:
            number = int(f"{i[:8]}{i[9:13]}{i[15:18]}{i[19]}", 16)
        except ValueError:  # it only looks like a UUIDv7
            number = -1
        if 0 <= number < _LATEST_MS << 16:
            return number >> 16 << _RANDOM_TAIL | (number >> 4 & 0xFFF) << 3 | number & 7
    tail = int.from_bytes(hashlib.blake2b(i.encode(), digest_size=2).digest(), "big") >> 1
    return _created_ms(created_at) << _RANDOM_TAIL | tail


def _created_ms(text: str) -> int:
    try:
        return max(0, int(parse_moment(text).timestamp() * 1000))
    except ValueError:
        return 0

"""The rows of records of which there is nothing here yet: nearly all of a large pull. What they hold follows from the
record alone, but for the names of others it refers to, so that it is made column by column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct

from sync.clock import parse_moment
from sync.ids import halves_of
from sync.protocol import Fields, RecordVersion
from sync.store import digests, projection
from sync.store.plan import Resolve, TypePlan, link_key, link_keys
from sync.store.rowcodec import encode_json, encode_lines
from sync.store.terms import index_text

_RANDOM_TAIL = 15  # bits of a row id below its millisecond
_LATEST_MS = 1 << 47  # beyond it a row id, or the next free one, would not fit
_PARTS = attrgetter(
    "id", "ward", "scope", "revision", "state", "number", "fields", "conflicts", "created_at", "updated_at", "updated_by",
    "origin", "pack",
)  # fmt: skip


class NewRows(Struct, gc=False):
    """Of records of one type, in their order: the columns of their rows by table, what each adds to the digest of its stream,
    and the key by which others point at it (``link_key``)."""

    plan: TypePlan
    versions: Sequence[RecordVersion]
    records: Sequence[Sequence[Any]]  # as rowcodec.COLUMNS
    texts: Sequence[str]
    listed: Sequence[Sequence[Any]]  # none of a type that is not known
    terms: Sequence[int]
    link_keys: Sequence[int]
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


def new_rows(plan: TypePlan, versions: Sequence[RecordVersion], places: Places, resolve: Resolve) -> NewRows:
    """Of records of one type, one at least."""
    rids = places.rids
    (ids, wards, scopes, revisions, states, numbers, fields, conflicts, created, updated, by, origins, packs) = zip(
        *map(_PARTS, versions), strict=True
    )
    found = plan.describe(fields, states, numbers, resolve)
    due_open: list[str | None] = found.due
    if found.due.count(None) < len(rids):
        due_open = [open_due(plan, *each) for each in zip(states, fields, found.due, strict=True)]
    is_new = [int(new and state in plan.open_states) for new, state in zip(places.news, states, strict=True)]
    records = (
        rids, ids, [plan.id] * len(ids), wards, scopes, revisions, states, numbers,
        encode_lines(fields).decode().split("\n")[:-1], [encode_json(c).decode() if c else None for c in conflicts],
        created, updated, by, origins, packs, found.due, due_open, places.standings, is_new, found.titles, found.subtitles,
    )  # fmt: skip
    listed: Sequence[Sequence[Any]] = ()
    if plan.record_type is not None:
        listed = projection.columns_of(plan, rids, states, numbers, updated=updated, found=found)
    pointing = [(rid, f) for rid, f in zip(rids, fields, strict=True) if not plan.pointing_names.isdisjoint(f)]
    return NewRows(
        plan,
        versions,
        records,
        [index_text(texts, plan.type_token) for texts in found.texts],
        listed,
        digests.terms(ids, revisions),
        link_keys(ids),
        plan.new_keys(fields, rids) if plan.key_fields else [],
        [link for rid, f in pointing for link in links_of(plan, rid, f)],
    )


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


def standing_of(version: RecordVersion) -> int:
    """Of a record as the city has it."""
    return 2 if version.conflicts else 0


def is_news(plan: TypePlan, version: RecordVersion, *, filled: bool) -> bool:
    """Whether an officer should be told: a service sent it, or it has a deadline and came after the first fill."""
    return bool(version.origin) or (filled and plan.has_deadline)


def open_due(plan: TypePlan, state: str, fields: Fields, due: str | None) -> str | None:
    """The due moment of a record whose clock runs; a day without a time ends at Hanoi's midnight (17:00 UTC)."""
    if due is None or state not in plan.clock_states or "_void" in fields:
        return None
    return f"{due}T17:00:00Z" if len(due) == 10 else due


def conflicts_text(version: RecordVersion) -> str | None:
    return encode_json(version.conflicts).decode() if version.conflicts else None


def wanted_row_ids(versions: Sequence[RecordVersion]) -> list[int]:
    """``wanted_row_id`` of each."""
    if len(versions) == 1:  # an officer's save
        return [wanted_row_id(versions[0])]
    halves = halves_of([version.id for version in versions])
    if halves is None:
        return [wanted_row_id(version) for version in versions]
    return [
        head >> 16 << _RANDOM_TAIL | (head & 0xFFF) << 3 | tail >> 60 & 7
        if head >> 12 & 15 == 7 and head >> 16 < _LATEST_MS
        else wanted_row_id(version)
        for head, tail, version in zip(*halves, versions, strict=True)
    ]


def wanted_row_id(version: RecordVersion) -> int:
    """One that grows with the moment the record was begun: the millisecond of the UUIDv7 (else of ``created_at``) and 15
    bits below it."""
    i = version.id
    if len(i) == 36 and i[14] == "7":
        try:
            number = int(f"{i[:8]}{i[9:13]}{i[15:18]}{i[19]}", 16)
        except ValueError:  # it only looks like a UUIDv7
            number = -1
        if 0 <= number < _LATEST_MS << 16:
            return number >> 16 << _RANDOM_TAIL | (number >> 4 & 0xFFF) << 3 | number & 7
    tail = int.from_bytes(hashlib.blake2b(i.encode(), digest_size=2).digest(), "big") >> 1
    return _created_ms(version.created_at) << _RANDOM_TAIL | tail


def _created_ms(text: str) -> int:
    try:
        return max(0, int(parse_moment(text).timestamp() * 1000))
    except ValueError:
        return 0

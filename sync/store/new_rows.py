"""The rows of records of which there is nothing here yet: nearly all of a large pull. What they hold follows from the
record alone, but for the names of others it refers to, so that most of it can be made before the store is written to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from sync.clock import parse_moment
from sync.protocol import Fields, RecordVersion
from sync.store import digests, projection
from sync.store.batch import links_of
from sync.store.plan import Plans, Resolve, TypePlan, link_key
from sync.store.rowcodec import encode_json
from sync.store.terms import index_text

_RANDOM_TAIL = 15  # bits of a row id below its millisecond
_LATEST_MS = 1 << 47  # beyond it a row id, or the next free one, would not fit
_Row = tuple[Any, ...]


class NewRows(Struct, gc=False):
    """Of one record: its rows by table, all at ``rid``, what it adds to the digest of its stream, and the key by which others
    point at it (``link_key``)."""

    rid: int
    record: _Row  # in the order of rowcodec.COLUMNS
    text: tuple[int, str]
    listed: _Row | None
    keys: list[tuple[int, int]]
    links: list[tuple[int, int, int]]
    term: int
    key: int


class Standing(Struct, gc=False):
    """Where a new record is to stand."""

    rid: int
    standing: int
    is_new: bool


def new_rows(plan: TypePlan, new: Iterable[tuple[RecordVersion, Standing]], resolve: Resolve) -> Iterator[NewRows]:
    """Of records of one type, by this thread."""
    describe = plan.describe if plan.record_type is None else plan.describer
    token, is_known, has_keys, pointing = (
        plan.type_token,
        plan.record_type is not None,
        plan.key_fields,
        plan.pointing_names,
    )
    for v, place in new:
        rid, state, number, fields = place.rid, v.state, v.number, v.fields
        try:
            title, subtitle, search, sort, due = describe(fields, state, number, resolve)
        except Exception:  # told, and forgiven, there
            title, subtitle, search, sort, due = plan.describe(fields, state, number, resolve)
        due_open = open_due(plan, state, fields, due) if due is not None else None
        is_new = int(place.is_new and state in plan.open_states)
        record = (rid, v.id, plan.id, v.ward, v.scope, v.revision, state, number, encode_json(fields).decode(),
                  conflicts_text(v) if v.conflicts else None, v.created_at, v.updated_at, v.updated_by,
                  v.origin, v.pack, due, due_open, place.standing, is_new, title, subtitle)  # fmt: skip
        listed = None
        if is_known:
            listed = projection.row_values(
                plan, rid, state, sort, title=title, number=number, due=due, updated=v.updated_at
            )
        keys = [(key, rid) for key in plan.keys(fields)] if has_keys else []
        links = [] if pointing.isdisjoint(fields) else links_of(plan, rid, fields)  # nearly all of a large pull
        text, term = (rid, index_text(search, token)), digests.term(v.id, v.revision)
        yield NewRows(rid, record, text, listed, keys, links, term, link_key(v.id))


class Prepared(Struct):
    """Rows made before it was known what is here, for records that prove to be new. ``filled``: as the stream was taken to
    be. By record id; those that refer to others are left out, since these may come meanwhile."""

    filled: bool
    rows: dict[str, NewRows]


def prepared(plans: Plans, versions: Iterable[RecordVersion], *, filled: bool) -> Prepared:
    """By any thread: the store is not asked."""
    asked: list[str] = []
    rows: dict[str, NewRows] = {}
    of_type: dict[str, list[RecordVersion]] = {}
    for version in versions:
        of_type.setdefault(version.type, []).append(version)
    for type_id, same in of_type.items():
        plan = plans.of(type_id)
        new = [(v, Standing(wanted_row_id(v), standing_of(v), is_news(plan, v, filled=filled))) for v in same]
        for version, made in zip(same, new_rows(plan, new, asked.append), strict=True):
            if asked:
                asked.clear()
            else:
                rows[version.id] = made
    return Prepared(filled, rows)


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

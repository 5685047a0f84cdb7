"""Records of another ward that bear the id of one that is here: a PC with grants in both wards is told of both, and its store
knows a record by its id alone.

The one that came first stays; of the other only its revision is remembered, so that the digests of its stream agree and
nothing is read again and again for it. Ids are made so that this does not happen by itself: somebody wrote one by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sync.protocol import RecordVersion
from sync.store.context import read_meta, write_meta
from sync.store.rowcodec import encode_json

if TYPE_CHECKING:
    from sync.store.worklist import Work

_KEY = "elsewhere"
"""In ``meta``: record id → [ward, scope, type, revision], one for each other ward."""


def is_of_another_ward(work: Work, version: RecordVersion) -> bool:
    here = work.shown or work.base
    ward = here.ward if here is not None else work.open[0].change.ward
    return ward != version.ward


def note(connection: Any, versions: Iterable[RecordVersion]) -> None:
    """Remember what was told of them."""
    known: dict[str, list[list[Any]]] = read_meta(connection, _KEY, {})
    for v in versions:
        others = [place for place in known.get(v.id, []) if place[:3] != [v.ward, v.scope, v.type]]
        known[v.id] = [*others, [v.ward, v.scope, v.type, v.revision]]
    write_meta(connection, _KEY, known)


def told_of(connection: Any, ward: str, scope: str) -> dict[str, list[tuple[str, int]]]:
    """Type → (id, revision) of those of the stream that are not here because another ward's has their id."""
    known: dict[str, list[list[Any]]] = read_meta(connection, _KEY, {})
    if not known:
        return {}
    sql = "SELECT id FROM records WHERE ward <> ? AND id IN (SELECT value FROM json_each(?))"
    taken = {record_id for (record_id,) in connection.execute(sql, (ward, encode_json(list(known)).decode()))}
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for record_id in taken:
        for place in known[record_id]:
            if place[:2] == [ward, scope]:
                found[place[2]].append((record_id, place[3]))
    return found

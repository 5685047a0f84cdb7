"""Records that were merged into another: their ids go on meaning something, namely the record that was kept.

Nothing that refers to a merged record is rewritten. While it stands in its type's merged state, whatever asks what it is
hears of the kept one; taking the merging back is one action, and everything is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sync.store.plan import Plans, TypePlan, link_key
from sync.store.rowcodec import encode_json

_LONGEST_CHAIN = 16
_MOST_ALIASES = 50


def target_of(plan: TypePlan, state: str, fields: Mapping[str, Any]) -> str | None:
    """The id of the record this one was merged into; None: it stands for itself."""
    merging = plan.record_type.merging if plan.record_type else None
    if merging is None or state != merging.state:
        return None
    into = fields.get(merging.into)
    return into if isinstance(into, str) and into else None


def kept_id(record_id: str, next_of: Callable[[str], str | None]) -> str:
    """The id at the end of the chain. Two officers may have merged two records into each other: of a ring the first id, as
    every PC sees it."""
    chain = [record_id]
    while (following := next_of(chain[-1])) is not None and len(chain) < _LONGEST_CHAIN:
        if following in chain:
            return min(chain[chain.index(following) :])
        chain.append(following)
    return chain[-1]


def aliases_of(connection: Any, plan: TypePlan, record_id: str) -> tuple[str, ...]:
    """The ids that mean this record besides its own, those merged into it by way of others too."""
    merging = plan.record_type.merging if plan.record_type else None
    if merging is None:
        return ()
    found: dict[str, None] = {record_id: None}
    waiting = [record_id]
    sql = (
        "SELECT r.id, r.state, r.fields FROM links l JOIN records r ON r.rid = l.rid "
        "WHERE l.target = ? AND l.field = ? AND r.state = ?"
    )
    while waiting and len(found) < _MOST_ALIASES:
        target = waiting.pop()
        values = (link_key(target), plan.link_code(merging.into), merging.state)
        for other, _, text in connection.execute(sql, values).fetchall():
            if other not in found and target in text:
                found[other] = None
                waiting.append(other)
    return tuple(i for i in found if i != record_id)


def pointing_by_alias(connection: Any, plans: Plans, rids: Iterable[int]) -> list[int]:
    """Of the records ``rids``, which refer to changed ones, some are merged into those: whatever refers to these shows the
    changed ones too."""
    states = {p.merging.state for t in plans.merged_types if (p := plans.of(t).record_type) and p.merging}
    if not states:
        return []
    which = (
        "SELECT id, type, state FROM records WHERE rid IN (SELECT value FROM json_each(?)) "
        "AND type IN (SELECT value FROM json_each(?)) AND state IN (SELECT value FROM json_each(?))"
    )
    kinds = (encode_json(sorted(plans.merged_types)).decode(), encode_json(sorted(states)).decode())
    pointing = "SELECT DISTINCT rid FROM links WHERE target IN (SELECT value FROM json_each(?)) LIMIT 2000"
    waiting = list(rids)
    seen, found = set(waiting), list[int]()
    for _ in range(_LONGEST_CHAIN):  # one may have been merged into another that was merged
        merged = [row[0] for row in connection.execute(which, (encode_json(waiting).decode(), *kinds))]
        if not merged:
            break
        targets = encode_json([link_key(i) for i in merged]).decode()
        waiting = [rid for (rid,) in connection.execute(pointing, (targets,)) if rid not in seen]
        seen.update(waiting)
        found += waiting
    return found

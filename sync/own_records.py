"""What this PC makes of the records that only its own changes moved: the city leaves them out of a page, and tells a mark of them."""

from __future__ import annotations

from sync.held_copy import is_held
from sync.protocol import StreamNews, SyncAnswer, SyncRequest
from sync.store.changes import Changes
from sync.versions import Versions


def own_of(
    changes: Changes,
    stream: tuple[str, str],
    round_: tuple[SyncRequest, SyncAnswer],
    page: StreamNews,
    begun: Versions,
) -> Versions:
    """The records of the stream that the page leaves out, as they stand here. ``begun``: those that the round made the city's."""
    asked, answer = round_
    there = set(Versions.of(page.records).ids)
    simply = {r.change_id for r in answer.results if r.status == "accepted" and not r.problems}
    others = {c.record_id for c in asked.changes if c.change_id not in simply or is_held(c)} | there
    mine = dict.fromkeys(c.record_id for c in asked.changes if c.record_id not in others)
    begun = begun.where(mine.__contains__, begun.ids)
    every = Versions.together([begun, Versions.of(changes.held(mine.keys() - set(begun.ids)))])
    # one in conflict the city sends; where it has no conflict any more, somebody settled it, and this PC has to hear that
    is_alone = [
        (ward, scope) == stream and not conflicts
        for ward, scope, conflicts in zip(every.wards, every.scopes, every.conflicts, strict=True)
    ]
    return every.where(bool, is_alone)

"""Refused changes that their PC has replaced: a copy of one that comes late is not taken any more.

Copies come late from a slow line, from a ward's hub, from a USB stick that was weeks on its way. What stood in the way of the
first one may be gone by then, and the city would do what nobody stands for any longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import structs

from sync.difference import get_path
from sync.gateway.offers import refused
from sync.gateway.storage import Row, Session
from sync.protocol import Change, ChangeResult, RecordVersion


class GivenUp:
    """Within one transaction."""

    def __init__(self, session: Session, at: str) -> None:
        self._session = session
        self._at = at
        self._new: list[Row] = []
        self._records: dict[tuple[str, str], str] = {}  # (ward, change id) → the record it was about

    def load(self, changes: Iterable[Change]) -> None:
        """Those of these that were given up before."""
        by_ward: dict[str, list[str]] = defaultdict(list)
        for change in changes:
            by_ward[change.ward].append(change.change_id)
        sql = "SELECT change_id, record_id FROM given_up WHERE ward = ? AND change_id = ANY(?)"
        for ward, ids in by_ward.items():
            self._records |= {(ward, row[0]): row[1] for row in self._session.all(sql, ward, ids)}

    def note(self, change: Change) -> None:
        """What this change stands in place of, of its own record."""
        for change_id in change.in_place_of:
            self._records[change.ward, change_id] = change.record_id
            self._new.append((change.ward, change_id, change.record_id, self._at))

    def __contains__(self, change: Change) -> bool:
        return self._records.get((change.ward, change.change_id)) == change.record_id

    def write(self) -> None:
        self._session.upsert("given_up", self._new, keep=("record_id", "at"))


def over_what_came(current: RecordVersion | None, change: Change, came: Iterable[Change]) -> Change:
    """The change as made over what it stands in place of, where that was taken after all (``came``) and its values stand, or
    wait, as it said them: one officer's two words for a field are the earlier and the later, and nothing to choose between."""
    if current is None:
        return change
    before = dict(change.before)
    for earlier in came:
        for key in change.after.keys() & earlier.after.keys():
            value = earlier.after[key]
            waits = any(c.change_id == earlier.change_id for c in current.conflicts.get(key, ()))
            if waits or get_path(current.fields, key) == value:
                before[key] = value
    return change if before == change.before else structs.replace(change, before=before)


def too_late(change: Change) -> ChangeResult:
    return refused(
        change.change_id,
        "Máy này đã lưu lại bản ghi sau lần này, nên lần lưu cũ đến muộn không được ghi nữa.",
        english="This PC has saved the record anew since, so this older save, which comes late, is not taken any more.",
    )

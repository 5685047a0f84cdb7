"""How large records become at the city: every PC of the ward has to take each of them in one piece."""

from __future__ import annotations

import msgspec

from sync.gateway.offers import refused
from sync.protocol import Change, ChangeResult, RecordVersion

LARGEST_RECORD = 4 * 1024 * 1024
"""Bytes of MessagePack of a record's values, those that wait for a person among them: many small changes may add up."""
_encode = msgspec.msgpack.Encoder().encode


class RecordSizes:
    """Of one transaction's records: no more than so many bytes each, and looked at closely only where that may be too much."""

    def __init__(self) -> None:
        self._most: dict[tuple[str, str], int] = {}

    def outgrown(self, change: Change, payload: bytes, before: RecordVersion | None, after: RecordVersion) -> bool:
        """Whether the change would make the record too large. What makes it smaller may; a step (a signature, its number,
        which may come late) has as much room again, so that a large record does not end as a draft."""
        key = (change.ward, change.record_id)
        if key not in self._most:
            self._most[key] = _size(before) if before is not None else 0
        least = self._most[key]
        self._most[key] += len(payload)
        if self._most[key] <= LARGEST_RECORD:
            return False
        size = self._most[key] = _size(after)
        is_step = change.kind not in ("create", "edit") or (change.kind == "edit" and change.number is not None)
        room = 2 * LARGEST_RECORD if is_step else LARGEST_RECORD
        if size <= room or (before is not None and size <= _size(before)):
            return False
        self._most[key] = least
        return True


def _size(version: RecordVersion) -> int:
    return len(_encode(version.fields)) + (len(_encode(version.conflicts)) if version.conflicts else 0)


def outgrown(change: Change) -> ChangeResult:
    most = LARGEST_RECORD // 1024 // 1024
    message = f"Bản ghi này sẽ lớn hơn {most} MB nên các máy của phường không nhận được; bớt nội dung, hoặc đính kèm thành tệp."
    english = (
        f"The record would be larger than {most} MB, and no PC of the ward could take it; shorten it, or attach a file."
    )
    return refused(change.change_id, message, english=english)

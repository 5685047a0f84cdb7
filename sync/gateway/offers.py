"""A change on its way in, and the plain way to refuse it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from sync.protocol import TOO_LARGE_CHANGE, Change, ChangeResult, FieldProblem

_LONGEST_NAME = 64


class Offer(Struct, gc=False):
    """One change on its way in. ``refusal`` is set when it may not even be judged."""

    change: Change
    payload: bytes
    record_type: RecordType | None
    refusal: ChangeResult | None = None

    @property
    def is_named(self) -> bool:
        """Whether its id and ward can be looked up at all."""
        texts = (self.change.change_id, self.change.ward)
        return all(0 < len(text) <= _LONGEST_NAME and "\0" not in text for text in texts)


def unread(change_id: str, why: str) -> ChangeResult:
    message = f"Thành phố không đọc được thay đổi này: {why}"
    return refused(change_id, message, english=f"The city cannot read this change: {why}")


def too_large_change(change_id: str) -> ChangeResult:
    return refused(change_id, TOO_LARGE_CHANGE.vi, english=TOO_LARGE_CHANGE.en)


def refused(change_id: str, message: str, value: Any = None, field: str = "", *, english: str = "") -> ChangeResult:
    problem = FieldProblem(field, message, value, english)
    return ChangeResult(change_id=change_id, status="refused", problems=(problem,))

"""A change on its way in, and the plain way to refuse it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from sync.protocol import Change, ChangeResult, FieldProblem


class Offer(Struct):
    """One change on its way in. ``refusal`` is set when it may not even be judged."""

    change: Change
    payload: bytes
    record_type: RecordType | None
    refusal: ChangeResult | None = None


def refused(change_id: str, message: str, value: Any = None, field: str = "", *, english: str = "") -> ChangeResult:
    problem = FieldProblem(field, message, value, english)
    return ChangeResult(change_id=change_id, status="refused", problems=(problem,))

"""Whether values are what JSON can say: MessagePack can say more, and nothing of ours would know what to do with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

DEEPEST = 24
"""Lists and maps inside each other; a row of a group of files has four."""
_LARGEST = 1 << 63


def foreign_value(values: Mapping[str, Any]) -> str:
    """The first name whose value is not one of JSON, or too large or too deep for a database to keep; "": there is none."""
    for name, value in values.items():
        kind = type(value)
        if kind is str or value is None or (kind is int and -_LARGEST <= value < _LARGEST):  # nearly all
            continue
        if not _is_plain(value, DEEPEST):
            return name or "?"
    return ""


def _is_plain(value: Any, depth: int) -> bool:
    kind = type(value)
    if kind is int:
        return bool(-_LARGEST <= value < _LARGEST)
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    if kind is dict:
        return depth > 0 and all(type(name) is str and _is_plain(item, depth - 1) for name, item in value.items())
    return kind is str or kind is bool or value is None

"""The digest of a stream: one sum per type, kept as records change, equal on every PC that holds the same revisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sync.gateway.storage import Session

Key = tuple[str, str, str]
"""(ward, scope, type)"""
_MASK = 0xFFFF_FFFF_FFFF_FFFF


def add_to_digests(session: Session, deltas: Mapping[Key, int]) -> None:
    """Add to the stored sums, modulo 2^64. The caller holds the streams."""
    totals: Counter[Key] = Counter(deltas)
    for ward, scope in {key[:2] for key in deltas}:
        for record_type, total in read_digests(session, ward, scope).items():
            if (ward, scope, record_type) in totals:
                totals[ward, scope, record_type] += int(total, 16)
    session.upsert("digests", [(*key, f"{total & _MASK:016x}") for key, total in totals.items()])


def read_digests(session: Session, ward: str, scope: str) -> dict[str, str]:
    """Type → sum in hexadecimal."""
    return dict(session.all("SELECT type, total FROM digests WHERE ward = ? AND scope = ?", ward, scope))

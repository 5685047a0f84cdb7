"""What one record adds to the digest of a stream, the same on every PC and at the city: 64 bits of BLAKE2b over ``id:revision``."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from hashlib import blake2b


def hashes(texts: Sequence[str]) -> tuple[int, ...]:
    """64 bits of BLAKE2b of each."""
    return struct.unpack(f">{len(texts)}Q", b"".join([blake2b(t.encode(), digest_size=8).digest() for t in texts]))


def term(record_id: str, revision: int) -> int:
    """What one record adds; a record the city has not seen yet (revision 0) adds nothing."""
    if revision <= 0:
        return 0
    return int.from_bytes(blake2b(f"{record_id}:{revision}".encode(), digest_size=8).digest(), "big")


def terms(ids: Sequence[str], revisions: Sequence[int]) -> list[int]:
    """``term`` of each."""
    if len(ids) == 1:
        return [term(ids[0], revisions[0])]
    made = hashes([f"{record_id}:{revision}" for record_id, revision in zip(ids, revisions, strict=True)])
    return [one if revision > 0 else 0 for one, revision in zip(made, revisions, strict=True)]

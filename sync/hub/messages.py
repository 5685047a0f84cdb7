"""What a PC and the ward's hub say to each other beside the city's own protocol, which passes through the hub unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from msgspec import Struct

from sync.protocol import Change

MOST_CHANGES = 5000  # of one PC that the hub keeps


class ScopedChange(Struct, frozen=True):
    """A change that waits for the city, and the scope of its register: who may see it."""

    scope: str
    change: Change


class HubRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``mine``: the mark of all that waits on this PC; ``changes``: these, where the hub is not known to have them (None:
    not said). ``known``: the mark of what the hub told last."""

    mine: bytes
    changes: tuple[ScopedChange, ...] | None = None
    known: bytes = b""


class HubAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``wanted``: the hub has another set of this PC and asks for it; then nothing else is said. ``changes``: what waits on
    the ward's other PCs, as far as this one may read it, each PC's in its order; None: as ``known``. None of it is
    acknowledged: only the city does that."""

    wanted: bool = False
    changes: tuple[Change, ...] | None = None
    mark: bytes = b""


def mark_of(ids: Iterable[str]) -> bytes:
    digest = blake2b(digest_size=8)
    for change_id in ids:
        digest.update(change_id.encode() + b"\0")
    return digest.digest()

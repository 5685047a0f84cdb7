"""Taking what the hub relays of the city's log, after the city's signature was checked: a hub can withhold, not alter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import zstandard
from msgspec import structs

from sync.hub.messages import PAGE_MARK, LogPage, SignedPage
from sync.renamed_line import Renamings, renamed_version
from sync.store import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_LARGEST = 64 * 1024 * 1024  # bytes of a page once decompressed
_decode = msgspec.msgpack.Decoder(LogPage).decode


class Relayed:
    """``key``: the city's, by which it signs its log."""

    def __init__(self, store: Store, key: bytes) -> None:
        self._store = store
        self._key = key
        self._names = Renamings(store.catalog)

    def take(self, pages: tuple[SignedPage, ...]) -> int:
        """What is news here goes the way of any pull; the number of records. What the city did not sign, and what does not
        lead on from where this PC stands in the same epoch, is left."""
        enrolment = self._store.enrolment
        verifier, taken = self._verifier(), 0
        for signed in pages:
            page = opened(signed, verifier)
            if page is None or enrolment is None or page.epoch != enrolment.epoch:
                return taken
            places = {(ward, scope): cursor for ward, scope, cursor in self._store.changes.news_places()}
            here = places.get((page.ward, page.scope))
            if here is None or not page.after <= here < page.page.cursor:
                continue
            records = tuple(renamed_version(v, self._names.of(v.type)[1]) for v in page.page.records)
            pull = structs.replace(page.page, records=records)
            taken += self._store.changes.apply_pull(pull, page.ward, page.scope)
        return taken

    def _verifier(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self._key)


def opened(signed: SignedPage, verifier: Ed25519PublicKey) -> LogPage | None:
    """The page, when the city signed it as it is; None otherwise."""
    from cryptography.exceptions import InvalidSignature

    try:
        verifier.verify(signed.signature, PAGE_MARK + signed.body)
        with zstandard.ZstdDecompressor(max_window_size=_LARGEST).stream_reader(signed.body) as reader:
            content = reader.read(_LARGEST + 1)
        return _decode(content) if len(content) <= _LARGEST else None
    except (InvalidSignature, msgspec.MsgspecError, UnicodeDecodeError, zstandard.ZstdError):
        return None

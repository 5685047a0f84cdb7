"""A page of the first fill as it is written: in the line's own form for who reads it, else as MessagePack or JSON."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from sync.fill_form import put_fill
from sync.gateway.feed import WireNews, opened
from sync.gateway.wire import MSGPACK, Wire
from sync.protocol import FillAnswer, FillPlace, RecordVersion
from sync.squeeze import LINE_FORM, squeeze
from sync.versions import Versions

_LEVEL = 6  # of zstd: a page is large, and a PC waits for many of them


class WireFill(Struct, omit_defaults=True):
    """``protocol.FillAnswer`` over ``WireNews``."""

    places: list[FillPlace] = []
    pages: list[WireNews] = []
    along: list[RecordVersion] = []


def packed_fill(
    wire: Wire, accept: str, filled: tuple[list[FillPlace], list[WireNews], Versions]
) -> tuple[bytes, dict[str, str]]:
    """The answer's bytes and the headers that say what they are."""
    places, pages, along = filled
    in_columns = LINE_FORM in accept
    for page in pages:
        page.records = opened(page.records) if in_columns else list(page.records)
    if in_columns:
        return squeeze(put_fill(places, pages, opened(along)), _LEVEL), {"Content-Type": LINE_FORM}
    answer = WireFill(places, pages, list(along))
    if wire.answer_type == MSGPACK:
        return wire.packed(answer)
    return wire.packed(msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=FillAnswer))


__all__ = ["WireFill", "packed_fill"]

"""A page of the first fill as it is written: in the line's own form for who reads it, else as MessagePack or JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from sync.fill_form import put_fill
from sync.gateway.feed import WireNews, WireRecord
from sync.gateway.wire import MSGPACK, Wire
from sync.protocol import FillAnswer, FillPlace
from sync.squeeze import LINE_FORM, squeeze

_LEVEL = 6  # of zstd: a page is large, and a PC waits for many of them
_opened: Any = msgspec.msgpack.Decoder().decode


class WireFill(Struct, omit_defaults=True):
    """``protocol.FillAnswer`` over ``WireNews``."""

    places: list[FillPlace] = []
    pages: list[WireNews] = []
    along: list[WireRecord] = []


def packed_fill(
    wire: Wire, accept: str, filled: tuple[list[FillPlace], list[WireNews], list[WireRecord]]
) -> tuple[bytes, dict[str, str]]:
    """The answer's bytes and the headers that say what they are."""
    places, pages, along = filled
    if LINE_FORM in accept:
        for record in (*(r for page in pages for r in page.records), *along):
            record.fields, record.conflicts = _opened(record.fields), _opened(record.conflicts)
        return squeeze(put_fill(places, pages, along), _LEVEL), {"Content-Type": LINE_FORM}
    if wire.answer_type == MSGPACK:
        return wire.packed(WireFill(places, pages, along))
    typed = msgspec.msgpack.decode(msgspec.msgpack.encode(WireFill(places, pages, along)), type=FillAnswer)
    return wire.packed(typed)


__all__ = ["WireFill", "packed_fill"]

"""How a page of the first fill is written when both sides know the line's own form: its records as those of a round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sync.line_form import get_answer, put_answer
from sync.protocol import FillAnswer, FillPlace, StreamNews, SyncAnswer

_NOW = "1970-01-01T00:00:00Z"  # a round has a time, a page of a fill needs none


class _Page(Struct, array_like=True):
    """``places``: head, tier, below of each stream. ``content``: a round's answer, whose last page has what the others
    refer to, under the number of no stream."""

    places: list[tuple[int, int, int]]
    content: bytes


class _Round(Struct):
    """What ``put_answer`` reads, over records whose fields may be of either side."""

    news: list[Any]
    time: str = _NOW
    digest: bytes = b""
    results: tuple[()] = ()
    hello: None = None
    mark: bytes = b""
    leases: None = None


class _Along(Struct):
    stream: int
    records: Sequence[Any]
    cursor: int = 0
    more: bool = False
    own: bytes = b""
    deliveries: tuple[()] = ()


def put_fill(places: Sequence[FillPlace], pages: Sequence[Any], along: Sequence[Any]) -> bytes:
    """Fields of the records are maps, not as stored."""
    content = put_answer(_Round([*pages, _Along(len(places), along)] if along else list(pages)))
    return msgspec.msgpack.encode(_Page([(p.head, p.tier, p.below) for p in places], content))


def get_fill(content: bytes) -> FillAnswer:
    """Raises ValueError."""
    page = msgspec.msgpack.decode(content, type=_Page)
    answer: SyncAnswer = get_answer(page.content, ())
    along: list[StreamNews] = [news for news in answer.news if news.stream == len(page.places)]
    return FillAnswer(
        places=tuple(FillPlace(*place) for place in page.places),
        pages=tuple(news for news in answer.news if news.stream != len(page.places)),
        along=along[0].records if along else (),
    )

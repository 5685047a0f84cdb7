"""What many records of one type are in a list, in the search box and in a title (``forms.summary``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct


class Summaries(Struct):
    """What a ``Summary`` says, of many records: a column for each thing, in their order. ``texts``: what the
    search box finds each by, every thing on a line."""

    titles: list[str]
    subtitles: list[str]
    texts: list[str]
    sort: dict[str, list[Any]]
    due: list[Any]


def nameless(titles: list[str]) -> Summaries:
    """Of records of which nothing else can be said."""
    return Summaries(titles, [""] * len(titles), titles, {"_title": titles}, [None] * len(titles))


def together(parts: Sequence[Summaries]) -> Summaries:
    """Of records that were described one by one; not all need have the same sort values."""
    names = {name for part in parts for name in part.sort}
    return Summaries(
        [part.titles[0] for part in parts],
        [part.subtitles[0] for part in parts],
        [part.texts[0] for part in parts],
        {name: [part.sort.get(name, (None,))[0] for part in parts] for name in names},
        [part.due[0] for part in parts],
    )

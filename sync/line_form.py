"""How one round of a sync (``SyncRequest``, ``SyncAnswer``) is written when both sides know this form: columns instead of
messages (``sync.columns``), as MessagePack, squeezed with the line's dictionary (``sync.line_dictionary``).

Media type ``application/x-line1``. What is written here is never changed: a later form has another name, and a city keeps
reading the ones before. The same round as plain MessagePack or JSON says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from sync.columns import (
    MOST,
    Ids,
    Numbers,
    Rows,
    few,
    get_ids,
    get_numbers,
    get_rows,
    many,
    moment,
    put_ids,
    put_moment,
    put_numbers,
    put_rows,
)
from sync.line_changes import ChangeColumns, get_changes, put_changes
from sync.protocol import (
    Candidate,
    Change,
    ChangeResult,
    DeliveryState,
    DeliveryStatus,
    FieldProblem,
    Hello,
    Lease,
    Officer,
    StreamNews,
    SyncAnswer,
    SyncRequest,
)
from sync.versions import Versions

T = TypeVar("T")
GetChanges = Callable[[Sequence[Officer]], Iterator[Change]]
_encode = msgspec.msgpack.Encoder().encode


class _Request(Struct, array_like=True):
    known: bytes
    cursors: Annotated[list[int], Meta(max_length=MOST)]
    limit: int
    changes: ChangeColumns | None = None


class _Records(Struct, array_like=True):
    ids: Ids
    fields: Rows
    wards: list[str]
    scopes: list[str]
    revisions: list[int]
    states: list[str]
    numbers: list[str | None]
    conflicts: list[dict[str, tuple[Candidate, ...]]]
    created: Numbers  # seconds
    updated: Numbers
    by: list[str]
    origins: list[str]
    packs: list[str]


class _Deliveries(Struct, array_like=True):
    """``places``: of the record, first among those of the page, then among those of the request's changes, then among ``ids``."""

    places: Numbers
    ids: Ids
    services: list[str]
    revisions: list[int]
    statuses: list[DeliveryStatus]
    numbers: list[str | None]
    messages: list[str]
    problems: list[tuple[FieldProblem, ...]]
    at: Numbers  # seconds


class _News(Struct, array_like=True):
    stream: int
    cursor: int
    more: bool = False
    own: bytes = b""
    records: _Records | None = None
    deliveries: _Deliveries | None = None


class _Answer(Struct, array_like=True):
    """``revisions``: of the changes that were simply accepted, in their order, 0 for each that ``others`` tells of."""

    time: int | str
    digest: bytes
    revisions: list[int]
    others: list[ChangeResult]
    news: list[_News]
    hello: Hello | None = None
    mark: bytes = b""
    leases: list[Lease] | None = None


_decode_request = msgspec.msgpack.Decoder(_Request).decode
_decode_answer = msgspec.msgpack.Decoder(_Answer).decode


def put_request(request: SyncRequest, officers: Sequence[Officer] = (), changes: ChangeColumns | None = None) -> bytes:
    """``officers``: of the Hello whose mark is ``request.known``; ``changes``: the request's, where they are columns already."""
    if changes is None and request.changes:
        changes = put_changes(request.changes, officers)
    return _encode(_Request(request.known, list(request.cursors), request.limit, changes))


def get_request(content: bytes) -> tuple[SyncRequest, GetChanges]:
    """The request without its changes, and what gives these once the officers of the Hello are known. ``kind`` may be one
    that only a newer program knows; all else is of its type. Both raise ValueError."""
    asked = _decode_request(content)
    request = SyncRequest(known=asked.known, cursors=tuple(asked.cursors), limit=asked.limit)
    return request, lambda officers: get_changes(asked.changes, officers) if asked.changes else iter(())


def put_answer(answer: Any, asked: Sequence[str] = ()) -> bytes:
    """``asked``: the ids of the records of the request's changes, in their order. Of a ``SyncAnswer``, or of the city's own."""
    results: Sequence[ChangeResult] = answer.results
    plain = [
        r.status == "accepted"
        and not (r.fields or r.problems or r.duplicate or r.already or r.taken_before)
        and r.revision > 0
        for r in results
    ]
    return _encode(
        _Answer(
            time=put_moment(answer.time),
            digest=answer.digest,
            revisions=[r.revision if is_plain else 0 for r, is_plain in zip(results, plain, strict=True)],
            others=[r for r, is_plain in zip(results, plain, strict=True) if not is_plain],
            news=[_put_news(news, asked) for news in answer.news],
            hello=answer.hello,
            mark=answer.mark,
            leases=None if answer.leases is None else list(answer.leases),
        )
    )


def get_answer(content: bytes, changes: Sequence[Change]) -> SyncAnswer:
    """``changes``: of the request. Raises ValueError."""
    asked = [change.record_id for change in changes]
    answer = _decode_answer(content)
    others = iter(answer.others)
    results = []
    if answer.revisions:
        for change, revision in zip(changes, answer.revisions, strict=True):
            plain = ChangeResult(change_id=change.change_id, status="accepted", revision=revision)
            results.append(plain if revision else _next(others))
    return SyncAnswer(
        time=moment(answer.time),
        hello=answer.hello,
        mark=answer.mark,
        results=tuple(results),
        news=tuple(_get_news(news, asked) for news in answer.news),
        digest=answer.digest,
        leases=None if answer.leases is None else tuple(answer.leases),
    )


def _next(items: Iterator[T]) -> T:
    for item in items:
        return item
    raise ValueError("a column is too short")


def _put_news(news: Any, asked: Sequence[str]) -> _News:
    versions = Versions.of(news.records)
    known = [*versions.ids, *asked]
    records = _put_records(versions) if versions else None
    deliveries = _put_deliveries(news.deliveries, known) if news.deliveries else None
    return _News(news.stream, news.cursor, news.more, news.own, records, deliveries)


def _put_deliveries(deliveries: Sequence[DeliveryState], known: Sequence[str]) -> _Deliveries:
    places = {record_id: place for place, record_id in enumerate(known)}
    others = [d.record_id for d in deliveries if d.record_id not in places]
    places |= {record_id: place for place, record_id in enumerate(others, len(known)) if record_id not in places}
    return _Deliveries(
        places=put_numbers([places[d.record_id] for d in deliveries]),
        ids=put_ids(others),
        services=few([d.service for d in deliveries]),
        revisions=few([d.revision for d in deliveries]),
        statuses=few([d.status for d in deliveries]),
        numbers=few([d.number for d in deliveries]),
        messages=few([d.message for d in deliveries]),
        problems=[d.problems for d in deliveries] if any(d.problems for d in deliveries) else [()],
        at=put_numbers([put_moment(d.at) for d in deliveries]),
    )


def _get_deliveries(column: _Deliveries, known: Sequence[str]) -> Iterator[DeliveryState]:
    every = [*known, *get_ids(column.ids)]
    places = get_numbers(column.places)
    if not all(isinstance(place, int) and 0 <= place < len(every) for place in places):
        raise ValueError("a delivery of no record")
    ids = [every[place] for place in places if isinstance(place, int)]
    count = len(ids)
    columns = (
        *(ids, many(column.services, count), many(column.revisions, count), many(column.statuses, count)),
        *(many(column.numbers, count), many(column.messages, count), many(column.problems, count)),
        map(moment, get_numbers(column.at)),
    )
    for record_id, service, revision, status, number, message, problems, at in zip(*columns, strict=True):
        yield DeliveryState(
            record_id=record_id, service=service, revision=revision, status=status, number=number, message=message,
            problems=problems, at=at,
        )  # fmt: skip


def _put_records(v: Versions) -> _Records:
    return _Records(
        ids=put_ids(v.ids),
        fields=put_rows(v.types, v.fields),
        wards=few(v.wards),
        scopes=few(v.scopes),
        revisions=few(v.revisions),
        states=few(v.states),
        numbers=few(v.numbers),
        conflicts=[*v.conflicts] if any(v.conflicts) else [{}],
        created=put_numbers([*map(put_moment, v.created)]),
        updated=put_numbers([*map(put_moment, v.updated)]),
        by=few(v.by),
        origins=few(v.origins),
        packs=few(v.packs),
    )


def _get_news(news: _News, asked: Sequence[str]) -> StreamNews:
    records = _get_records(news.records) if news.records else None
    known = [*(records.ids if records else ()), *asked]
    return StreamNews(
        stream=news.stream,
        records=records or (),
        deliveries=tuple(_get_deliveries(news.deliveries, known)) if news.deliveries else (),
        cursor=news.cursor,
        more=news.more,
        own=news.own,
    )


def _get_records(column: _Records) -> Versions:
    ids = get_ids(column.ids)
    count = len(ids)
    types, fields = get_rows(column.fields)
    return Versions(
        *(ids, types, many(column.wards, count), many(column.scopes, count), many(column.revisions, count)),
        *(many(column.states, count), many(column.numbers, count), fields, many(column.conflicts, count)),
        [*map(moment, get_numbers(column.created))],
        [*map(moment, get_numbers(column.updated))],
        *(many(column.by, count), many(column.origins, count), many(column.packs, count)),
    )

"""What devices read: the records of a stream after a cursor, and one record's history.

Fields are kept as MessagePack. ``Versions`` with fields and conflicts as stored (``Raw``) are pages here; who writes them for the
line opens them where its form is of columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from operator import not_
from typing import Any

import msgspec
from msgspec import Raw, Struct

from sync.gateway.access import Device
from sync.gateway.digest import read_digests
from sync.gateway.ledger import Written, stream_head
from sync.gateway.refusals import RefusedError, bad_request, not_granted
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.marks import streams_mark, versions_mark
from sync.protocol import ChangeResult, DeliveryState, FieldProblem, PullRequest, RecordVersion
from sync.versions import Versions

LARGEST_PAGE = 5000
LARGEST_CONTENT = 16 * 1024 * 1024
"""Bytes of fields in one answer, about: a record may have 2 MB, and a thousand of these are nobody's page."""
LONGEST_HISTORY = 2000  # changes in one answer
_opened: Callable[[Raw], Any] = msgspec.msgpack.Decoder().decode
_decode_problems = msgspec.msgpack.Decoder(tuple[FieldProblem, ...]).decode
_decode_result = msgspec.msgpack.Decoder(ChangeResult).decode
RECORD = (
    "position, id, type, ward, scope, revision, state, number, fields, conflicts, created_at, updated_at, updated_by, "
    "origin, pack"
)
_AFTER = "FROM records WHERE ward = ? AND scope = ? AND position > ? ORDER BY position LIMIT ?"
DELIVERY = "record_id, service, revision, status, number, message, problems, at"


class WirePull(Struct, kw_only=True, omit_defaults=True):
    """``protocol.PullAnswer`` with records as stored."""

    records: list[RecordVersion]
    deliveries: list[DeliveryState] = []
    cursor: int
    more: bool = False
    epoch: str = ""
    digest: dict[str, str] = {}


class WireNews(Struct, kw_only=True, omit_defaults=True):
    """``protocol.StreamNews`` with records as stored."""

    stream: int
    records: Sequence[RecordVersion] = []
    deliveries: list[DeliveryState] = []
    cursor: int
    more: bool = False
    own: bytes = b""


class WireHistory(Struct):
    """``protocol.HistoryAnswer`` with the changes as they came."""

    changes: list[Raw]
    results: list[ChangeResult]
    deliveries: list[DeliveryState]
    cut: bool = False


class Feed:
    """``pull`` and ``history`` of the protocol."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def check(self, device: Device, request: PullRequest) -> None:
        """Raises RefusedError for a stream that is not granted or a request out of bounds."""
        if not device.may(request.ward, request.scope):
            raise not_granted("Máy này không được đọc sổ này.", "This device may not read this stream.")
        if request.cursor < 0 or request.limit < 1 or request.wait < 0:
            raise bad_request("Yêu cầu tải về không đúng.", "cursor and wait are 0 or more, limit is 1 or more.")

    def head(self, ward: str, scope: str) -> int:
        """The position of the newest thing in the stream."""
        rows = self._storage.once("SELECT head FROM streams WHERE ward = ? AND scope = ?", ward, scope)
        return int(rows[0][0]) if rows else 0

    def pull(self, request: PullRequest, epoch: str) -> WirePull:
        """A page after the cursor. A cursor beyond the head is from before a restore: the stream starts over."""
        limit = min(request.limit, LARGEST_PAGE)
        with self._storage.read() as session:
            stream = (request.ward, request.scope)
            head = stream_head(session, *stream)
            page = _page(session, stream, request.cursor, head=head, limit=limit, room=LARGEST_CONTENT)
            digest = {} if page.more else read_digests(session, *stream)
        return WirePull(
            records=list(page.records),
            deliveries=page.deliveries,
            cursor=page.cursor,
            more=page.more,
            epoch=epoch,
            digest=digest,
        )

    def news(
        self,
        streams: Sequence[Stream],
        cursors: Sequence[int],
        limit: int,
        own: Mapping[str, int],
        written: Mapping[Stream, Written] | None = None,
    ) -> tuple[list[WireNews], bytes]:
        """Pages of the streams that have something after their cursors, and the mark of all when they are at their ends.
        ``own``: record id → revision that the reader knows to be what it made itself; a page to the end leaves those out. ``written``:
        what was just written, which need not be read again where nothing else stands after the cursor."""
        if not own:  # as with most questions: nothing stands after the cursors, and one query says so
            heads, sums = _standing(self._storage.once, streams)
            if all(heads.get(stream, 0) == cursor for stream, cursor in zip(streams, cursors, strict=True)):
                return [], streams_mark((stream, sums.get(stream, {})) for stream in streams)
        left = min(limit, LARGEST_PAGE) + len(own)
        room = LARGEST_CONTENT
        news = []
        with self._storage.read() as session:
            heads, sums = _standing(session.all, streams)
            for place, (stream, cursor) in enumerate(zip(streams, cursors, strict=True)):
                head = heads.get(stream, 0)
                if head == cursor:
                    continue
                page = WireNews(stream=place, cursor=cursor, more=True)
                if left > 0 and room > 0:
                    just = (written or {}).get(stream)
                    if just and just.head == cursor and len(just.versions) == head - cursor <= left:
                        page = _page_of(session, stream, just, own, limit=left, place=place)
                        left -= len(just.versions)
                    else:
                        page = _page(session, stream, cursor, head=head, limit=left, place=place, room=room)
                        left -= len(page.records)
                        room -= content_bytes(Versions.of(page.records))
                news.append(page)
        ended = not any(page.more for page in news)
        for page in news:
            if not page.more:
                _leave_out(page, own)
        return news, streams_mark((stream, sums.get(stream, {})) for stream in streams) if ended else b""

    def history(self, device: Device, record_id: str) -> WireHistory:
        """Every change of a record this token may read, oldest first; of very many the latest, which is ``cut``. Raises
        RefusedError (404): none, or not for it."""
        streams = set(device.streams)
        with self._storage.read() as session:
            rows = session.all(
                "SELECT ward, scope, payload, detail, change_id, status, revision FROM changes "
                "WHERE ward = ANY(?) AND record_id = ? ORDER BY received_at DESC, change_id DESC LIMIT ?",
                list(device.wards),
                record_id,
                LONGEST_HISTORY + 1,
            )
            cut = len(rows) > LONGEST_HISTORY
            readable = [row for row in reversed(rows[:LONGEST_HISTORY]) if (row[0], row[1]) in streams]
            if not readable:
                raise RefusedError(404, "no_record", "Không có bản ghi này.", "There is no such record.")
            # a refused change of one stream may name a record of another, which must not show through
            rows = session.all(
                f"SELECT ward, scope, {DELIVERY} FROM deliveries WHERE ward = ANY(?) AND record_id = ?",
                list(device.wards),
                record_id,
            )
            deliveries = [row[2:] for row in rows if (row[0], row[1]) in streams]
        return WireHistory(
            [Raw(row[2]) for row in readable],
            [_result(*row[3:]) for row in readable],
            [delivery_state(row) for row in deliveries],
            cut,
        )


def _standing(
    query: Callable[..., list[Row]], streams: Iterable[Stream]
) -> tuple[dict[Stream, int], dict[Stream, dict[str, str]]]:
    """The heads of the streams, and their digests (type → hex sum), of one moment. Streams that nothing was written to are
    left out."""
    heads: dict[Stream, int] = {}
    sums: dict[Stream, dict[str, str]] = defaultdict(dict)
    for ward, scope, head, type_id, total in query(
        "SELECT s.ward, s.scope, s.head, d.type, d.total FROM streams s "
        "LEFT JOIN digests d ON d.ward = s.ward AND d.scope = s.scope WHERE s.ward = ANY(?)",
        list({ward for ward, _ in streams}),
    ):
        heads[ward, scope] = int(head)
        if type_id is not None:
            sums[ward, scope][type_id] = total
    return heads, sums


def _page(
    session: Session,
    stream: Stream,
    cursor: int,
    *,
    head: int,
    limit: int,
    room: int,
    place: int = 0,
) -> WireNews:
    """What stands after the cursor, about ``room`` bytes of it at most. A cursor beyond the head is from before a restore:
    the stream starts over."""
    after = cursor if cursor <= head else 0
    if after == head:
        return WireNews(stream=place, cursor=head)
    fits = fitting(session, _AFTER, *stream, after, limit=limit, room=room)
    rows = session.all(f"SELECT {RECORD} {_AFTER}", *stream, after, fits)
    states = _delivery_page(session, stream, after, limit)
    until = min([head] + [page[-1][0] for page, most in ((rows, fits), (states, limit)) if len(page) >= most])
    return WireNews(
        stream=place,
        records=stored_versions([row for row in rows if row[0] <= until]),
        deliveries=[delivery_state(row[1:]) for row in states if row[0] <= until],
        cursor=until,
        more=until < head,
    )


def fitting(session: Session, source: str, *params: object, limit: int, room: int) -> int:
    """How many of the records there is room for; one goes in any case. ``source``: a statement from its FROM to its
    LIMIT. The database adds up sizes without reading what they are of."""
    sizes_of = f"SELECT length(fields) + coalesce(length(conflicts), 0) AS size {source}"
    row = session.one(f"SELECT sum(size) FROM ({sizes_of}) AS page", *params, limit)
    if row is None or (row[0] or 0) <= room:
        return limit
    sizes = accumulate(int(size) for (size,) in session.all(sizes_of, *params, limit))
    return max(1, sum(1 for size in sizes if size <= room))


def content_bytes(stored: Versions) -> int:
    """As ``fitting`` counts them, but for conflicts."""
    contents: Sequence[Any] = stored.fields
    return sum([memoryview(content).nbytes for content in contents])


def _page_of(
    session: Session, stream: Stream, written: Written, own: Mapping[str, int], *, limit: int, place: int
) -> WireNews:
    """A page to the end, of what was just written: the reader's own records are left out of it at once."""
    states = _delivery_page(session, stream, written.head, limit)
    head = written.head + len(written.versions)
    until = states[-1][0] if len(states) >= limit else head
    if until < head:
        return _page(session, stream, written.head, head=head, limit=limit, place=place, room=LARGEST_CONTENT)
    mine = [v for v in written.versions if own.get(v.id) == v.revision and not v.conflicts]
    left_out = {v.id for v in mine}
    return WireNews(
        stream=place,
        records=[v for v in written.versions if v.id not in left_out],
        deliveries=[delivery_state(row[1:]) for row in states],
        cursor=head,
        own=versions_mark(mine) if mine else b"",
    )


def _leave_out(page: WireNews, own: Mapping[str, int]) -> None:
    """Take the reader's own records out of a page, and leave their mark."""
    there = Versions.of(page.records)
    is_mine = [
        own.get(record_id) == revision and not conflicts
        for record_id, revision, conflicts in zip(there.ids, there.revisions, there.conflicts, strict=True)
    ]
    if any(is_mine):
        page.records = there.where(not_, is_mine)
        page.own = versions_mark(there.where(bool, is_mine))


def _delivery_page(session: Session, stream: tuple[str, str], after: int, limit: int) -> list[Row]:
    """Deliveries of the stream after the cursor. One place may hold several (a record with two services), so that the
    last place is read whole."""
    sql = f"SELECT position, {DELIVERY} FROM deliveries WHERE ward = ? AND scope = ? AND position"
    rows = session.all(f"{sql} > ? ORDER BY position LIMIT ?", *stream, after, limit)
    if len(rows) == limit:
        last = rows[-1][0]
        rows = [row for row in rows if row[0] < last]
        rows += session.all(f"{sql} = ?", *stream, last)
    return rows


def stored_versions(rows: Sequence[Row]) -> Versions:
    """From the columns of ``RECORD``; fields, and conflicts where there are some, as stored."""
    if not rows:
        return Versions.of(())
    _, ids, types, wards, scopes, revisions, states, numbers, fields, met, *stamps = zip(*rows, strict=True)
    values: list[Any] = [*map(Raw, fields)]
    conflicts = [{} if content is None else Raw(content) for content in met]
    return Versions(ids, types, wards, scopes, revisions, states, numbers, values, conflicts, *stamps)


def opened(records: Sequence[RecordVersion]) -> Versions:
    """With fields and conflicts as maps."""
    stored = Versions.of(records)
    fields, conflicts = (
        [_opened(content) if isinstance(content, Raw) else content for content in column]
        for column in (stored.fields, stored.conflicts)
    )
    return stored.with_values(fields, conflicts)


def delivery_state(row: Row) -> DeliveryState:
    """From the columns of ``DELIVERY``."""
    return DeliveryState(
        record_id=row[0],
        service=row[1],
        revision=row[2],
        status="waiting" if row[3] in ("stopped", "not_sent") else row[3],  # every PC knows the one, none the others
        number=row[4],
        message=row[5],
        problems=_decode_problems(row[6]) if row[6] is not None else (),
        at=row[7],
    )


def _result(detail: bytes | None, change_id: str, status: str, revision: int) -> ChangeResult:
    if detail is not None:
        return _decode_result(detail)
    return msgspec.convert({"change_id": change_id, "status": status, "revision": revision}, ChangeResult)

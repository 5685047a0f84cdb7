"""Bodies on the line: MessagePack or JSON by ``Content-Type`` and ``Accept``, zstd by ``Content-Encoding``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar, get_args

import msgspec
import zstandard
from msgspec import Meta, Raw, Struct

from sync.gateway.feed import WireHistory, WireNews, WirePull, opened
from sync.gateway.refusals import RefusedError, bad_request
from sync.gateway.room import Room
from sync.line_form import get_request, put_answer
from sync.protocol import (
    LARGEST_CHANGE,
    Change,
    ChangeKind,
    ChangeResult,
    Hello,
    HistoryAnswer,
    Lease,
    Officer,
    PullAnswer,
    SyncAnswer,
    SyncRequest,
)
from sync.squeeze import LINE_FORM, squeeze, unsqueeze

T = TypeVar("T")
MSGPACK, JSON = "application/msgpack", "application/json"
LARGEST_BODY = 8 * 1024 * 1024  # bytes as they come
LARGEST_CONTENT = 16 * 1024 * 1024  # bytes once decompressed
LARGEST_SAID = 48 * 1024 * 1024  # bytes of MessagePack that a round in the line's form may stand for
LARGEST_QUESTION = 256 * 1024  # bytes of what brings no changes: a whole city's streams have room in it
LARGEST_BATCH = 5000  # changes in one push or round
_COMPRESS_FROM = 1024  # bytes; below this the frame costs more than it saves
KINDS = frozenset(get_args(ChangeKind))
_LEVEL = 6  # of zstd for rounds in the line's form, whose columns cost it little
_encode_msgpack = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_decode_change = msgspec.msgpack.Decoder(Change).decode
_decode_json_change = msgspec.json.Decoder(Change).decode


Changes = Annotated[tuple[Raw, ...], Meta(max_length=LARGEST_BATCH)]
"""More are refused before room is made for them."""


class RawPush(Struct):
    """``protocol.PushRequest`` with each change still closed, so that a bad one spoils no other."""

    changes: Changes
    epoch: str = ""


class Unreadable(Struct):
    """A change of which only the id could be read."""

    change_id: str
    why: str


Sent = tuple[Change, bytes] | Unreadable
"""A change and its MessagePack, which is kept as it came."""


class RawRound(Struct):
    """``protocol.SyncRequest`` with each change still closed."""

    known: bytes = b""
    changes: Changes = ()
    cursors: tuple[int, ...] = ()
    limit: int = 1000


class WireRound(Struct, omit_defaults=True):
    """``protocol.SyncAnswer`` over ``WireNews``."""

    time: str
    hello: Hello | None = None
    mark: bytes = b""
    results: tuple[ChangeResult, ...] = ()
    news: list[WireNews] = []
    digest: bytes = b""
    leases: tuple[Lease, ...] | None = None


class Wire:
    """How one request was written and how its answer is to be. Raises RefusedError for what it does not know."""

    def __init__(self, headers: Mapping[str, str], room: Room | None = None) -> None:
        """``room``: what is taken of it is given back by ``close``."""
        self._headers = headers
        self._room = room
        self._taken = 0
        self.language = "en" if headers.get("accept-language", "").lower().startswith("en") else "vi"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        self.content_type = {"": JSON, MSGPACK: MSGPACK, JSON: JSON, LINE_FORM: LINE_FORM}.get(kind, "")
        self.answer_type = self._accepted()
        self.zstd = "zstd" in headers.get("accept-encoding", "").lower()

    def _accepted(self) -> str:
        accept = headers_list(self._headers.get("accept", ""))
        for kind in accept:
            if kind in (MSGPACK, JSON):
                return kind
        return MSGPACK if self.content_type in (MSGPACK, LINE_FORM) else JSON

    def close(self) -> None:
        """The request was worked on."""
        if self._room is not None:
            self._room.give(self._taken)
            self._taken = 0

    def _has_room(self, content: bytes) -> bytes:
        if self._room is not None:
            self._taken += self._room.take(len(content))
        return content

    @property
    def in_line_form(self) -> bool:
        """Whether a round of a sync came, and is answered, in the line's own form."""
        return self.content_type == LINE_FORM

    def small(self, body: bytes) -> bytes:
        """As ``content``, of a question that is short: a stranger's few bytes must not become a heap of memory."""
        return self.content(body, LARGEST_QUESTION)

    def content(self, body: bytes, largest: int = LARGEST_CONTENT) -> bytes:
        """The body, decompressed; at most ``largest`` bytes."""
        if self.content_type not in (MSGPACK, JSON):
            raise RefusedError(
                415,
                "unknown_type",
                "Máy chủ chỉ nhận application/msgpack hoặc application/json.",
                "Send application/msgpack or application/json.",
            )
        encoding = self._headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            if len(body) > largest:
                raise too_large(largest)
            return self._has_room(body)
        if encoding != "zstd":
            raise RefusedError(
                415, "unknown_encoding", "Máy chủ chỉ nhận nén zstd.", "Compress with zstd or not at all."
            )
        return self._has_room(_decompressed(body, largest))

    def decode(self, content: bytes, kind: type[T]) -> T:
        try:
            if self.content_type != JSON:
                return msgspec.msgpack.decode(content, type=kind)
            return msgspec.json.decode(content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            if "of length <= " in str(error):
                raise too_large(LARGEST_BODY) from error
            raise bad_request(f"Không đọc được nội dung gửi lên: {error}", f"Cannot read the body: {error}") from error

    def round(self, body: bytes) -> tuple[SyncRequest, Callable[[Sequence[Officer]], Sequence[Sent]]]:
        """A round of a sync, and what gives its changes from the officers of the Hello that it knows."""
        if not self.in_line_form:
            raw = self.decode(self.content(body), RawRound)
            return SyncRequest(known=raw.known, cursors=raw.cursors, limit=raw.limit), lambda _: self.sent(raw.changes)
        with _readable():
            content = unsqueeze(body, LARGEST_CONTENT)
            if content is None:
                raise too_large(LARGEST_CONTENT)
            request, changes = get_request(self._has_room(content))

        def sent(officers: Sequence[Officer]) -> Sequence[Sent]:
            with _readable():
                return list(_sent(changes(officers)))

        return request, sent

    def sent(self, raw: Sequence[Raw]) -> Sequence[Sent]:
        """Changes that came closed, each opened on its own. Raises RefusedError where not even its id can be read."""
        changes: list[Sent] = []
        for item in raw:
            try:
                if (
                    memoryview(item).nbytes > LARGEST_CHANGE
                ):  # it will be refused; decoded it could be a hundred times as large
                    changes.append((self._head_of(item), bytes(item)))
                else:
                    changes.append(self.decode_change(item))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
                changes.append(Unreadable(self.decode(bytes(item), _OnlyId).change_id, str(error)))
        return changes

    def _head_of(self, raw: Raw) -> Change:
        """A change without its values. Raises msgspec.MsgspecError."""
        head = (msgspec.json if self.content_type == JSON else msgspec.msgpack).decode(raw, type=_Head)
        return Change(**msgspec.structs.asdict(head))

    def packed_round(self, answer: WireRound, asked: Sequence[str]) -> tuple[bytes, dict[str, str]]:
        """As ``packed``, of a round's answer. ``asked``: the records of its changes, in their order."""
        for news in answer.news:
            news.records = opened(news.records) if self.in_line_form else list(news.records)
        if not self.in_line_form:
            return self.packed(answer)
        return squeeze(put_answer(answer, asked), _LEVEL), {"Content-Type": LINE_FORM}

    def decode_change(self, raw: Raw) -> tuple[Change, bytes]:
        """A change and its MessagePack, which is kept as it came. Raises msgspec.MsgspecError, or OverflowError for a
        whole number that MessagePack cannot hold."""
        if self.content_type != JSON:
            return _decode_change(raw), bytes(raw)
        change = _decode_json_change(raw)
        return change, _encode_msgpack(change)

    def encode(self, answer: Any) -> bytes:
        if self.answer_type == MSGPACK:
            return _encode_msgpack(answer)
        if (typed := _TYPED.get(type(answer))) is not None:
            answer = msgspec.msgpack.decode(_encode_msgpack(answer), type=typed)
        return _encode_json(answer)

    def packed(self, answer: Any) -> tuple[bytes, dict[str, str]]:
        """The answer's bytes and the headers that say what they are."""
        data = self.encode(answer)
        headers = {"Content-Type": self.answer_type}
        if self.zstd and len(data) >= _COMPRESS_FROM:
            data = zstandard.ZstdCompressor(level=1).compress(data)
            headers["Content-Encoding"] = "zstd"
        return data, headers


_TYPED: dict[type, type] = {WirePull: PullAnswer, WireHistory: HistoryAnswer, WireRound: SyncAnswer}


def headers_list(value: str) -> list[str]:
    """The media types of an ``Accept`` header in the order written; weights are not looked at."""
    return [part.partition(";")[0].strip().lower() for part in value.split(",")]


@contextmanager
def _readable() -> Iterator[None]:
    """What cannot be read is a bad request."""
    try:
        yield
    except (ValueError, RecursionError, OverflowError) as error:
        if "of length <= " in str(error):
            raise too_large(LARGEST_CONTENT) from error
        raise bad_request(f"Không đọc được nội dung gửi lên: {error}", f"Cannot read the body: {error}") from error


def _sent(changes: Iterable[Change]) -> Iterator[Sent]:
    """Each change with its MessagePack. One value can stand for many in a column, so that their size is counted here."""
    size = 0
    for number, change in enumerate(changes, 1):
        payload = _encode_msgpack(change)
        size += len(payload)
        if size > LARGEST_SAID or number > LARGEST_BATCH:
            raise too_large(LARGEST_SAID)
        if change.kind in KINDS:
            yield change, payload
        else:
            yield Unreadable(change.change_id, f"kind {change.kind!r}"[:80])


class _Head(Struct):
    """Of a change, who made it and what it is about."""

    change_id: str
    save_id: str
    record_id: str
    type: str
    ward: str
    kind: ChangeKind
    officer: Officer
    at: str
    device: str = ""


class _OnlyId(Struct):
    change_id: str


def too_large(limit: int) -> RefusedError:
    return RefusedError(
        413,
        "too_large",
        "Gói gửi lên quá lớn; máy sẽ tự chia nhỏ và gửi lại.",
        f"The body is larger than {limit} bytes; send less at a time.",
    )


def _decompressed(body: bytes, largest: int) -> bytes:
    """One zstd frame, never more than ``largest`` bytes of it in memory."""
    reader = zstandard.ZstdDecompressor(max_window_size=LARGEST_CONTENT).stream_reader(body)
    try:
        content = reader.read(largest + 1)
    except zstandard.ZstdError as error:
        raise bad_request("Nội dung nén bị hỏng.", "The zstd frame is damaged.", "damaged") from error
    if len(content) > largest:
        raise too_large(largest)
    return bytes(content)

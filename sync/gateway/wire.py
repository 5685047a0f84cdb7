"""Bodies on the line: MessagePack or JSON by ``Content-Type`` and ``Accept``, zstd by ``Content-Encoding``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import zstandard
from msgspec import Raw, Struct

from sync.gateway.feed import WireHistory, WirePull
from sync.gateway.refusals import RefusedError, bad_request
from sync.protocol import Change, HistoryAnswer, PullAnswer

T = TypeVar("T")
MSGPACK, JSON = "application/msgpack", "application/json"
LARGEST_BODY = 8 * 1024 * 1024  # bytes as they come
LARGEST_CONTENT = 48 * 1024 * 1024  # bytes once decompressed
_COMPRESS_FROM = 1024  # bytes; below this the frame costs more than it saves
_TYPED: dict[type, type] = {WirePull: PullAnswer, WireHistory: HistoryAnswer}
_encode_msgpack = msgspec.msgpack.Encoder().encode
_encode_json = msgspec.json.Encoder().encode
_decode_change = msgspec.msgpack.Decoder(Change).decode
_decode_json_change = msgspec.json.Decoder(Change).decode


class RawPush(Struct):
    """``protocol.PushRequest`` with each change still closed, so that a bad one spoils no other."""

    changes: tuple[Raw, ...]
    epoch: str = ""


class Wire:
    """How one request was written and how its answer is to be. Raises RefusedError for what it does not know."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self.language = "en" if headers.get("accept-language", "").lower().startswith("en") else "vi"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        self.content_type = {"": JSON, MSGPACK: MSGPACK, JSON: JSON}.get(kind, "")
        self.answer_type = self._accepted()
        self.zstd = "zstd" in headers.get("accept-encoding", "").lower()

    def _accepted(self) -> str:
        accept = headers_list(self._headers.get("accept", ""))
        for kind in accept:
            if kind in (MSGPACK, JSON):
                return kind
        return MSGPACK if self.content_type == MSGPACK else JSON

    def content(self, body: bytes) -> bytes:
        """The body, decompressed."""
        if not self.content_type:
            raise RefusedError(
                415,
                "unknown_type",
                "Máy chủ chỉ nhận application/msgpack hoặc application/json.",
                "Send application/msgpack or application/json.",
            )
        encoding = self._headers.get("content-encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            return body
        if encoding != "zstd":
            raise RefusedError(
                415, "unknown_encoding", "Máy chủ chỉ nhận nén zstd.", "Compress with zstd or not at all."
            )
        return _decompressed(body)

    def decode(self, content: bytes, kind: type[T]) -> T:
        try:
            if self.content_type == MSGPACK:
                return msgspec.msgpack.decode(content, type=kind)
            return msgspec.json.decode(content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise bad_request(f"Không đọc được nội dung gửi lên: {error}", f"Cannot read the body: {error}") from error

    def decode_change(self, raw: Raw) -> tuple[Change, bytes]:
        """A change and its MessagePack, which is kept as it came. Raises msgspec.MsgspecError, or OverflowError for a
        whole number that MessagePack cannot hold."""
        if self.content_type == MSGPACK:
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
        headers = {"Vary": "Accept, Accept-Encoding"}
        if self.zstd and len(data) >= _COMPRESS_FROM:
            data = zstandard.ZstdCompressor(level=1).compress(data)
            headers["Content-Encoding"] = "zstd"
        return data, headers


def headers_list(value: str) -> list[str]:
    """The media types of an ``Accept`` header in the order written; weights are not looked at."""
    return [part.partition(";")[0].strip().lower() for part in value.split(",")]


def change_id_of(wire: Wire, raw: Raw) -> str:
    """The id of a change that cannot be read as a whole. Raises RefusedError when not even that can be read."""
    return wire.decode(bytes(raw), _OnlyId).change_id


class _OnlyId(Struct):
    change_id: str


def too_large(limit: int) -> RefusedError:
    return RefusedError(
        413,
        "too_large",
        "Gói gửi lên quá lớn; máy sẽ tự chia nhỏ và gửi lại.",
        f"The body is larger than {limit} bytes; send less at a time.",
    )


def _decompressed(body: bytes) -> bytes:
    """One zstd frame, never more than ``LARGEST_CONTENT`` bytes of it in memory."""
    reader = zstandard.ZstdDecompressor(max_window_size=LARGEST_CONTENT).stream_reader(body)
    try:
        content = reader.read(LARGEST_CONTENT + 1)
    except zstandard.ZstdError as error:
        raise bad_request("Nội dung nén bị hỏng.", "The zstd frame is damaged.", "damaged") from error
    if len(content) > LARGEST_CONTENT:
        raise too_large(LARGEST_CONTENT)
    return bytes(content)

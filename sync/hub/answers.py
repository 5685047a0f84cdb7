"""The hub's own page on the line: MessagePack, zstd where it is worth it. What passes through is not looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import zstandard
from msgspec import Struct

from sync.http_line import COMPRESS_FROM, MSGPACK
from sync.protocol import Refusal

T = TypeVar("T")
LARGEST_BODY = 8 * 1024 * 1024  # bytes as they come, and
LARGEST_CONTENT = 48 * 1024 * 1024  # once decompressed


class Answer(Struct):
    """``headers`` without Content-Length, which the server adds."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class NoAnswerError(Exception):
    """Why the hub, or the way to the city, gives none; the answer is a ``Refusal`` with this HTTP status."""

    def __init__(self, status: int, code: str, vi: str, en: str, *, retry_after: int = 0) -> None:
        super().__init__(vi)
        self._status, self._code, self._vi, self._en, self._retry_after = status, code, vi, en, retry_after

    def answer(self, headers: Mapping[str, str]) -> Answer:
        english = headers.get("accept-language", "").lower().startswith("en")
        made = packed(Refusal(self._code, self._en if english else self._vi), self._status)
        if self._retry_after:
            made.headers["Retry-After"] = str(self._retry_after)
        return made


def packed(message: Any, status: int = 200) -> Answer:
    data = msgspec.msgpack.encode(message)
    headers = {"Content-Type": MSGPACK}
    if len(data) >= COMPRESS_FROM:
        data = zstandard.ZstdCompressor(level=3).compress(data)
        headers["Content-Encoding"] = "zstd"
    return Answer(status, headers, data)


def message_in(headers: Mapping[str, str], body: bytes, kind: type[T]) -> T:
    """Raises NoAnswerError (400, 413)."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    try:
        if encoding == "zstd":
            with zstandard.ZstdDecompressor(max_window_size=LARGEST_CONTENT).stream_reader(body) as reader:
                body = reader.read(LARGEST_CONTENT + 1)
        if len(body) > LARGEST_CONTENT:
            raise NoAnswerError(413, "too_large", "Gói gửi lên quá lớn.", "The body is too large.")
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, zstandard.ZstdError) as error:
        raise NoAnswerError(400, "bad_request", "Không đọc được nội dung gửi lên.", "Cannot read the body.") from error

"""``sync.protocol.Transport`` over HTTP, and enrolment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import requests
from msgspec import Struct

from sync.fill_form import get_fill
from sync.http_line import MSGPACK, OCTETS, Line, LineSettings, decoded
from sync.line_changes import ChangeColumns, put_changes
from sync.line_form import get_answer, put_request
from sync.marks import HELLO
from sync.protocol import (
    Change,
    EnrolAnswer,
    EnrolRequest,
    FillAnswer,
    FillRequest,
    Hello,
    HistoryAnswer,
    Lease,
    LeaseRequest,
    Officer,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    SyncAnswer,
    SyncError,
    SyncRequest,
)
from sync.squeeze import LINE_FORM, squeeze, unsqueeze
from sync.strangers import unreadable
from sync.tus_line import FileLine

_LEVEL = 6  # of zstd for what is sent: columns cost it little
T = TypeVar("T")
_LARGEST_ROUND = 192 * 1024 * 1024  # bytes of an answer once decompressed


class _Prepared(Struct):
    """Changes written before they were to be sent, for who knows these officers."""

    changes: tuple[Change, ...] = ()
    officers: tuple[Officer, ...] = ()
    columns: ChangeColumns | None = None

    def of(self, changes: tuple[Change, ...], officers: tuple[Officer, ...]) -> ChangeColumns | None:
        return self.columns if changes is self.changes and officers is self.officers else None


class HttpTransport:
    """``sync.protocol.Transport`` over one kept-alive connection. One per thread."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        language: str = "vi",
        session: requests.Session | None = None,
        settings: LineSettings | None = None,
    ) -> None:
        """``session``: one with adapters of its own."""
        self._line = Line(url, token, language, session, settings)
        self._knows_form = True
        self._prepared = _Prepared()
        self._met: tuple[bytes, tuple[Officer, ...]] = (b"", ())  # the last Hello's mark and officers

    @property
    def bytes_sent(self) -> int:
        return self._line.bytes_sent

    @property
    def bytes_received(self) -> int:
        return self._line.bytes_received

    def hello(self) -> Hello:
        return self._line.ask("GET", "/v1/hello", None, Hello)

    def sync(self, request: SyncRequest) -> SyncAnswer:
        """In the line's own form, unless the city turned out not to know it."""
        if not self._knows_form:
            return self._line.ask("POST", "/v1/sync", request, SyncAnswer)
        mark, officers = self._met
        officers = officers if request.known[:HELLO] == mark else ()
        body = squeeze(put_request(request, officers, self._prepared.of(request.changes, officers)), _LEVEL)
        reply = self._line.send("POST", "/v1/sync", body, {"Content-Type": LINE_FORM})
        if reply.status == 415 and reply.kind in (MSGPACK, "application/json"):
            self._knows_form = False
            return self.sync(request)
        if reply.kind != LINE_FORM:
            return decoded(reply, SyncAnswer)
        answer = _read(reply.content, lambda content: get_answer(content, request.changes))
        if answer.hello is not None:
            self._met = (answer.mark, answer.hello.officers)
        return answer

    def prepare(self, changes: tuple[Change, ...]) -> None:
        """Write these already, which will be the next round's, if nothing comes between."""
        if self._knows_form:
            self._prepared = _Prepared(changes, self._met[1], put_changes(changes, self._met[1]))

    def fill(self, request: FillRequest) -> FillAnswer:
        headers = {"Content-Type": MSGPACK, "Accept": f"{LINE_FORM}, {MSGPACK}", "Accept-Encoding": "zstd"}
        reply = self._line.send("POST", "/v1/fill", msgspec.msgpack.encode(request), headers)
        return _read(reply.content, get_fill) if reply.kind == LINE_FORM else decoded(reply, FillAnswer)

    def push(self, request: PushRequest) -> PushAnswer:
        return self._line.ask("POST", "/v1/push", request, PushAnswer)

    def pull(self, request: PullRequest) -> PullAnswer:
        return self._line.ask("POST", "/v1/pull", request, PullAnswer, wait=request.wait)

    def lease(self, request: LeaseRequest) -> Lease:
        return self._line.ask("POST", "/v1/lease", request, Lease)

    def history(self, record_id: str) -> HistoryAnswer:
        return self._line.ask("GET", f"/v1/records/{record_id}/history", None, HistoryAnswer)

    def pack_part(self, sha256: str, start: int, length: int) -> bytes:
        """Bytes of a pack's file; fewer at its end."""
        headers = {"Range": f"bytes={start}-{start + length - 1}", "Accept": f"{OCTETS}, {MSGPACK}"}
        reply = self._line.send("GET", f"/v1/packs/{sha256}", None, headers)
        if reply.status == 206 and reply.kind == OCTETS:
            return reply.content[:length]
        if reply.status == 200:  # a proxy that knows no ranges would give the whole file again and again
            raise SyncError(
                "damaged",
                "Mạng không cho tải tiếp từng phần; chưa nhận được mẫu biểu mới.",
                english="The network does not let parts be fetched; the new definitions have not come.",
            )
        decoded(reply, bytes)
        return b""

    def pack_patch(self, sha256: str, old: str) -> bytes | None:
        """What makes a pack of an older one; None: the city has no such patch, and the pack is to be fetched."""
        headers = {"Accept": f"{OCTETS}, {MSGPACK}"}
        reply = self._line.send("GET", f"/v1/packs/{sha256}/from/{old}", None, headers)
        return reply.content if reply.status == 200 and reply.kind == OCTETS else None

    @property
    def files(self) -> FileLine:
        return FileLine(self._line)

    def close(self) -> None:
        self._line.close()


def _read(squeezed: bytes, get: Callable[[bytes], T]) -> T:
    """What a body in the line's form says. Raises SyncError."""
    try:
        content = unsqueeze(squeezed, _LARGEST_ROUND)
        if content is None:
            raise SyncError(
                "too_large", "Câu trả lời của thành phố quá lớn.", english="The city's answer is too large."
            )
        return get(content)
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise unreadable() from error


def enrol(
    url: str,
    code: str,
    device_name: str,
    *,
    token: str = "",
    wards: tuple[str, ...] = (),
    public_key: str = "",
    language: str = "vi",
    settings: LineSettings | None = None,
    attempt: str = "",
) -> EnrolAnswer:
    """Trade an enrolment code for a device token. ``token``: of this device, when one more officer joins it; ``wards``:
    those it already serves, so that a code of another ward is refused (SyncError "other_ward") and stays unused;
    ``public_key``: of the device, as text (``sync.bundle.keys``); ``attempt``: chosen by chance before the first try, so that a
    lost answer can be asked for again."""
    line = Line(url, token, language, settings=settings)
    request = EnrolRequest(
        code=code, device_name=device_name, token=token, wards=wards, public_key=public_key, attempt=attempt
    )
    try:
        return line.ask("POST", "/v1/enrol", request, EnrolAnswer)
    finally:
        line.close()


__all__ = ["MSGPACK", "HttpTransport", "LineSettings", "enrol"]

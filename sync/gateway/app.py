"""The HTTP face of the city: ``/v1/…``, ``/healthz`` and ``/openapi.json``.

A handler reads the body, does the work in a thread, and answers; every refusal is a ``protocol.Refusal``.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException

from sync.gateway.access import Device
from sync.gateway.city import City
from sync.gateway.feed import WirePull
from sync.gateway.offers import refused
from sync.gateway.openapi import document
from sync.gateway.refusals import RefusedError, bad_request
from sync.gateway.storage import StorageError
from sync.gateway.wire import LARGEST_BODY, MSGPACK, RawPush, Wire, change_id_of, too_large
from sync.protocol import Change, ChangeResult, EnrolRequest, LeaseRequest, PullRequest, PushAnswer

LONGEST_WAIT = 60  # seconds a pull is held
OCTETS = "application/octet-stream"
LARGEST_BATCH = 5000  # changes in one push
_LOOK_AGAIN = 1.0  # seconds; another process may have written to the stream
log = logging.getLogger(__name__)
HttpRequest = Request[Any, Any, Any]
HttpResponse = Response[bytes]


class Gateway:
    """The handlers' work, over one ``City``."""

    def __init__(self, city: City) -> None:
        self._city = city

    async def asked(self, request: HttpRequest, work: Callable[[Device, Wire, bytes], Any]) -> HttpResponse:
        """Authorise, do ``work`` with the decompressed body in a thread, and answer."""
        body = await _body(request)

        def serve() -> HttpResponse:
            wire = Wire(request.headers)
            device = self._city.access.device(request.headers.get("authorization", ""))
            return _answer(wire, work(device, wire, wire.content(body) if body else b""))

        return await run_sync(serve)

    def hello(self, device: Device, wire: Wire, body: bytes) -> Any:
        return self._city.hello(device)

    def push(self, device: Device, wire: Wire, body: bytes) -> PushAnswer:
        raw = wire.decode(body, RawPush)
        if len(raw.changes) > LARGEST_BATCH:
            raise too_large(LARGEST_BODY)
        results: dict[int, ChangeResult] = {}
        changes: dict[int, tuple[Change, bytes]] = {}
        for index, item in enumerate(raw.changes):
            try:
                changes[index] = wire.decode_change(item)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
                message = f"Thành phố không đọc được thay đổi này: {error}"
                english = f"The city cannot read this change: {error}"
                results[index] = refused(change_id_of(wire, item), message, english=english)
        if changes:
            results.update(zip(changes, self._city.intake.push(device, changes.values()), strict=True))
        return PushAnswer(tuple(results[i] for i in range(len(raw.changes))), self._city.epoch)

    def lease(self, device: Device, wire: Wire, body: bytes) -> Any:
        return self._city.leases.lease(device, wire.decode(body, LeaseRequest))

    def history(self, record_id: str) -> Callable[[Device, Wire, bytes], Any]:
        def work(device: Device, wire: Wire, body: bytes) -> Any:
            return self._city.feed.history(device, _record_id(record_id))

        return work

    async def pack(self, request: HttpRequest) -> HttpResponse:
        """Bytes of a pack's file, in parts by ``Range``."""

        def serve() -> HttpResponse:
            self._city.access.device(request.headers.get("authorization", ""))
            sha256 = str(request.path_params["sha256"])
            size = self._city.packs.size(sha256)
            if size is None:
                raise RefusedError(404, "no_pack", "Thành phố không có gói mẫu biểu này.", "The city has no such pack.")
            start, end = wanted_range(request.headers.get("range"), size)
            headers = {"Accept-Ranges": "bytes"}
            if request.headers.get("range"):
                headers["Content-Range"] = f"bytes {start}-{end}/{size}"
            content = self._city.packs.part(sha256, start, end - start + 1)
            status = 206 if "Content-Range" in headers else 200
            return Response(content, status_code=status, headers=headers, media_type=OCTETS)

        return await run_sync(serve)

    async def pull(self, request: HttpRequest) -> HttpResponse:
        """A page of a stream; with ``wait``, held until there is one."""
        body = await _body(request)

        def begin() -> tuple[Wire, PullRequest]:
            wire = Wire(request.headers)
            device = self._city.access.device(request.headers.get("authorization", ""))
            asked = wire.decode(wire.content(body), PullRequest)
            self._city.feed.check(device, asked)
            return wire, asked

        wire, asked = await run_sync(begin)
        if asked.wait:
            await self._news(asked)
        return await run_sync(lambda: _answer(wire, self._page(asked)))

    def _page(self, asked: PullRequest) -> WirePull:
        return self._city.feed.pull(asked, self._city.epoch)

    async def _news(self, asked: PullRequest) -> None:
        """Return when the stream has something after the cursor, the time is over, or the server ends."""
        import asyncio

        stream = (asked.ward, asked.scope)
        end = time.monotonic() + min(asked.wait, LONGEST_WAIT)
        with self._city.bell.listening(stream) as event:
            while not self._city.bell.stopped:
                if await run_sync(self._city.feed.head, *stream) != asked.cursor:
                    return
                left = end - time.monotonic()
                if left <= 0:
                    return
                event.clear()
                try:
                    await asyncio.wait_for(event.wait(), min(left, _LOOK_AGAIN))
                except TimeoutError:
                    continue

    async def enrol(self, request: HttpRequest) -> HttpResponse:
        body = await _body(request)
        caller = request.client.host if request.client else ""

        def serve() -> HttpResponse:
            wire = Wire(request.headers)
            asked = wire.decode(wire.content(body), EnrolRequest)
            self._city.guesses.check(caller)
            try:
                return _answer(wire, self._city.enrol(asked))
            except RefusedError:
                self._city.guesses.wrong(caller)
                raise

        return await run_sync(serve)

    def health(self) -> dict[str, str]:
        self._city.feed.head("", "")
        return {"status": "ok", "pack": self._city.catalog.version, "epoch": self._city.epoch}


def create_app(city: City) -> Litestar:
    """The ASGI application over ``city``. It does not close the city."""
    gateway = Gateway(city)

    @get("/v1/hello")
    async def hello(request: HttpRequest) -> HttpResponse:
        return await gateway.asked(request, gateway.hello)

    @post("/v1/enrol")
    async def enrol(request: HttpRequest) -> HttpResponse:
        return await gateway.enrol(request)

    @post("/v1/push")
    async def push(request: HttpRequest) -> HttpResponse:
        return await gateway.asked(request, gateway.push)

    @post("/v1/pull")
    async def pull(request: HttpRequest) -> HttpResponse:
        return await gateway.pull(request)

    @post("/v1/lease")
    async def lease(request: HttpRequest) -> HttpResponse:
        return await gateway.asked(request, gateway.lease)

    @get("/v1/packs/{sha256:str}")
    async def pack(request: HttpRequest) -> HttpResponse:
        return await gateway.pack(request)

    @get("/v1/records/{record_id:str}/history")
    async def history(request: HttpRequest) -> HttpResponse:
        return await gateway.asked(request, gateway.history(str(request.path_params["record_id"])))

    @get("/healthz")
    async def healthz() -> HttpResponse:
        return _json(await run_sync(gateway.health))

    @get("/openapi.json")
    async def openapi() -> HttpResponse:
        return _json(document())

    return Litestar(
        [hello, enrol, push, pull, lease, pack, history, healthz, openapi],
        openapi_config=None,
        exception_handlers={Exception: _refusal},
        request_max_body_size=None,
        logging_config=None,
    )


async def _body(request: HttpRequest) -> bytes:
    """The body as it came. One that is too large is read on for a while, unkept, so that the sender gets to see why it
    is refused instead of a broken line."""
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LARGEST_BODY:
            body += chunk
        elif size > 8 * LARGEST_BODY:
            break
    if size > LARGEST_BODY:
        raise too_large(LARGEST_BODY)
    return bytes(body)


def wanted_range(header: str | None, size: int) -> tuple[int, int]:
    """First and last byte of a ``Range: bytes=a-b`` (or ``a-``); all where none is asked for. Raises RefusedError (416)."""
    if not header:
        return 0, size - 1
    found = re.fullmatch(r"bytes=(\d{1,15})-(\d{1,15})?", header.strip())
    start = int(found[1]) if found else size
    end = min(int(found[2]), size - 1) if found and found[2] else size - 1
    if start > end:
        raise RefusedError(416, "bad_range", "Phần tệp được hỏi không có.", "The file has no such part.")
    return start, end


def _record_id(text: str) -> str:
    if len(text) > 64 or "\0" in text:
        raise bad_request("Mã bản ghi không đúng.", "Not a record id.")
    return text


def _answer(wire: Wire, answer: Any, status: int = 200) -> HttpResponse:
    data, headers = wire.packed(answer)
    return Response(data, status_code=status, headers=headers, media_type=wire.answer_type)


def _json(answer: Any) -> HttpResponse:
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


def _refusal(request: HttpRequest, error: Exception) -> HttpResponse:
    """Every error as a ``Refusal``; what nobody foresaw is logged and told without its inside."""
    known = _known(error)
    if known.status >= 500:
        log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    wire = Wire(request.headers)
    response = _answer(wire, known.body(wire.language), known.status)
    if known.retry_after:
        response.headers["Retry-After"] = str(known.retry_after)
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


def _known(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, StorageError):
        vi = "Thành phố tạm thời chưa ghi được; máy sẽ tự thử lại."
        return RefusedError(503, "storage", vi, "The city cannot store just now; try again.", retry_after=5)
    if isinstance(error, HTTPException) and error.status_code < 500:
        codes = {404: "no_page", 405: "wrong_method"}
        code = codes.get(error.status_code, "bad_request")
        return RefusedError(
            error.status_code, code, "Không có địa chỉ hoặc cách gọi này.", "No such address or method."
        )
    return RefusedError(500, "internal", "Thành phố gặp lỗi; máy sẽ tự thử lại.", "The city failed; try again.")


__all__ = ["MSGPACK", "create_app"]

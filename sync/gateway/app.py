"""``Face`` as an ASGI application: reads the body, has the work done in a thread, waits where an answer waits for news,
counts, and keeps out who asks too much."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sync.gateway.ahead import Ahead
from sync.gateway.bodies import Bodies, Incoming, Receive
from sync.gateway.city import City
from sync.gateway.face import Answer, Face, Held
from sync.gateway.limits import Limits
from sync.gateway.metrics import CONTENT_TYPE, CityNumbers, Metrics
from sync.gateway.refusals import RefusedError, busy

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_LOOK_AGAIN = 1.0  # seconds; another process may have written to the stream, and nobody tells
_LOOK_AGAIN_TOLD = 20.0  # seconds; where it is told, but a notice may be lost
_THREADS = 64  # that wait for the database more than they work
_PIECE = 256 * 1024  # bytes of a file that are in memory at once, for each answer
_MOST = 512  # requests under way, beyond which new ones are told to come back
_SLOWEST_BODY = 300.0  # seconds


class Door:
    """The ASGI application over ``city``, which it does not close."""

    def __init__(self, city: City, limits: Limits | None = None, metrics: Metrics | None = None) -> None:
        self._city = city
        self._limits = limits or Limits.of()
        self._metrics = metrics or Metrics()
        self._face = Face(city, self._limits.device, self._metrics.judged, Ahead(self._metrics.ahead))
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="gateway")
        self._bodies = Bodies(self._known)
        self._numbers = {streams: CityNumbers(city.storage, city.catalog.version, streams) for streams in (False, True)}
        self._under_way = self._held = 0
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = (str(scope["method"]), _target(scope), _headers(scope))
        client = scope.get("client")
        incoming = Incoming(self._bodies, request[2].get("authorization", ""))
        self._under_way += 1
        try:
            async with asyncio.timeout(_SLOWEST_BODY):
                body = await incoming.read(receive)
            if body is None:
                return
            began = time.perf_counter()
            try:
                answer = await self._answer(request, body, client[0] if client else "")
                if isinstance(answer, Held):
                    answer, began = await self._finished(request, answer)
            except asyncio.CancelledError:  # the server has waited for it long enough; its thread goes on to its end
                answer = self._refused(request, _ending())
            seconds = time.perf_counter() - began
            asked = len(body) if isinstance(body, bytes) else 0
            self._metrics.answered(request[1], answer.status, seconds, asked, answer.size)
            await self._send(answer, send, head=request[0] == "HEAD")
        except TimeoutError:
            await _send(self._refused(request, _too_slow()), send, head=False, last=True)
        finally:
            incoming.close()
            self._under_way -= 1
            self._metrics.under_way(self._under_way, self._held, self._city.storage)

    async def _send(self, answer: Answer, send: Send, *, head: bool) -> None:
        """An answer that is a file is read a piece at a time, in a thread, as fast as the line takes it."""
        if answer.file is None or head:
            await _send(answer, send, head=head, last=self.draining)
            return
        await send(_start(answer, last=self.draining))
        at, end = answer.file.start, answer.file.start + answer.file.length
        while at < end:
            piece = await self._threaded(_read, answer.file.path, at, min(_PIECE, end - at))
            if not piece:  # it was cut short meanwhile: the line ends, and the other side sees that bytes are missing
                raise OSError(f"{answer.file.path} ends before {end}")
            at += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": at < end})

    async def _known(self, authorization: str) -> object:
        return await self._threaded(self._city.access.device, authorization)

    async def _answer(
        self, request: tuple[str, str, dict[str, str]], body: bytes | Exception, caller: str
    ) -> Answer | Held:
        method, target, headers = request
        path = target.partition("?")[0]
        if path == "/metrics" and method == "GET" and _is_near(caller):
            return await self._threaded(self._page, "heads" in target)
        caller = network_of(caller)
        try:
            if path != "/healthz":
                if self.draining:
                    raise _ending()
                self._limits.address.take(caller)
                if self._under_way - self._held > _MOST:
                    raise busy()
            if isinstance(body, Exception):
                answer: Answer | Held = self._refused(request, body)
            else:
                answer = await self._threaded(self._face.begin, method, target, headers, body, caller)
            if isinstance(answer, Answer) and answer.status == 401:
                self._limits.stranger.take(caller)
        except RefusedError as error:
            return self._refused(request, error)
        return answer

    async def _finished(self, request: tuple[str, str, dict[str, str]], held: Held) -> tuple[Answer, float]:
        self._held += 1
        try:
            await self._news(held)
        finally:
            self._held -= 1
        began = time.perf_counter()
        return await self._threaded(self._face.finish, *request, held), began

    async def _threaded(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _refused(self, request: tuple[str, str, dict[str, str]], error: Exception) -> Answer:
        return self._face.refusal(*request, error)

    def _page(self, heads: bool) -> Answer:
        try:
            page = self._metrics.page(self._numbers[heads])
        except Exception as error:
            return self._face.refusal("GET", "/metrics", {}, error)
        return Answer(200, {"Content-Type": CONTENT_TYPE}, page.encode())

    async def _news(self, held: Held) -> None:
        """Return when a stream has something after its cursor, the time is over, or the server ends."""
        end = time.monotonic() + held.seconds
        bell = self._city.bell
        with bell.listening(*(stream for stream, _ in held.streams)) as event:
            while not bell.stopped:
                if await self._threaded(self._has_news, held):
                    return
                left = end - time.monotonic()
                if left <= 0:
                    return
                event.clear()
                look = _LOOK_AGAIN_TOLD if self._city.hears else _LOOK_AGAIN
                try:
                    await asyncio.wait_for(event.wait(), min(left, look))
                except TimeoutError:
                    continue

    def _has_news(self, held: Held) -> bool:
        return any(self._city.feed.head(*stream) != cursor for stream, cursor in held.streams)

    def close(self) -> None:
        self._threads.shutdown()


def _is_near(caller: str) -> bool:
    """On this machine or in its own network: who may read /metrics. A proxy's callers are known by their own address."""
    try:
        return ipaddress.ip_address(caller).is_private
    except ValueError:
        return caller == ""


def network_of(caller: str) -> str:
    """Whom limits count as one: an address, of IPv6 the 64 bits that one line has, behind which are as many addresses as
    somebody likes."""
    if ":" not in caller:
        return caller
    try:
        address = ipaddress.IPv6Address(caller.partition("%")[0])
    except ValueError:
        return caller
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def _ending() -> RefusedError:
    vi, en = "Thành phố đang khởi động lại; máy sẽ tự thử lại.", "The city is restarting; come back in a few seconds."
    return RefusedError(503, "restarting", vi, en, retry_after=random.randint(2, 8))  # noqa: S311 - not all at once


def _too_slow() -> RefusedError:
    return RefusedError(408, "too_slow", "Đường truyền quá chậm; máy sẽ gửi ít hơn.", "The body came too slowly.")


def _headers(scope: Scope) -> dict[str, str]:
    """By lower-case name; one that comes several times is one list."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _target(scope: Scope) -> str:
    """Path and query as they stood in the request line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _read(path: Path, start: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(length)


def _start(answer: Answer, *, last: bool) -> dict[str, Any]:
    """``last``: the connection is to be given up."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if "Content-Length" not in answer.headers and answer.status != 204:
        headers.append((b"content-length", str(answer.size).encode()))
    if last:
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _send(answer: Answer, send: Send, *, head: bool, last: bool) -> None:
    await send(_start(answer, last=last))
    await send({"type": "http.response.body", "body": b"" if head else answer.body, "more_body": False})

"""The bodies of requests while they come: how much of them one process holds in memory, and for whom.

A body may come slowly, and until its last byte nothing is known of its sender but what the headers say. So a stranger gets
room for a question; more of it is kept only for a device of the city, and never more than so much for all together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sync.gateway.refusals import busy
from sync.gateway.wire import LARGEST_BODY, LARGEST_QUESTION, too_large

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
MOST_TOGETHER = 512 * 1024 * 1024
"""Bytes of bodies in the memory of one process, those that are being worked on among them."""


class Bodies:
    """``known``: raises RefusedError (401) for who is no device of the city."""

    def __init__(self, known: Callable[[str], Awaitable[object]]) -> None:
        self.known = known
        self.kept = 0


class Incoming:
    """The body of one request, which is in memory until ``close``."""

    def __init__(self, bodies: Bodies, authorization: str) -> None:
        self._bodies = bodies
        self._authorization = authorization
        self._body = bytearray()
        self._kept = 0
        self._is_known = False

    async def read(self, receive: Receive) -> bytes | Exception | None:
        """The body as it came, or its first bytes where it is larger than ``Face`` takes; an exception: why it was not kept;
        None: the sender is gone. The rest of what is not kept is read on for a while, so that the sender gets to see
        why it is refused and no broken line."""
        size, why = 0, None
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if why is None and len(self._body) <= LARGEST_BODY:
                why = await self._keep(chunk, size)
            if not message.get("more_body", False) or size > 8 * LARGEST_BODY:
                if why is not None:
                    return why
                body, self._body = bytes(self._body[: LARGEST_BODY + 1]), bytearray()
                return body

    async def _keep(self, chunk: bytes, size: int) -> Exception | None:
        if size > LARGEST_QUESTION and not self._is_known:
            try:
                if not self._authorization:
                    raise too_large(LARGEST_QUESTION)
                await self._bodies.known(self._authorization)
            except Exception as error:
                self.close()
                return error
            self._is_known = True
        if self._bodies.kept + len(chunk) > MOST_TOGETHER:
            self.close()
            return busy()
        self._bodies.kept += len(chunk)
        self._kept += len(chunk)
        self._body += chunk
        return None

    def close(self) -> None:
        self._bodies.kept -= self._kept
        self._kept, self._body = 0, bytearray()

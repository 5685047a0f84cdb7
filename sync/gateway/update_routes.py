"""The pages of updates: what a device is offered, and the repository's files in parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from sync.gateway.access import Device
from sync.gateway.routes import Answer, Asked, FileBody, Route, wanted_range
from sync.gateway.updates import Updates

OCTETS = "application/octet-stream"


class UpdateRoutes:
    def __init__(self, updates: Callable[[], Updates], device: Callable[[Asked], Device]) -> None:
        """``device``: who asks; raises RefusedError."""
        self._updates = updates
        self._device = device

    def routes(self) -> list[Route]:
        files = [Route("GET", "/v1/updates/files/" + "/".join(["{}"] * depth), self._file) for depth in (2, 3, 4)]
        return [Route("GET", "/v1/updates/offer", self._offer), *files]

    def _offer(self, asked: Asked) -> Answer:
        device = self._device(asked)
        told = dict(parse_qsl(asked.query[:1000]))
        body, headers = asked.wire.packed(self._updates().offer(device, told))
        return Answer(200, headers, body)

    def _file(self, asked: Asked) -> Answer:
        self._device(asked)
        return file_answer(self._updates().file("/".join(asked.places)), asked.headers.get("range"))


def file_answer(path: Path, wanted: str | None) -> Answer:
    """A file, or what is wanted of it by ``Range``; read while it is sent, never whole. Raises RefusedError (416)."""
    size = path.stat().st_size
    start, end = wanted_range(wanted, size)
    headers = {"Content-Type": OCTETS, "Accept-Ranges": "bytes"}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Answer(206 if wanted else 200, headers, file=FileBody(path, start, end - start + 1))

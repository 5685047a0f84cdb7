"""One request, one answer, and which handler a method and a path mean. Nothing here knows a socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Stream
from sync.gateway.wire import Wire


class FileBody(Struct, frozen=True):
    """So many bytes of a file on the disk, read while they are sent."""

    path: Path
    start: int
    length: int


class Answer(Struct):
    """``headers`` without Content-Length, which the server adds. ``file``: sent in place of ``body``."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    file: FileBody | None = None

    @property
    def size(self) -> int:
        return self.file.length if self.file else len(self.body)


class Asked(Struct):
    """A request. ``headers`` have lower-case names; ``places`` are what the ``{}`` of the route's path held, decoded;
    ``caller``: the address it came from, "" where there is none."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    wire: Wire
    places: tuple[str, ...] = ()
    caller: str = ""


class Held(Struct):
    """An answer that may wait for news: ``answer()`` is to be called when one of ``streams`` has moved beyond its cursor,
    or after ``seconds``. Calling it at once is right too."""

    streams: tuple[tuple[Stream, int], ...]
    seconds: float
    answer: Callable[[], Answer]


Handler = Callable[[Asked], Answer | Held]


class Route:
    """``path`` with ``{}`` for one segment: ``Route("GET", "/v1/records/{}/history", handler)``."""

    def __init__(self, method: str, path: str, handler: Handler) -> None:
        self.method = method
        self.path = path
        self.handler = handler
        self._pattern = re.compile("([^/]+)".join(map(re.escape, path.split("{}"))) + "/?")

    def places(self, path: str) -> tuple[str, ...] | None:
        """What stands for the ``{}``; None when this is another path."""
        found = self._pattern.fullmatch(path)
        return tuple(unquote(part, errors="replace") for part in found.groups()) if found else None


class Routes:
    def __init__(self, routes: Sequence[Route]) -> None:
        self.all = tuple(routes)

    def find(self, method: str, target: str) -> tuple[Handler, tuple[str, ...]]:
        """The handler of a request target, and the places of its path. Raises RefusedError (404, 405)."""
        path = split_target(target)[0]
        matching = [(r, places) for r in self.all if (places := r.places(path)) is not None]
        for route, places in matching:
            if route.method == method:
                return route.handler, places
        vi, en = "Không có địa chỉ hoặc cách gọi này.", "No such address or method."
        if not matching:
            raise RefusedError(404, "no_page", vi, en)
        raise RefusedError(
            405, "wrong_method", vi, en, headers={"Allow": ", ".join(sorted({r.method for r, _ in matching}))}
        )


def split_target(target: str) -> tuple[str, str]:
    """Path (still percent-encoded) and query of a request target."""
    path, _, query = target.partition("?")
    if not path.startswith("/"):  # the absolute form, as proxies are asked
        try:
            path = urlsplit(path).path or "/"
        except ValueError:
            path = "/"
    return path, query


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

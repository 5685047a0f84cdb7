"""The line between a PC and the city, as a requests adapter: the real transport above it, the real Face below."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from tests.simulation.scheduler import Crash, Scheduler

Reply = tuple[int, dict[str, str], bytes]
Serve = Callable[[str, str, dict[str, str], bytes], Reply]
PORTAL = (200, {"Content-Type": "text/html"}, b"<html><body>Wi-Fi: please log in</body></html>")
PROXY = (502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>")
_PACK = re.compile(r"[0-9a-f]{64}")  # signed by a key of this process: another one names it otherwise


class Line(BaseAdapter):
    """One PC's line. ``rate`` is the share of requests that something happens to; ``cut``: nothing comes through."""

    def __init__(self, scheduler: Scheduler, name: str, owner: object, serve: Serve, faults: Faults) -> None:
        super().__init__()
        self._scheduler, self._name, self._owner, self._serve = scheduler, name, owner, serve
        self._faults = faults
        self._build = HTTPAdapter()

    def close(self) -> None:
        pass

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        reply = self._carried(request)
        broken = self._faults.hit("answer cut short") if len(reply[2]) > 20 else False
        return self._response(request, reply, broken)

    def _carried(self, request: requests.PreparedRequest) -> Reply:
        scheduler, faults = self._scheduler, self._faults
        what = f"{request.method} {_PACK.sub('a pack', str(request.path_url))}"
        if self._faults.cut:
            scheduler.sleep(2.0)
            raise requests.exceptions.ConnectionError("no line")
        if faults.hit("request lost"):
            scheduler.note(self._name, f"{what} lost")
            scheduler.sleep(20.0)
            raise requests.exceptions.ConnectionError("lost")
        if faults.hit("stranger answers"):
            scheduler.note(self._name, f"{what} answered by a stranger")
            return PORTAL if scheduler.random.random() < 0.5 else PROXY
        if faults.hit("request delayed"):
            return self._late(request, what)
        if faults.hit("request doubled"):
            after = scheduler.random.choice((0.0, 1.0, 30.0, 200.0, 1000.0))
            scheduler.note(self._name, f"{what} doubled, the other one comes {after:.0f} s later")
            scheduler.spawn(f"{self._name} double", lambda: self._unheard(request), None, after)
        scheduler.pause(0.1)
        reply = self._served(request)
        scheduler.pause(0.1)
        if faults.hit("answer lost"):
            scheduler.note(self._name, f"{what} answer lost")
            scheduler.sleep(30.0)
            raise requests.exceptions.ReadTimeout("answer lost")
        if faults.hit("answer delayed"):
            scheduler.sleep(scheduler.random.random() * 50)
        return reply

    def _late(self, request: requests.PreparedRequest, what: str) -> Reply:
        """The PC gives up after a minute; the request arrives all the same, after younger ones."""
        wait = self._scheduler.random.choice((1.0, 20.0, 90.0, 300.0, 1500.0))
        self._scheduler.note(self._name, f"{what} under way for {wait:.0f} s")
        if wait > 60:
            self._scheduler.spawn(f"{self._name} late", lambda: self._unheard(request), None, wait)
            self._scheduler.sleep(60.0)
            raise requests.exceptions.ReadTimeout("no answer")
        self._scheduler.sleep(wait)
        return self._served(request)

    def _unheard(self, request: requests.PreparedRequest) -> None:
        with contextlib.suppress(requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout):
            self._served(request)

    def _served(self, request: requests.PreparedRequest) -> Reply:
        headers = {k.lower(): v for k, v in request.headers.items()}
        body = request.body or b""
        assert isinstance(body, bytes)
        assert request.method is not None
        return self._serve(request.method, request.path_url, headers, body)

    def _response(self, request: requests.PreparedRequest, reply: Reply, broken: bool) -> requests.Response:
        status, headers, body = reply
        raw: Any = HTTPResponse(
            body=_Cut(body) if broken else io.BytesIO(body), headers=headers, status=status, preload_content=False
        )
        return self._build.build_response(request, raw)


class _Cut(io.BytesIO):
    """The line ends amid the answer."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body[: len(body) // 2])

    def read(self, size: int | None = -1, /) -> bytes:
        raise urllib3.exceptions.ProtocolError("the line ended")


class Faults:
    """How often what goes wrong on a line, and how often it did."""

    def __init__(self, scheduler: Scheduler, counts: dict[str, int]) -> None:
        self._scheduler = scheduler
        self._counts = counts
        self.rates: dict[str, float] = {}
        self.cut = False

    def hit(self, kind: str) -> bool:
        rate = self.rates.get(kind, 0.0)
        if rate == 0.0 or self._scheduler.random.random() >= rate:
            return False
        self._counts[kind] += 1
        return True


__all__ = ["Crash", "Faults", "Line", "Reply"]

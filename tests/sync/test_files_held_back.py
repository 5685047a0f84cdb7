"""A file that something between the PC and the city does not let through holds up no other, and its officer reads why."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport
from tests.sync.bad_line import Pc

Judge = Callable[[requests.PreparedRequest], int | None]
"""The status of the page that is answered in place of the city; 0: the line is cut; None: it goes through."""


class Proxy(HTTPAdapter):
    def __init__(self) -> None:
        super().__init__()
        self.judge: Judge = lambda request: None

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        status = self.judge(request)
        if status is None:
            return super().send(request, *args, **more)
        if not status:
            raise requests.exceptions.ConnectionError("cut")
        page = io.BytesIO(b"<html>blocked</html>")
        kind = {"Content-Type": "text/html"}
        return self.build_response(request, urllib3.HTTPResponse(page, kind, status, preload_content=False))


class BehindProxy(Pc):
    def __init__(self, gateway: GatewayServer, folder: Path) -> None:
        super().__init__(gateway, folder, folder.name, "civil_status_officer")
        self.proxy, session = Proxy(), requests.Session()
        session.mount("http://", self.proxy)
        enrolment = self.store.enrolment
        assert enrolment is not None
        self.line.line = HttpTransport(gateway.url, enrolment.token, session=session)

    def attaches(self, content: bytes) -> str:
        digest = self.store.files.put(content)
        file = {"sha256": digest, "name": "quet.pdf", "size": len(content), "media_type": "application/pdf"}
        self.save(form="electronic", file=file)
        return digest

    def stands(self, *digests: str) -> list[str]:
        standing = self.store.files.standing(digests)
        return [standing[digest].state for digest in digests]

    def why(self, digest: str) -> str:
        return self.store.files.standing([digest])[digest].why


def some(size: int, seed: int = 1) -> bytes:
    return b"%PDF-1.7\n" + random.Random(seed).randbytes(size - 9)


def about(content: bytes) -> Callable[[requests.PreparedRequest], bool]:
    """Whether a request carries the beginning of the content, or asks for it."""
    digest = hashlib.sha256(content).hexdigest()

    def is_about(request: requests.PreparedRequest) -> bool:
        is_of_a_file = request.path_url.startswith("/v1/files")
        carried = request.body if isinstance(request.body, bytes) else b""
        return is_of_a_file and (digest in request.path_url or carried[:64] == content[:64])

    return is_about


@pytest.fixture
def pcs(gateway: GatewayServer, tmp_path: Path) -> Iterator[tuple[BehindProxy, BehindProxy]]:
    made = (BehindProxy(gateway, tmp_path / "An"), BehindProxy(gateway, tmp_path / "Binh"))
    yield made
    for pc in made:
        pc.close()


@pytest.mark.parametrize("status", [403, 200])
def test_a_file_that_a_scanner_stops_on_its_way_to_the_city(pcs: tuple[BehindProxy, BehindProxy], status: int) -> None:
    one, _ = pcs
    content = some(1000)  # the smallest goes first
    stopped, other = one.attaches(content), one.attaches(some(2000, seed=2))
    is_it = about(content)
    one.proxy.judge = lambda request: status if is_it(request) else None
    report = one.sync()
    assert (report.files_sent, one.stands(stopped, other)) == (1, ["waiting", "there"])
    assert "không cho một tệp" in one.why(stopped)
    assert any("không cho một tệp" in problem.vi for problem in report.problems)


def test_a_file_that_a_scanner_stops_on_its_way_here(pcs: tuple[BehindProxy, BehindProxy]) -> None:
    one, two = pcs
    content = some(1000)
    stopped, other = one.attaches(content), one.attaches(some(2000, seed=2))
    one.sync()
    two.sync()
    two.store.files.want(stopped, other)
    own = two.attaches(some(3000, seed=3))
    is_it = about(content)
    two.proxy.judge = lambda request: 403 if is_it(request) else None
    report = two.sync()
    assert (report.files_fetched, report.files_sent) == (1, 1)
    assert two.stands(stopped, other, own) == ["fetching", "there", "there"]
    two.proxy.judge = lambda request: None
    two.store.files.want(stopped)  # opened once more
    assert two.sync().files_fetched == 1


def test_a_file_at_which_the_line_is_cut_again_and_again(pcs: tuple[BehindProxy, BehindProxy]) -> None:
    one, _ = pcs
    content = some(1000)
    stopped, other = one.attaches(content), one.attaches(some(2000, seed=2))
    is_it = about(content)
    one.proxy.judge = lambda request: 0 if is_it(request) else None
    engine = Engine(one.store, one.line)
    assert [engine.sync_once().files_sent for _ in range(3)] == [0, 0, 0], "it may be the line after all"
    for _ in range(20):
        engine.sync_once()
    assert one.stands(stopped, other) == ["waiting", "there"]


def test_parts_become_as_small_as_a_proxy_wants_them(pcs: tuple[BehindProxy, BehindProxy]) -> None:
    one, _ = pcs
    digest = one.attaches(some(1_000_000))
    sizes: list[int] = []

    def judge(request: requests.PreparedRequest) -> int | None:
        if not request.path_url.startswith("/v1/files") or not isinstance(request.body, bytes):
            return None
        sizes.append(len(request.body))
        return 413 if sizes[-1] > 50_000 else None

    one.proxy.judge = judge
    assert (one.sync().files_sent, one.stands(digest)) == (1, ["there"])
    assert sum(size > 50_000 for size in sizes) < 4, "it remembers what is too large"

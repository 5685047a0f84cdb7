"""What the line makes of answers that are not the city's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
import zstandard

from sync.http import MSGPACK, HttpTransport
from sync.protocol import PullAnswer, PullRequest, Refusal, SyncError


class Answers:
    """What the strange server says next."""

    status = 200
    kind = MSGPACK
    body = b""
    encoding = ""
    withheld = 0  # bytes promised and not sent
    pause = 0.0  # seconds before the body


@pytest.fixture
def server() -> Iterator[tuple[Answers, str]]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if length := int(self.headers.get("Content-Length") or 0):
                self.rfile.read(length)
            self.send_response(answers.status)
            self.send_header("Content-Type", answers.kind)
            if answers.encoding:
                self.send_header("Content-Encoding", answers.encoding)
            self.send_header("Content-Length", str(len(answers.body) + answers.withheld))
            self.end_headers()
            time.sleep(answers.pause)
            self.wfile.write(answers.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield answers, f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def refused(server: tuple[Answers, str], code: str) -> SyncError:
    line = HttpTransport(server[1], "token")
    with pytest.raises(SyncError) as caught:
        line.hello()
    line.close()
    assert caught.value.code == code
    return caught.value


def test_a_login_page_is_not_a_sync(server: tuple[Answers, str]) -> None:
    server[0].kind, server[0].body = "text/html; charset=utf-8", b"<html>Wi-Fi</html>"
    assert refused(server, "not_the_city").retry


def test_a_redirect_is_not_followed(server: tuple[Answers, str]) -> None:
    server[0].status, server[0].kind = 302, "text/html"
    refused(server, "not_the_city")


def test_damaged_answers(server: tuple[Answers, str]) -> None:
    server[0].body = b"\xc1\xff"
    refused(server, "damaged")
    server[0].body = msgspec.msgpack.encode({"protocol": "one"})
    refused(server, "damaged")
    server[0].encoding, server[0].body = "zstd", b"not zstd"
    refused(server, "damaged")


def test_a_line_cut_amid_the_answer_is_tried_again(server: tuple[Answers, str]) -> None:
    server[0].withheld = 258
    assert refused(server, "unreachable").retry
    server[0].body = msgspec.msgpack.encode({"protocol": 1})
    assert refused(server, "damaged").retry


def test_an_answer_that_never_ends_is_given_up(server: tuple[Answers, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.http._TIMEOUT", (1.0, 0.1))
    server[0].body, server[0].pause = msgspec.msgpack.encode({}), 0.5
    assert refused(server, "timeout").retry


def test_a_bomb_is_not_unpacked(server: tuple[Answers, str]) -> None:
    server[0].encoding = "zstd"
    server[0].body = zstandard.ZstdCompressor(level=3).compress(b"\0" * (200 * 1024 * 1024))
    refused(server, "damaged")


def test_the_citys_refusal_reaches_the_officer(server: tuple[Answers, str]) -> None:
    server[0].status, server[0].body = 401, msgspec.msgpack.encode(Refusal("token", "Máy này đã bị thu hồi quyền."))
    error = refused(server, "token")
    assert str(error) == "Máy này đã bị thu hồi quyền."
    assert not error.retry


def test_an_answer_is_counted_and_read(server: tuple[Answers, str]) -> None:
    body = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(PullAnswer(records=(), cursor=7)))
    server[0].encoding, server[0].body = "zstd", body
    line = HttpTransport(server[1], "token")
    assert line.pull(PullRequest(ward="00070", scope="open")).cursor == 7
    assert line.bytes_received == len(body)
    assert line.bytes_sent > 0
    line.close()


@pytest.mark.parametrize("url", ["http://example.vn", "ftp://127.0.0.1", "thành phố", "http://", "http://10.0.0.1:80"])
def test_plain_http_leaves_this_machine_never(url: str) -> None:
    with pytest.raises(SyncError) as caught:
        HttpTransport(url, "token")
    assert not caught.value.retry


def test_nobody_there() -> None:
    line = HttpTransport("http://127.0.0.1:9", "token")
    with pytest.raises(SyncError) as caught:
        line.hello()
    line.close()
    assert caught.value.code == "unreachable"

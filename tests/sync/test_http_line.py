"""What the line makes of answers that are not the city's."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
import zstandard

from sync.http import MSGPACK, HttpTransport, LineSettings
from sync.pace import Pace
from sync.protocol import PullAnswer, PullRequest, Refusal, SyncError, SyncRequest
from sync.strangers import asked_to_wait


class Answers:
    """What the strange server says next."""

    status = 200
    kind = MSGPACK
    body = b""
    encoding = ""
    withheld = 0  # bytes promised and not sent
    pause = 0.0  # seconds before the body

    def __init__(self) -> None:
        self.more: dict[str, str] = {}  # headers
        self.seen: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body of each request


@pytest.fixture
def server() -> Iterator[tuple[Answers, str]]:
    answers = Answers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answers.seen.append((self.path, dict(self.headers), body))
            self.send_response(answers.status)
            self.send_header("Content-Type", answers.kind)
            if answers.encoding:
                self.send_header("Content-Encoding", answers.encoding)
            for name, value in answers.more.items():
                self.send_header(name, value)
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


@pytest.mark.parametrize(
    ("status", "kind", "body", "code", "words"),
    [
        (200, "text/html", b"<html>", "not_the_city", "trang web lạ"),
        (511, "text/html", b"<html>", "not_the_city", "đòi đăng nhập trước"),
        (302, "text/html", b"", "not_the_city", "địa chỉ khác"),
        (407, "text/html", b"", "not_the_city", "tên và mật khẩu"),
        (403, "text/html", b"blocked", "not_the_city", "không cho nối"),
        (502, "text/html", b"bad gateway", "unreachable", "502"),
        (413, "text/html", b"<html>", "too_large", "chia nhỏ"),
        (200, "application/json", b'{"status": "ok"}', "not_the_city", "chương trình khác"),
        (200, "application/json", b"[", "not_the_city", "chương trình khác"),
        (500, "application/json", b'{"error": "boom"}', "not_the_city", "chương trình khác"),
        (200, "application/xml", b"<a/>", "not_the_city", "chương trình khác"),
        (200, "", b"x", "not_the_city", "trang web lạ"),
    ],
)
def test_each_stranger_gets_its_own_sentence(server, status, kind, body, code, words) -> None:
    server[0].status, server[0].kind, server[0].body = status, kind, body
    for ask in (lambda line: line.hello(), lambda line: line.sync(SyncRequest())):
        line = HttpTransport(server[1], "token")
        with pytest.raises(SyncError) as caught:
            ask(line)
        line.close()
        assert (caught.value.code, caught.value.retry) == (code, True)
        assert words in str(caught.value)


def test_a_proxy_that_compresses_is_understood(server: tuple[Answers, str]) -> None:
    content = msgspec.msgpack.encode(PullAnswer(records=(), cursor=7))
    server[0].encoding, server[0].body = "gzip", gzip.compress(content)
    line = HttpTransport(server[1], "token")
    assert line.pull(PullRequest(ward="00070", scope="open")).cursor == 7
    server[0].body = gzip.compress(content)[:-9]
    with pytest.raises(SyncError, match="hỏng"):
        line.pull(PullRequest(ward="00070", scope="open"))
    server[0].encoding = "br"
    with pytest.raises(SyncError, match="br"):
        line.pull(PullRequest(ward="00070", scope="open"))
    line.close()


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("", 0), ("soon", 0), ("-5", 0), ("999999999", 86400)])
def test_who_is_asked_to_wait_hears_how_long(server: tuple[Answers, str], header: str, seconds: float) -> None:
    server[0].status, server[0].body = 429, msgspec.msgpack.encode(Refusal("busy", "Đông quá."))
    server[0].more = {"Retry-After": header} if header else {}
    assert refused(server, "busy").wait == seconds


def test_a_date_to_wait_for() -> None:
    assert asked_to_wait({"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40.0) == 60.0
    assert asked_to_wait({"Retry-After": "Thu, 01 Jan 1970 00:00:10 GMT"}, 40.0) == 0.0


def test_a_cap_is_kept_and_a_pause_is_not_saved_up() -> None:
    time_now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time_now[0] += seconds

    pace = Pace(10, now=lambda: time_now[0], sleep=sleep)
    pace.moved(20_000)
    time_now[0] += 60
    pace.moved(10_000)
    assert slept == [2.0, 1.0]
    body = pace.body(bytes(100_000))
    assert len(body) == 100_000
    assert not isinstance(body, bytes)
    read = 0
    while piece := body.read(1 << 20):
        read += len(piece)
    assert (read, round(sum(slept), 6)) == (100_000, 13.0)


def test_a_capped_line_carries_the_same(server: tuple[Answers, str], monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[int] = []
    monkeypatch.setattr(Pace, "moved", lambda self, size: moved.append(size))
    server[0].body = msgspec.msgpack.encode(PullAnswer(records=(), cursor=7))
    line = HttpTransport(server[1], "token", settings=LineSettings(kb_per_second=5))
    assert line.pull(PullRequest(ward="00070", scope="open")).cursor == 7
    line.close()
    sent = server[0].seen[-1][2]
    assert msgspec.msgpack.decode(sent)["ward"] == "00070"
    assert sum(moved) == len(sent) + len(server[0].body)


def test_a_file_that_is_no_authority_is_told(server: tuple[Answers, str]) -> None:
    line = HttpTransport("https://127.0.0.1:9", "token", settings=LineSettings(ca=Path("/nowhere/ca.pem")))
    with pytest.raises(SyncError) as caught:
        line.hello()
    assert caught.value.code in ("tls", "unreachable")
    line.close()


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
    assert refused(server, "unreachable").retry


def test_an_answer_that_never_ends_is_given_up(server: tuple[Answers, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.http_line.TIMEOUT", (1.0, 0.1))
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

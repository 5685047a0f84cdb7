"""The hub as an object: an HTTPS server and the rounds behind it, in threads of their own."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
import urllib3

from sync.clock import Clock, SystemClock
from sync.http import HttpTransport
from sync.http_line import TIMEOUT, Line, checked_url
from sync.hub.answers import LARGEST_BODY, Answer, NoAnswerError
from sync.hub.copy import Copy
from sync.hub.copying import Copying
from sync.hub.face import HubFace
from sync.hub.grants import Grants
from sync.hub.identity import load_certificate, read_identity, renewed
from sync.hub.messages import hub_name
from sync.hub.update_parts import UpdateParts
from sync.protocol import Hello, SyncError

PORT = 8621
EVERY = 20.0  # seconds between two looks at what is new at the city
_NOT_PASSED = {"host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}
_MOST_AT_ONCE = 64  # requests of PCs
log = logging.getLogger(__name__)


class HubServer:
    """``start()`` gets a certificate of the city, opens the port (0: any free one) and begins to copy. ``folder``: of
    ``identity.join``; ``every``: seconds between two rounds."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        clock: Clock | None = None,
        every: float = EVERY,
        announce: Callable[[HubServer], contextlib.AbstractContextManager[object]] | None = None,
    ) -> None:
        """``announce``: what tells the networks of the ward, while it serves. Raises HubNotReadyError, SyncError."""
        self.folder = folder
        self.identity = read_identity(folder)
        self._clock = clock or SystemClock()
        self._every = every
        self._announce = announce
        self._address = (host, port)
        self._city = checked_url(self.identity.url)
        self._settings = self.identity.settings(folder)
        self._copy: Copy | None = None
        self._server: _Server | None = None
        self._context: ssl.SSLContext | None = None
        self._one_round = threading.Lock()
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []
        self._around = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f"https://{self._address[0]}:{self.port}"

    @property
    def names(self) -> tuple[str, ...]:
        """Those in its certificate."""
        return tuple(hub_name(self.identity.device, ward) for ward in self.identity.wards)

    @property
    def port(self) -> int:
        return self._address[1]

    def start(self) -> HubServer:
        """Raises OSError: the port is taken; HubNotReadyError: there is no certificate and the city cannot be asked."""
        with contextlib.suppress(SyncError):
            self._renew()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        load_certificate(context, self.folder, self.identity)
        self._copy = copy = Copy(self.folder / "hub.db", self.identity.database, self._clock)
        self._grants = Grants(self.folder / "hub.json", self._clock, self._hello)
        face = HubFace(self._grants, self._onward, copy, self._clock, UpdateParts(self.folder / "updates"))

        class Handler(_Handler):
            hub = face

        try:
            server = _Server(self._address, Handler)
        except OSError:
            copy.close()
            raise
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._address = (self._address[0], int(server.server_address[1]))
        self._server, self._context = server, context
        self._ending.clear()
        works = (("hub", server.serve_forever), ("hub copy", self._go_on))
        self._threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in works]
        for thread in self._threads:
            thread.start()
        if self._announce is not None:
            try:
                self._around.enter_context(self._announce(self))
            except OSError as error:  # a network without multicast: it is found by its address
                log.warning("not announced: %s", error)
        return self

    def stop(self) -> None:
        self._around.close()
        self._ending.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            for thread in self._threads:
                thread.join()
            self._server.server_close()
            self._server = None
        if self._copy is not None:
            self._copy.close()
            self._copy = None

    def __enter__(self) -> HubServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # the rounds

    def _go_on(self) -> None:
        while not self._ending.is_set():
            try:
                self.round()
            except SyncError as error:
                log.info("no round: %s", error.code)
            except Exception:
                log.exception("a round failed")
            self._ending.wait(self._every)

    def round(self) -> None:
        """What is new at the city, and a new certificate when one is due. Raises SyncError."""
        with self._one_round:
            assert self._copy is not None  # noqa: S101
            with contextlib.suppress(SyncError):
                self._renew()  # first: a file that does not come, or a full disk, must not let it run out
            line = self._line()
            try:
                answer = Copying(self._copy, self._grants, line).round()
                self._renew(answer.trust)
            finally:
                line.close()

    def _renew(self, trust: bytes = b"") -> None:
        before = self.identity
        line = self._line()
        try:
            self.identity = renewed(self.folder, self.identity, line, self._clock, trust)
        finally:
            line.close()
        if self.identity is not before and self._context is not None:
            load_certificate(self._context, self.folder, self.identity)
            log.info("a new certificate, %s", self.identity.fingerprint[:16])

    def _line(self) -> Line:
        return Line(self._city, self.identity.token, "vi", settings=self._settings)

    # for the face

    def _hello(self, token: str) -> Hello:
        line = HttpTransport(self._city, token, settings=self._settings)
        try:
            return line.hello()
        finally:
            line.close()

    def _onward(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A request to the city, and its answer, byte for byte."""
        line = Line(self._city, "", "vi", settings=self._settings)
        try:
            return passed_on(line, method, target, headers, body)
        finally:
            line.close()


def passed_on(line: Line, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """A request as it came, over a line to the city, and the answer byte for byte. Raises NoAnswerError."""
    passed = {name: value for name, value in headers.items() if name not in _NOT_PASSED}
    passed.setdefault("accept-encoding", "identity")
    try:
        response = line.relay(method, target, passed, body, TIMEOUT)
        with response:
            content = response.raw.read(decode_content=False)
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise unreachable() from error
    said = {name: value for name, value in response.headers.items() if name.lower() not in _NOT_PASSED}
    return Answer(response.status_code, said, content)


def unreachable() -> NoAnswerError:
    return NoAnswerError(
        502,
        "unreachable",
        "Máy trung gian cũng chưa nối được với thành phố; sẽ tự thử lại.",
        "The hub cannot reach the city either; it will be tried again.",
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._open) >= _MOST_AT_ONCE:  # more than a ward has PCs
            super().shutdown_request(request)
            return
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are kept alive."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A PC that went away amid a request is no one's trouble."""


class _Handler(BaseHTTPRequestHandler):
    hub: HubFace
    protocol_version = "HTTP/1.1"
    timeout = 75

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY or "chunked" in self.headers.get("Transfer-Encoding", ""):
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.hub.serve(self.command, self.path, headers, body)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Says nothing: requests name records."""

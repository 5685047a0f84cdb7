"""The hub as an object: an HTTPS server in a thread, for the command line and tests."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from sync.clock import Clock, SystemClock
from sync.http import HttpTransport, LineSettings
from sync.http_line import TIMEOUT, checked_url
from sync.hub.answers import LARGEST_BODY, Answer, NoAnswerError
from sync.hub.face import HubFace
from sync.hub.grants import Grants
from sync.protocol import Hello

_NOT_PASSED = {"host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


class HubServer:
    """``start()`` opens the port (0: any free one). ``certificate``: PEM files of the certificate that the city gave this
    PC and of its key; without them it serves this PC alone."""

    def __init__(
        self,
        folder: Path,
        city_url: str,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        certificate: tuple[Path, Path] | None = None,
        ca: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._city = checked_url(city_url)
        self.folder = folder
        self._settings = LineSettings(ca=ca)
        grants = Grants(folder / "hub.json", clock or SystemClock(), self._hello)
        self._face = HubFace(grants, self._onward)
        self._address = (host, port)
        self._certificate = certificate
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._certificate else 'http'}://{self._address[0]}:{self._address[1]}"

    def start(self) -> HubServer:
        """Raises OSError: the port is taken, or the certificate cannot be read."""
        face = self._face

        class Handler(_Handler):
            hub = face

        server = _Server(self._address, Handler)
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            try:
                context.load_cert_chain(*self._certificate)
            except OSError:
                server.server_close()
                raise
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._address = (self._address[0], int(server.server_address[1]))
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="hub", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server.hang_up()
            self._server = self._thread = None

    def __enter__(self) -> HubServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _hello(self, token: str) -> Hello:
        line = HttpTransport(self._city, token, settings=self._settings)
        try:
            return line.hello()
        finally:
            line.close()

    def _onward(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A request to the city, and its answer, byte for byte."""
        passed = {name: value for name, value in headers.items() if name not in _NOT_PASSED}
        passed.setdefault("accept-encoding", "identity")
        try:
            with requests.Session() as session:
                session.trust_env = self._city.startswith("https:")
                session.auth = lambda request: request
                response = session.request(
                    method,
                    self._city + target,
                    data=body or None,
                    headers=passed,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                    verify=str(self._settings.ca) if self._settings.ca else True,
                )
                with response:
                    content = response.raw.read(decode_content=False)
        except (requests.exceptions.RequestException, OSError) as error:
            raise NoAnswerError(
                502,
                "unreachable",
                "Máy trung gian cũng chưa nối được với thành phố; sẽ tự thử lại.",
                "The hub cannot reach the city either; it will be tried again.",
            ) from error
        said = {name: value for name, value in response.headers.items() if name.lower() not in _NOT_PASSED}
        return Answer(response.status_code, said, content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
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

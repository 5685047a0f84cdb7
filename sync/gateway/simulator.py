"""The city's services, played: a real HTTP server that answers deliveries as they would.

For the demo, training and tests. ``tthc_hanoi`` numbers dossiers, ``hotich`` registers births when the birth
certificate of the hospital is named, the others accept. A line cut and a slow line can be switched on.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sync.clock import HANOI, Clock, SystemClock

Message = dict[str, Any]
SERVICES = ("tthc_hanoi", "hotich", "chung_thuc", "qlvb", "nhiem_vu")
_LARGEST = 16 * 1024 * 1024


class CityServices:
    """What the services would answer. The same idempotency key gets the same answer again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._given: Counter[str] = Counter()
        self._answers: dict[str, Message] = {}
        self._codes: dict[tuple[str, str], Message] = {}

    def answer(self, service: str, key: str, message: Message) -> Message:
        with self._lock:
            if key not in self._answers:
                play = {"tthc_hanoi": self._dossier, "hotich": self._civil_status}.get(service, self._accept)
                self._answers[key] = play(message)
            return self._answers[key]

    def _accept(self, message: Message) -> Message:
        return {"status": "accepted"}

    def _dossier(self, message: Message) -> Message:
        """``H26.<ward>-YYMMDD-NNNN``, once a dossier; only dossiers are numbered."""
        if not message["type"].endswith(".dossier"):
            return {"status": "accepted"}
        return self._once("tthc_hanoi", message, self._new_dossier)

    def _new_dossier(self, message: Message) -> Message:
        ward, today = message["ward"], self._today()
        code = f"H26.{ward}-{today:%y%m%d}-{self._next(f'{ward}-{today:%y%m%d}'):04d}"
        return {"status": "accepted", "number": code, "fields": {"dossier_code": code}}

    def _civil_status(self, message: Message) -> Message:
        if message["type"].endswith(".birth") and not message["fields"].get("birth_cert_no"):
            problem = {
                "field": "birth_cert_no",
                "message": "Thiếu số giấy chứng sinh, hoặc số này chưa có trên hệ thống của cơ sở y tế.",
                "value": None,
            }
            return {"status": "refused", "message": "Hồ sơ khai sinh chưa đủ dữ liệu.", "problems": [problem]}
        return self._once("hotich", message, self._new_registration)

    def _new_registration(self, message: Message) -> Message:
        year = self._today().year
        n = self._next(f"{message['ward']}-{message['type']}-{year}")
        number = f"{n:02d}/{year}"
        fields: Message = {"reg_no": number, "book_no": f"01/{year}"}
        if message["type"].endswith(".birth"):
            sex = 3 if message["fields"].get("child_gender") == "2" else 2  # births of the 2000s
            fields["personal_id"] = f"001{sex}{year % 100:02d}{self._next('personal_id'):06d}"
        return {"status": "accepted", "number": number, "fields": fields}

    def _once(self, service: str, message: Message, make: Any) -> Message:
        """A record keeps the number it was given, whatever revision comes."""
        key = (service, message["id"])
        if key not in self._codes:
            self._codes[key] = make(message)
        return self._codes[key]

    def _next(self, series: str) -> int:
        self._given[series] += 1
        return self._given[series]

    def _today(self) -> datetime:
        return self._clock.now().astimezone(HANOI)


class Simulator:
    """``start()``/``stop()``; ``urls`` is what ``GatewayServer(services=…)`` wants.

    ``delay``: seconds before each answer. ``out``: services that answer 503. ``received``: what came, with its key.
    """

    def __init__(
        self, port: int = 0, *, host: str = "127.0.0.1", delay: float = 0.0, clock: Clock | None = None
    ) -> None:
        self._address = (host, port)
        self._services = CityServices(clock or SystemClock())
        self.delay = delay
        self.out: set[str] = set()
        self.received: list[tuple[str, str, Message]] = []
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{self._address[0]}:{self._address[1]}"

    @property
    def urls(self) -> dict[str, str]:
        """Service → webhook address."""
        return {service: f"{self.url}/{service}" for service in SERVICES}

    def start(self) -> Simulator:
        """Serve; a stopped one starts again on the same port and knows what it answered."""
        simulator = self

        class Handler(_Handler):
            play = simulator

        self._server = _Server(self._address, Handler)
        self._address = (self._address[0], int(self._server.server_address[1]))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulated-services", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def take(self, service: str, key: str, message: Message) -> tuple[int, Message]:
        """HTTP status and answer for one delivery."""
        if self.delay:
            time.sleep(self.delay)
        if service not in SERVICES:
            return 404, {"message": "no such service"}
        if service in self.out:
            return 503, {"message": "out of service"}
        self.received.append((service, key, message))
        return 200, self._services.answer(service, key, message)

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a courier keeps its line open; it does not hold up the end


class _Handler(BaseHTTPRequestHandler):
    play: Simulator
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True  # head and body are two packets; the second must not wait 40 ms for the first

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            message = json.loads(self.rfile.read(min(length, _LARGEST)))
            key = self.headers.get("Idempotency-Key", "")
            status, answer = self.play.take(self.path.strip("/"), key, message)
        except (ValueError, KeyError, TypeError) as error:
            status, answer = 400, {"message": f"cannot read the delivery: {error}"}
        content = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """What came is in ``received``; nothing goes to stderr."""

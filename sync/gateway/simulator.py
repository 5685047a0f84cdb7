"""The city's services, played: a real HTTP server that answers deliveries as they would.

For the demo, training and tests. Every service of the catalogue answers: it accepts, and numbers the records of the
registers it owns; ``hotich`` registers a birth only when the birth certificate of the hospital is named. A line cut and a
slow line can be switched on.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from forms.definition import Catalog, Register
from forms.loader import load_catalog
from forms.wards import CITY
from sync.clock import HANOI, Clock, SystemClock
from sync.gateway.adapters.signature import Keys, Verifier
from sync.gateway.simulator_memory import Memory, Remembered
from sync.locked_fields import VOID

if TYPE_CHECKING:
    from sync.gateway.simulator_exchange import ExchangePlay

Message = dict[str, Any]
_LARGEST = 96 * 1024 * 1024


class CityServices:
    """What the services would answer. The same idempotency key gets the same answer again, also in a later run with the
    same memory."""

    def __init__(self, clock: Clock, memory: Memory, catalog: Catalog) -> None:
        """``catalog``: whose registers are numbered."""
        self._clock = clock
        self._catalog = catalog
        self._lock = threading.Lock()
        self._given: Counter[str] = Counter()
        self._answers: dict[str, Message] = {}
        self._codes: dict[tuple[str, str], Message] = {}
        self._memory = memory
        self._news = Remembered(key="", answer={})
        for known in memory.recall():
            self._answers[known.key] = known.answer
            self._given |= Counter(known.given)  # the greater of both
            if known.record is not None:
                self._codes[known.record] = known.answer

    @cached_property
    def _registers(self) -> dict[tuple[str, str], Register]:
        """(service, record type) → the book that service numbers."""
        types = self._catalog.record_types
        return {
            (kind.register.service, kind.id): kind.register
            for kind in types
            if kind.register is not None and kind.register.service is not None
        }

    def answer(self, service: str, key: str, message: Message) -> Message:
        with self._lock:
            if key not in self._answers:
                self._news = Remembered(key=key, answer={})
                answer = self._void(service, message) if self._is_void(message) else self._missing(service, message)
                self._news.answer = answer or self._taken(service, message)
                self._memory.keep(self._news)
                self._answers[key] = self._news.answer
            return self._answers[key]

    def _is_void(self, message: Message) -> bool:
        """Voided at the record, or by a step of its tool, in a state that its deliveries do not name."""
        if VOID in message["fields"]:
            return True
        types = self._catalog
        record_type = types.record_type(message["type"]) if types.knows(message["type"]) else None
        state = message.get("state") or ""
        if record_type is None or any(state in delivery.states for delivery in record_type.deliveries):
            return False
        return record_type.state(state).kind == "void"

    def _void(self, service: str, message: Message) -> Message:
        """A paper is no longer valid: nothing is checked or numbered any more, and what was given stays given."""
        known = self._codes.get((service, message["id"]), {})
        told = {"status": "accepted", "message": "Đã ghi nhận giấy bị hủy."}
        return {**told, "number": known["number"]} if known.get("number") else told

    def _missing(self, service: str, message: Message) -> Message | None:
        """The refusal of a birth that no hospital has told of."""
        given = message["fields"].get("birth_cert_no")
        if service != "hotich" or not message["type"].endswith(".birth") or any(c.isdigit() for c in str(given or "")):
            return None
        problem = {
            "field": "birth_cert_no",
            "message": "Thiếu số giấy chứng sinh, hoặc số này chưa có trên hệ thống của cơ sở y tế.",
            "value": given,
        }
        return {"status": "refused", "message": "Hồ sơ khai sinh chưa đủ dữ liệu.", "problems": [problem]}

    def _taken(self, service: str, message: Message) -> Message:
        register = self._registers.get((service, message["type"]))
        if register is None or message["fields"].get(register.field):
            return {"status": "accepted"}  # nothing to number, or numbered long ago
        return self._once(service, message, lambda it: self._numbered(register, it))

    def _numbered(self, register: Register, message: Message) -> Message:
        ward, today = message["ward"], self._today()
        period = {"day": f"{today:%y%m%d}", "year": str(today.year)}.get(register.period, "")
        parts = {"yyyy": str(today.year), "yy": f"{today:%y}", "mm": f"{today:%m}", "dd": f"{today:%d}", "book": 1}
        parts |= {
            "n": self._next(f"{ward}-{message['type']}-{period}"),
            "org": f"{CITY}.{ward}",
            "ward": ward,
            "device": "",
        }
        number = register.format.format(**parts)
        fields: Message = {register.field: number}
        if register.book_field and register.book_format:
            fields[register.book_field] = register.book_format.format(**parts)
        if message["type"].endswith(".birth"):
            sex = 3 if message["fields"].get("child_gender") == "2" else 2  # births of the 2000s
            fields["personal_id"] = f"001{sex}{today:%y}{self._next('personal_id'):06d}"
        return {"status": "accepted", "number": number, "fields": fields}

    def _once(self, service: str, message: Message, make: Any) -> Message:
        """A record keeps the number it was given, whatever revision comes."""
        key = (service, message["id"])
        if key not in self._codes:
            self._codes[key] = make(message)
            self._news.record = key
        return self._codes[key]

    def _next(self, series: str) -> int:
        self._given[series] += 1
        self._news.given = {**self._news.given, series: self._given[series]}
        return self._given[series]

    def _today(self) -> datetime:
        return self._clock.now().astimezone(HANOI)


class Simulator:
    """``start()``/``stop()``; ``urls`` is what ``GatewayServer(services=…)`` wants; below ``/exchange`` packages are taken.

    ``delay``: seconds before each answer. ``out``: services that answer 503. ``received``: what came, with its key.
    ``memory``: a file that keeps what was answered and numbered, so that a later run goes on from there. ``keys``: requests
    must be signed with one of them. ``inbox``: what the services have for wards, by name; ``told``: what became of it.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        delay: float = 0.0,
        clock: Clock | None = None,
        memory: Path | None = None,
        catalog: Catalog | None = None,
        keys: Path | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._address = (host, port)
        catalog = catalog or load_catalog()
        self._known = tuple(service.id for service in catalog.services)
        self._services = CityServices(clock, Memory(memory), catalog)
        self._verifier = Verifier(Keys(str(keys)), clock) if keys is not None else None
        self._clock = clock
        self.inbox: dict[str, dict[str, Any]] = {}
        self.told: dict[str, Message] = {}
        self.delay = delay
        self.out: set[str] = set()
        self.received: list[tuple[str, str, Message]] = []
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @cached_property
    def exchange(self) -> ExchangePlay:
        from sync.gateway.simulator_exchange import ExchangePlay  # lxml is read where packages travel alone

        return ExchangePlay(self._clock)

    @property
    def url(self) -> str:
        return f"http://{self._address[0]}:{self._address[1]}"

    @property
    def urls(self) -> dict[str, str]:
        """Service → webhook address, for every service of the catalogue."""
        return {service: f"{self.url}/{service}" for service in self._known}

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

    def serve(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """One request, whatever it asks for."""
        if self._verifier is not None and (why := self._verifier.problem(method, path, headers, body)):
            return 401, json.dumps({"message": why}).encode()
        service, _, rest = path.strip("/").partition("/")
        key = headers.get("Idempotency-Key", "")
        if service == "exchange":
            return (503, b"") if service in self.out else self.exchange.take(method, rest, key, body)
        try:
            if rest.startswith("inbox"):
                status, answer = self._inbox(method, rest.partition("/")[2], body)
            else:
                status, answer = self.take(service, key, json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            status, answer = 400, {"message": f"cannot read the delivery: {error}"}
        return status, json.dumps(answer, ensure_ascii=False).encode()

    def _inbox(self, method: str, name: str, body: bytes) -> tuple[int, Any]:
        if method == "GET":
            return 200, [{"name": name, **what} for name, what in sorted(self.inbox.items())]
        del self.inbox[unquote(name)]
        self.told[unquote(name)] = json.loads(body)
        return 200, {}

    def take(self, service: str, key: str, message: Message) -> tuple[int, Message]:
        """HTTP status and answer for one delivery."""
        if self.delay:
            time.sleep(self.delay)
        if service not in self._known:
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

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(min(length, _LARGEST)))

    def _answer(self, body: bytes) -> None:
        status, content = self.play.serve(self.command, self.path, self.headers, body)  # type: ignore[arg-type]
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if content[:1] in (b"{", b"[") else "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """What came is in ``received``; nothing goes to stderr."""

"""``gateway serve``: one process, or several that share a port and count together, each of them the whole gateway.

They hold nothing that another would need: which of them answers a request makes no difference. One that dies is begun
again. On SIGTERM who asks anew is told to come back, what is under way is answered, and then all end.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from forms.attached import LARGEST_FILE
from forms.loader import load_catalog
from sync.ending import Ending
from sync.gateway.limits import ADDRESS, DEVICE, STRANGER, Limits, Rate
from sync.gateway.metrics import Metrics, new_counters
from sync.gateway.uploads import A_DAY

_DRAIN = 0.5  # seconds
_PATIENCE = 20.0  # seconds that a process may take to end
_LOOK = 0.5  # seconds between two looks whether all processes live
_START_AGAIN = 1.0
_MB = 1024 * 1024
log = logging.getLogger("sync.gateway")
Say = Callable[[str], None]


class ServingError(ValueError):
    """It cannot be served like this; ``str()`` is for the operator."""


def add_serving(serve: argparse.ArgumentParser) -> None:
    """The arguments of ``gateway serve`` that are about this module."""
    more = serve.add_argument
    more("--processes", type=_count, default=1, metavar="N", help="số tiến trình / processes (PostgreSQL)")
    more("--drain", type=float, default=_DRAIN, metavar="SECONDS", help="chờ trước khi dừng / wait before the end")
    more(
        "--device-rate", type=float, default=DEVICE.a_second, metavar="N",
        help="số yêu cầu mỗi giây của một máy, 0: không giới hạn / requests a second of one device, 0: any",
    )  # fmt: skip
    more(
        "--address-rate", type=float, default=ADDRESS.a_second, metavar="N",
        help="của một địa chỉ mạng, 0: không giới hạn / of one network address, 0: any",
    )  # fmt: skip
    more(
        "--device-files", type=_megabytes, default=A_DAY // _MB, metavar="MB",
        help="tệp đính kèm một máy gửi trong 24 giờ, 0: không giới hạn / attached files of one device in 24 hours, 0: any",
    )  # fmt: skip


def serve(arguments: argparse.Namespace, services: dict[str, str], say: Say) -> int:
    """Serve until SIGTERM or SIGINT; the exit code."""
    strangers = STRANGER if arguments.address_rate else Rate(0.0, 0)
    limits = Limits.of(
        Rate(arguments.device_rate, DEVICE.at_once), Rate(arguments.address_rate, ADDRESS.at_once), strangers
    )
    _tune_collector()
    if arguments.processes == 1:
        return _one(arguments, services, limits, lambda url: say(_ready(url)))
    return _Several(arguments, services, limits, say).run()


def _ready(url: str) -> str:
    return f"Cổng kết nối sẵn sàng / gateway ready: {url}"


def _tune_collector() -> None:
    """A push makes some ten thousand short-lived objects; looking for cycles among them costs a seventh of its time."""
    gc.freeze()
    gc.set_threshold(500_000, 20, 20)


def _one(
    arguments: argparse.Namespace,
    services: dict[str, str],
    limits: Limits,
    started: Callable[[str], None],
    *,
    parent: int = 0,
    **more: Any,
) -> int:
    """``parent``: the process without which this one has no business."""
    from sync.gateway.server import GatewayServer  # the other verbs need no web server

    ending = Ending()
    given: dict[str, Any] = {
        "host": arguments.host,
        "limits": limits,
        "files_a_day": arguments.device_files * _MB,
        **more,
    }
    server = GatewayServer(arguments.database, arguments.port, services, **given).start()
    try:
        started(server.url)
        while not ending.wait(1.0 if parent else 3600.0):
            if parent and os.getppid() != parent:
                break
    finally:
        server.stop(drain=arguments.drain)
    return 0


class _Several:
    """The process that begins the others and serves nothing itself; it has no thread, so that it may fork."""

    def __init__(self, arguments: argparse.Namespace, services: dict[str, str], limits: Limits, say: Say) -> None:
        self._arguments = arguments
        self._services = services
        self._limits = limits
        self._say = say
        self._counters = new_counters(arguments.processes)
        self._places: dict[int, int] = {}  # process id → its place
        self._ended = False

    def run(self) -> int:
        if not hasattr(os, "fork") or not hasattr(socket, "SO_REUSEPORT"):
            raise ServingError(
                "--processes chỉ dùng được trên Linux; ở đây hãy chạy nhiều gateway serve, mỗi cái một cổng. "
                "--processes needs Linux; here run several gateway serve, each on a port of its own."
            )
        if not self._arguments.database.startswith(("postgresql://", "postgres://")):
            raise ServingError("--processes cần PostgreSQL. --processes needs PostgreSQL.")
        with self._reserved() as reservation:
            self._arguments.port = int(reservation.getsockname()[1])
            self._catalog = load_catalog()
            self._prepare()
            gc.freeze()
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, self._end)
            if not all(self._begin(place) for place in range(self._arguments.processes)):
                self._stop_all()
                return 1
            host = f"[{self._arguments.host}]" if ":" in self._arguments.host else self._arguments.host
            self._say(_ready(f"http://{host}:{self._arguments.port}"))
            self._watch()
            self._stop_all()
        return 0

    def _end(self, *_: object) -> None:
        self._ended = True

    def _reserved(self) -> socket.socket:
        """A socket that keeps the port for these processes; the first bind tells whether another program has it."""
        host, port = self._arguments.host, self._arguments.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((host, port))
            port = alone.getsockname()[1]
        reservation = socket.socket(family, socket.SOCK_STREAM)
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind((host, port))
        return reservation

    def _prepare(self) -> None:
        """The database is brought up to date once, and what is wrong with it is said once."""
        from sync.gateway.city import City

        with closing(City(self._arguments.database, self._catalog)) as city:
            city.set_services(self._services)

    def _begin(self, place: int) -> bool:
        """Begin the process of that place; whether it serves."""
        answer, told = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(answer)
            self._child(place, told, parent)
        os.close(told)
        self._places[pid] = place
        with os.fdopen(answer, "rb") as pipe:
            return pipe.read(1) == b"1"

    def _child(self, place: int, told: int, parent: int) -> None:
        """Serve and leave, past everything that the parent would do at its end."""
        code = 1
        try:
            self._counters.be(place)
            code = _one(
                self._arguments, {}, self._limits, lambda _: _tell(told), parent=parent, catalog=self._catalog,
                metrics=Metrics(self._counters), shared_port=True, carries=place == 0,
            )  # fmt: skip
        except Exception as error:
            sys.stderr.write(" ".join(f"{error}".split()) + "\n")
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _watch(self) -> None:
        """Until the end; one that died is begun again."""
        while not self._ended:
            time.sleep(_LOOK)
            place = self._gone()
            if place is not None and not self._ended:
                log.error("a gateway process ended; beginning it again")
                time.sleep(_START_AGAIN)
                self._begin(place)

    def _gone(self) -> int | None:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        return self._places.pop(pid, None)

    def _stop_all(self) -> None:
        for pid in self._places:
            os.kill(pid, signal.SIGTERM)
        patience = time.monotonic() + _PATIENCE + float(self._arguments.drain)
        while self._places and time.monotonic() < patience:
            if self._gone() is None:
                time.sleep(0.05)
        for pid in self._places:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _tell(pipe: int) -> None:
    os.write(pipe, b"1")
    os.close(pipe)


def _megabytes(text: str) -> int:
    number = int(text)
    if number and number * _MB < LARGEST_FILE:
        raise argparse.ArgumentTypeError(f"0 | ≥ {LARGEST_FILE // _MB} MB: {text}")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("1–64")
    return number

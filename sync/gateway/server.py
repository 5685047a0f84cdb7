"""The gateway as an object: a real server in a thread, for the command line, the demo and tests."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

import uvicorn

from forms.definition import Catalog
from sync.clock import Clock
from sync.gateway.app import Door
from sync.gateway.city import City
from sync.gateway.limits import Limits
from sync.gateway.metrics import Metrics

_STOP_SECONDS = 10


class GatewayServer:
    """``start()`` opens the database and the port (0: any free one); ``stop()`` ends every thread and connection.

    A stopped one can be started again: on the same port, with the same database.
    """

    def __init__(
        self,
        storage_url: str,
        port: int = 0,
        services: Mapping[str, str] | None = None,
        *,
        host: str = "127.0.0.1",
        catalog: Catalog | None = None,
        clock: Clock | None = None,
        first_retry: float = 2.0,
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        shared_port: bool = False,
        carries: bool = True,
        files_a_day: int | None = None,
    ) -> None:
        """``metrics`` and ``shared_port``: of one gateway in several processes; ``carries``: whether this one takes
        deliveries to the services; ``files_a_day``: bytes of files from one device (0: any)."""
        self._files_a_day = files_a_day
        self._limits = limits
        self._metrics = metrics
        self._shared_port = shared_port
        self._carries = carries
        self._door: Door | None = None
        self._storage_url = storage_url
        self._port = port
        self._host = host
        self._services = dict(services or {})
        self._catalog = catalog
        self._clock = clock
        self._first_retry = first_retry
        self._city: City | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def city(self) -> City:
        """The running city. Raises RuntimeError when the server is not started."""
        if self._city is None:
            raise RuntimeError("the gateway is not started")
        return self._city

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> GatewayServer:
        """Serve. Raises StorageError, ValueError (an unknown service) or OSError (the port is taken)."""
        city = City(self._storage_url, self._catalog, self._clock)
        try:
            city.set_services(self._services)
            city.deliveries.parcels.first_wait = self._first_retry
            if self._files_a_day is not None:
                city.uploads.a_day = self._files_a_day
            door = Door(city, self._limits, self._metrics)
            listener = self._listen()
        except BaseException:
            city.close()
            raise
        self._city, self._door = city, door
        config = uvicorn.Config(
            door,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
            date_header=False,  # the time is in every answer that needs it
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, args=(self._server, listener), name="gateway", daemon=True)
        self._thread.start()
        city.listen()
        if self._carries:
            city.deliveries.start()
        return self

    def _listen(self) -> socket.socket:
        """The listening socket. asyncio switches Nagle's delay off (40 ms an answer on a kept-alive line) only for
        sockets that name their protocol, and ``socket.create_server`` does not name it."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name != "nt":  # on Windows the option would let two programs share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._shared_port:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((self._host, self._port))
            listener.listen(2048)  # a city's PCs come together when the power is back
        except BaseException:
            listener.close()
            raise
        self._port = int(listener.getsockname()[1])
        return listener

    @staticmethod
    def _run(server: uvicorn.Server, listener: socket.socket) -> None:
        with listener, asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))

    def stop(self, *, drain: float = 0.0) -> None:
        """End: long polls are let go, requests under way are answered, couriers finish, the database is closed. For
        ``drain`` seconds before that, who asks anew is told to come back, so that a proxy sends him elsewhere."""
        if self._city is None or self._server is None or self._thread is None or self._door is None:
            return
        self._door.draining = True
        self._city.bell.stop()
        if drain:
            time.sleep(drain)
        self._server.should_exit = True
        self._thread.join()
        self._door.close()
        self._city.close()
        self._city = self._server = self._thread = self._door = None

    def enrolment_code(
        self, ward: str | Sequence[str], officer: str, roles: Sequence[str] = (), organisation: str = ""
    ) -> str:
        """A new code for one officer, as ``gateway enrol`` prints it."""
        wards = [ward] if isinstance(ward, str) else list(ward)
        return self.city.enrolment.new_code(wards, officer, organisation, roles)

    def __enter__(self) -> GatewayServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

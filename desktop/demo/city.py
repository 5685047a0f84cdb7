"""The demo's city: a real gateway on a real port with a database in the demo's folder, and simulated services."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from desktop.demo.people import WARD, DemoOfficer
from forms.definition import Catalog
from sync.clock import Clock
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator

_SECONDS = 30  # a read-back of the demo's database takes well under one
_RETRY = 0.5  # seconds until a service that did not answer is asked again


class DemoCity:
    """Started by ``with``; ``cut_line`` and ``restore_line`` stop and start the gateway for real, on the same port."""

    def __init__(self, folder: Path, catalog: Catalog, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._database = f"sqlite:///{folder / 'city.db'}"
        self._catalog = catalog
        self.simulator = Simulator(clock=clock, memory=folder / "services.ndjson")
        self._clock = clock
        self._gateway: GatewayServer | None = None

    def __enter__(self) -> DemoCity:
        self.simulator.start()
        known = {service.id for service in self._catalog.services}
        self._gateway = GatewayServer(
            self._database,
            services={service: url for service, url in self.simulator.urls.items() if service in known},
            catalog=self._catalog,
            clock=self._clock,
            first_retry=_RETRY,
        )
        self._gateway.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._gateway is not None:
            self._gateway.stop()
        self.simulator.stop()

    @property
    def gateway(self) -> GatewayServer:
        if self._gateway is None:
            raise RuntimeError("the demo's city is not started")
        return self._gateway

    @property
    def url(self) -> str:
        return self.gateway.url

    def cut_line(self) -> None:
        self.gateway.stop()

    def restore_line(self) -> None:
        self.gateway.start()

    def code(self, officer: DemoOfficer) -> str:
        """An enrolment code for one officer of the sample ward."""
        return self.gateway.enrolment_code(WARD, officer.name, officer.roles, officer.organisation)

    def send(self, type_id: str, rows: Iterable[dict[str, Any]], folder: Path) -> None:
        """Records a city service sends to the ward, through the program an operator would use."""
        path = folder / "inbound.ndjson"
        path.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows) + b"\n")
        self._run(["inbound", "--database", self._database, type_id, str(path), "--ward", WARD])

    def records(self) -> list[dict[str, Any]]:
        """What the city holds of the ward, read back from its database by a process of its own."""
        return self._lines(["records", "--database", self._database, "--ward", WARD])

    def deliveries(self) -> list[dict[str, Any]]:
        """What went to which service and what it answered, read back in the same way."""
        return self._lines(["deliveries", "--database", self._database])

    def _lines(self, arguments: Sequence[str]) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self._run(arguments).splitlines() if line.strip()]

    def _run(self, arguments: Sequence[str]) -> bytes:
        command = [*_gateway_command(), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own program
        if done.returncode:
            raise RuntimeError(f"gateway {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout


def _gateway_command() -> list[str]:
    """The gateway's program beside this one; a packaged ``sophuong`` carries it as a verb."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "gateway"]
    return [sys.executable, "-m", "sync.gateway"]

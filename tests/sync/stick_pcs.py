"""PCs that no line reaches, with their city: what is carried between them lies in files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forms.loader import load_catalog
from sync.bundle.keys import new_keys
from sync.bundle.on_pc import export_bundle, import_bundle, keep_keys
from sync.bundle.taking import Imported
from sync.clock import Clock, SystemClock
from sync.engine import Engine
from sync.gateway.bundles import Answered, Bundles
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.store import Store
from sync.store.model import Enrolment, Record, Save

WARD, OTHER_WARD = "00070", "00004"

COPY = "certification.cert_copy"

CATALOG = load_catalog()


class CityClock:
    """Goes on by two seconds whenever something is carried, as it does in life."""

    def __init__(self) -> None:
        self.later = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.later


class Pc:
    """A store with an officer. ``out`` and ``back`` are what is carried; ``sync`` is for when there is a line."""

    def __init__(
        self, gateway: GatewayServer, folder: Path, officer: str, ward: str = WARD, keys: bool = True,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir()
        self.gateway, self.folder = gateway, folder
        own = new_keys()
        code = gateway.enrolment_code(ward, officer, ["civil_status_officer"], "UBND")
        answer = enrol(gateway.url, code, folder.name, public_key=own.public.text if keys else "")
        self.store = Store.create(folder, secrets.token_bytes(32), CATALOG, clock or SystemClock())
        self.store.set_enrolment(Enrolment.of_answer(gateway.url, answer))
        keep_keys(self.store, own, answer.bundle_key)
        self.officer = answer.officer
        self.line = HttpTransport(gateway.url, answer.token)
        self._carried = 0

    def save(self, record: Record | None = None, **fields: Any) -> Record:
        base = dict(record.fields) if record else {"requester_name": "Nguyễn Thị Ánh Tuyết", "copies": 1, "pages": 2}
        return self.store.save([Save(type=COPY, fields={**base, **fields}, opened=record)], self.officer)[0]

    def load(self, record: Record) -> Record:
        found = self.store.records.load(record.id)
        assert found is not None
        return found

    def export(self) -> Path:
        self._carried += 1
        path = self.folder / f"out{self._carried}.sopb"
        export_bundle(self.store, path, files_bytes=10_000_000)
        return path

    def answered(self, out: Path) -> Path:
        """The city's answer to what was exported."""
        time_goes_on(self.gateway)
        back = out.with_name(f"back-{out.name}-{secrets.token_hex(3)}")
        self.took = answer(self.gateway, out, back)
        return back

    def take(self, back: Path) -> Imported:
        return import_bundle(self.store, back)

    def carry(self) -> Imported:
        """Once to the city and back."""
        return self.take(self.answered(self.export()))

    def sync(self) -> Any:
        time_goes_on(self.gateway)
        return Engine(self.store, self.line).sync_once()

    def waiting(self) -> int:
        return len(self.store.changes.outbox())

    def copies(self) -> list[tuple[str, int, str, Any]]:
        """What this PC holds, record by record, by which two PCs are compared."""
        return sorted(
            (r.id, r.revision, r.state, tuple(sorted(r.fields.items()))) for r in self.store.records.each(COPY)
        )

    def close(self) -> None:
        self.line.close()
        self.store.close()


def time_goes_on(gateway: GatewayServer) -> None:
    assert isinstance(gateway.city.clock, CityClock)
    gateway.city.clock.later += timedelta(seconds=2)


def answer(gateway: GatewayServer, out: Path, back: Path) -> Answered:
    return Bundles(gateway.city).answer(out, back)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG, clock=CityClock()) as server:
        yield server


@pytest.fixture
def make(gateway: GatewayServer, tmp_path: Path) -> Iterator[Callable[..., Pc]]:
    made: list[Pc] = []

    def one(name: str, **more: Any) -> Pc:
        made.append(Pc(gateway, tmp_path / name, f"Cán bộ {name}", **more))
        return made[-1]

    yield one
    for pc in made:
        pc.close()

"""PCs of a ward and their hub for tests, with a real city."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.hub.choice import choose
from sync.hub.identity import join
from sync.hub.messages import HUB_ROLE
from sync.hub.server import HubServer
from sync.hub.step import over_hub
from sync.protocol import SyncError
from sync.store import Store
from sync.store.model import Enrolment, Record, Save

WARD, OTHER_WARD = "00070", "00004"
COPY = "certification.cert_copy"
CATALOG = load_catalog()


class Pc:
    """A PC that knows the city and the hub."""

    def __init__(self, gateway: GatewayServer, hub: HubServer, folder: Path, officer: str, ward: str = WARD) -> None:
        folder.mkdir()
        code = gateway.enrolment_code(ward, officer, ["civil_status_officer"], "UBND")
        self.answer = enrol(gateway.url, code, folder.name)
        self.store = Store.create(folder, secrets.token_bytes(32), CATALOG, SystemClock())
        self.store.set_enrolment(Enrolment.of_answer(gateway.url, self.answer))
        choose(self.store, hub.url)
        self.officer = self.answer.officer
        self.city = gateway.url
        self.engine: Any = None
        self.at(gateway.url)

    def at(self, city: str) -> None:
        """The PC's own line leads to this address from now on."""
        line = HttpTransport(city, self.answer.token)
        self.engine = over_hub(Engine(self.store, line), self.store, self.answer.token)

    def sync(self) -> bool:
        """Whether the city was reached."""
        try:
            self.engine.sync_once()
        except SyncError as error:
            assert error.code in ("unreachable", "timeout")
            return False
        return True

    def save(self, record: Record | None = None, **fields: Any) -> Record:
        base = dict(record.fields) if record else {"requester_name": "Nguyễn Thị Ánh Tuyết", "copies": 1, "pages": 2}
        return self.store.save([Save(type=COPY, fields={**base, **fields}, opened=record)], self.officer)[0]

    def load(self, record: Record) -> Record | None:
        return self.store.records.load(record.id)

    def sees(self, record: Record) -> Record:
        found = self.load(record)
        assert found is not None
        return found

    def waiting(self) -> int:
        return len(self.store.changes.outbox())

    def held(self) -> list[tuple[Any, ...]]:
        return sorted(
            (r.id, r.revision, r.standing, str(sorted(r.fields.items()))) for r in self.store.records.each(COPY)
        )


def made_hub(gateway: GatewayServer, folder: Path, *wards: str) -> Path:
    """The folder of a hub that the city knows."""
    code = gateway.city.enrolment.new_code(wards or [WARD, OTHER_WARD], "Máy trung gian", "", (HUB_ROLE,))
    join(folder, gateway.url, code)
    return folder


def rename(gateway: GatewayServer, pc: Pc, name: str) -> None:
    """The city takes no change of an officer whom it knows by another name."""
    with gateway.city.storage.write() as session:
        session.run("UPDATE officers SET name = ? WHERE id = ?", name, pc.officer.id)


def come_back_refused(gateway: GatewayServer, pc: Pc, record: Record, other: Pc) -> None:
    """The line is there again, and the city refuses what the PC made of the record; the other one hears of it."""
    gateway.start()
    rename(gateway, pc, "Người khác")
    pc.sync()
    assert pc.sees(record).standing == "refused"
    other.sync()
    other.sync()

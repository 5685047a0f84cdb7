"""A PC that is filled, as tests speak of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync.clock import SystemClock
from sync.engine import Engine, SyncReport
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import FillAnswer, FillRequest, RecordVersion, SyncError
from sync.store import Store
from sync.store.filling import FillProgress
from sync.store.model import Enrolment, Save
from tests.sync.gateway.small_catalog import CATALOG

WARD, OTHER = "00070", "00004"
CITIZEN, COPY, DOSSIER, BIRTH = "residence.citizen", "certification.cert_copy", "onestop.dossier", "civil_status.birth"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path / 'city.db'}", catalog=CATALOG) as server:
        yield server


@pytest.fixture(autouse=True)
def no_small_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's ward is small as a whole."""
    monkeypatch.setattr("sync.gateway.filling.SMALL_REGISTER", 0)


class Pages:
    """The real line; each page of the fill is seen, may be made small, and may fail."""

    def __init__(self, line: HttpTransport, limit: int) -> None:
        self.line, self.limit = line, limit
        self.pages: list[FillAnswer] = []
        self.asked: list[FillRequest] = []
        self.after_page: Callable[[int], None] = lambda number: None
        self.knows = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)

    def fill(self, request: FillRequest) -> FillAnswer:
        if not self.knows:
            raise SyncError("no_page", "không có địa chỉ này", retry=False)
        self.asked.append(request)
        answer = self.line.fill(msgspec.structs.replace(request, limit=min(self.limit, request.limit)))
        self.pages.append(answer)
        self.after_page(len(self.pages))
        return answer

    @property
    def came(self) -> list[RecordVersion]:
        return [record for answer in self.pages for page in answer.pages for record in page.records]


class Pc:
    def __init__(
        self,
        gateway: GatewayServer,
        folder: Path,
        officer: str,
        *roles: str,
        wards: Sequence[str] = (WARD,),
        limit: int = 7,
    ) -> None:
        folder.mkdir()
        self.gateway, self.folder, self.limit = gateway, folder, limit
        self.key = secrets.token_bytes(32)
        self.store = Store.create(folder, self.key, CATALOG, SystemClock())
        self.enrol(officer, *roles, wards=wards)
        self.begin()

    def enrol(self, officer: str, *roles: str, wards: Sequence[str] = (WARD,)) -> None:
        code = self.gateway.city.enrolment.new_code(list(wards), officer, "UBND", roles)
        answer = enrol(self.gateway.url, code, self.folder.name)
        self.store.set_enrolment(Enrolment.of_answer(self.gateway.url, answer))

    def begin(self) -> None:
        """As a program that starts."""
        enrolment = self.store.enrolment
        assert enrolment is not None
        self.line = Pages(HttpTransport(enrolment.url, enrolment.token), self.limit)
        self.reports: list[FillProgress | None] = []
        self.engine = Engine(self.store, self.line, progress=lambda report: self.reports.append(report.fill))

    def killed(self) -> None:
        """A new program on what is on the disk; the old one is not asked."""
        self.line.line.close()
        self.store = Store.open(self.folder, self.key, CATALOG, SystemClock())
        self.begin()

    def sync(self) -> SyncReport:
        return self.engine.sync_once()

    def save(self, type_id: str, fields: dict[str, Any], **more: Any) -> str:
        assert self.store.enrolment is not None
        return self.store.save([Save(type=type_id, fields=fields, **more)], self.store.enrolment.officers[0])[0].id

    def change(self, record_id: str, **fields: Any) -> None:
        record = self.store.records.load(record_id)
        assert record is not None
        self.save(record.type, {**record.fields, **fields}, opened=record)

    def held(self) -> dict[str, tuple[int, str, dict[str, Any]]]:
        """Every record here: revision, state, fields."""
        with self.store._context.readers.connection() as db:
            rows = db.execute("SELECT id, revision, state, fields FROM records").fetchall()
        return {row[0]: (row[1], row[2], msgspec.json.decode(row[3])) for row in rows}


def filled_city(gateway: GatewayServer, folder: Path, copies: int = 40) -> Pc:
    """A PC whose records are all at the city: drafts among finished ones."""
    old = Pc(gateway, folder, "Vũ Đức Nam", "chair", "reception", "civil_status_officer")
    for n in range(copies):
        state = "draft" if n % 10 == 3 else "certified"
        old.save(COPY, {"doc_title": f"Bản sao {n}", "copies": n}, state=state, number=None)
    for n in range(copies // 2):
        old.save(CITIZEN, {"full_name": f"Nguyễn Văn {n}"})
    old.sync()
    return old


def same_as_city(new: Pc, old: Pc) -> None:
    assert new.held() == old.held()
    assert not new.sync().problems  # the digests were compared
    assert new.store.fills.progress() is None
